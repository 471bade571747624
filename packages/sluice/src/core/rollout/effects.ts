/** How a step becomes an effect: its key, its deadline, its fence. */
import type { EnvironmentSpec } from '../model.ts'
import { limits } from '../limits.ts'
import { gateLimits } from '../limits/gates.ts'
import { type Decision, unreachable } from '../machine.ts'
import { drainMsOf } from '../routing-spec.ts'
import type { Action, Failure, RolloutEffect, RolloutPlan, RolloutState, Share, Stage, Step } from './types.ts'

/** A rollout on its way forward. */
export type Advancing = Extract<RolloutState, { status: 'advancing' }>
/** A rollout on its way back. */
export type Reverting = Extract<RolloutState, { status: 'reverting' }>
/** A rollout set aside. */
export type Parked = Extract<RolloutState, { status: 'parked' }>
/** What the machine decides. */
export type RolloutDecision = Decision<RolloutState, RolloutEffect>

/** No effects; with the same object, nothing is recorded. */
export const unchanged = (state: RolloutState): RolloutDecision => ({ state, effects: [] })

/** Whether the engine performs this step, or the machine itself waits it out. */
export const isAction = (step: Step): step is Action =>
  step.kind === 'start' ||
  step.kind === 'probe' ||
  step.kind === 'shift' ||
  step.kind === 'drain' ||
  step.kind === 'retire' ||
  step.kind === 'verify' ||
  step.kind === 'hook'

/** A step in the words of the ledger and of the effect's key. */
export const stepName = (step: Step): string => {
  switch (step.kind) {
    case 'start':
    case 'probe':
      return `${step.kind}/${step.release}/${step.count}`
    case 'drain':
    case 'retire':
      return `${step.kind}/${step.release}/${step.keep}`
    case 'shift':
      return `shift/${sharesName(step.shares) || step.whenEmpty}`
    case 'verify':
      return `verify/${step.scope}/${step.release}/${step.count}`
    case 'hook':
      return `hook/${step.name}/${step.moment}/${step.stage}`
    default:
      return step.kind
  }
}

const sharesName = (shares: readonly Share[]): string => {
  let name = ''
  for (const { release, shareBp } of shares) name += `${name === '' ? '' : '+'}${release}:${shareBp}`
  return name
}

/** How long an action may take until its outcome counts as unknown, milliseconds. */
export const deadlineOf = (action: RolloutEffect['action'], plan: RolloutPlan): number => {
  const spec = specFor(plan, action)
  switch (action.kind) {
    case 'start':
      return spec.health.startTimeoutMs
    case 'probe':
      return spec.health.startTimeoutMs + limits.callMarginMs
    case 'shift':
      return limits.shiftDeadlineMs
    case 'drain':
      return drainMsOf(spec) + limits.callMarginMs
    case 'retire':
      return spec.stopGraceMs + limits.callMarginMs
    case 'verify':
      // A lost answer is made up for by asking again: there is time for it.
      return Math.min(Math.ceil(spec.progressDeadlineMs / gateLimits.asksMin), gateLimits.verifyDeadlineMs)
    case 'hook':
      return action.target.kind === 'http'
        ? Math.min(Math.ceil(action.timeoutMs / gateLimits.asksMin), gateLimits.hookCallDeadlineMs)
        : action.timeoutMs
    case 'measure':
      return limits.measureDeadlineMs
    default:
      return unreachable(action)
  }
}

/** The old release is started, probed and stopped as the old release says. */
const specFor = ({ from, fromSpec, spec }: RolloutPlan, action: RolloutEffect['action']): EnvironmentSpec =>
  fromSpec !== null && 'release' in action && action.release === from ? fromSpec : spec

/** The pause before attempt `attempt` + 1: doubling, bounded, the same for everybody (one rollout an environment: no herd). */
export const retryDelayMs = (attempt: number): number =>
  Math.min(limits.retryDelayMsMax, limits.retryDelayMsMin * 2 ** Math.min(attempt - 1, 16))

type Issuing = { readonly id: string; readonly token: number; readonly sequence: number; readonly plan: RolloutPlan }

/** The next issue of an action: a new sequence, the same key. */
export const issue = (state: Issuing, phase: string, action: RolloutEffect['action']): RolloutEffect => ({
  sequence: state.sequence + 1,
  key: `${state.id}/${phase}/${action.kind === 'measure' ? 'measure' : stepName(action)}`,
  fence: { token: state.token, sequence: state.sequence + 1 },
  deadlineMs: deadlineOf(action, state.plan),
  action,
})

/** The stage in which an effect is in flight. */
export const performing = (effect: RolloutEffect, attempt: number, at: number): Stage => ({
  kind: 'performing',
  effect,
  attempt,
  deadlineAt: at + effect.deadlineMs,
})

/** What is recorded when nobody knows whether an effect happened. */
export const unknownOutcome = (effect: RolloutEffect, detail: string): Failure => ({
  code: 'outcome_unknown',
  retry: 'same',
  detail: `${effect.key}: ${detail}`,
  evidence: [],
})
