/**
 * Maintenance of an environment: what a person wants between clients and the release, until the data plane has it. It stands beside the rollouts and has a
 * fence of its own, so that neither waits for the other.
 *
 * | event                 | accepted when                                   | next                                   |
 * |-----------------------|-------------------------------------------------|----------------------------------------|
 * | maintenance_requested | it asks for something else than what is wanted  | applying, under the next sequence      |
 * | effect_succeeded      | it is the current effect's                      | applied                                |
 * | effect_failed         | it is the current effect's                      | waiting to try again, or refused       |
 * | effect_unknown        | it is the current effect's                      | waiting to try again                   |
 * | time_passed           | the wait, the deadline or the hold is over      | applying again; or nothing is wanted   |
 * | work_parked           | something is being applied                      | refused                                |
 */
import { limits } from './limits.ts'
import type { Decision, Machine } from './machine.ts'
import { unreachable } from './machine.ts'
import type { Actor, Fence } from './model.ts'
import { retryDelayMs } from './rollout/effects.ts'
import type { Failure } from './rollout/types.ts'
import type { Maintenance } from './routing.ts'

/** What is wanted, by whom, since when and why. */
export type Wanted = {
  readonly maintenance: Maintenance
  readonly by: Actor
  readonly at: number
  readonly reason: string
}

/** A thing to do in the world: put maintenance in force, or (null) end it. */
export type MaintenanceEffect = {
  readonly sequence: number
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: { readonly kind: 'maintain'; readonly maintenance: Maintenance | null }
}

/** Where the newest wish stands. */
export type MaintenanceStage =
  | { readonly kind: 'applied' }
  | {
      readonly kind: 'applying'
      readonly effect: MaintenanceEffect
      readonly attempt: number
      readonly deadlineAt: number
    }
  | { readonly kind: 'backing_off'; readonly attempt: number; readonly until: number; readonly last: string }
  /** The data plane will not have it; what was wanted is not in force. */
  | { readonly kind: 'refused'; readonly detail: string }

/** An environment's maintenance. `wanted` is null when there is to be none. */
export type MaintenanceState = {
  readonly service: string
  readonly environment: string
  readonly sequence: number
  readonly wanted: Wanted | null
  readonly stage: MaintenanceStage
}

/** What can happen to it. */
export type MaintenanceEvent =
  | {
      readonly type: 'maintenance_requested'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
      readonly maintenance: Maintenance | null
    }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

type Step = Decision<MaintenanceState, MaintenanceEffect>

/** No maintenance yet. */
export const noMaintenance = (service: string, environment: string): MaintenanceState => ({
  service,
  environment,
  sequence: 0,
  wanted: null,
  stage: { kind: 'applied' },
})

const stay = (state: MaintenanceState): Step => ({ state, effects: [] })

const apply = (state: MaintenanceState, at: number, attempt: number): Step => {
  const sequence = state.sequence + 1
  const maintenance = state.wanted?.maintenance ?? null
  const effect: MaintenanceEffect = {
    sequence,
    key: `${state.service}/${state.environment}/maintenance/${maintenance?.kind ?? 'off'}`,
    fence: { token: 0, sequence },
    deadlineMs: limits.shiftDeadlineMs,
    action: { kind: 'maintain', maintenance },
  }
  const stage = { kind: 'applying', effect, attempt, deadlineAt: at + effect.deadlineMs } as const
  return { state: { ...state, sequence, stage }, effects: [effect] }
}

const backOff = (state: MaintenanceState, at: number, last: string): Step => {
  if (state.stage.kind !== 'applying') return stay(state)
  const { attempt } = state.stage
  return stay({ ...state, stage: { kind: 'backing_off', attempt, until: at + retryDelayMs(attempt), last } })
}

/** Whether the hold that is in force has run out: then the data plane has let go by itself. */
const holdEnd = ({ wanted, stage }: MaintenanceState): number | null =>
  stage.kind === 'applied' && wanted?.maintenance.kind === 'hold' ? wanted.maintenance.untilAt : null

const request = (
  state: MaintenanceState,
  event: Extract<MaintenanceEvent, { type: 'maintenance_requested' }>,
): Step => {
  const { maintenance, by, at, reason } = event
  if (maintenance === null && state.wanted === null && state.stage.kind === 'applied') return stay(state)
  const wanted = maintenance === null ? null : { maintenance, by, at, reason: reason ?? 'no reason given' }
  return apply({ ...state, wanted }, at, 1)
}

/** The same stage with its time within its own span of now: a clock that was set back would stop it for as long. */
const nearStage = (stage: MaintenanceStage, at: number): MaintenanceStage => {
  if (stage.kind === 'applying' && stage.deadlineAt > at + stage.effect.deadlineMs)
    return { ...stage, deadlineAt: at + stage.effect.deadlineMs }
  if (stage.kind === 'backing_off' && stage.until > at + retryDelayMs(stage.attempt))
    return { ...stage, until: at + retryDelayMs(stage.attempt) }
  return stage
}

const pass = (state: MaintenanceState, at: number): Step => {
  const stage = nearStage(state.stage, at)
  if (stage !== state.stage) return stay({ ...state, stage })
  const end = holdEnd(state)
  if (end !== null && at >= end) return stay({ ...state, wanted: null })
  if (stage.kind === 'applying' && at >= stage.deadlineAt) return backOff(state, at, 'no answer in time')
  if (stage.kind === 'backing_off' && at >= stage.until) return apply(state, at, stage.attempt + 1)
  return stay(state)
}

const decide = (state: MaintenanceState, event: MaintenanceEvent): Step => {
  const { stage } = state
  const isCurrent = 'sequence' in event && stage.kind === 'applying' && stage.effect.sequence === event.sequence
  switch (event.type) {
    case 'maintenance_requested':
      return request(state, event)
    case 'effect_succeeded':
      return isCurrent ? stay({ ...state, stage: { kind: 'applied' } }) : stay(state)
    case 'effect_failed':
      if (!isCurrent) return stay(state)
      if (event.failure.retry !== 'never') return backOff(state, event.at, event.failure.detail)
      return stay({ ...state, stage: { kind: 'refused', detail: event.failure.detail } })
    case 'effect_unknown':
      return isCurrent ? backOff(state, event.at, event.detail) : stay(state)
    case 'time_passed':
      return pass(state, event.at)
    case 'work_parked':
      if (stage.kind !== 'applying' && stage.kind !== 'backing_off') return stay(state)
      return stay({ ...state, stage: { kind: 'refused', detail: event.detail } })
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const maintenanceMachine: Machine<MaintenanceState, MaintenanceEvent, MaintenanceEffect> = {
  name: 'maintenance',
  version: 1,
  decide,
  outstanding: ({ stage }) => (stage.kind === 'applying' ? [stage.effect] : []),
  nextAt: (state) => {
    const { stage } = state
    if (stage.kind === 'applying') return stage.deadlineAt
    return stage.kind === 'backing_off' ? stage.until : holdEnd(state)
  },
  settled: (state) => (state.stage.kind === 'applied' || state.stage.kind === 'refused') && holdEnd(state) === null,
}
