import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type MaintenanceEvent, maintenanceMachine, type MaintenanceState, noMaintenance } from './maintenance.ts'
import type { Maintenance } from './routing.ts'

const by = { kind: 'person', name: 'ada' } as const
const page: Maintenance = { kind: 'page', html: null, retryAfterMs: 60_000 }
const asked = (at: number, maintenance: Maintenance | null): MaintenanceEvent => ({
  type: 'maintenance_requested',
  at,
  by,
  reason: 'disks',
  maintenance,
})
const fold = (events: readonly MaintenanceEvent[], from: MaintenanceState = noMaintenance('shop', 'production')) =>
  events.reduce((state, event) => maintenanceMachine.decide(state, event).state, from)

describe('maintenance', () => {
  it('is applied under the next sequence, and a newer wish goes before one that is still on its way', () => {
    const state = fold([asked(1, page), asked(2, null)])
    const [effect] = maintenanceMachine.outstanding(state)
    assert.deepEqual([effect?.sequence, effect?.action], [2, { kind: 'maintain', maintenance: null }])
    assert.equal(fold([{ type: 'effect_succeeded', at: 3, sequence: 1 }], state), state)
    const over = fold([{ type: 'effect_succeeded', at: 3, sequence: 2 }], state)
    assert.deepEqual([over.wanted, over.stage, maintenanceMachine.settled(over)], [null, { kind: 'applied' }, true])
  })

  it('is tried again for as long as it is wanted, under newer sequences, until the data plane has it', () => {
    let state = fold([asked(1, page)])
    for (let turn = 1; turn <= 20; turn += 1) {
      state = fold([{ type: 'effect_unknown', at: turn * 60_000, sequence: state.sequence, detail: 'lost' }], state)
      assert.equal(maintenanceMachine.settled(state), false)
      state = fold([{ type: 'time_passed', at: maintenanceMachine.nextAt(state) ?? 0 }], state)
      assert.equal(maintenanceMachine.outstanding(state)[0]?.sequence, turn + 1)
    }
    assert.deepEqual(state.wanted, { maintenance: page, by, at: 1, reason: 'disks' })
  })

  it('says that it is refused when the data plane will never have it', () => {
    const failure = { code: 'not_found', retry: 'never', detail: 'no route', evidence: [] } as const
    const state = fold([asked(1, page), { type: 'effect_failed', at: 2, sequence: 1, failure }])
    assert.deepEqual([state.stage, maintenanceMachine.settled(state)], [{ kind: 'refused', detail: 'no route' }, true])
  })

  it('is tried again when the data plane cannot have it now, and set aside only when somebody says so', () => {
    for (const retry of ['later', 'same'] as const) {
      const failure = { code: 'gateway_unreachable', retry, detail: 'nobody answers', evidence: [] } as const
      const state = fold([asked(1, page), { type: 'effect_failed', at: 2, sequence: 1, failure }])
      assert.equal(state.stage.kind, 'backing_off')
      assert.equal(fold([{ type: 'work_parked', at: 3, detail: 'x' }], state).stage.kind, 'refused')
    }
  })

  it('that holds requests is over by itself', () => {
    const state = fold([asked(1, { kind: 'hold', untilAt: 900 }), { type: 'effect_succeeded', at: 2, sequence: 1 }])
    assert.equal(maintenanceMachine.nextAt(state), 900)
    assert.equal(fold([{ type: 'time_passed', at: 899 }], state), state)
    assert.equal(fold([{ type: 'time_passed', at: 900 }], state).wanted, null)
  })

  it('does not wait for a clock that was set back to come round again', () => {
    const state = fold([asked(90_000_000, page), { type: 'time_passed', at: 1_000 }])
    assert.ok((maintenanceMachine.nextAt(state) ?? Infinity) < 100_000)
    const waiting = fold([
      asked(90_000_000, page),
      { type: 'effect_unknown', at: 90_000_000, sequence: 1, detail: 'lost' },
    ])
    assert.ok((maintenanceMachine.nextAt(fold([{ type: 'time_passed', at: 1_000 }], waiting)) ?? Infinity) < 100_000)
  })

  it('that is not there cannot end', () => {
    const state = noMaintenance('shop', 'production')
    assert.equal(fold([asked(1, null)], state), state)
  })
})
