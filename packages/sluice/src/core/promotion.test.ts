import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { environmentConsequences } from './consequences.ts'
import { emptyEnvironment, type EnvironmentEvent, environmentMachine, type EnvironmentState } from './environment.ts'
import { limits } from './limits.ts'
import { type ReleaseId, releaseId, type RolloutId, rolloutId } from './model.ts'
import type { Onward } from './promotion.ts'

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')]
const rollout = (number: number): RolloutId => rolloutId(`rol_${number}`)
const ada = { kind: 'person', name: 'ada' } as const
const minute = 60_000
const onward: Onward = {
  soakMs: 30 * minute,
  to: [
    { environment: 'production', soakMs: 30 * minute, auto: true },
    { environment: 'demo', soakMs: 0, auto: true },
  ],
}

type Settled = Extract<EnvironmentEvent, { type: 'rollout_settled' }>

const after = (events: readonly EnvironmentEvent[], state = emptyEnvironment('shop', 'staging')): EnvironmentState =>
  events.reduce((current, event) => environmentMachine.decide(current, event).state, state)

let rollouts = 0
const passage = (at: number, settled: Partial<Settled> & { readonly to: ReleaseId }): readonly EnvironmentEvent[] => {
  const id = rollout((rollouts += 1))
  return [
    { type: 'rollout_admitted', at, rollout: id, release: settled.to },
    {
      type: 'rollout_settled',
      at,
      rollout: id,
      outcome: 'succeeded',
      from: null,
      keepsPrevious: false,
      onward,
      ...settled,
    },
  ]
}

/** Wakes the environment whenever it wants to be, until a time; gives the offers made on the way. */
const wake = (from: EnvironmentState, until: number): { state: EnvironmentState; offers: string[] } => {
  let state = from
  const offers: string[] = []
  for (;;) {
    const at = environmentMachine.nextAt(state)
    if (at === null || at > until) return { state, offers }
    const { state: next } = environmentMachine.decide(state, { type: 'time_passed', at })
    offers.push(...environmentConsequences(state, next).map(({ key }) => key.id))
    state = next
  }
}

const servedMs = ({ soaks }: EnvironmentState, release: ReleaseId): number | undefined =>
  soaks?.find((soak) => soak.release === release)?.servedMs

test('a release that serves undisturbed has soaked when its time is over, is offered once, and then nothing wakes it', () => {
  const { state, offers } = wake(after(passage(0, { to: a })), 31 * minute)
  strictEqual(servedMs(state, a), 30 * minute)
  deepStrictEqual(offers, ['shop/production'])
  strictEqual(environmentMachine.nextAt(state), null)
  strictEqual(environmentMachine.settled(state), true)
})

test('an environment that asks for no time is offered the release as soon as it serves', () => {
  const [admitted, settled] = passage(0, { to: a })
  if (admitted === undefined || settled === undefined) throw new Error('no passage')
  const before = after([admitted])
  const [offer] = environmentConsequences(before, after([settled], before))
  strictEqual(offer?.key.id, 'shop/demo')
  deepStrictEqual(offer?.event, {
    type: 'queued',
    at: 0,
    entry: {
      id: `que_auto_${'a'.repeat(16)}`,
      release: a,
      purpose: 'promote',
      by: { kind: 'system', name: 'sluice' },
      reason: 'it has soaked in staging',
    },
  })
})

test('time in which the control plane was away is not soak', () => {
  const serving = wake(after(passage(0, { to: a })), 10 * minute).state
  const before = servedMs(serving, a)
  // Portions of a twentieth: six of 90 s are over after ten minutes.
  strictEqual(before, 9 * minute)
  const away = after([{ type: 'time_passed', at: 9 * 60 * minute }], serving)
  strictEqual(servedMs(away, a), before)
  strictEqual(servedMs(wake(away, 9 * 60 * minute + 21 * minute).state, a), 30 * minute)
})

