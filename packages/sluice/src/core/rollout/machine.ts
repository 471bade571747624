/**
 * The rollout machine. Every strategy runs on it, because a strategy is only a list of steps.
 *
 * | status      | event                                                        | next                                             |
 * |-------------|--------------------------------------------------------------|--------------------------------------------------|
 * | absent      | rollout_started                                              | advancing                                        |
 * | advancing   | effect_succeeded                                             | advancing · succeeded · reverting (judged, health) |
 * | advancing   | effect_failed                                                | advancing (backs off) · reverting · succeeded (told) |
 * | advancing   | effect_unknown                                               | advancing (backs off) · reverting                |
 * | advancing   | tripped                                                      | reverting                                        |
 * | advancing   | instance_health_changed                                      | advancing · reverting                            |
 * | advancing   | time_passed                                                  | advancing · succeeded · reverting (deadline)     |
 * | advancing   | approved                                                     | advancing                                        |
 * | advancing   | skip_requested, promote_requested                            | advancing · succeeded                            |
 * | advancing   | pause_requested, resume_requested, retry_requested           | advancing                                        |
 * | advancing   | abort_requested, rejected                                    | reverting                                        |
 * | advancing   | work_parked                                                  | parked                                           |
 * | advancing   | superseded                                                   | rolled_back                                      |
 * | reverting   | effect_succeeded                                             | reverting · rolled_back                          |
 * | reverting   | effect_failed, time_passed                                   | reverting · rolled_back (a hook was told)        |
 * | reverting   | effect_unknown, retry_requested                              | reverting                                        |
 * | reverting   | abort_requested, approved                                    | reverting (was held for a look)                  |
 * | reverting   | work_parked                                                  | parked                                           |
 * | reverting   | superseded                                                   | rolled_back                                      |
 * | parked      | retry_requested                                              | advancing · reverting                            |
 * | parked      | abort_requested                                              | reverting                                        |
 * | parked      | superseded                                                   | rolled_back                                      |
 *
 * `succeeded` and `rolled_back` are settled; every event not in the table changes nothing. Whatever would begin the next step while its window is closed holds the
 * rollout there, or turns it back where its config says `overrun: 'abort'`.
 */
import type { Machine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import {
  commandBack,
  commandForward,
  commandParked,
  park,
  wasApproved,
  wasLetGo,
  wasRejected,
  wasSuperseded,
} from './commands.ts'
import { type Advancing, type RolloutDecision, unchanged } from './effects.ts'
import { unhealthyMaxAt } from './exposure.ts'
import { enter } from './forward.ts'
import { wasPerformed } from './results.ts'
import { standing, turnBack, wayBack } from './revert.ts'
import { nextAt, timePassed } from './time.ts'
import type { RolloutEffect, RolloutEvent, RolloutState } from './types.ts'

const decide = (state: RolloutState, event: RolloutEvent): RolloutDecision => {
  if (state.status === 'absent') return event.type === 'rollout_started' ? start(event) : unchanged(state)
  if (state.status === 'succeeded' || state.status === 'rolled_back') return unchanged(state)
  switch (event.type) {
    case 'rollout_started':
      return unchanged(state)
    case 'effect_succeeded':
    case 'effect_failed':
    case 'effect_unknown':
      return state.status === 'parked' ? unchanged(state) : wasPerformed(state, event)
    case 'time_passed':
      return state.status === 'parked' ? unchanged(state) : timePassed(state, event.at)
    case 'tripped':
      return state.status === 'advancing' ? wasTripped(state, event) : unchanged(state)
    case 'instance_health_changed':
      return state.status === 'advancing' ? healthChanged(state, event) : unchanged(state)
    case 'approved':
      if (state.status === 'parked') return unchanged(state)
      return state.status === 'advancing' ? wasApproved(state, event) : wasLetGo(state, event.at)
    case 'rejected':
      return state.status === 'advancing' ? wasRejected(state, event) : unchanged(state)
    case 'superseded':
      return wasSuperseded(state, event)
    case 'work_parked':
      return state.status === 'parked' ? unchanged(state) : park(state, event.detail)
    case 'abort_requested':
    case 'pause_requested':
    case 'resume_requested':
    case 'skip_requested':
    case 'promote_requested':
    case 'retry_requested':
      if (state.status === 'parked') return commandParked(state, event)
      return state.status === 'advancing' ? commandForward(state, event) : commandBack(state, event)
    default:
      return unreachable(event)
  }
}

const start = ({
  id,
  token,
  plan,
  by,
  at,
  governance,
}: Extract<RolloutEvent, { type: 'rollout_started' }>): RolloutDecision => {
  // What takes the place of another may find that one has retired some of them: it brings them up first, and so does its way back.
  const warm = !plan.steps.some((step) => step.kind === 'start' && step.release === plan.from)
  const common = { id, token, sequence: 0, plan, startedAt: at, by, progressAt: at, lastVerdict: null, unhealthy: [] }
  const governed = governance === undefined ? common : { ...common, governance }
  return enter(standing(governed, { index: 0, warm }), 0, at)
}

/** The data plane has already cut the traffic; what is left is to clear up. */
const wasTripped = (state: Advancing, { verdict, at }: Extract<RolloutEvent, { type: 'tripped' }>): RolloutDecision =>
  turnBack({ ...state, lastVerdict: verdict }, { route: wayBack(state), cause: { kind: 'tripped', verdict } }, at)

/** Only the candidate's health can turn a rollout back: a bad stable must not block its own cure. */
const healthChanged = (
  state: Advancing,
  event: Extract<RolloutEvent, { type: 'instance_health_changed' }>,
): RolloutDecision => {
  const isKnown = state.unhealthy.includes(event.instance)
  if (event.release !== state.plan.to || isKnown !== event.healthy) return unchanged(state)
  const others = state.unhealthy.filter((instance) => instance !== event.instance)
  const unhealthy = event.healthy ? others : [...others, event.instance]
  const next = { ...state, unhealthy }
  const unhealthyMax = unhealthyMaxAt(state)
  if (unhealthy.length <= unhealthyMax) return unchanged(next)
  const detail = `${unhealthy.length} of ${state.plan.spec.instances} instances unhealthy (at most ${unhealthyMax} may be)`
  return turnBack(next, { route: wayBack(state), cause: { kind: 'unhealthy', instances: unhealthy, detail } }, event.at)
}

const outstanding = (state: RolloutState): readonly RolloutEffect[] => {
  if (state.status !== 'advancing' && state.status !== 'reverting') return []
  const effects: RolloutEffect[] = state.stage.kind === 'performing' ? [state.stage.effect] : []
  if (state.status === 'advancing' && state.guard.kind === 'measuring') effects.push(state.guard.effect)
  return effects
}

/** See the table above. */
export const rolloutMachine: Machine<RolloutState, RolloutEvent, RolloutEffect> = {
  name: 'rollout',
  version: 2,
  decide,
  outstanding,
  nextAt,
  settled: (state) => state.status === 'succeeded' || state.status === 'rolled_back',
}
