/** How evidence moves a rollout: early ends by proof, jumps within the exposure budget, and what is judged without a control. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { addBad, type MetricStatistics, noStatistics } from '../judge/statistics.ts'
import type { EnvironmentSpec, JudgePolicy } from '../model.ts'
import type { Strategy } from '../strategy.ts'
import { releaseId, rolloutId } from '../model.ts'
import { isJudged, rampAfter, shareAsked } from './exposure.ts'
import { rolloutMachine } from './machine.ts'
import { revertSteps, stepsOf } from './strategies/registry.ts'
import type { EffectResult, RolloutEffect, RolloutPlan, RolloutState, Step } from './types.ts'

const from = releaseId(`rel_${'a'.repeat(64)}`)
const to = releaseId(`rel_${'b'.repeat(64)}`)
const policy: JudgePolicy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0.0005, intervalMs: 1_000, staleAfterMs: 3_000 }
const prove = { margin: 1.5, alpha: 0.05 }
const shares = [100, 500, 2_500, 5_000]
const canary: Strategy = {
  kind: 'canary',
  steps: shares.map((shareBp) => ({ kind: 'bake', shareBp, bakeMs: 300_000, unitsMin: 10 })),
  bakeMs: 0,
  keepPrevious: true,
}

const planOf = (judge: JudgePolicy, strategy: Strategy = canary): RolloutPlan => {
  const input = { from: { release: from, instances: 1 }, to: { release: to, instances: 1 } }
  const spec: EnvironmentSpec = {
    name: 'production',
    after: null,
    listen: { host: '127.0.0.1', port: 8080 },
    instances: 1,
    config: {},
    secretVersions: {},
    strategy,
    health: { path: '/', intervalMs: 100, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1_000 },
    judge,
    sticky: { kind: 'none' },
    drainTimeoutMs: 500,
    stopGraceMs: 300,
    progressDeadlineMs: 60_000,
    approvals: 0,
    freeze: [],
  }
  return {
    purpose: 'deploy',
    strategy: 'canary',
    service: 'shop',
    from,
    to,
    steps: stepsOf(strategy, input),
    revert: revertSteps(input, 'together'),
    spec,
    fromSpec: spec,
    unhealthyMax: 0,
  }
}

/** Requests a second, of which `errorRate` are bad in both arms (in whole numbers, spread evenly). */
type Traffic = { readonly perSecond: number; readonly errorRate: number; readonly candidateErrorRate?: number }

/** What is counted of steady traffic while the candidate has one share after the other. */
class Counting {
  shareBp = 0
  private readonly sums = { candidate: 0, stable: 0 }
  private readonly bad = { candidate: 0, stable: 0 }
  private errors: MetricStatistics = noStatistics('errors')
  private readonly traffic: Traffic
  private readonly since: number

  constructor(traffic: Traffic, since: number) {
    this.traffic = traffic
    this.since = since
  }

  pass(seconds: number): void {
    const { perSecond, errorRate, candidateErrorRate = errorRate } = this.traffic
    const candidate = (perSecond * seconds * this.shareBp) / 10_000
    const stable = perSecond * seconds - candidate
    this.sums.candidate += candidate
    this.sums.stable += stable
    this.bad.candidate += candidate * candidateErrorRate
    this.bad.stable += stable * errorRate
    const added = { shareBp: this.shareBp, candidate: this.take('candidate'), stable: this.take('stable') }
    this.errors = addBad(this.errors, added)
  }

  measured(observedAt: number): EffectResult {
    const seen = (units: number) => ({ requests: Math.round(units), units: Math.round(units) })
    const [candidate, stable] = [seen(this.sums.candidate), seen(this.sums.stable)]
    const statistics = { since: this.since, candidate, stable, alone: seen(0), metrics: [this.errors] }
    return {
      kind: 'measured',
      logE: 0,
      shareBp: this.shareBp,
      candidate: { units: candidate.units, badUnits: 0 },
      stable: { units: stable.units, badUnits: 0 },
      tripped: false,
      observedAt,
      statistics,
    }
  }

  /** Whole bad responses; what is left of one is kept for later. */
  private take(arm: 'candidate' | 'stable'): number {
    const whole = Math.floor(this.bad[arm])
    this.bad[arm] -= whole
    return whole
  }
}

