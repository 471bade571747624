/** What a plan will expose of the traffic, and what the judge will let through of a bad release: told before the first step. Estimates, and called so. */
import { rateRatios } from '../judge/eprocess.ts'
import type { JudgePolicy } from '../model.ts'
import type { RolloutPlan } from './types.ts'

/** A share of the traffic on the way, and what it waits for. */
export type StageForecast = {
  /** Index of the shift. */
  readonly step: number
  readonly shareBp: number
  /** Without what a person takes. */
  readonly atLeastMs: number
  readonly waitsFor: 'nothing' | 'time' | 'evidence' | 'person'
  /** Requests that the new release answers in that time; null where the traffic is not known. */
  readonly requests: number | null
}

/** The stages at which the new release has traffic, in order. `requestsPerSecond`: of the whole environment; null when not known. */
export const forecastStages = (
  { steps, to }: Pick<RolloutPlan, 'steps' | 'to'>,
  requestsPerSecond: number | null,
): readonly StageForecast[] => {
  const stages: StageForecast[] = []
  for (const [index, step] of steps.entries()) {
    if (step.kind === 'shift') {
      const shareBp = step.shares.find(({ release }) => release === to)?.shareBp ?? 0
      stages.push({ step: index, shareBp, atLeastMs: 0, waitsFor: 'nothing', requests: null })
    }
    const stage = stages.at(-1)
    if (stage === undefined) continue
    const perSecond = requestsPerSecond === null ? null : (requestsPerSecond * stage.shareBp) / 10_000
    if (step.kind === 'wait') stages.splice(-1, 1, longer(stage, step.ms, 'time'))
    if (step.kind === 'approve') stages.splice(-1, 1, longer(stage, 0, 'person'))
    if (step.kind === 'judge') {
      const unitsMs = perSecond === null || perSecond === 0 ? 0 : (1_000 * step.unitsMin) / perSecond
      stages.splice(-1, 1, longer(stage, Math.max(step.bakeMs, unitsMs), 'evidence'))
    }
  }
  return stages
    .filter(({ shareBp }) => shareBp > 0)
    .map((stage) => ({
      ...stage,
      requests:
        requestsPerSecond === null
          ? null
          : Math.round((stage.atLeastMs / 1_000) * requestsPerSecond * (stage.shareBp / 10_000)),
    }))
}

const longer = (stage: StageForecast, ms: number, waitsFor: StageForecast['waitsFor']): StageForecast => ({
  ...stage,
  atLeastMs: stage.atLeastMs + ms,
  // A person's word takes longer than anything else that may be waited for.
  waitsFor: stage.waitsFor === 'person' ? 'person' : waitsFor,
})

/** A bad release as it may be. Rates from 0 to 1. */
export type BadRelease = { readonly shareBp: number; readonly stableRate: number; readonly candidateRate: number }

/** What is to be expected of it until the judge stops it: requests that it answers, and how many of them badly; null when it would not be stopped. */
export type StopForecast = { readonly requests: number; readonly bad: number }

/**
 * Wald's estimate for the e-process of `core/judge`: evidence grows with each bad response by the relative entropy between whose it is and whose it would be under H0, and has to reach 1/α and
 * what the mixture over the alternatives costs. A mean; agrees with the simulated medians of the judge within 40 % (`forecast.test.ts`).
 * Source: Wald, Sequential Analysis, 1947, section 3.5.
 */
export const forecastStop = (
  { shareBp, stableRate, candidateRate }: BadRelease,
  { alpha, tolerance, ignoreBelow }: Pick<JudgePolicy, 'alpha' | 'tolerance' | 'ignoreBelow'>,
): StopForecast | null => {
  const share = shareBp / 10_000
  if (share <= 0 || share >= 1 || candidateRate <= ignoreBelow || candidateRate <= tolerance * stableRate) return null
  const ratio = candidateRate / stableRate
  const whose = (odds: number): number => (odds * share) / (odds * share + 1 - share)
  const theta = Number.isFinite(ratio) ? whose(ratio) : 1
  const theta0 = whose(tolerance)
  const other = theta === 1 ? 0 : (1 - theta) * Math.log((1 - theta) / (1 - theta0))
  const growth = theta * Math.log(theta / theta0) + other
  const events = (Math.log(1 / alpha) + Math.log(rateRatios.length)) / growth
  const bad = Math.max(1, events * theta)
  return { requests: Math.ceil(bad / candidateRate), bad: Math.ceil(bad) }
}

/** Index of the first step that takes instances of the old release away, after which the way back has to start them again; null when none does. */
export const coldFrom = ({ steps, from }: Pick<RolloutPlan, 'steps' | 'from'>): number | null => {
  const index = steps.findIndex((step) => step.kind === 'retire' && step.release === from)
  return index < 0 ? null : index
}
