/**
 * The queue of an environment: releases that wait for their turn. First in, first out, with these rules:
 *
 * - Nothing enters while a rollout is live. Then each entry is admitted again, from the front: freeze, lock, soak and approvals are asked at its turn, not when it was queued.
 * - The first that may enter enters. What is refused for a reason that may pass (`passing`) keeps its place, says why, and lets those behind it go; so nothing that waits for a person
 *   blocks a fix behind it. What is refused for good leaves the queue with its reason, and so does what waited for too long.
 * - An entry gives way to a later one of a newer release only where the config says so (`queue: { supersede: 'older' }`), and the ledger says so too.
 *
 * Entries are part of the environment's state; its events `queued`, `queue_…` are in `environment.ts`.
 */
import type { Admission, Override, Refusal, RefusalKind } from './admission.ts'
import type { EnvironmentState } from './environment.ts'
import { limits } from './limits.ts'
import type { Actor, EnvironmentSpec, ReleaseId, RolloutId } from './model.ts'
import type { Hotfix } from './rollout/types.ts'

/** A release that waits for its turn. */
export type QueueEntry = {
  /** What a person or a program asked for is named by the rollout that it will be (`rol_…`), Sluice's own by its release (`que_…`). */
  readonly id: string
  readonly release: ReleaseId
  readonly purpose: 'deploy' | 'promote'
  readonly by: Actor
  readonly reason: string | null
  readonly at: number
  /** The groups of who asks, as they were when it was queued; absent for none. */
  readonly groups?: readonly string[]
  /** What the person who queued it passes over; absent for nothing. */
  readonly overrides?: readonly Override[]
  /** What the rollout will say of itself; absent for no hotfix. */
  readonly hotfix?: Hotfix
  /** Why its last turn passed; absent before its first. */
  readonly waits?: QueueWait
}

/** Why an entry whose turn it was still waits. */
export type QueueWait = {
  readonly at: number
  readonly why: readonly RefusalKind[]
  readonly detail: string
  /** When to ask again, epoch ms; null where only an act ends it. */
  readonly lookAt: number | null
}

/** What happens to a queue. */
export type QueueEvent =
  | { readonly type: 'queued'; readonly at: number; readonly entry: Omit<QueueEntry, 'waits' | 'at'> }
  | {
      readonly type: 'queue_cancelled'
      readonly at: number
      readonly entry: string
      readonly by: Actor
      readonly reason: string | null
    }
  /** `by` is the entry that it gave way to. */
  | { readonly type: 'queue_superseded'; readonly at: number; readonly entry: string; readonly by: string }
  | ({ readonly type: 'queue_deferred'; readonly at: number; readonly entry: string } & Omit<QueueWait, 'at'>)
  | { readonly type: 'queue_refused'; readonly at: number; readonly entry: string; readonly detail: string }
  | { readonly type: 'queue_started'; readonly at: number; readonly entry: string; readonly rollout: RolloutId }

/** A state with a queue; absent while it is empty. `offers`: what Sluice would take in by itself and found the queue full; they come in as others leave. */
export type QueueState = { readonly queue?: readonly QueueEntry[]; readonly offers?: readonly QueueEntry[] }

/** Whether somebody was told by which id the rollout will be known that this entry becomes. */
export const namesItsRollout = ({ id }: Pick<QueueEntry, 'id'>): boolean => id.startsWith('rol_')

/** Reasons that may pass while an entry waits. Any other refuses it for good. */
const passing: ReadonlySet<RefusalKind> = new Set([
  'live_rollout',
  'locked',
  'frozen',
  'not_verified',
  'soaking',
  'approval_missing',
  'pinned',
  'line_stopped',
  'window_closed',
  'policy_pending',
])

/** Whether a release that is refused for these reasons may wait for its turn. */
export const mayWait = (refusals: readonly Refusal[]): boolean => refusals.every(({ kind }) => passing.has(kind))

/** Those whose turn was not asked yet since they came; whoever comes later may not go first. */
export const aheadInLine = ({ queue }: QueueState): readonly QueueEntry[] =>
  (queue ?? []).filter(({ waits }) => waits === undefined)

/** The queue after an event; the same state object when it changes nothing. */
export const nextQueue = (state: EnvironmentState, event: QueueEvent): EnvironmentState => {
  const queue = state.queue ?? []
  if (event.type === 'queued') return arrived(state, { ...event.entry, at: event.at })
  const found = queue.find(({ id }) => id === event.entry)
  if (found === undefined) return state
  if (event.type !== 'queue_deferred')
    return withQueue(
      state,
      queue.filter((entry) => entry !== found),
    )
  const { at, why, detail, lookAt } = event
  return withQueue(
    state,
    queue.map((entry) => (entry === found ? { ...entry, waits: { at, why, detail, lookAt } } : entry)),
  )
}

const arrived = (state: EnvironmentState, entry: QueueEntry): EnvironmentState => {
  const { queue = [], offers = [] } = state
  const known = queue.find(({ id, release }) => id === entry.id || release === entry.release)
  if (known === undefined) {
    if (queue.length < limits.queueEntriesMax) return withQueue(state, [...queue, entry])
    // Nobody who asks is left without an answer; what nobody asked for would be, for ever.
    const isKept = !namesItsRollout(entry) && offers.every(({ release }) => release !== entry.release)
    return isKept ? { ...state, offers: [...offers, entry].slice(-limits.queueEntriesMax) } : state
  }
  // What Sluice would take in by itself belongs to whoever asks for it, and what a program asked for to a person, at the same place.
  const isTakenOver =
    (known.by.kind === 'system' && entry.by.kind === 'person') || (!namesItsRollout(known) && namesItsRollout(entry))
  return isTakenOver
    ? withQueue(
        state,
        queue.map((one) => (one === known ? entry : one)),
      )
    : state
}

