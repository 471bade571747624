/** Change records as the API tells them. */
import { migrationsBetween } from '../../core/bundle.ts'
import { changeIdOf, riskOf } from '../../core/governance/change.ts'
import type { Approval, BrokenGlass } from '../../core/governance/types.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { Rollout } from '../../engine/trusted.ts'
import type { ChangeDetailView, ChangeView } from '../client/governance-views.ts'
import { verdictText } from './causes.ts'
import { approvalView, brokenGlassView, changedView } from './governance.ts'
import { refOf, type Known } from './releases.ts'
import { limitLogEOf, rolloutView } from './rollouts.ts'
import { stepText } from './steps.ts'

/** What a record is made of beside the rollout. */
export type ChangeSurroundings = {
  readonly known: Known
  /** As its environment remembers it; null when the glass stayed whole. */
  readonly glass: BrokenGlass | null
  /** Nobody else has looked at it yet. */
  readonly isRed: boolean
  /** Words said to steps of the rollout. */
  readonly said: readonly Approval[]
}

/** A change in a list. */
export const changeView = (rollout: Rollout, { known, glass, isRed, said }: ChangeSurroundings): ChangeView => {
  const { plan, governance } = rollout
  const to = known.get(plan.to) ?? null
  const from = plan.from === null ? null : (known.get(plan.from) ?? null)
  const { id, service, environment, purpose, status, by, startedAt, settledAt } = rolloutView(rollout, known)
  return {
    id: changeIdOf(id),
    rollout: id,
    service,
    environment,
    purpose,
    status,
    startedAt,
    settledAt,
    team: to?.content.team ?? null,
    from: plan.from === null ? null : refOf(plan.from, known),
    to: refOf(plan.to, known),
    requestedBy: by,
    risk: riskOf(rollout, from, to),
    approvals: [...(governance?.approvals ?? []), ...said].map(approvalView),
    breakGlass: glass === null ? null : brokenGlassView(glass, known),
    hotfix: plan.hotfix ?? null,
    red: isRed,
  }
}

/** A change with everything that is on record. */
export const changeDetailView = (
  rollout: Rollout,
  around: ChangeSurroundings,
  triggeredBy: string | null,
): ChangeDetailView => {
  const { plan, governance, lastVerdict } = rollout
  const { known } = around
  const to = known.get(plan.to) ?? null
  const from = plan.from === null ? null : (known.get(plan.from) ?? null)
  const looks = plan.steps.filter(
    ({ kind }) => kind === 'judge' || kind === 'verify' || kind === 'hook' || kind === 'probe',
  )
  const contracts = to === null ? [] : migrationsBetween(from, to).filter(({ class: kind }) => kind === 'contract')
  return {
    ...changeView(rollout, around),
    commit: to?.content.commit ?? null,
    author: to?.content.commit.author ?? null,
    triggeredBy,
    policies: governance?.policies ?? [],
    changes: changedView(from, to, plan.spec.name),
    validation: {
      gates: to?.content.gates ?? [],
      steps: looks.map((step) => stepText(step, known)),
      verdict: lastVerdict === null ? null : `${lastVerdict.verdict}: ${verdictText(lastVerdict, limitLogEOf(plan))}`,
    },
    rollbackPlan: {
      to: plan.from === null ? null : refOf(plan.from, known),
      steps: plan.revert.warm.map((step) => stepText(step, known)),
      pointOfNoReturn: contracts.map(({ name }) => name),
    },
    cause: rolloutView(rollout, known).cause,
  }
}

/** The releases that a record names. */
export const releasesOfChange = ({ plan }: Rollout): readonly ReleaseId[] =>
  plan.from === null ? [plan.to] : [plan.from, plan.to]
