import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { releaseId, rolloutId } from '../model.ts'
import type { RollbackTriggers } from '../rollback-policy.ts'
import { watchMachine } from './machine.ts'
import { slowerThan } from './reading.ts'
import type { Pair, WatchEvent, WatchPlan, WatchReading, WatchState } from './types.ts'

const errorRate = { above: 0.02, forMs: 10_000, requestsMin: 100 }
const health = { path: '/', intervalMs: 1, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 }

const planOf = (triggers: Partial<RollbackTriggers>): WatchPlan => ({
  rollout: rolloutId('rol_1'),
  service: 'shop',
  environment: 'production',
  release: releaseId(`rel_${'b'.repeat(64)}`),
  triggers: { watchMs: 60_000, intervalMs: 5_000, ...triggers },
  health,
})

const none: Pair = { units: 0, badUnits: 0 }
const reading = (change: Partial<WatchReading>): WatchReading => ({
  observedAt: 0,
  requests: none,
  slow: null,
  unhealthy: null,
  metrics: {},
  ...change,
})

/** Begins a watch and lets it look at one reading after another, an interval apart; null is a source that says nothing. */
const watching = (triggers: Partial<RollbackTriggers>, readings: readonly (WatchReading | null)[]): WatchState => {
  let state: WatchState = { status: 'absent' }
  const take = (event: WatchEvent): void => {
    state = watchMachine.decide(state, event).state
  }
  take({ type: 'watch_started', at: 0, plan: planOf(triggers) })
  let at = 0
  for (const seen of readings) {
    if (watchMachine.settled(state)) break
    take({ type: 'time_passed', at })
    const [effect] = watchMachine.outstanding(state)
    if (effect === undefined || effect.action.kind !== 'look') break
    const { sequence } = effect
    if (seen === null) take({ type: 'effect_unknown', at, sequence, detail: 'no answer' })
    else take({ type: 'effect_succeeded', at, sequence, result: { kind: 'looked', reading: seen } })
    at += 5_000
  }
  return state
}

/** Readings of so many requests and bad ones an interval, in order. */
const requests = (...deltas: readonly (readonly [number, number])[]): readonly WatchReading[] => {
  let [units, badUnits] = [0, 0]
  return [[0, 0] as const, ...deltas].map(([more, bad]) => {
    units += more
    badUnits += bad
    return reading({ requests: { units, badUnits } })
  })
}

test('errors above the limit for as long as declared start the rollback, with the numbers', () => {
  const state = watching({ errorRate }, requests([100, 0], [100, 10], [100, 8]))
  ok(state.status === 'returning')
  deepStrictEqual(state.triggered, {
    trigger: 'error_rate',
    at: 15_000,
    reason: 'critical_bug',
    detail: 'bad responses: 18 of 200 (9 %) in 10 s, limit 2 % for 10 s',
  })
  deepStrictEqual(
    watchMachine.outstanding(state).map(({ key }) => key),
    ['rol_1/watch/roll_back'],
  )
})

test('a burst that is over is forgotten, and a rate that wavers around twice the limit is not', () => {
  strictEqual(watching({ errorRate }, requests([100, 5], [1_000, 0], [1_000, 0])).status, 'watching')
  const wavering = watching({ errorRate }, requests([100, 7], [100, 1], [100, 7]))
  strictEqual(wavering.status, 'returning')
})

test('fewer requests than the minimum are no measurement, however bad', () => {
  strictEqual(watching({ errorRate }, requests([10, 10], [10, 10], [10, 10])).status, 'watching')
})

test('success without a measurement: a watch that saw no request ends as unmeasured, not as passed', () => {
  const idle = watching({ errorRate, watchMs: 10_000 }, requests([0, 0], [0, 0], [0, 0]))
  ok(idle.status === 'ended')
  strictEqual(idle.outcome, 'unmeasured')
  const busy = watching({ errorRate, watchMs: 10_000 }, requests([10, 0], [10, 0], [10, 0]))
  ok(busy.status === 'ended')
  deepStrictEqual([busy.outcome, busy.detail], ['passed', '0 of 20 responses bad'])
})

test('a source that is silent neither fires nor counts as watched, and the watch goes on', () => {
  const state = watching({ errorRate, watchMs: 10_000 }, [...requests([100, 0]), null, null, null, null])
  ok(state.status === 'watching')
  strictEqual(state.watchedMs, 5_000)
})

