/** Going back: by turning a live rollout around, or by a rollout of its own; what is left is held, and an emergency is told in the same transaction. */
import type { Override } from '../../core/admission.ts'
import { environmentKey } from '../../core/consequences.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Hold, RollbackReason } from '../../core/hold.ts'
import { type IncidentId, incidentId } from '../../core/incident.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { ReleaseId, RolloutId } from '../../core/model.ts'
import type { CommandEvent } from '../../core/rollout/commands.ts'
import type { RolloutState } from '../../core/rollout/types.ts'
import type { RequestRecord } from '../../ports/store.ts'
import { prepare, type StateOf } from '../admission/admitting.ts'
import { type Also, conflict, type DeployCommand, type Started, startRollout } from './deploy.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { heldBy, holdingWhatIsLeft } from '../admission/holds.ts'
import { liveDrill } from '../admission/live-drill.ts'
import { placeOf } from '../admission/replacing.ts'
import type { Input } from '../loop/transaction.ts'
import { asAnswer, asEnvironment, asRollout, type Drilling, type Rollout } from '../trusted.ts'
import { wantedBy } from '../admission/wanted.ts'

/** What `sluice rollback` asks for. */
export type RollbackCommand = {
  readonly service: string
  readonly environment: string
  /** An id, its beginning or a version; null for what served before. */
  readonly release: string | null
  readonly reason?: RollbackReason | null
  /** Reduced checks, and people are told at once. */
  readonly emergency?: 'declared'
  readonly overrides?: readonly Override[]
}

/** What became of it. `aborted`: a live rollout is turned around. */
export type RolledBack = {
  readonly rollout: RolloutId
  readonly kind: 'aborted' | 'started'
  /** Absent without an emergency. */
  readonly incident?: IncidentId
}

/**
 * Rolls back. While a rollout is live, it is turned around; where that one is a rollback already, it is the answer: who asks twice goes back once, and never forward again to what was
 * rolled back. Where it names another release than the live rollout goes back to, its rollout takes the place of that one. Otherwise the release before this one comes back by a
 * plan of its own.
 */
export const rollback = async (desk: Desk, command: RollbackCommand, asking: Asking): Promise<RolledBack> => {
  const { service, environment } = command
  for (let attempt = 1; ; attempt += 1) {
    // A drill that is not taken up again yet must not be taken for none: from between its two ways this would go one release too far.
    await desk.loop.whole()
    const seen = await desk.reading.environment(service, environment)
    try {
      return await rollbackOnce(desk, command, asking)
    } catch (error) {
      // Somebody else was first between the look and the decision: what is to be turned around is another thing now.
      const now = await desk.reading.environment(service, environment)
      const isForgotten = error instanceof SluiceError && error.code === 'overloaded'
      const hasMoved = isForgotten || now.live !== seen.live || now.serving !== seen.serving
      if (attempt >= limits.rollbackAttemptsMax || !hasMoved) throw error
    }
  }
}

const rollbackOnce = async (desk: Desk, command: RollbackCommand, asking: Asking): Promise<RolledBack> => {
  const { service, environment } = command
  const current = await desk.reading.environment(service, environment)
  const live = current.live === null ? null : await desk.reading.rollout(current.live)
  const drill = liveDrill(desk, { service, environment })
  if (live === null && drill === null) return start(desk, command, asking)
  const named = command.release === null ? null : (await desk.reading.releaseNamed(service, command.release)).id
  if (live === null) return duringDrill(desk, { command, drill, named }, asking)
  // The return of a drill goes to what is to be left now, so it is turned around like any other.
  const isWayBack = live.plan.purpose === 'rollback' && (drill === null || drill.phase === 'back')
  const target = isWayBack ? live.plan.to : live.plan.from
  // Who names what is left just now has the way back turned around.
  if (isWayBack && named !== null && named === live.plan.from)
    return turnAround(desk, { command, live, leaves: live.plan.to }, asking)
  if (named !== null && named !== target) return start(desk, command, asking)
  if (isWayBack) return join(desk, { command, live, leaves: live.plan.from }, asking)
  return turnAround(desk, { command, live, leaves: live.plan.to }, asking)
}

