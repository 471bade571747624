/**
 * What becomes of a rollout that is under way when a window closes. It is held at the next moment (`pause`) and goes on by itself once the window opens, or turns back (`abort`). Once its last
 * shift is behind it there is nothing left that a window could keep from users, and it finishes; so does every way back.
 */
import { closedAt, closureText, opensAt } from '../governance/windows.ts'
import type { Advancing } from './effects.ts'
import type { Cause } from './types.ts'

type WindowCause = Extract<Cause, { kind: 'window' }>

/** Whether windows can still do something to it. */
const isBound = ({ plan, governance }: Advancing, index: number): boolean =>
  governance?.overrun !== undefined &&
  plan.purpose !== 'rollback' &&
  plan.steps.some((step, at) => at >= index && step.kind === 'shift')

/** Why it may not go on at this moment from the step at `index` on; null when it may. */
export const closedBy = (state: Advancing, at: number, index: number = state.index): WindowCause | null => {
  if (!isBound(state, index)) return null
  const closures = state.governance?.closures ?? []
  const [first] = closedAt(closures, at)
  if (first === undefined) return null
  const until = opensAt(closures, at)
  return { kind: 'window', until, detail: closureText({ ...first, until }) }
}

/** When windows next matter, epoch ms; Infinity for never. */
export const windowAt = (state: Advancing): number => {
  const { governance, paused, progressAt } = state
  if (!isBound(state, state.index)) return paused?.kind === 'window' ? progressAt : Infinity
  if (paused?.kind === 'window' && governance?.overrun === 'pause') return paused.until ?? Infinity
  // Who holds it anyway holds it through the window, too.
  if (isHeldAnyway(state)) return Infinity
  const ahead = (governance?.closures ?? []).filter(({ until }) => until === null || until > progressAt)
  return Math.min(Infinity, ...ahead.map(({ from }) => from))
}

/** Whether something other than a window or a silent source holds it, and the window does not turn it back. */
export const isHeldAnyway = ({ paused, governance }: Advancing): boolean =>
  paused !== null && paused.kind !== 'broken' && paused.kind !== 'window' && governance?.overrun !== 'abort'

/** Whether a whole closure went by unseen, so that there is nothing to do about it any more. */
export const hasMissed = ({ governance, progressAt }: Advancing, at: number): boolean =>
  (governance?.closures ?? []).some(({ until }) => until !== null && until > progressAt && until <= at)
