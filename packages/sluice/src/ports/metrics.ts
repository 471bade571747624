import type { ArmLabels } from '../core/judge/outside/labels.ts'
import type { ArmCount, CountedMetric, Directive, ExternalJudgeSpec, MetricsSpec } from '../core/judge/outside/types.ts'

/** What a source of metrics gives for one metric: both arms at one moment. Within an era no count is ever smaller than before. */
export type MetricSample = {
  /** Changes whenever the source began to count anew, so that nothing before can be compared. */
  readonly era: string
  readonly candidate: ArmCount
  /** Null when it was not asked for. */
  readonly stable: ArmCount | null
  /** When the source says the oldest of the numbers is from, epoch ms. */
  readonly observedAt: number
}

/** One metric of one rollout. */
export type MetricQuestion = {
  readonly source: MetricsSpec
  readonly metric: CountedMetric
  readonly arms: { readonly candidate: ArmLabels; readonly stable: ArmLabels | null }
  /** Value of the Authorization header; null for none. */
  readonly authorization: string | null
}

/** One query as it stands, without an arm. */
export type Measurement = Pick<MetricQuestion, 'source' | 'authorization'> & { readonly query: string }

/** Counts of a metric from outside Sluice: Prometheus first. Rejects with SluiceError; an empty answer is a rejection (`metric_absent`), never zero. */
export interface MetricSource {
  sample(question: MetricQuestion, signal: AbortSignal): Promise<MetricSample>
  /** One number that the source computes by itself, as of now: the sum of what the query gives. */
  measure(question: Measurement, signal: AbortSignal): Promise<number>
}

/** What an external judge is told. */
export type ExternalQuestion = {
  readonly judge: ExternalJudgeSpec
  readonly authorization: string | null
  readonly service: string
  readonly environment: string
  readonly rollout: string
  /** The step of the rollout that is judged. */
  readonly step: string
  readonly candidate: string
  readonly stable: string | null
  /** Share of the traffic that the candidate has, 0–10,000. */
  readonly shareBp: number
}

/** Somebody else's judge. Rejects with SluiceError (`external_judge_failed`) for silence and for every answer that is none of the four. */
export interface ExternalJudge {
  evaluate(
    question: ExternalQuestion,
    signal: AbortSignal,
  ): Promise<{ readonly directive: Directive; readonly reason: string }>
}
