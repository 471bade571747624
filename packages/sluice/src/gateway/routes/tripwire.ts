/**
 * The armed tripwire of one route: the judge's tests of one rollout, fed on every response, in the turn of the event loop in which the response came.
 *
 * A sticky unit counts once in a rollout and metric, in the arm where it first got a bad response. Once per release would break the bound: a share
 * that grows moves users to the candidate, and those already counted for stable would count again, for the candidate only.
 */
import { assess, atMost } from '../../core/judge/assess.ts'
import { metricsOf, testsOf } from '../../core/judge/metrics.ts'
import type { ArmSeen, JudgeStatistics } from '../../core/judge/statistics.ts'
import { wholeBp } from '../../core/judge/statistics.ts'
import type { Trip, Tripwire } from '../../core/routing.ts'
import { LatencyWindow } from './latency-window.ts'
import { type KeptMetric, MetricWatch } from './metric-watch.ts'
import { unitsOf } from './tally.ts'
import { UnitSketch } from './units.ts'

/** Responses and units of one side of the comparison, within this rollout. The holdback counts as stable: it runs the same release. */
export type Side = { requests: number; keyless: number; readonly keys: UnitSketch }

/** What is counted, whatever the policy. */
export type Counted = {
  /** Epoch ms of its beginning. */
  readonly since: number
  readonly candidate: Side
  readonly stable: Side
  /** The candidate while it had no control. */
  readonly alone: Side
}

/** What the tripwire of one rollout has seen. Changed in place. */
export type Watch = Counted & {
  readonly tripwire: Tripwire | null
  readonly errors: MetricWatch
  /** The metrics of response time; their thresholds are at the same index. */
  readonly slow: readonly MetricWatch[]
  readonly window: LatencyWindow | null
  readonly all: readonly MetricWatch[]
}

const freshSide = (): Side => ({ requests: 0, keyless: 0, keys: new UnitSketch() })

/** Nothing counted yet. */
export const freshCounts = (since: number): Counted => ({
  since,
  candidate: freshSide(),
  stable: freshSide(),
  alone: freshSide(),
})

/** What was kept of metrics, by name. */
export type KeptMetrics = ReadonlyMap<string, KeptMetric>

/** A watch over what was counted and kept, armed with a tripwire or none. */
export const armedWatch = (tripwire: Tripwire | null, counted: Counted, kept: KeptMetrics = new Map()): Watch => {
  const metrics = tripwire === null ? [{ kind: 'errors', name: 'errors' } as const] : metricsOf(tripwire.policy)
  const tests = tripwire === null ? [] : testsOf(tripwire.policy)
  const watches = metrics.map((metric) => new MetricWatch(metric, tests, kept.get(metric.name) ?? null))
  const [errors = new MetricWatch({ kind: 'errors', name: 'errors' }, tests, null), ...slow] = watches
  const quantiles = slow.flatMap(({ metric }) => (metric.kind === 'quantile' ? [metric.quantile] : []))
  const window = quantiles.length === 0 ? null : new LatencyWindow(quantiles)
  const { since, candidate, stable, alone } = counted
  return { since, candidate, stable, alone, tripwire, errors, slow, window, all: [errors, ...slow] }
}

/** The same watch under another tripwire of its rollout: what was counted stays. */
export const rearmed = (watch: Watch, tripwire: Tripwire | null): Watch =>
  JSON.stringify(watch.tripwire?.policy) === JSON.stringify(tripwire?.policy)
    ? { ...watch, tripwire }
    : armedWatch(tripwire, watch, keptOf(watch))

/** What is kept of a watch's metrics. */
const keptOf = ({ all }: Watch): KeptMetrics => new Map(all.map(({ metric, kept }) => [metric.name, kept]))

/** Counts a response for the comparison; `unit` is the hash of the sticky key or null. */
export const watchResponse = (side: Side, unit: number | null): void => {
  side.requests += 1
  if (unit === null) side.keyless += 1
  else side.keys.add(unit)
}

/** A response of one arm: whose, which unit, and the candidate's share (basis points) in force when its request was given to an arm. */
export type Seen = { readonly candidate: boolean; readonly unit: number | null; readonly shareBp: number }

/** Weighs a bad unit of one metric; false when it had been counted before. `half`: the half of the A/A self-check that a second salt gives. */
export const watchBad = (watch: Watch, metric: MetricWatch, seen: Seen & { readonly half: 0 | 1 }): boolean => {
  const aloneUnits = seen.shareBp === wholeBp && seen.candidate ? atMost(armSeen(watch.alone)) : 0
  if (!metric.weigh(seen.unit, seen, aloneUnits)) return false
  if (!seen.candidate) metric.twin(seen.half)
  return true
}

/** The trip, when the evidence suffices and comes from a rate that anybody would care about; else null. */
export const judgeWatch = (watch: Watch, shareBp: number, at: number): Trip | null => {
  const { tripwire, errors, all } = watch
  if (!tripwire || shareBp === 0) return null
  const limit = -Math.log(tripwire.policy.alpha)
  if (average(all, null) < limit) return null
  const units = unitsOf(watch.candidate)
  const floor = { ignoreBelow: tripwire.policy.ignoreBelow, units, alone: unitsOf(watch.alone) }
  if (average(all, floor) < limit) return null
  return {
    rollout: tripwire.rollout,
    at,
    logE: average(all, null),
    candidate: { units, badUnits: errors.candidateBad },
    stable: { units: unitsOf(watch.stable), badUnits: errors.stableBad },
    shareBp,
    ...decidedBy(watch, tripwire),
  }
}

const decidedBy = (watch: Watch, { policy }: Tripwire): Pick<Trip, 'metric' | 'metrics'> => {
  if (watch.all.length === 1) return {}
  const { deciding, metrics } = assess(statisticsOf(watch), policy)
  return { metric: deciding, metrics }
}

/** Natural log of the evidence against the candidate; null when no tripwire is armed. */
export const logEOf = ({ tripwire, all }: Watch): number | null => (tripwire === null ? null : average(all, null))

/** Everything that was counted, as the wire and the ledger have it. */
export const statisticsOf = ({ since, candidate, stable, alone, all }: Watch): JudgeStatistics => ({
  since,
  candidate: armSeen(candidate),
  stable: armSeen(stable),
  alone: armSeen(alone),
  metrics: all.map(({ statistics }) => statistics),
})

const armSeen = (side: Side): ArmSeen => ({ requests: side.requests, units: unitsOf(side) })

type Floor = { readonly ignoreBelow: number; readonly units: number; readonly alone: number }

/** Natural log of the weighted average of all tests' e-values; with a floor, of those whose bad rate is at it or above. */
const average = (metrics: readonly MetricWatch[], floor: Floor | null): number => {
  let max = -Infinity
  for (const metric of metrics) max = Math.max(max, comparedOf(metric, floor), limitedOf(metric, floor))
  if (max === -Infinity) return max
  let sum = 0
  for (const metric of metrics)
    sum += Math.exp(comparedOf(metric, floor) - max) + Math.exp(limitedOf(metric, floor) - max)
  return max + Math.log(sum)
}

const comparedOf = ({ comparedLogE, candidateBad }: MetricWatch, floor: Floor | null): number =>
  floor !== null && candidateBad < floor.ignoreBelow * floor.units ? -Infinity : comparedLogE

const limitedOf = ({ limitedLogE, aloneBad }: MetricWatch, floor: Floor | null): number =>
  floor !== null && aloneBad < floor.ignoreBelow * floor.alone ? -Infinity : limitedLogE
