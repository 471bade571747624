/** The weighted-sum scorer and the threshold classifier of NetflixACAJudge-v1.0. */
import type { CanaryScore, Classification } from './types.ts'

/** One classified metric, as the scorer takes it. */
export type Scored = {
  readonly name: string
  readonly groups: readonly string[]
  readonly classification: Classification
  readonly critical: boolean
}

/** Where the score's classes begin, and how much each group counts. */
export type ScoreSettings = {
  readonly groupWeights: Readonly<Record<string, number>>
  readonly pass: number
  readonly marginal: number
}

/** Percent of metrics without data from which on Kayenta gives up. */
const noDataPercentMax = 50

/**
 * The canary's score. A critical metric that did not pass makes it 0, and so does half of the metrics without data. In a group, only metrics that
 * were compared count (`Nodata` and `Error` do not), and a group of which nothing counts has 100: Kayenta fails open there.
 */
export const scoreCanary = (metrics: readonly Scored[], settings: ScoreSettings): CanaryScore => {
  const groups = groupScores(metrics)
  const classified = (score: number, reason: string): CanaryScore => ({
    score,
    classification: score >= settings.pass ? 'Pass' : score >= settings.marginal ? 'Marginal' : 'Fail',
    reason,
    groups: [...groups].map(([group, score]) => ({ group, score })),
  })
  const failing = metrics.find(({ critical, classification }) => critical && classification !== 'Pass')
  if (failing !== undefined) return classified(0, `the critical metric ${failing.name} is ${failing.classification}`)
  const absent = metrics.filter(({ classification }) => classification === 'Nodata').length
  if ((absent / metrics.length) * 100 >= noDataPercentMax)
    return classified(0, `${absent} of ${metrics.length} metrics have no data`)
  const score = summary(groups, settings.groupWeights)
  return classified(score, `score ${score}: pass from ${settings.pass}, marginal from ${settings.marginal}`)
}

const counting: ReadonlySet<Classification> = new Set(['Pass', 'High', 'Low', 'NodataFailMetric'])

/** Group → score; null where nothing was compared. */
const groupScores = (metrics: readonly Scored[]): ReadonlyMap<string, number | null> => {
  const names = [...new Set(metrics.flatMap(({ groups }) => groups))]
  return new Map(
    names.map((name) => {
      const own = metrics.filter(({ groups, classification }) => groups.includes(name) && counting.has(classification))
      const passes = own.filter(({ classification }) => classification === 'Pass').length
      return [name, own.length === 0 ? null : (passes / own.length) * 100]
    }),
  )
}

const summary = (groups: ReadonlyMap<string, number | null>, weights: Readonly<Record<string, number>>): number => {
  const given = Object.values(weights).reduce((total, weight) => total + weight, 0)
  const others = [...groups.keys()].filter((name) => !Object.hasOwn(weights, name)).length
  const share = others === 0 ? 0 : (100 - given) / others
  let total = 0
  for (const [name, score] of groups) total += (score ?? 100) * ((weights[name] ?? share) / 100)
  return rounded(total)
}

/** Two decimals, halves up, on the digits as they are printed. */
const rounded = (value: number): number => Number(`${Math.round(Number(`${value}e2`))}e-2`)