test('a clock that is set back takes nothing away, and one that is set forward gives nothing', () => {
  const serving = wake(after(passage(100 * minute, { to: a })), 110 * minute).state
  const before = servedMs(serving, a)
  const back = after([{ type: 'time_passed', at: minute }], serving)
  strictEqual(servedMs(back, a), before)
  strictEqual(servedMs(wake(back, 3 * minute).state, a), (before ?? 0) + 1.5 * minute)
  strictEqual(servedMs(after([{ type: 'time_passed', at: 10_000 * minute }], serving), a), before)
})

test('nothing soaks while a rollout is under way, and what stays goes on from there', () => {
  const serving = wake(after(passage(0, { to: a })), 10 * minute).state
  const moved = after([{ type: 'rollout_admitted', at: 10 * minute, rollout: rollout(900), release: b }], serving)
  strictEqual(environmentMachine.nextAt(moved), null)
  const settled: EnvironmentEvent = {
    type: 'rollout_settled',
    at: 50 * minute,
    rollout: rollout(900),
    outcome: 'rolled_back',
    from: a,
    to: b,
    keepsPrevious: false,
  }
  const stayed = after([settled], moved)
  strictEqual(servedMs(stayed, a), 10 * minute)
  strictEqual(servedMs(wake(stayed, 71 * minute).state, a), 30 * minute)
})

test('what was taken back has not soaked, however long it served', () => {
  const soaked = wake(after([...passage(0, { to: a }), ...passage(1, { from: a, to: b })]), 40 * minute).state
  strictEqual(servedMs(soaked, b), 30 * minute)
  const back = after(passage(41 * minute, { from: b, to: a, purpose: 'rollback' }), soaked)
  strictEqual(servedMs(back, b), undefined)
  strictEqual(servedMs(back, a), 1, 'what it served before counts on')
})

test('a person who goes back to an older release holds automation until a person goes forward', () => {
  const pinned = after([...passage(0, { to: b }), ...passage(1, { from: b, to: a, pinnedBy: ada })])
  deepStrictEqual(pinned.pin, { release: a, by: ada, at: 1 })
  strictEqual(after(passage(2, { from: a, to: b }), pinned).pin, undefined)
  const failed = after(passage(2, { from: a, to: b, outcome: 'rolled_back' }), pinned)
  deepStrictEqual(failed.pin, pinned.pin)
})

test('a drill takes away no soak, and what a person chose stands again once it has returned', () => {
  const chosen = after([...passage(0, { to: c }), ...passage(1, { from: c, to: b, pinnedBy: ada })])
  const soaked = wake(chosen, 10 * minute).state
  const back = after(
    passage(20 * minute, { from: b, to: a, purpose: 'rollback', pinnedBy: ada, drill: 'back' }),
    soaked,
  )
  strictEqual(back.pin?.release, a, 'should it become real, it holds automation')
  strictEqual((servedMs(back, b) ?? 0) > 0, true)
  const returned = after(passage(21 * minute, { from: a, to: b, purpose: 'rollback', drill: 'return' }), back)
  deepStrictEqual([returned.pin, returned.serving], [chosen.pin, b])
  strictEqual(servedMs(wake(returned, 60 * minute).state, b), 30 * minute)
  const unpinned = after(passage(0, { to: b }))
  const gone = after(passage(1, { from: b, to: a, purpose: 'rollback', pinnedBy: ada, drill: 'back' }), unpinned)
  strictEqual(after(passage(2, { from: a, to: b, purpose: 'rollback', drill: 'return' }), gone).pin, undefined)
})

test('soaks that are remembered are bounded', () => {
  const many = Array.from({ length: limits.environmentHistoryMax + 5 }, (_, index) =>
    passage(index, { to: releaseId(`rel_${index.toString(16).padStart(64, '0')}`) }),
  )
  strictEqual(after(many.flat()).soaks?.length, limits.environmentHistoryMax)
})
