/** Rollouts as the API tells them. */
import { isoTime } from '../../core/iso-time.ts'
import { unreachable } from '../../core/machine.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { Failure, RolloutPlan, RolloutState, Stage, Step, VerdictRecord } from '../../core/rollout/types.ts'
import type { WatchView } from '../client/rollback-views.ts'
import type { CauseView, ObservedView, RolloutDetailView, RolloutView, StageView, StepView } from '../client/views.ts'
import { causeView, failureView } from './causes.ts'
import { refOf, type Known } from './releases.ts'
import { stepViews } from './steps.ts'
import { countOf, spanOf } from '../client/words.ts'

type Rollout = Exclude<RolloutState, { status: 'absent' }>

/** How far a rollout came before it turned back, and by which way; read from its ledger rows. */
export type Reached = {
  readonly index: number
  readonly route: 'warm' | 'cold' | null
  /** The last failure of the step at which it turned back. */
  readonly failure: Failure | null
}

/** Where the judge stops a rollout, natural log of the evidence. */
export const limitLogEOf = ({ spec }: RolloutPlan): number => -Math.log(spec.judge.alpha)

/** The releases that a rollout names. */
export const releasesOf = ({ plan }: Rollout): readonly ReleaseId[] =>
  plan.from === null ? [plan.to] : [plan.from, plan.to]

/** A rollout as it stands. `failure`: what kept it from progress, when its rows were read for it. */
export const rolloutView = (rollout: Rollout, known: Known, failure: Failure | null = null): RolloutView => {
  const { plan } = rollout
  const limitLogE = limitLogEOf(plan)
  return {
    id: rollout.id,
    service: plan.service,
    environment: plan.spec.name,
    status: rollout.status,
    purpose: plan.purpose,
    strategy: plan.strategy,
    from: plan.from === null ? null : refOf(plan.from, known),
    to: refOf(plan.to, known),
    commit: known.get(plan.to)?.content.commit ?? null,
    by: rollout.by,
    hotfix: plan.hotfix ?? null,
    startedAt: rollout.startedAt,
    settledAt: 'settledAt' in rollout ? rollout.settledAt : null,
    paused: rollout.status === 'advancing' && rollout.paused !== null ? causeView(rollout.paused, limitLogE) : null,
    cause: 'cause' in rollout ? explained(named(causeView(rollout.cause, limitLogE), known), failure) : null,
    stage: 'stage' in rollout ? stageView(rollout.stage, currentStep(rollout), rollout.lastVerdict) : null,
    lastVerdict: rollout.lastVerdict,
    limitLogE,
    unhealthy: rollout.unhealthy,
  }
}

/** Releases in a sentence by their versions. */
const named = (cause: CauseView, known: Known): CauseView => ({
  ...cause,
  text: cause.text.replace(/rel_[0-9a-f]{64}/g, (id) => refOf(id, known).version),
})

/** A deadline says that nothing went on; what kept failing says why. */
const explained = (cause: CauseView, failure: Failure | null): CauseView => {
  if (cause.kind !== 'deadline' || failure === null) return cause
  const { text, code, evidence } = failureView(failure)
  return { ...cause, text: `${cause.text}: ${text}`, code, evidence }
}

const currentStep = (rollout: Rollout): Step | undefined => {
  if (rollout.status === 'advancing') return rollout.plan.steps[rollout.index]
  return rollout.status === 'reverting' ? rollout.plan.revert[rollout.route][rollout.index] : undefined
}

const stageView = (stage: Stage, step: Step | undefined, verdict: VerdictRecord | null): StageView => {
  switch (stage.kind) {
    case 'performing':
      return {
        kind: stage.kind,
        text: stage.attempt > 1 ? `attempt ${stage.attempt}` : 'under way',
        attempt: stage.attempt,
        until: stage.deadlineAt,
      }
    case 'backing_off':
      return {
        kind: stage.kind,
        text: `attempt ${stage.attempt} failed (${stage.last.detail}); again at ${isoTime(stage.until)}`,
        attempt: stage.attempt,
        until: stage.until,
      }
    case 'resting': {
      const wholeMs = step?.kind === 'judge' ? step.bakeMs : step?.kind === 'wait' ? step.ms : 0
      const leftMs = Math.max(0, wholeMs - stage.elapsedMs)
      const text = leftMs > 0 ? `${spanOf(stage.elapsedMs)} of ${spanOf(wholeMs)}` : evidenceText(step, verdict)
      return { kind: stage.kind, text, attempt: null, until: leftMs > 0 ? stage.since + leftMs : null }
    }
    case 'awaiting': {
      const given = stage.approvals.length === 0 ? 'nobody yet' : stage.approvals.join(', ')
      return { kind: stage.kind, text: `waits for approval (given by: ${given})`, attempt: null, until: null }
    }
    case 'asking': {
      const text = `not finished: ${stage.detail}; asked again at ${isoTime(stage.until)}`
      return { kind: stage.kind, text, attempt: null, until: stage.until }
    }
    case 'ready':
      return { kind: stage.kind, text: 'waits to go on', attempt: null, until: null }
    default:
      return unreachable(stage)
  }
}

const evidenceText = (step: Step | undefined, verdict: VerdictRecord | null): string =>
  step?.kind === 'judge' && step.until === 'proven' && verdict?.proven !== true
    ? 'waits for proof that it is no worse'
    : step?.kind === 'judge' && step.unitsMin > 0
      ? `waits for evidence: ${verdict?.candidate.units ?? 0} of ${countOf(step.unitsMin, 'unit')} seen`
      : 'waits for evidence'

/** What a detailed answer is made of besides the rollout. */
export type Detail = {
  readonly known: Known
  /** Null while it goes forward. */
  readonly reached: Reached | null
  readonly observed: ObservedView | null
  readonly watch: WatchView | null
  readonly takenBackBy: string | null
  readonly now: number
}

/** A rollout with its plan. */
export const rolloutDetailView = (rollout: Rollout, detail: Detail): RolloutDetailView => ({
  ...rolloutView(rollout, detail.known, detail.reached?.failure ?? null),
  ...stepsOf(rollout, detail),
  observed: detail.observed,
  watch: detail.watch,
  takenBackBy: detail.takenBackBy,
  now: detail.now,
})

const stepsOf = (
  rollout: Rollout,
  { known, reached }: Detail,
): { readonly steps: readonly StepView[]; readonly wayBack: readonly StepView[] } => {
  const { plan } = rollout
  const forward = (index: number, current: StepView['status'], after: StepView['status']): readonly StepView[] =>
    stepViews(plan.steps, { index, current, after }, known)
  if (rollout.status === 'succeeded') return { steps: forward(plan.steps.length, 'done', 'done'), wayBack: [] }
  if (rollout.status === 'advancing') return { steps: forward(rollout.index, 'current', 'waiting'), wayBack: [] }
  const steps = forward(reached?.index ?? 0, 'failed', 'not_reached')
  const route = rollout.status === 'reverting' ? rollout.route : (reached?.route ?? null)
  if (route === null) return { steps, wayBack: [] }
  const back = plan.revert[route]
  const index = backIndex(rollout, back.length)
  const current = rollout.status === 'parked' ? 'failed' : 'current'
  return { steps, wayBack: stepViews(back, { index, current, after: 'waiting' }, known) }
}

const backIndex = (rollout: Rollout, whole: number): number => {
  if (rollout.status === 'reverting') return rollout.index
  return rollout.status === 'parked' && rollout.resume.direction === 'back' ? rollout.resume.index : whole
}