/** A rollout under steady traffic, with the shares that it gave and how long it took. */
const play = (
  judge: JudgePolicy,
  traffic: Traffic,
  strategy: Strategy = canary,
): { state: RolloutState; shares: number[]; seconds: number } => {
  const began = 1_000_000
  let at = began
  const counting = new Counting(traffic, began)
  const given: number[] = []
  const by = { kind: 'person', name: 'ada' } as const
  const started = {
    type: 'rollout_started',
    at,
    id: rolloutId('rol_1'),
    token: 1,
    plan: planOf(judge, strategy),
    by,
  } as const
  let { state } = rolloutMachine.decide({ status: 'absent' }, started)
  while (!rolloutMachine.settled(state) && at < began + 5_000_000) {
    const [effect] = rolloutMachine.outstanding(state)
    if (effect === undefined) {
      const next = Math.max(rolloutMachine.nextAt(state) ?? at + 1_000, at + 1)
      counting.pass((next - at) / 1_000)
      at = next
      state = rolloutMachine.decide(state, { type: 'time_passed', at }).state
      continue
    }
    const { action, sequence } = effect
    if (action.kind === 'shift') {
      counting.shareBp = action.shares.find(({ arm }) => arm === 'candidate')?.shareBp ?? 0
      if (counting.shareBp > 0) given.push(counting.shareBp)
    }
    const result = action.kind === 'measure' ? counting.measured(at) : answerTo(action)
    state = rolloutMachine.decide(state, { type: 'effect_succeeded', at, sequence, result }).state
  }
  return { state, shares: given, seconds: (at - began) / 1_000 }
}

const answerTo = (action: Exclude<RolloutEffect['action'], { kind: 'measure' }>): EffectResult =>
  action.kind === 'probe' ? { kind: 'probed', healthy: action.count, detail: '', evidence: [] } : { kind: 'done' }

test('without a proof a step lasts its whole bake', () => {
  const { state, seconds, shares: given } = play(policy, { perSecond: 1_000, errorRate: 0.002 })
  deepStrictEqual([state.status, given], ['succeeded', shares])
  ok(seconds >= 1_200)
})

test('a release proven good goes on at once, step by step', () => {
  const { state, seconds, shares: given } = play({ ...policy, prove }, { perSecond: 1_000, errorRate: 0.002 })
  deepStrictEqual([state.status, given], ['succeeded', shares])
  ok(seconds < 1_200, `it took ${seconds} s`)
  ok(state.status === 'succeeded' && state.lastVerdict?.proven === true)
})

test('a release without any error is proven by its own rate', () => {
  const { state, seconds } = play({ ...policy, prove }, { perSecond: 1_000, errorRate: 0 })
  strictEqual(state.status, 'succeeded')
  ok(seconds < 900, `it took ${seconds} s`)
})

test('an exposure budget jumps to the largest share that it allows', () => {
  const judge = { ...policy, prove, exposureBudget: 2_000 }
  const { state, shares: given } = play(judge, { perSecond: 2_000, errorRate: 0 })
  strictEqual(state.status, 'succeeded')
  ok(given.length < shares.length && given.at(-1) === 5_000, `it gave ${given.join(', ')}`)
})

test('a budget that allows no larger share keeps what is there, judges on, and reverts for lack of progress', () => {
  const judge = { ...policy, exposureBudget: 1 }
  const { state, shares: given } = play(judge, { perSecond: 100, errorRate: 0.01, candidateErrorRate: 0.012 })
  strictEqual(state.status, 'rolled_back')
  deepStrictEqual(given, [100])
  ok(state.status === 'rolled_back' && state.cause.kind === 'deadline')
  match(state.status === 'rolled_back' ? (state.lastVerdict?.detail ?? '') : '', /exposure budget of 1/)
})

test('a ramp by evidence goes on by proof alone: at once where there is some, and never by time', () => {
  const ramp: Strategy = { ...canary, ramp: 'evidence' }
  const proven = play(policy, { perSecond: 5_000, errorRate: 0 }, ramp)
  deepStrictEqual([proven.state.status, proven.shares], ['succeeded', shares])
  const timed = play(policy, { perSecond: 5_000, errorRate: 0 })
  ok(proven.seconds < timed.seconds, `${proven.seconds} s by proof, ${timed.seconds} s by time`)
  const slow = play(policy, { perSecond: 1, errorRate: 0.01 }, ramp)
  ok(slow.state.status === 'rolled_back' && slow.state.cause.kind === 'deadline')
  deepStrictEqual(slow.shares, [100], 'neither time nor a lack of data is proof')
  const unsure = play(policy, { perSecond: 300, errorRate: 0.02 }, ramp)
  deepStrictEqual(unsure.shares, [100], 'time with units enough is no proof either')
})

test('where a proof suffices, evidence enough for a larger share that is judged too ends a share before its time', () => {
  const judge = { ...policy, prove, exposureBudget: 100 }
  const { state, shares: given, seconds } = play(judge, { perSecond: 100, errorRate: 0.001 })
  strictEqual(state.status, 'succeeded')
  deepStrictEqual(given, [100, 5_000])
  ok(seconds < 400, `it took ${seconds} s`)
  const timed = play({ ...policy, exposureBudget: 100 }, { perSecond: 100, errorRate: 0.001 })
  ok(timed.seconds >= 600, `by time it took ${timed.seconds} s`)
  const latency = { quantiles: [0.99], tolerance: 1.25, warmupMs: 0 }
  const slow = play({ ...judge, latency }, { perSecond: 100, errorRate: 0.001 })
  ok(slow.seconds >= 600, `the budget says nothing of slow answers, and yet it took ${slow.seconds} s`)
})

