/** One metric of an armed tripwire: its bad units by share, and the evidence that they are. Changed in place; a good response allocates nothing here. */
import { logE, type Step, stepOf } from '../../core/judge/eprocess.ts'
import type { JudgeTest, Metric } from '../../core/judge/metrics.ts'
import { logEAbove } from '../../core/judge/one-sample.ts'
import {
  addBad,
  badAlone,
  badOf,
  evidenceOf,
  type MetricStatistics,
  noStatistics,
  wholeBp,
} from '../../core/judge/statistics.ts'
import { UnitMarks } from './units.ts'

/** A bad unit: whose it was, and the candidate's share (basis points) in force when its request was given to an arm. */
export type BadUnit = { readonly candidate: boolean; readonly shareBp: number }

/** What is kept of a metric. The evidence is that under `tolerance`; it follows from the statistics, but for the last digits. */
export type KeptMetric = {
  readonly statistics: MetricStatistics
  readonly marks: UnitMarks
  readonly tolerance: number
  readonly evidence: readonly number[]
}

type Compared = Extract<JudgeTest, { form: 'compared' }>
type Limited = Extract<JudgeTest, { form: 'limited' }>

/** The bad units of one metric in one rollout. */
export class MetricWatch {
  readonly metric: Metric
  readonly marks: UnitMarks
  /** The log evidence of each alternative, against the stable arm. */
  readonly evidence: number[]
  candidateBad: number
  stableBad: number
  /** Bad units of the candidate while it had no control. */
  aloneBad: number
  /** Natural log of what the limited form adds to the release's evidence. */
  limitedLogE: number = -Infinity
  private comparedNow: number | null = null
  private readonly compared: Compared
  private readonly limited: Limited | null
  private settled: MetricStatistics
  private readonly twins: [number, number]
  /** Bad units at the present share, not yet in `settled`. */
  private readonly open: { shareBp: number; candidate: number; stable: number } = {
    shareBp: 0,
    candidate: 0,
    stable: 0,
  }
  private step: Step | null = null

  constructor(metric: Metric, tests: readonly JudgeTest[], kept: KeptMetric | null) {
    this.metric = metric
    const own = tests.filter((test) => test.metric === metric.name)
    this.compared = own.find((test) => test.form === 'compared') ?? unarmed(metric.name)
    this.limited = own.find((test) => test.form === 'limited') ?? null
    this.settled = kept?.statistics ?? noStatistics(metric.name)
    this.marks = kept?.marks ?? new UnitMarks()
    const { tolerance } = this.compared
    const { strata, twins } = this.settled
    this.twins = [...twins]
    const bad = badOf(this.settled)
    this.candidateBad = bad.candidate
    this.stableBad = bad.stable
    this.aloneBad = badAlone(this.settled)
    this.evidence = [...(kept?.tolerance === tolerance ? kept.evidence : evidenceOf(strata, tolerance))]
  }

  /** Natural log of what the comparison adds to the release's evidence. Made when it is asked for: bad events of the stable arm alone decide nothing. */
  get comparedLogE(): number {
    this.comparedNow ??= Math.log(this.compared.weight) + logE(this.evidence)
    return this.comparedNow
  }

  /** What the next watch of the same metric begins with. */
  get kept(): KeptMetric {
    const { statistics, marks, compared, evidence } = this
    return { statistics, marks, tolerance: compared.tolerance, evidence }
  }

  /** Everything counted so far. */
  get statistics(): MetricStatistics {
    this.settle()
    return { ...this.settled, twins: [...this.twins] }
  }

  /** Counts and weighs a bad unit, once for each sticky key; false when it had been counted before. `aloneUnits`: units seen without a control. */
  weigh(unit: number | null, { candidate, shareBp }: BadUnit, aloneUnits: number): boolean {
    if (unit !== null && !this.marks.mark(unit)) return false
    if (shareBp !== this.open.shareBp) this.openAt(shareBp)
    if (candidate) {
      this.candidateBad += 1
      this.open.candidate += 1
    } else {
      this.stableBad += 1
      this.open.stable += 1
    }
    if (shareBp !== wholeBp) this.weighCompared(candidate)
    else if (candidate) this.weighAlone(aloneUnits)
    return true
  }

  /** Counts a bad unit of the stable arm for the A/A self-check, in the half that a second salt chose. */
  twin(half: 0 | 1): void {
    this.twins[half] += 1
  }

  private openAt(shareBp: number): void {
    this.settle()
    this.open.shareBp = shareBp
    this.step = stepOf(shareBp / wholeBp, this.compared.tolerance)
  }

  private settle(): void {
    this.settled = addBad(this.settled, this.open)
    this.open.candidate = 0
    this.open.stable = 0
  }

  private weighCompared(candidate: boolean): void {
    const { step, evidence } = this
    if (step === null) return
    const added = candidate ? step.candidate : step.stable
    for (let index = 0; index < evidence.length; index += 1)
      evidence[index] = (evidence[index] ?? 0) + (added[index] ?? 0)
    this.comparedNow = null
  }

  private weighAlone(units: number): void {
    this.aloneBad += 1
    const { limited, aloneBad } = this
    if (limited === null) return
    this.limitedLogE = Math.log(limited.weight) + logEAbove({ units, badUnits: aloneBad }, limited.limit)
  }
}

/** Where no tripwire is armed, bad units are counted all the same. */
const unarmed = (metric: string): Compared => ({ form: 'compared', metric, weight: 1, tolerance: 1 })