type InDrill = {
  readonly command: RollbackCommand
  readonly drill: Drilling | null
  readonly named: ReleaseId | null
}

/** Between the two ways of a drill what is wanted serves already: it stays. */
const duringDrill = async (desk: Desk, { command, drill, named }: InDrill, asking: Asking): Promise<RolledBack> => {
  const back = drill?.back ?? null
  if (drill === null || back === null || (named !== null && named !== drill.plan.target))
    return start(desk, command, asking)
  const gone = await desk.reading.rollout(back.rollout)
  return join(desk, { command, live: gone, leaves: drill.plan.serving }, asking)
}

type Turning = {
  readonly command: RollbackCommand
  readonly live: Rollout
  /** The release that is gone back from; it is held. */
  readonly leaves: ReleaseId | null
}

const start = async (desk: Desk, command: RollbackCommand, asking: Asking): Promise<RolledBack> => {
  const { service, environment, reason, emergency, release, overrides } = command
  const incident = emergency === undefined ? {} : { incident: incidentId(desk.ids.next('inc')) }
  const asked: DeployCommand = {
    service,
    environment,
    purpose: 'rollback',
    release,
    // A rollout that is under way makes room in the same transaction: traffic goes back to what serves, and from there to what was named. For a person only: a watch
    // does not take away what somebody brings in meanwhile.
    ...(release === null || asking.by.kind === 'system' ? {} : { replace: true }),
    ...(overrides === undefined ? {} : { overrides }),
    ...(emergency === undefined ? {} : { emergency }),
  }
  const prepared = prepare(desk.ids, await wantedBy(desk, asked))
  const place = placeOf(prepared.wanted.replaced)
  const alsoLeft = place === null || place.purpose === 'rollback' ? null : place.candidate
  const also: Also = {
    keys: [],
    inputs: ({ rollout, plan, at }) => [
      ...(alsoLeft === null ? [] : [heldBy(alsoLeft, holdOn({ command, at }, asking), asking)]),
      ...stays(desk, { command, at }, asking),
      ...declared({ command, incident, at, release: plan.from, rollout }, asking),
    ],
  }
  const started = recording(asking, (answer) => ({ rollout: answer.rollout, kind: 'started', ...incident }))
  const holding = holdingWhatIsLeft(asking, { reason: reason ?? null, also })
  const { rollout } = await startRollout(desk, { prepared, also: holding }, started)
  return { rollout, kind: 'started', ...incident }
}

/** One transaction: the rollout turns around (if it does not already), its release is held, and an emergency is told. */
const turnAround = async (desk: Desk, turning: Turning, asking: Asking): Promise<RolledBack> => {
  const { live } = turning
  const { by, reason } = asking
  const at = desk.clock.now()
  const answer = answerOf(desk, { turning, kind: 'aborted' })
  const abort: CommandEvent = { type: 'abort_requested', at, by, reason }
  const rollout: AggregateKey = { kind: 'rollout', id: live.id }
  const related = environmentKey(live.plan.service, live.plan.spec.name)
  // One that is on its way back already is what was asked for. One that has arrived since the look is not, nor is one whose place another took, and nothing of this may be written
  // then: neither what follows from it nor its answer, which whoever asks again under the same key would be told.
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { status } = asRollout(stateOf(rollout))
    const now = asEnvironment(stateOf(related))
    const isBack = status === 'rolled_back' && now.live === null && now.serving === live.plan.from
    if (status === 'succeeded' || (now.live !== live.id && !isBack)) throw conflict(live.id, 'rollback', { status })
    return [input(rollout, abort, asking), ...followers(desk, { turning, answer, at }, asking)]
  }
  await desk.loop.transact([rollout, related], decide, answering(asking, answer))
  return answer
}

/**
 * The rollback that is under way is the one that was asked for, as is one that has arrived since the look; one that was set aside is taken up again. Not one that is coming back itself: nothing
 * of what was asked for would be so.
 */
