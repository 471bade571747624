/** Another policy over a past rollout: what it would have said, and when. */
import { limits } from '../limits.ts'
import type { AnalysisPolicy, CountedMoment, MetricSeries, PolicyVerdict, Reading } from './policy.ts'
import { seriesOfCounts } from './policy.ts'

/** What the metrics of a policy are given: the share that was good, as a list of one (what Argo's conditions index), or the bad percentage. */
export type ReplaySeries = 'good' | 'bad'

/** A rollout as it was recorded. */
export type PastRollout = {
  readonly startedAt: number
  readonly moments: readonly CountedMoment[]
  /** Whether it is over, so that nothing more will be measured. */
  readonly ended: boolean
}

/** What became of it. `stoppedAt`: when it first said fail, epoch ms; null for never. `final`: what it says of the whole. */
export type Replayed = { readonly final: PolicyVerdict; readonly stoppedAt: number | null }

/** Asks the policy at up to `limits.replayMomentsMax` of the moments, as if each were now. Every metric of it is given the rollout's own bad responses. */
export const replayPolicy = (policy: AnalysisPolicy, past: PastRollout, what: ReplaySeries): Replayed => {
  const { startedAt, moments, ended } = past
  const series = policy.metrics.map((metric) => {
    const bad = seriesOfCounts(metric, moments)
    return what === 'bad' ? bad : asGood(bad)
  })
  const last = moments.at(-1)?.at ?? startedAt
  const final = policy.judge({ startedAt, now: last, ended, series })
  const stride = Math.max(1, Math.ceil(moments.length / limits.replayMomentsMax))
  const stopped = moments
    .filter((_, index) => index % stride === 0)
    .find(({ at }) => policy.judge({ startedAt, now: at, ended: false, series: until(series, at) }).verdict === 'fail')
  return { final, stoppedAt: stopped?.at ?? (final.verdict === 'fail' ? last : null) }
}

const asGood = ({ metric, candidate, stable }: MetricSeries): MetricSeries => {
  const turned = (readings: readonly Reading[]): readonly Reading[] =>
    readings.map((reading) =>
      reading.kind === 'value' && typeof reading.value === 'number'
        ? { ...reading, value: [1 - reading.value / 100] }
        : { kind: 'failed', at: reading.at, detail: 'nobody was answered' },
    )
  return { metric, candidate: turned(candidate), stable: turned(stable) }
}

const until = (series: readonly MetricSeries[], at: number): readonly MetricSeries[] =>
  series.map(({ metric, candidate, stable }) => ({
    metric,
    candidate: candidate.filter((reading) => reading.at <= at),
    stable: stable.filter((reading) => reading.at <= at),
  }))
