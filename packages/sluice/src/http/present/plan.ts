/** A plan as the API tells it: the steps, what they expose, who has a say, and how it would be undone. */
import type { Refusal } from '../../core/admission.ts'
import { bundleChanges, migrationsBetween } from '../../core/bundle.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import type { Release } from '../../core/model.ts'
import { coldFrom, forecastStages, forecastStop } from '../../core/rollout/forecast.ts'
import type { RolloutPlan } from '../../core/rollout/types.ts'
import { checksOf } from '../../core/verification/report.ts'
import type { PlanView } from '../client/plan-views.ts'
import { countOf } from '../client/words.ts'
import type { PreviewedGovernance } from '../../engine/admission/preview.ts'
import { closureView, findingView } from './governance.ts'
import { refOf, type Known } from './releases.ts'
import { stepViews } from './steps.ts'

/** What an environment answers now; null where it is not known. Rates from 0 to 1. */
export type TrafficNow = { readonly requestsPerSecond: number | null; readonly badRate: number | null }

/** What a plan is told with. */
export type PlanContext = {
  readonly release: Release
  /** What serves now. */
  readonly from: Release | null
  readonly refusals: readonly Refusal[]
  /** Null for a way back. */
  readonly governance: PreviewedGovernance | null
  readonly environment: EnvironmentState
  readonly traffic: TrafficNow
  readonly known: Known
  readonly now: number
}

/** Closures ahead that a plan shows. */
const closuresShown = 5

/** How bad a release might be, for which it is told when the judge would stop it. */
const badRates = [0.5, 0.1, 0.01] as const
/** The present release's rate of bad responses where nothing is known of it. */
const assumedRate = 0.001

/** The plan. */
export const planView = (plan: RolloutPlan, context: PlanContext): PlanView => {
  const { release, from, refusals, known, traffic } = context
  const waiting = { index: -1, current: 'waiting', after: 'waiting' } as const
  const stages = forecastStages(plan, traffic.requestsPerSecond)
  return {
    environment: plan.spec.name,
    purpose: plan.purpose,
    strategy: plan.strategy,
    from: plan.from === null ? null : refOf(plan.from, known),
    to: refOf(plan.to, known),
    steps: stepViews(plan.steps, waiting, known),
    exposure: { requestsPerSecond: traffic.requestsPerSecond, stages },
    stops: stopsOf(plan, stages, traffic),
    gates: gatesOf(plan, context),
    windows: windowsOf(plan, context),
    closures: (context.governance?.closures ?? []).slice(0, closuresShown).map(closureView),
    policies: (context.governance?.findings ?? []).map(findingView),
    checks: {
      candidate: checksOf(plan.spec, 'candidate').map(({ name }) => name),
      environment: checksOf(plan.spec, 'environment').map(({ name }) => name),
    },
    migrations: migrationsBetween(from, release),
    changes: bundleChanges(from, release, plan.spec.name),
    wayBack: stepViews(plan.revert.warm, waiting, known),
    wayBackCold: stepViews(plan.revert.cold, waiting, known),
    coldFrom: coldFrom(plan),
    refusals,
  }
}

const stopsOf = (
  { spec }: RolloutPlan,
  stages: PlanView['exposure']['stages'],
  { badRate }: TrafficNow,
): PlanView['stops'] => {
  const first = stages.find(({ shareBp }) => shareBp < 10_000)
  if (first === undefined) return null
  const { shareBp } = first
  const stableRate = badRate ?? assumedRate
  const forecasts = badRates.flatMap((candidateRate) => {
    const stop = forecastStop({ shareBp, stableRate, candidateRate }, spec.judge)
    return stop === null ? [] : [{ candidateRate, ...stop }]
  })
  return { shareBp, alpha: spec.judge.alpha, stableRate, isAssumed: badRate === null, forecasts }
}

/** A rollback passes all of them: what it brings back passed them before. */
const gatesOf = ({ purpose, spec }: RolloutPlan, { refusals, governance }: PlanContext): PlanView['gates'] => {
  if (purpose === 'rollback') return []
  const missing = (kind: Refusal['kind']): boolean => refusals.some((one) => one.kind === kind)
  const given = governance?.approvals.counted.map(({ by }) => by.name) ?? []
  return [
    ...(spec.after === null ? [] : [{ text: `verified in ${spec.after}`, met: !missing('not_verified') }]),
    ...(spec.approvals === 0
      ? []
      : [
          {
            text: `${countOf(spec.approvals, 'approval')}${given.length === 0 ? '' : `, given by ${given.join(', ')}`}`,
            met: !missing('approval_missing'),
          },
        ]),
    { text: 'no freeze', met: !missing('frozen') },
    ...((spec.governance?.windows ?? []).length === 0
      ? []
      : [{ text: 'its windows are open', met: !missing('window_closed') }]),
    ...(missing('line_stopped') ? [{ text: 'the line runs', met: false }] : []),
    ...(missing('rejected') ? [{ text: 'nobody said no', met: false }] : []),
    { text: 'no lock', met: !missing('locked') },
    { text: 'no other rollout', met: !missing('live_rollout') },
  ]
}

/** Freezes that are on or ahead. */
const windowsOf = ({ spec }: RolloutPlan, { environment, now }: PlanContext): PlanView['windows'] =>
  [
    ...spec.freeze.map((window) => ({ ...window, by: 'sluice.config.ts' })),
    ...environment.freezes.map(({ by, ...window }) => ({ ...window, by: by.name })),
  ]
    .filter(({ until }) => until > now)
    .toSorted((a, b) => a.from - b.from)
