/** The verdict of the lane from outside, and how it joins that of the data plane: the worse of the two counts. */
import type { VerdictRecord } from '../../rollout/types.ts'
import { type Evidence, logE } from '../eprocess.ts'
import type {
  CountedMetric,
  ExternalJudgeSpec,
  ExternalState,
  MetricsSpec,
  MetricState,
  OutsideSpec,
  OutsideState,
} from './types.ts'

/** What the sources say together. `logE` is that of all metrics, null without any. */
export type OutsideVerdict = {
  readonly verdict: 'pass' | 'fail' | 'hold' | 'broken'
  readonly detail: string
  readonly logE: number | null
}

type Finding = Pick<OutsideVerdict, 'verdict' | 'detail'>

const severity = { pass: 0, hold: 1, broken: 2, fail: 3 } as const

const agreed: Finding = { verdict: 'pass', detail: 'all sources agree' }

/** The verdict at `now`; null where nobody is to be asked. Nothing passes that was not seen, and lately. */
export const judgeOutside = (
  state: OutsideState | undefined,
  spec: OutsideSpec,
  now: number,
): OutsideVerdict | null => {
  const { metrics, externalJudge } = spec
  if (metrics === undefined && externalJudge === undefined) return null
  const states = state?.metrics ?? []
  const joined = metrics === undefined ? null : logE(mixture(states))
  let worst = agreed
  if (metrics !== undefined && joined !== null) {
    worst = worseOf(worst, judgeEvidence(states, metrics, joined))
    for (const metric of metrics.metrics) worst = worseOf(worst, judgeMetric(states, metric, { spec: metrics, now }))
  }
  if (externalJudge !== undefined) worst = worseOf(worst, judgeExternal(state?.external ?? null, externalJudge, now))
  return { verdict: worst.verdict, detail: worst.detail, logE: joined }
}

/** A verdict of the data plane with that from outside laid over it where it is worse. */
export const withOutside = (record: VerdictRecord, outside: OutsideVerdict | null): VerdictRecord => {
  if (outside === null || severity[outside.verdict] <= severity[record.verdict]) return record
  const { verdict, detail } = outside
  const logE = verdict === 'fail' && outside.logE !== null ? outside.logE : record.logE
  return { ...record, logE, verdict, detail, outside: detail }
}

const worseOf = (one: Finding, other: Finding): Finding =>
  severity[other.verdict] > severity[one.verdict] ? other : one

/** The evidence of all metrics averaged: an e-value again, so that one bound holds for all of them. */
const mixture = (metrics: readonly MetricState[]): Evidence => {
  const [only] = metrics
  const all = metrics.length === 1 && only !== undefined ? only.evidence : metrics.flatMap(({ evidence }) => evidence)
  return all.length === 0 ? [0] : all
}

const judgeMetric = (
  states: readonly MetricState[],
  { name, unitsMin }: CountedMetric,
  { spec, now }: { readonly spec: MetricsSpec; readonly now: number },
): Finding => {
  const state = states.find(({ metric }) => metric === name)
  if (state === undefined || state.last === null || state.silent !== null)
    return { verdict: 'broken', detail: `${name}: ${state?.silent ?? 'it was never asked'}` }
  const ageMs = now - state.last.observedAt
  if (!(Math.abs(ageMs) <= spec.staleAfterMs))
    return { verdict: 'broken', detail: `${name}: its counts are ${ageMs} ms old (limit ${spec.staleAfterMs} ms)` }
  if (state.candidate.units < Math.max(1, unitsMin))
    return { verdict: 'hold', detail: `${name}: ${state.candidate.units} of at least ${unitsMin} candidate units` }
  return agreed
}

/** Whether the metrics together (`joined`) are too much, and the one that says most of it is above its floor. */
const judgeEvidence = (states: readonly MetricState[], spec: MetricsSpec, joined: number): Finding => {
  if (!(joined >= -Math.log(spec.alpha))) return agreed
  const guilty = states
    .filter(({ metric, candidate }) => rateOf(candidate) > (floorOf(spec, metric) ?? 0))
    .toSorted((a, b) => logE(b.evidence) - logE(a.evidence))[0]
  return guilty === undefined ? agreed : { verdict: 'fail', detail: `${guilty.metric}: ${counts(guilty)}` }
}

const floorOf = ({ metrics }: MetricsSpec, name: string): number | undefined =>
  metrics.find((metric) => metric.name === name)?.ignoreBelow

const rateOf = ({ units, badUnits }: { readonly units: number; readonly badUnits: number }): number =>
  units === 0 ? 0 : badUnits / units

const counts = ({ candidate, stable }: MetricState): string =>
  `candidate ${candidate.badUnits} of ${candidate.units} bad, stable ${stable.badUnits} of ${stable.units}`

const judgeExternal = (state: ExternalState | null, spec: ExternalJudgeSpec, now: number): Finding => {
  const answer = state?.answer ?? null
  const says = answer === null ? '' : `the external judge says ${answer.directive}: ${answer.reason}`
  if (answer?.directive === 'abort') return { verdict: 'fail', detail: says }
  if (answer?.directive === 'complete') return { verdict: 'pass', detail: says }
  if (answer === null || state === null || state.silent !== null)
    return { verdict: 'broken', detail: `the external judge: ${state?.silent ?? 'it was never asked'}` }
  const ageMs = now - answer.at
  if (!(Math.abs(ageMs) <= 2 * spec.intervalMs + spec.timeoutMs))
    return { verdict: 'broken', detail: `the external judge last answered ${ageMs} ms ago` }
  return { verdict: answer.directive === 'wait' ? 'hold' : 'pass', detail: says }
}
