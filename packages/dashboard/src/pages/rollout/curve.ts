/** The measurements of a rollout as the lines of its charts. */
import type { EvidencePoint, VerdictView, WhyView } from '../../../../sluice/src/http/client/views.ts'
import { badOf, evidenceOf } from '../../../../sluice/src/http/client/words.ts'
import type { Plot } from './plot-data.ts'

/** What is drawn of one measurement. */
export type Measured = VerdictView

/** The curve from the ledger, and after it what was measured since it was asked for. */
export const curveWith = (curve: readonly EvidencePoint[], since: readonly Measured[]): readonly Measured[] => {
  const last = curve.at(-1)?.at ?? 0
  return [...curve, ...since.filter(({ at }) => at > last)]
}

/** Points that a chart draws at most; of more, every n-th and the last. */
const pointsMax = 2_000

const thinned = (points: readonly Measured[]): readonly Measured[] => {
  const every = Math.ceil(points.length / pointsMax)
  return every <= 1 ? points : points.filter((_, index) => index % every === 0 || index === points.length - 1)
}

/** Where the E-value no longer fits a number it is held at this, as the axis says. */
const logEMax = 300

/** The E-value over time against the limit at which the judge stops. */
export const evidencePlot = (all: readonly Measured[], limitLogE: number): Plot => {
  const points = thinned(all)
  return {
    times: points.map(({ at }) => at),
    scale: 'log',
    tell: (value) => evidenceOf(Math.log(value)),
    series: [
      { name: 'evidence E', colour: 'candidate', values: points.map(({ logE }) => Math.exp(Math.min(logEMax, logE))) },
      { name: 'limit', colour: 'limit', isLimit: true, values: points.map(() => Math.exp(limitLogE)) },
    ],
  }
}

/** Rates of bad units so far, of both arms, and the rate that the policy lets a candidate have. */
export const ratePlot = (all: readonly Measured[], policy: WhyView['policy'] | null): Plot => {
  const points = thinned(all)
  return {
    times: points.map(({ at }) => at),
    scale: 'linear',
    tell: (value) => `${Number((100 * value).toPrecision(3))} %`,
    series: [
      { name: 'candidate', colour: 'candidate', values: points.map(({ candidate }) => rate(candidate)) },
      { name: 'stable', colour: 'stable', values: points.map(({ stable }) => rate(stable)) },
      ...(policy === null
        ? []
        : [
            {
              name: 'tolerated',
              colour: 'limit' as const,
              isLimit: true,
              values: points.map(({ stable }) => toleratedRate(stable, policy)),
            },
          ]),
    ],
  }
}

const rate = ({ units, badUnits }: Measured['candidate']): number | null => (units === 0 ? null : badUnits / units)

/** The stable rate, as many times as the policy tolerates, and never below what it ignores. */
const toleratedRate = (stable: Measured['stable'], policy: WhyView['policy']): number | null => {
  const own = rate(stable)
  return own === null ? null : Math.max(own * policy.tolerance, policy.ignoreBelow)
}

/** The newest measurement in a sentence. */
export const evidenceSummary = (points: readonly Measured[], limitLogE: number): string => {
  const last = points.at(-1)
  if (last === undefined) return 'Nothing was compared yet: two releases had no traffic at once.'
  // Whether it was enough for a step is not a measurement's to say; that it failed, or could not see, is.
  const end = { fail: ' It failed.', broken: ' The judge could not see.', hold: '', pass: '' }[last.verdict]
  return `E = ${evidenceOf(last.logE)}; the judge stops at ${evidenceOf(limitLogE)}.${end}`
}

/** The same for the rates. */
export const rateSummary = (points: readonly Measured[]): string => {
  const last = points.at(-1)
  if (last === undefined) return 'Nothing was counted yet.'
  return `Candidate ${badOf(last.candidate)}, stable ${badOf(last.stable)}.`
}
