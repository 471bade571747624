/** The way back: always possible, never given up, never waiting for anybody. */
import { assert } from '../machine.ts'
import {
  type Advancing,
  isAction,
  issue,
  type Parked,
  performing,
  type Reverting,
  type RolloutDecision,
} from './effects.ts'
import type { Cause, RolloutState } from './types.ts'

/** Turns back. The first cause stays the cause. */
export const turnBack = (
  state: Advancing | Reverting | Parked,
  route: 'warm' | 'cold',
  cause: Cause,
  at: number,
): RolloutDecision =>
  step({ ...commonOf(state), status: 'reverting', index: 0, stage: { kind: 'ready' }, route, cause }, 0, at)

/** The step back is done; on to the next, or settled. */
export const finishBack = (state: Reverting, at: number): RolloutDecision =>
  step({ ...state, progressAt: at }, state.index + 1, at)

/** Issues the current step back once more: same key, new sequence. */
export const reissueBack = (state: Reverting, attempt: number, at: number): RolloutDecision =>
  step(state, state.index, at, attempt)

/** Old instances do not answer: bring them up again instead of hoping. */
export const goCold = (state: Reverting, at: number): RolloutDecision => step({ ...state, route: 'cold' }, 0, at)

const step = (state: Reverting, index: number, at: number, attempt: number = 1): RolloutDecision => {
  const action = state.plan.revert[state.route][index]
  if (action === undefined) return { state: rolledBack(state, at), effects: [] }
  assert(isAction(action), 'a way back has no waiting steps')
  const effect = issue(state, 'back', action)
  return {
    state: { ...state, index, sequence: effect.sequence, stage: performing(effect, attempt, at) },
    effects: [effect],
  }
}

const rolledBack = (state: Reverting, at: number): RolloutState => ({
  ...commonOf(state),
  status: 'rolled_back',
  settledAt: at,
  cause: state.cause,
})

type Common = Pick<
  Advancing,
  'id' | 'token' | 'sequence' | 'plan' | 'startedAt' | 'by' | 'progressAt' | 'lastVerdict' | 'unhealthy'
>

/** The fields that every status has. */
export const commonOf = (state: Common): Common => ({
  id: state.id,
  token: state.token,
  sequence: state.sequence,
  plan: state.plan,
  startedAt: state.startedAt,
  by: state.by,
  progressAt: state.progressAt,
  lastVerdict: state.lastVerdict,
  unhealthy: state.unhealthy,
})
