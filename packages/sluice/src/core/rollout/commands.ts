/** What people may say to a rollout, in any state. abort > pause > retry > promote; nobody can stop a way back. */
import { type Advancing, type Parked, type Reverting, type RolloutDecision, unchanged } from './effects.ts'
import { tally, whyVoid } from '../governance/approvals.ts'
import { enter, finishStep, isReserved, reissue, resume } from './forward.ts'
import { commonOf, finishBack, reissueBack, standing, turnBack, wayBack } from './revert.ts'
import type { RolloutEvent, RolloutState } from './types.ts'
import { closedBy } from './windows.ts'
import type { Approval } from '../governance/types.ts'
import { unreachable } from '../machine.ts'

/** An event that a person's command became. */
export type CommandEvent = Extract<
  RolloutEvent,
  {
    type:
      | 'abort_requested'
      | 'pause_requested'
      | 'resume_requested'
      | 'skip_requested'
      | 'promote_requested'
      | 'retry_requested'
  }
>

/** A command to a rollout on its way forward. */
export const commandForward = (state: Advancing, event: CommandEvent): RolloutDecision => {
  const { at, by, reason } = event
  switch (event.type) {
    case 'abort_requested':
      return turnBack(state, { route: wayBack(state), cause: { kind: 'command', command: 'abort', by, reason } }, at)
    case 'pause_requested':
      // A judge that sees again ends its own pause; that of a person, and that of a failure, ends when somebody says so.
      return state.paused !== null && state.paused.kind !== 'broken'
        ? unchanged(state)
        : unchanged({ ...state, paused: { kind: 'command', command: 'pause', by, reason } })
    case 'resume_requested':
      return resume(state, at)
    case 'skip_requested':
      return skip(state, at)
    case 'promote_requested':
      return promote(state, event)
    case 'retry_requested':
      return retry(state, at)
    default:
      return unreachable(event.type)
  }
}

/** A command to a rollout on its way back: only haste is accepted, and that what was held for a look is let go. */
export const commandBack = (state: Reverting, event: CommandEvent): RolloutDecision => {
  const { kind } = state.stage
  const isAsked = event.type === 'retry_requested' || event.type === 'abort_requested'
  if (kind === 'awaiting') return isAsked ? finishBack(state, event.at) : unchanged(state)
  return event.type === 'retry_requested' && (kind === 'backing_off' || kind === 'asking')
    ? reissueBack(state, 1, event.at)
    : unchanged(state)
}

/** Somebody has seen what a rollout was held for on its way back. */
export const wasLetGo = (state: Reverting, at: number): RolloutDecision =>
  state.stage.kind === 'awaiting' ? finishBack(state, at) : unchanged(state)

/** A newer rollout has taken over, in the same transaction: this one has nothing left to do, and its successor clears up after it. */
export const wasSuperseded = (
  state: Exclude<RolloutState, { status: 'absent' | 'succeeded' | 'rolled_back' }>,
  { at, by, successor }: Extract<RolloutEvent, { type: 'superseded' }>,
): RolloutDecision =>
  unchanged({
    ...commonOf(state),
    status: 'rolled_back',
    settledAt: at,
    cause: { kind: 'command', command: 'superseded', by, reason: `${successor} took its place` },
  })

/** A command to a rollout set aside: on from where it stood, or back. */
export const commandParked = (state: Parked, event: CommandEvent): RolloutDecision => {
  const { resume } = state
  if (event.type === 'abort_requested' || (event.type === 'retry_requested' && resume.direction === 'back')) {
    const cause =
      resume.direction === 'back'
        ? resume.cause
        : ({ kind: 'command', command: 'abort', by: event.by, reason: event.reason } as const)
    return turnBack(state, { route: 'cold', cause }, event.at)
  }
  if (event.type !== 'retry_requested' || resume.direction !== 'forward') return unchanged(state)
  return enter(standing(state, resume), resume.index, event.at)
}

/** Sets the rollout aside with its reason; it keeps its lock and its tripwires, and asks for nothing until a person does. */
export const park = (state: Advancing | Reverting, detail: string): RolloutDecision => ({
  state: {
    ...commonOf(state),
    status: 'parked',
    cause: { kind: 'parked', detail },
    resume:
      state.status === 'advancing'
        ? { direction: 'forward', index: state.index, warm: state.warm }
        : { direction: 'back', index: state.index, route: state.route, cause: state.cause },
  },
  effects: [],
})

/** Somebody said yes. Everybody counts once, and who has a stake in it does not count. */
export const wasApproved = (state: Advancing, event: Extract<RolloutEvent, { type: 'approved' }>): RolloutDecision => {
  const step = state.plan.steps[state.index]
  const { stage, governance } = state
  if (stage.kind !== 'awaiting' || step?.kind !== 'approve') return unchanged(state)
  const stakes = governance?.stakes ?? null
  if (stage.approvals.includes(event.by.name)) return unchanged(state)
  if (stakes !== null && whyVoid(event, stakes) !== null) return unchanged(state)
  const approvals = [...stage.approvals, event.by.name]
  const groups = event.groups === undefined ? stage.groups : { ...stage.groups, [event.by.name]: event.groups }
  const approved: Advancing = {
    ...state,
    stage: { kind: 'awaiting', approvals, ...(groups === undefined ? {} : { groups }) },
  }
  const given = approvals.map((name): Approval => ({
    release: state.plan.to,
    by: { kind: 'person', name },
    at: event.at,
    reason: null,
    ...(groups?.[name] === undefined ? {} : { groups: groups[name] }),
  }))
  const { isMet } = tally({ count: step.approvals, groups: governance?.groups ?? [], stakes: null }, given)
  return isMet ? finishStep(approved, event.at) : unchanged(approved)
}

/** Somebody said no to what waits for a yes: that is the end of it. */
export const wasRejected = (
  state: Advancing,
  { by, reason, at }: Extract<RolloutEvent, { type: 'rejected' }>,
): RolloutDecision =>
  state.stage.kind === 'awaiting'
    ? turnBack(state, { route: wayBack(state), cause: { kind: 'command', command: 'reject', by, reason } }, at)
    : unchanged(state)

const skip = (state: Advancing, at: number): RolloutDecision => {
  const { stage, plan, index } = state
  const step = plan.steps[index]
  const isWaiting = stage.kind === 'resting' || (stage.kind === 'awaiting' && !isReserved(state))
  const isStuckDrain = step?.kind === 'drain' && stage.kind === 'backing_off'
  const isGate = step?.kind === 'hook' || step?.kind === 'verify'
  return isWaiting || isStuckDrain || isGate ? finishStep(state, at) : unchanged(state)
}

const promote = (state: Advancing, { by, at }: CommandEvent): RolloutDecision => {
  if (state.hurried !== null && state.paused === null) return unchanged(state)
  const closed = closedBy(state, at)
  if (state.hurried !== null && closed !== null && state.paused?.kind === 'window') return unchanged(state)
  const hurried: Advancing = { ...state, hurried: by, paused: closed }
  const { kind } = state.stage
  // The yes that is waited for is waited for on; what comes after it has haste.
  if (kind === 'awaiting' && isReserved(state)) return unchanged({ ...hurried, progressAt: at })
  return kind === 'resting' || kind === 'awaiting' || kind === 'ready'
    ? enter(hurried, state.index, at)
    : unchanged({ ...hurried, progressAt: at })
}

const retry = (state: Advancing, at: number): RolloutDecision => {
  if (state.stage.kind === 'backing_off' || state.stage.kind === 'asking')
    return reissue({ ...state, paused: closedBy(state, at), progressAt: at }, 1, at)
  return resume(state, at)
}
