/** From what was seen of a rollout to its evidence: one e-value for the release, what each metric says, what is proven. Pure; any policy may ask. */
import type { JudgePolicy } from '../model.ts'
import { logE } from './eprocess.ts'
import { dependentMetric } from './independence.ts'
import { type JudgeTest, metricsOf, testsOf, toleranceOf } from './metrics.ts'
import { type Counts, logEAbove } from './one-sample.ts'
import { prove, type Proof } from './proof.ts'
import {
  type ArmSeen,
  badAlone,
  badOf,
  evidenceOf,
  type JudgeStatistics,
  type MetricStatistics,
  noStatistics,
} from './statistics.ts'

/** One metric's part in the evidence. */
export type MetricEvidence = {
  readonly metric: string
  /** Natural log of its own e-value: of the test that says most. */
  readonly logE: number
  readonly candidate: Counts
  readonly stable: Counts
}

/** What the statistics are worth under a policy. */
export type Assessment = {
  /** Natural log of the release's e-value, the weighted average over all tests. At −ln α the judge stops. */
  readonly logE: number
  /** As `logE`, without the metrics whose rate nobody would care about (`ignoreBelow`): what may stop a release. */
  readonly countedLogE: number
  readonly metrics: readonly MetricEvidence[]
  /** The metric that speaks most against the candidate. */
  readonly deciding: string
  /** The metric by which the A/A self-check fails; null while it holds. */
  readonly dependent: string | null
}

/** A metric's test with what it found. */
type Found = { readonly test: JudgeTest; readonly logE: number; readonly counts: Counts }

/** Relative error that estimated numbers of sticky units are allowed: three times their standard error of 1.6 %. */
const estimateError = 0.05

/** The evidence of a rollout. */
export const assess = (statistics: JudgeStatistics, policy: JudgePolicy): Assessment => {
  const found = testsOf(policy).map((test) => findBy(test, statistics))
  const isCounted = ({ counts }: Found): boolean => rateOf(counts) > policy.ignoreBelow
  const deciding = found.toSorted((a, b) => weighed(b) - weighed(a))[0]
  return {
    logE: average(found),
    countedLogE: average(found.filter(isCounted)),
    metrics: metricsOf(policy).map(({ name }) => evidenceFor(name, found, statistics)),
    deciding: deciding?.test.metric ?? 'errors',
    dependent: dependentMetric(statistics, policy.alpha),
  }
}

/** What is to be proven where the policy does not say: less than 1.5 times as bad as tolerated, wrongly so in at most 5 %. */
const defaultProof = { margin: 1.5, alpha: 0.05 }

/** Bounds on each compared metric, and whether all of them prove the candidate good. */
export const proofOf = (
  statistics: JudgeStatistics,
  policy: JudgePolicy,
): { readonly isGood: boolean; readonly proofs: readonly (Proof & { readonly metric: string })[] } => {
  const { prove: asked = defaultProof, ignoreBelow } = policy
  // Each metric has to be proven, so none of them takes from the level of another (intersection-union test).
  const proofs = metricsOf(policy).map((metric) => {
    const seen = statisticsOf(statistics, metric.name)
    const counts = { units: atLeast(statistics.candidate), badUnits: badOf(seen).candidate }
    const margin = asked.margin * toleranceOf(policy, metric)
    return { metric: metric.name, ...prove(seen.strata, counts, { margin, ignoreBelow, alpha: asked.alpha }) }
  })
  return { isGood: statistics.candidate.units > 0 && proofs.every(({ isGood }) => isGood), proofs }
}

/** The statistics of one metric; nothing counted where there are none. */
export const statisticsOf = ({ metrics }: JudgeStatistics, name: string): MetricStatistics =>
  metrics.find(({ metric }) => metric === name) ?? noStatistics(name)

/** Units that were seen at the most: what keeps a one-sample test against a limit conservative. */
export const atMost = ({ units, requests }: ArmSeen): number =>
  units === requests ? units : Math.min(requests, units * (1 + estimateError))

/** Units that were seen at the least. */
export const atLeast = ({ units, requests }: ArmSeen): number =>
  units === requests ? units : units * (1 - estimateError)

const findBy = (test: JudgeTest, statistics: JudgeStatistics): Found => {
  const seen = statisticsOf(statistics, test.metric)
  if (test.form === 'limited') {
    const counts = { units: atMost(statistics.alone), badUnits: badAlone(seen) }
    return { test, logE: logEAbove(counts, test.limit), counts }
  }
  const counts = { units: statistics.candidate.units, badUnits: badOf(seen).candidate }
  return { test, logE: logE(evidenceOf(seen.strata, test.tolerance)), counts }
}

const rateOf = ({ units, badUnits }: Counts): number => (units === 0 ? 0 : badUnits / units)

const weighed = ({ test, logE: found }: Found): number => (test.weight > 0 ? Math.log(test.weight) + found : -Infinity)

/** Natural log of the weighted average; of 0 where nothing is left. */
const average = (found: readonly Found[]): number => {
  const terms = found.map(weighed)
  const max = Math.max(-Infinity, ...terms)
  return max === -Infinity ? max : max + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - max), 0))
}

const evidenceFor = (name: string, found: readonly Found[], statistics: JudgeStatistics): MetricEvidence => {
  const bad = badOf(statisticsOf(statistics, name))
  const own = found.filter(({ test }) => test.metric === name).map((one) => one.logE)
  return {
    metric: name,
    logE: Math.max(...own),
    candidate: { units: statistics.candidate.units, badUnits: bad.candidate },
    stable: { units: statistics.stable.units, badUnits: bad.stable },
  }
}