test('errors that the stable release has too spend nothing of the budget, however much traffic there is', () => {
  const judge = { ...policy, prove, exposureBudget: 60 }
  const steps = [100, 500].map((shareBp) => ({ kind: 'bake', shareBp, bakeMs: 10_000, unitsMin: 10 }) as const)
  const busy = play(
    judge,
    { perSecond: 20_000, errorRate: 0.01 },
    { kind: 'canary', steps, bakeMs: 0, keepPrevious: true },
  )
  strictEqual(busy.state.status, 'succeeded')
})

test('the last step to all of the traffic is asked too: a release that has spent its budget does not get it', () => {
  const judge = { ...policy, tolerance: 4, exposureBudget: 20 }
  const once: Strategy = { ...canary, steps: canary.kind === 'canary' ? canary.steps.slice(3) : [] }
  const worse = play(judge, { perSecond: 20, errorRate: 0.01, candidateErrorRate: 0.02 }, once)
  deepStrictEqual([worse.state.status, worse.shares], ['rolled_back', [5_000]])
  ok(worse.state.status === 'rolled_back' && worse.state.cause.kind === 'deadline')
  match(worse.state.status === 'rolled_back' ? (worse.state.lastVerdict?.detail ?? '') : '', /exposure budget of 20/)
  strictEqual(play(judge, { perSecond: 20, errorRate: 0.01 }, once).state.status, 'succeeded')
})

test('no traffic proves nothing: it holds, is extended, and reverts', () => {
  const { state, shares: given } = play({ ...policy, prove, exposureBudget: 100 }, { perSecond: 0, errorRate: 0 })
  deepStrictEqual([state.status, given], ['rolled_back', [100]])
})

test('a jump passes over shifts and judgements, and over nothing else', () => {
  const shift = (shareBp: number): Step => ({
    kind: 'shift',
    shares: [
      { arm: 'stable', release: from, shareBp: 10_000 - shareBp, count: 1 },
      { arm: 'candidate', release: to, shareBp, count: 1 },
    ],
    whenEmpty: 'hold',
  })
  const judged: Step = { kind: 'judge', bakeMs: 7, unitsMin: 0 }
  const approve: Step = { kind: 'approve', approvals: 1, reason: '' }
  const steps = [shift(100), judged, shift(500), judged, shift(900), judged, approve, shift(5_000), judged]
  deepStrictEqual(rampAfter(steps, 1), [
    { shareBp: 500, index: 2 },
    { shareBp: 900, index: 4 },
  ])
  deepStrictEqual(rampAfter(steps, 5), [])
})

test('the budget is asked for the next share whatever is in between, and not at the end of a holdback', () => {
  const at = (arm: 'candidate' | 'holdback', shareBp: number): Step => ({
    kind: 'shift',
    shares: [
      { arm: arm === 'holdback' ? 'holdback' : 'stable', release: from, shareBp: 10_000 - shareBp, count: 1 },
      { arm: 'candidate', release: to, shareBp, count: 1 },
    ],
    whenEmpty: 'hold',
  })
  const judged: Step = { kind: 'judge', bakeMs: 7, unitsMin: 0 }
  const approve: Step = { kind: 'approve', approvals: 1, reason: '' }
  const all: Step = {
    kind: 'shift',
    shares: [{ arm: 'stable', release: to, shareBp: 10_000, count: 1 }],
    whenEmpty: 'hold',
  }
  strictEqual(shareAsked({ to, steps: [at('candidate', 100), judged, approve, at('candidate', 900), approve] }, 1), 900)
  strictEqual(shareAsked({ to, steps: [at('candidate', 100), judged, approve, all] }, 1), 1)
  strictEqual(shareAsked({ to, steps: [at('holdback', 9_800), judged, all] }, 1), 0)
})

test('a candidate without a control is judged where a limit is declared for it, and nowhere else', () => {
  const alone: Step = {
    kind: 'shift',
    shares: [{ arm: 'candidate', release: to, shareBp: 10_000, count: 1 }],
    whenEmpty: 'hold',
  }
  const plan = planOf(policy)
  const steps: readonly Step[] = [alone, { kind: 'judge', bakeMs: 1, unitsMin: 0 }]
  strictEqual(isJudged({ ...plan, steps }, 1), false)
  strictEqual(isJudged({ ...plan, steps, spec: { ...plan.spec, judge: { ...policy, errorLimit: 0.01 } } }, 1), true)
})