/** When a turn is to be asked again, epoch ms; null when nothing waits for a time, or a rollout is live. */
export const queueAt = ({ queue, live }: QueueState & { readonly live: unknown }): number | null => {
  if (live !== null) return null
  const times = (queue ?? []).flatMap(({ waits }) => waits?.lookAt ?? [])
  return times.length === 0 ? null : Math.min(...times)
}

/** Entries whose time to ask again has come; the same state object when there is none. */
export const queueTimePassed = (state: EnvironmentState, at: number): EnvironmentState => {
  const dueAt = queueAt(state)
  if (dueAt === null || dueAt > at) return state
  return withQueue(
    state,
    (state.queue ?? []).map((entry) =>
      entry.waits?.lookAt === undefined || entry.waits.lookAt === null || entry.waits.lookAt > at
        ? entry
        : { ...entry, waits: { ...entry.waits, lookAt: null } },
    ),
  )
}

/** The state with this queue, and with as many of those that found it full as there is room for now. */
const withQueue = (state: EnvironmentState, queue: readonly QueueEntry[]): EnvironmentState => {
  const { queue: _, offers = [], ...rest } = state
  const waiting = offers.filter(({ release }) => queue.every((entry) => entry.release !== release))
  const room = limits.queueEntriesMax - queue.length
  const all = [...queue, ...waiting.slice(0, room)]
  const left = waiting.slice(room)
  return { ...rest, ...(all.length === 0 ? {} : { queue: all }), ...(left.length === 0 ? {} : { offers: left }) }
}

/** What is known of an entry at its turn. */
export type Candidate = {
  readonly spec: EnvironmentSpec
  readonly cutAt: number
  readonly admission: Admission
}

/** What to do with an entry. At most one starts, and it is the last move. */
export type QueueMove =
  | { readonly kind: 'start'; readonly entry: QueueEntry }
  | { readonly kind: 'record'; readonly event: QueueEvent }

/** What a look at the queue decides. `candidate`: null for an entry that nothing is known of yet; a text when it can never start. */
export const queueMoves = (
  { queue = [], live }: QueueState & { readonly live: unknown },
  candidate: (entry: QueueEntry) => Candidate | string | null,
  now: number,
): readonly QueueMove[] => {
  const moves: QueueMove[] = []
  const known = queue.flatMap((entry) => {
    const found = candidate(entry)
    return found === null ? [] : [{ entry, found }]
  })
  for (const { entry, found } of known) {
    const heir = typeof found === 'string' ? undefined : heirOf(entry, found, known)
    if (heir !== undefined) {
      moves.push({ kind: 'record', event: { type: 'queue_superseded', at: now, entry: entry.id, by: heir } })
      continue
    }
    if (live !== null) continue
    const move = turnOf(entry, found, now)
    if (move !== null) moves.push(move)
    if (move?.kind === 'start') break
  }
  return moves
}

type Known = { readonly entry: QueueEntry; readonly found: Candidate | string }

/** The newest entry of a newer release behind this one, whose config lets it pass. */
const heirOf = (entry: QueueEntry, { cutAt }: Candidate, known: readonly Known[]): string | undefined => {
  const behind = known.slice(known.findIndex((one) => one.entry === entry) + 1)
  return behind.findLast(
    ({ found }) => typeof found !== 'string' && found.spec.queue?.supersede === 'older' && found.cutAt > cutAt,
  )?.entry.id
}

const turnOf = (entry: QueueEntry, found: Candidate | string, now: number): QueueMove | null => {
  const { id } = entry
  const expiresAt = entry.at + limits.queueWaitMsMax
  if (typeof found === 'string') return refuse(id, found, now)
  const { admission } = found
  if (admission.kind === 'admitted') return { kind: 'start', entry }
  const { refusals } = admission
  const lasting = refusals.filter(({ kind }) => !passing.has(kind))
  if (lasting.length > 0) return refuse(id, textOf(lasting), now)
  const detail = textOf(refusals)
  if (now >= expiresAt) return refuse(id, `waited for ${limits.queueWaitMsMax / 86_400_000} days: ${detail}`, now)
  const why = refusals.map(({ kind }) => kind)
  const until = refusals.map((refusal) => refusal.until)
  // All of them must have passed, so the last is what is waited for; an act may still come first, and then it is asked again.
  const lookAt = Math.min(expiresAt, until.some((time) => time === null) ? Infinity : Math.max(...until.map(Number)))
  const { waits } = entry
  if (waits !== undefined && waits.lookAt === lookAt && waits.why.join() === why.join()) return null
  return { kind: 'record', event: { type: 'queue_deferred', at: now, entry: id, why, detail, lookAt } }
}

const refuse = (entry: string, detail: string, at: number): QueueMove => ({
  kind: 'record',
  event: { type: 'queue_refused', at, entry, detail },
})

const textOf = (refusals: readonly Refusal[]): string => refusals.map(({ detail }) => detail).join('; ')
