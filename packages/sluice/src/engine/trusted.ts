/**
 * Gives types back to what the loop carries without looking inside. Trusted: a state reaches these only from the row that the machine of its kind
 * was stored in, or from that machine's last decision; an effect only from the state that wants it; an answer only from the same request.
 */
import type { DrillEffect, DrillState } from '../core/drill/types.ts'
import type { EnvironmentState } from '../core/environment.ts'
import type { PersonState } from '../core/identity/person.ts'
import type { SessionState } from '../core/identity/session.ts'
import type { TokenState } from '../core/identity/token.ts'
import type { IncidentState } from '../core/incident.ts'
import type { LineState } from '../core/line.ts'
import type { Message, MessageEffect, MessageState, PendingMessage } from '../core/notify/message.ts'
import type { MaintenanceEffect, MaintenanceState } from '../core/maintenance.ts'
import type { RunEffect, RunState } from '../core/pipeline/types.ts'
import { type RunSummary, runSummaryForm } from '../core/pipeline/summary.ts'
import type { ReleaseState } from '../core/release-machine.ts'
import type { RolloutEffect, RolloutState } from '../core/rollout/types.ts'
import type { SecretState } from '../core/secret.ts'
import type { RemoteState } from '../core/source/remote.ts'
import type { Arrival, ArrivalEffect, ArrivalState } from '../core/source/types.ts'
import type { Train, TrainEffect, TrainState } from '../core/train/types.ts'
import type { WatchEffect, WatchState } from '../core/watch/types.ts'
import type { AnyEffect } from './machines.ts'

/** A rollout that exists. */
export type Rollout = Exclude<RolloutState, { status: 'absent' }>
/** An incident that exists. */
export type Incident = Exclude<IncidentState, { status: 'absent' }>
/** A watch that exists. */
export type Watch = Exclude<WatchState, { status: 'absent' }>
/** A drill that exists. */
export type Drill = Exclude<DrillState, { status: 'absent' }>
/** A drill that is under way. */
export type Drilling = Extract<DrillState, { status: 'drilling' }>
/** A run that exists. */
export type Run = Exclude<RunState, { status: 'absent' }>

/** A person that was added, whether or not it was removed since. */
export type Person = Exclude<PersonState, { status: 'absent' }>
/** A token that was issued. */
export type Token = Exclude<TokenState, { status: 'absent' }>
/** A session that began. */
export type Session = Exclude<SessionState, { status: 'absent' }>

/** An environment. Trusted: see the file's header. */
export const asEnvironment = (state: unknown): EnvironmentState => state as EnvironmentState
/** Maintenance. Trusted: see the file's header. */
export const asMaintenance = (state: unknown): MaintenanceState => state as MaintenanceState
/** An effect of maintenance. Trusted: see the file's header. */
export const asMaintenanceEffect = (effect: AnyEffect): MaintenanceEffect => effect as MaintenanceEffect
/** A release. Trusted: see the file's header. */
export const asRelease = (state: unknown): ReleaseState => state as ReleaseState
/** What lists tell of a run; null when it is of another form, or there is none. Trusted: see the file's header. */
export const asRunSummary = (summary: unknown): RunSummary | null => {
  const known = summary as RunSummary | null
  return known?.form === runSummaryForm ? known : null
}
/** A rollout. Trusted: see the file's header. */
export const asRollout = (state: unknown): RolloutState => state as RolloutState
/** A run. Trusted: see the file's header. */
export const asRun = (state: unknown): RunState => state as RunState
/** An incident. Trusted: see the file's header. */
const asIncident = (state: unknown): IncidentState => state as IncidentState
/** A message. Trusted: see the file's header. */
export const asMessage = (state: unknown): MessageState => state as MessageState
/** An effect of a message. Trusted: see the file's header. */
export const asMessageEffect = (effect: AnyEffect): MessageEffect => effect as MessageEffect
/** A watch. Trusted: see the file's header. */
const asWatch = (state: unknown): WatchState => state as WatchState
/** The line. Trusted: see the file's header. */
export const asLine = (state: unknown): LineState => state as LineState
/** A drill. Trusted: see the file's header. */
export const asDrill = (state: unknown): DrillState => state as DrillState
/** A secret. Trusted: see the file's header. */
export const asSecret = (state: unknown): SecretState => state as SecretState
/** The remote. Trusted: see the file's header. */
export const asRemote = (state: unknown): RemoteState => state as RemoteState
/** An effect of an arrival. Trusted: see the file's header. */
export const asArrivalEffect = (effect: AnyEffect): ArrivalEffect => effect as ArrivalEffect
/** An effect of a watch. Trusted: see the file's header. */
export const asWatchEffect = (effect: AnyEffect): WatchEffect => effect as WatchEffect
/** An effect of a drill. Trusted: see the file's header. */
export const asDrillEffect = (effect: AnyEffect): DrillEffect => effect as DrillEffect
/** An effect of a rollout. Trusted: see the file's header. */
export const asRolloutEffect = (effect: AnyEffect): RolloutEffect => effect as RolloutEffect
/** An effect of a run. Trusted: see the file's header. */
export const asRunEffect = (effect: AnyEffect): RunEffect => effect as RunEffect
/** An effect of a train. Trusted: see the file's header. */
export const asTrainEffect = (effect: AnyEffect): TrainEffect => effect as TrainEffect
/** The answer given to the same request before. Trusted: see the file's header. */
export const asAnswer = <Answer>(answer: unknown): Answer => answer as Answer

/** The rollout, unless it was never started. */
export const existingRollout = (state: unknown): Rollout | null => {
  const rollout = asRollout(state)
  return rollout.status === 'absent' ? null : rollout
}

/** The run, unless it was never started. */
export const existingRun = (state: unknown): Run | null => {
  const run = asRun(state)
  return run.status === 'absent' ? null : run
}

/** The incident, unless it was never opened. */
export const existingIncident = (state: unknown): Incident | null => {
  const incident = asIncident(state)
  return incident.status === 'absent' ? null : incident
}

/** The watch, unless it never began. */
export const existingWatch = (state: unknown): Watch | null => {
  const watch = asWatch(state)
  return watch.status === 'absent' ? null : watch
}

/** The drill, unless it was never started. */
export const existingDrill = (state: unknown): Drill | null => {
  const drill = asDrill(state)
  return drill.status === 'absent' ? null : drill
}

/** The arrival, unless it never was. */
export const existingArrival = (state: unknown): Arrival | null => {
  const arrival = state as ArrivalState
  return arrival.status === 'absent' ? null : arrival
}

/** The train, unless it was never started. Trusted: see the file's header. */
export const existingTrain = (state: unknown): Train | null => {
  const train = state as TrainState
  return train.status === 'absent' ? null : train
}

/** The person, unless it was never added. Trusted: see the file's header. */
export const existingPerson = (state: unknown): Person | null => {
  const person = state as PersonState
  return person.status === 'absent' ? null : person
}

/** The token, unless it was never issued. Trusted: see the file's header. */
export const existingToken = (state: unknown): Token | null => {
  const token = state as TokenState
  return token.status === 'absent' ? null : token
}

/** The session, unless it never began. Trusted: see the file's header. */
export const existingSession = (state: unknown): Session | null => {
  const session = state as SessionState
  return session.status === 'absent' ? null : session
}

/** The message, unless it was never queued. */
export const existingMessage = (state: unknown): Message | null => {
  const message = asMessage(state)
  return message.status === 'absent' ? null : message
}

/** The message, if it waits or is on its way. */
export const pendingMessage = (state: unknown): PendingMessage | null => {
  const message = asMessage(state)
  return message.status === 'pending' ? message : null
}
