import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvironmentSpec, JudgePolicy } from '../model.ts'
import type { Strategy } from '../strategy.ts'
import { releaseId } from '../model.ts'
import { judgedAlone } from './alone.ts'
import { stepsOf } from './strategies/registry.ts'
import type { Step } from './types.ts'

const from = releaseId(`rel_${'a'.repeat(64)}`)
const to = releaseId(`rel_${'b'.repeat(64)}`)
const policy: JudgePolicy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1_000, staleAfterMs: 3_000 }
const limited = { ...policy, errorLimit: 0.01 }
const specOf = (strategy: Strategy, judge: JudgePolicy): EnvironmentSpec => ({
  name: 'production',
  after: null,
  listen: { host: '127.0.0.1', port: 8080 },
  instances: 2,
  config: {},
  secretVersions: {},
  strategy,
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
  judge,
  sticky: { kind: 'none' },
  drainTimeoutMs: 1,
  stopGraceMs: 1,
  progressDeadlineMs: 1,
  approvals: 0,
  freeze: [],
})
const canary: Strategy = {
  kind: 'canary',
  steps: [{ kind: 'bake', shareBp: 500, bakeMs: 1, unitsMin: 1 }],
  bakeMs: 7_000,
  keepPrevious: false,
}
const rolling: Strategy = { kind: 'rolling', batchSize: 1, pauseMs: 0, maxFailurePercent: 0 }
const planned = (strategy: Strategy, judge: JudgePolicy, first: 'first' | 'next'): readonly Step[] => {
  const old = first === 'first' ? null : { release: from, instances: 2 }
  const steps = stepsOf(strategy, { from: old, to: { release: to, instances: 2 } })
  return judgedAlone(steps, { from: old?.release ?? null, to, spec: specOf(strategy, judge) })
}
const told = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) =>
    step.kind === 'shift'
      ? step.shares.map(({ arm, release, shareBp }) => `${arm} ${release === to ? 'to' : 'from'} ${shareBp}`).join(', ')
      : step.kind === 'wait'
        ? `wait ${step.ms}`
        : step.kind,
  )

test('without a limit the steps stay as they are', () => {
  for (const first of ['first', 'next'] as const) {
    const old = first === 'first' ? null : { release: from, instances: 2 }
    deepStrictEqual(planned(canary, policy, first), stepsOf(canary, { from: old, to: { release: to, instances: 2 } }))
  }
})

test('the first release is on trial before it is stable, also where the strategy knows no bake', () => {
  deepStrictEqual(told(planned(canary, limited, 'first')), [
    'start',
    'probe',
    'candidate to 10000',
    'wait 7000',
    'stable to 10000',
  ])
  deepStrictEqual(told(planned(rolling, limited, 'first')).slice(2), [
    'candidate to 10000',
    'wait 60000',
    'stable to 10000',
  ])
})

test('the bake at 100 % keeps the old release in the route, for a tripwire to give the traffic to', () => {
  deepStrictEqual(told(planned(canary, limited, 'next')).slice(4), [
    'stable from 0, candidate to 10000',
    'wait 7000',
    'stable to 10000',
    'drain',
    'retire',
  ])
})

test('what is not watched is not on trial', () => {
  strictEqual(
    planned(rolling, limited, 'next').some(
      (step) => step.kind === 'shift' && step.shares.some((one) => one.shareBp === 0),
    ),
    false,
  )
})
