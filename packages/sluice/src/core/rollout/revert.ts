/** The way back: always possible, never given up; it waits for nobody until the old release has all traffic. */
import { assert } from '../machine.ts'
import {
  type Advancing,
  isAction,
  issue,
  type Parked,
  performing,
  type Reverting,
  type RolloutDecision,
  unchanged,
} from './effects.ts'
import type { Cause, RolloutState } from './types.ts'

/** Turns back. The first cause stays the cause. */
export const turnBack = (
  state: Advancing | Reverting | Parked,
  { route, cause }: { readonly route: 'warm' | 'cold'; readonly cause: Cause },
  at: number,
): RolloutDecision => {
  const reverting: Reverting = {
    ...commonOf(state),
    status: 'reverting',
    index: 0,
    stage: { kind: 'ready' },
    route,
    cause,
  }
  return step(reverting, { index: 0, attempt: 1 }, at)
}

/** Warm while every instance of the old release is still up. */
export const wayBack = ({ warm }: Advancing): 'warm' | 'cold' => (warm ? 'warm' : 'cold')

/** The step back is done; on to the next, or settled. */
export const finishBack = (state: Reverting, at: number): RolloutDecision =>
  step({ ...state, progressAt: at }, { index: state.index + 1, attempt: 1 }, at)

/** Issues the current step back once more: same key, new sequence. */
export const reissueBack = (state: Reverting, attempt: number, at: number): RolloutDecision =>
  step(state, { index: state.index, attempt }, at)

/** Old instances do not answer: bring them up again instead of hoping. */
export const goCold = (state: Reverting, at: number): RolloutDecision =>
  step({ ...state, route: 'cold' }, { index: 0, attempt: 1 }, at)

const step = (
  state: Reverting,
  { index, attempt }: { readonly index: number; readonly attempt: number },
  at: number,
): RolloutDecision => {
  const action = state.plan.revert[state.route][index]
  if (action === undefined) return { state: rolledBack(state, at), effects: [] }
  if (action.kind === 'approve') {
    return isEvidence(state.cause)
      ? unchanged({ ...state, index, stage: { kind: 'awaiting', approvals: [] } })
      : step(state, { index: index + 1, attempt: 1 }, at)
  }
  assert(isAction(action), 'a way back rests nowhere')
  const effect = issue(state, 'back', action)
  return {
    state: { ...state, index, sequence: effect.sequence, stage: performing(effect, attempt, at) },
    effects: [effect],
  }
}

/** What speaks against the candidate is worth a look at it; who called it off has looked. */
const isEvidence = ({ kind }: Cause): boolean => kind === 'tripped' || kind === 'judged' || kind === 'unhealthy'

const rolledBack = (state: Reverting, at: number): RolloutState => ({
  ...commonOf(state),
  status: 'rolled_back',
  settledAt: at,
  cause: state.cause,
})

type Common = Pick<
  Advancing,
  | 'id'
  | 'token'
  | 'sequence'
  | 'plan'
  | 'startedAt'
  | 'by'
  | 'governance'
  | 'progressAt'
  | 'lastVerdict'
  | 'outside'
  | 'unhealthy'
>

/** The fields that every status has. */
export const commonOf = (state: Common): Common => {
  const { id, token, sequence, plan, startedAt, by, progressAt, lastVerdict, unhealthy, outside, governance } = state
  const common = { id, token, sequence, plan, startedAt, by, progressAt, lastVerdict, unhealthy }
  const governed = governance === undefined ? common : { ...common, governance }
  return outside === undefined ? governed : { ...governed, outside }
}

/** A rollout that stands before the step at `index`, on its way forward. All are made here, so that copies of them are copies of one shape. */
export const standing = (
  state: Common,
  { index, warm }: { readonly index: number; readonly warm: boolean },
): Advancing => {
  const { id, token, sequence, plan, startedAt, by, progressAt, lastVerdict, unhealthy, outside, governance } = state
  const plain: Advancing = {
    id,
    token,
    sequence,
    plan,
    startedAt,
    by,
    progressAt,
    lastVerdict,
    unhealthy,
    status: 'advancing',
    index,
    warm,
    stage: { kind: 'ready' },
    guard: { kind: 'off' },
    paused: null,
    hurried: null,
  }
  const governed = governance === undefined ? plain : { ...plain, governance }
  return outside === undefined ? governed : { ...governed, outside }
}
