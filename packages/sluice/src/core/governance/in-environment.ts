/** What people say about releases that want into an environment, as its state remembers it: approvals, rejections, broken glass. Its events are in `core/environment.ts`. */
import type { EnvironmentState } from '../environment.ts'
import { limits } from '../limits.ts'
import { unreachable } from '../machine.ts'
import type { Actor, ReleaseId } from '../model.ts'
import type { Approval, BreakGlass, BrokenGlass, Rejection } from './types.ts'

/** What happens in governance. */
export type GovernanceEvent =
  | (Approval & { readonly type: 'approved' })
  | (Rejection & { readonly type: 'rejected' })
  /** Somebody brings a release past refusals. */
  | {
      readonly type: 'glass_broken'
      readonly at: number
      readonly rollout: string
      readonly release: ReleaseId
      readonly glass: BreakGlass
    }
  | {
      readonly type: 'glass_reviewed'
      readonly at: number
      readonly by: Actor
      readonly rollout: string
      readonly reason: string
    }

/** The environment after it; the same state object when it changes nothing. */
export const nextGovernance = (state: EnvironmentState, event: GovernanceEvent): EnvironmentState => {
  switch (event.type) {
    case 'approved':
      return approve(state, event)
    case 'rejected':
      return reject(state, event)
    case 'glass_broken':
      return broke(state, event)
    case 'glass_reviewed':
      return review(state, event)
    default:
      return unreachable(event)
  }
}

/** What was said about a release that is in now is not said about the next time. */
export const withoutWordsOn = (state: EnvironmentState, release: ReleaseId): EnvironmentState => ({
  ...withRejections(
    state,
    (state.rejections ?? []).filter((one) => one.release !== release),
  ),
  approvals: state.approvals.filter((one) => one.release !== release),
})

/** What nobody has reviewed yet. */
export const unreviewed = ({ brokenGlass }: EnvironmentState): readonly BrokenGlass[] =>
  (brokenGlass ?? []).filter(({ review: done }) => done === undefined)

const isBy =
  ({ release, by }: { readonly release: ReleaseId; readonly by: Actor }) =>
  (one: { readonly release: ReleaseId; readonly by: Actor }): boolean =>
    one.release === release && one.by.name === by.name

/** Somebody who said no before has changed their mind. */
const approve = (
  state: EnvironmentState,
  { release, by, at, reason, groups }: Extract<GovernanceEvent, { type: 'approved' }>,
): EnvironmentState => {
  const approval: Approval = { release, by, at, reason, ...(groups === undefined ? {} : { groups }) }
  const isTheirs = isBy(approval)
  // Everybody counts once, and what they said last: an approval that ran out is given again.
  if (state.approvals.find(isTheirs)?.at === at) return state
  const others = state.approvals.filter((one) => !isTheirs(one))
  const rejections = (state.rejections ?? []).filter((one) => !isTheirs(one))
  return {
    ...withRejections(state, rejections),
    approvals: [...others, approval].slice(-limits.environmentHistoryMax),
  }
}

/** A no takes the yes of the same person back. */
const reject = (
  state: EnvironmentState,
  { release, by, at, reason }: Extract<GovernanceEvent, { type: 'rejected' }>,
): EnvironmentState => {
  const rejection: Rejection = { release, by, at, reason }
  const isTheirs = isBy(rejection)
  const known = state.rejections ?? []
  if (known.some(isTheirs)) return state
  const rejections = [...known, rejection].slice(-limits.environmentHistoryMax)
  return { ...withRejections(state, rejections), approvals: state.approvals.filter((one) => !isTheirs(one)) }
}

const withRejections = (state: EnvironmentState, rejections: readonly Rejection[]): EnvironmentState => {
  if (state.rejections === undefined && rejections.length === 0) return state
  const { rejections: _, ...rest } = state
  return rejections.length === 0 ? rest : { ...rest, rejections }
}

/** What was reviewed may be forgotten; what was not never is. */
const broke = (
  state: EnvironmentState,
  { rollout, release, glass }: Extract<GovernanceEvent, { type: 'glass_broken' }>,
): EnvironmentState => {
  const known = state.brokenGlass ?? []
  if (known.some((one) => one.rollout === rollout)) return state
  const open = unreviewed(state)
  const reviewed = known.filter((one) => !open.includes(one)).slice(0, limits.environmentHistoryMax)
  return { ...state, brokenGlass: [{ ...glass, rollout, release }, ...open, ...reviewed] }
}

/** Nobody reviews what they broke themselves. */
const review = (
  state: EnvironmentState,
  { rollout, by, at, reason }: Extract<GovernanceEvent, { type: 'glass_reviewed' }>,
): EnvironmentState => {
  const found = unreviewed(state).find((one) => one.rollout === rollout)
  if (found === undefined || found.by.name === by.name || by.kind !== 'person') return state
  const done: BrokenGlass = { ...found, review: { by, at, reason } }
  return { ...state, brokenGlass: (state.brokenGlass ?? []).map((one) => (one === found ? done : one)) }
}