test('counts that begin anew after a restart of the gateway are no errors and no success', () => {
  const first = requests([1_000, 50])
  const state = watching({ errorRate }, [...first, reading({ requests: { units: 3, badUnits: 0 } })])
  ok(state.status === 'watching')
  deepStrictEqual(state.alarms, [])
})

test('a clock that jumps neither fires a trigger nor ends the watch', () => {
  let state: WatchState = { status: 'absent' }
  const look = (at: number, seen: WatchReading): void => {
    state = watchMachine.decide(state, { type: 'time_passed', at }).state
    const [effect] = watchMachine.outstanding(state)
    const result = { kind: 'looked', reading: seen } as const
    state = watchMachine.decide(state, {
      type: 'effect_succeeded',
      at,
      sequence: effect?.sequence ?? 0,
      result,
    }).state
  }
  state = watchMachine.decide(state, {
    type: 'watch_started',
    at: 0,
    plan: planOf({ errorRate: { ...errorRate, forMs: 30_000 } }),
  }).state
  const [first, second, third] = requests([500, 50], [500, 50])
  look(0, first ?? reading({}))
  look(86_400_000, second ?? reading({}))
  look(2 * 86_400_000, third ?? reading({}))
  ok(state.status === 'watching')
  strictEqual(state.watchedMs, 20_000)
})

test('failing health checks, slow answers and a metric from outside fire as well', () => {
  const sick = reading({ unhealthy: ['shop-0 (503)'] })
  const unhealthy = watching({ health: { unhealthyMax: 0, forMs: 10_000 } }, [sick, sick, sick])
  ok(unhealthy.status === 'returning')
  deepStrictEqual([unhealthy.triggered.trigger, unhealthy.triggered.reason], ['health', 'outage'])
  const latency = { quantile: 0.95, aboveMs: 500, forMs: 5_000, requestsMin: 50 }
  const slow = (units: number, badUnits: number): WatchReading => reading({ slow: { units, badUnits } })
  const late = watching({ latency }, [slow(0, 0), slow(100, 20), slow(200, 40)])
  ok(late.status === 'returning')
  deepStrictEqual([late.triggered.trigger, late.triggered.reason], ['latency', 'performance'])
  const metrics = [{ name: 'checkout', above: 0.1, forMs: 5_000, requestsMin: 10 }]
  const failing = (units: number, badUnits: number): WatchReading =>
    reading({ metrics: { checkout: { units, badUnits } } })
  const bad = watching({ metrics }, [failing(0, 0), failing(20, 10), failing(40, 20)])
  ok(bad.status === 'returning')
  strictEqual(bad.triggered.trigger, 'metric:checkout')
  strictEqual(watching({ metrics }, [failing(0, 0), reading({ metrics: { checkout: null } })]).status, 'watching')
})

test('only answers that were slow for certain count: those of buckets that begin beyond the bound', () => {
  // Buckets end at 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, … ms.
  const latency = [0, 0, 0, 0, 0, 0, 0, 5, 7, 11, 0, 0, 0, 0, 2]
  deepStrictEqual(slowerThan(latency, 500), { units: 25, badUnits: 13 })
  deepStrictEqual(slowerThan(latency, 300), { units: 25, badUnits: 13 })
  deepStrictEqual(slowerThan(latency, 200), { units: 25, badUnits: 20 })
})

test('a rollback that could not be asked for is asked for again under the same key, until it is known', () => {
  const fired = watching({ errorRate }, requests([100, 50], [100, 50]))
  ok(fired.status === 'returning')
  const [first] = watchMachine.outstanding(fired)
  const failed = watchMachine.decide(fired, {
    type: 'effect_unknown',
    at: 20_000,
    sequence: first?.sequence ?? 0,
    detail: 'no answer',
  }).state
  const again = watchMachine.decide(failed, { type: 'time_passed', at: watchMachine.nextAt(failed) ?? 0 }).state
  const [second] = watchMachine.outstanding(again)
  strictEqual(second?.key, first?.key)
  ok((second?.sequence ?? 0) > (first?.sequence ?? 0))
  const result = { kind: 'rollback_started', rollout: rolloutId('rol_2') } as const
  const ended = watchMachine.decide(again, {
    type: 'effect_succeeded',
    at: 30_000,
    sequence: second?.sequence ?? 0,
    result,
  }).state
  ok(ended.status === 'ended')
  deepStrictEqual([ended.outcome, ended.rollback], ['rolled_back', rolloutId('rol_2')])
})