const join = async (desk: Desk, turning: Turning, asking: Asking): Promise<RolledBack> => {
  const at = desk.clock.now()
  const answer = answerOf(desk, { turning, kind: 'started' })
  const { live } = turning
  const key: AggregateKey = { kind: 'rollout', id: live.id }
  const retry: CommandEvent = { type: 'retry_requested', at, by: asking.by, reason: asking.reason }
  const related = environmentKey(live.plan.service, live.plan.spec.name)
  const decide = (stateOf: StateOf): readonly Input[] => {
    const state = asRollout(stateOf(key))
    const now = asEnvironment(stateOf(related))
    const isOver = state.status === 'succeeded' && now.live === null && now.serving === live.plan.to
    if (!isOver && (now.live !== live.id || !isGoing(state)))
      throw conflict(live.id, 'rollback', { status: whyNotJoined(state) })
    return [
      ...(state.status === 'parked' ? [input(key, retry, asking)] : []),
      ...followers(desk, { turning, answer, at }, asking),
    ]
  }
  await desk.loop.transact([key, related], decide, answering(asking, answer))
  return answer
}

const isGoing = (state: RolloutState): boolean =>
  state.status === 'advancing' || (state.status === 'parked' && state.resume.direction === 'forward')

const whyNotJoined = ({ status }: RolloutState): string =>
  status === 'reverting' || status === 'parked'
    ? `${status === 'parked' ? 'set aside while ' : ''}coming back: what it would have brought back does not answer`
    : status

/** Kept also where somebody else had asked for it already, so that nothing changes: the same question after its end would go back from what it had brought. */
const answering = ({ record }: Asking, answer: RolledBack): (() => RequestRecord) | null =>
  record === null ? null : () => record(answer)

const answerOf = (
  desk: Desk,
  { turning, kind }: { readonly turning: Turning; readonly kind: RolledBack['kind'] },
): RolledBack => ({
  rollout: turning.live.id,
  kind,
  ...(turning.command.emergency === undefined ? {} : { incident: incidentId(desk.ids.next('inc')) }),
})

type Following = { readonly turning: Turning; readonly answer: RolledBack; readonly at: number }

const followers = (desk: Desk, { turning, answer, at }: Following, asking: Asking): readonly Input[] => {
  const { command, leaves } = turning
  return [
    ...(leaves === null ? [] : [heldBy(leaves, holdOn({ command, at }, asking), asking)]),
    ...stays(desk, { command, at }, asking),
    ...declared({ command, incident: answer, at, release: leaves, rollout: answer.rollout }, asking),
  ]
}

const holdOn = (
  { command, at }: { readonly command: RollbackCommand; readonly at: number },
  { by, reason }: Asking,
): Hold => ({
  reason: command.reason ?? null,
  detail: reason ?? `rolled back by ${by.name}`,
  by,
  at,
  environment: command.environment,
})

/** A drill that is under way does not return to what somebody wants to leave. */
const stays = (
  desk: Desk,
  { command, at }: { readonly command: RollbackCommand; readonly at: number },
  asking: Asking,
): readonly Input[] => {
  const drill = liveDrill(desk, command)
  if (drill === null) return []
  const event = { type: 'stay_requested', at, by: asking.by, reason: asking.reason } as const
  return [input({ kind: 'drill', id: drill.plan.id }, event, asking)]
}

type Declaring = {
  readonly command: RollbackCommand
  readonly incident: Pick<RolledBack, 'incident'>
  readonly at: number
  readonly release: ReleaseId | null
  readonly rollout: RolloutId
}

const declared = ({ command, incident, at, release, rollout }: Declaring, asking: Asking): readonly Input[] => {
  const { incident: id } = incident
  if (id === undefined) return []
  const { service, environment, reason = null } = command
  const title = asking.reason ?? `emergency rollback of ${environment}`
  const subject = { id, service, environment, title, reason, release, rollout }
  const event = { type: 'emergency_declared', at, by: asking.by, subject } as const
  return [input({ kind: 'incident', id }, event, asking)]
}

/** The same question, whose answer to be kept is not that of the command that it is handed on to. */
const recording = (
  { by, reason, record, signal }: Asking,
  answerOfStarted: (started: Started) => RolledBack,
): Asking => ({
  by,
  reason,
  record: record === null ? null : (answer) => record(answerOfStarted(asAnswer<Started>(answer))),
  ...(signal === undefined ? {} : { signal }),
})
