/**
 * A message: one notice on its way to one channel. It waits for its turn, is sent, and is tried again for a day; then, or once the receiver says no, it is set aside for a person.
 *
 * | status    | event                                           | next                       |
 * |-----------|-------------------------------------------------|----------------------------|
 * | absent    | message_queued                                  | pending · dead (no room)   |
 * | pending   | turn_given                                      | pending                    |
 * | pending   | effect_succeeded                                | pending · delivered · dead |
 * | pending   | effect_failed, effect_unknown, work_parked      | pending                    |
 * | pending   | time_passed                                     | pending · dead             |
 * | pending   | superseded                                      | superseded                 |
 * | pending   | discard_requested                               | discarded                  |
 * | dead      | retry_requested                                 | pending                    |
 * | dead      | discard_requested                               | discarded                  |
 *
 * Turns come from outside (`engine/notify/outbox.ts`): one message of a channel is out at a time, and the first of a subject before the next. An attempt without an answer may have arrived; it is made
 * again under the same key, so that each message arrives at least once. What is settled is not loaded again, a dead one not until somebody asks.
 */
import { limits } from '../limits.ts'
import { type Decision, type Machine, unreachable } from '../machine.ts'
import type { Actor, Fence } from '../model.ts'
import type { Failure } from '../rollout/types.ts'
import { backoffMs } from './backoff.ts'
import type { Notice, Receipt } from './types.ts'

/** A message's right to be sent, and what is known of its channel then. */
export type Turn = {
  /** What the channel gave back for the last message of the same subject. */
  readonly previous: Receipt | null
  /** Attempts of the channel that failed in a row before this one. */
  readonly failures: number
  /** Whether it was told that the channel fails. */
  readonly isFailing: boolean
}

/** A thing to do in the world: send it once. */
export type MessageEffect = {
  readonly sequence: number
  /** The message's id, for every attempt: whoever receives it twice can tell. */
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: { readonly kind: 'send'; readonly previous: Receipt | null }
}

/** What the receiver made of it. */
export type MessageResult =
  | { readonly kind: 'delivered'; readonly receipt: Receipt }
  | { readonly kind: 'later'; readonly detail: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly detail: string }

/** Everything that can happen to a message. `at` is epoch ms. */
export type MessageEvent =
  | {
      readonly type: 'message_queued'
      readonly at: number
      readonly id: string
      readonly channel: string
      readonly notice: Notice
      /** Why this channel is told, in words. */
      readonly because: string
      /** Null where it has to wait. */
      readonly turn: Turn | null
      /** So many wait in this channel that this one is set aside; absent where there is room. */
      readonly isOverflow?: true
    }
  | { readonly type: 'turn_given'; readonly at: number; readonly turn: Turn }
  | {
      readonly type: 'effect_succeeded'
      readonly at: number
      readonly sequence: number
      readonly result: MessageResult
    }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }
  /** A later message of the same subject says all that there is to say. */
  | { readonly type: 'superseded'; readonly at: number; readonly by: string }
  | {
      readonly type: 'retry_requested' | 'discard_requested'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
    }

/** An attempt that did not arrive, or is not known to. */
export type Attempt = { readonly at: number; readonly detail: string }

/** Why a message was set aside. */
export type DeadCause = 'refused' | 'expired' | 'overflow'

type Common = {
  readonly id: string
  readonly channel: string
  readonly notice: Notice
  readonly because: string
  readonly queuedAt: number
  /** When it is given up, epoch ms. */
  readonly expiresAt: number
  readonly sequence: number
  /** How often it was sent. */
  readonly attempts: number
  /** The last that came to nothing, the newest last; bounded. */
  readonly recent: readonly Attempt[]
}

type Pending = Common & {
  readonly status: 'pending'
  readonly stage:
    /** `notBeforeAt`: the receiver, or the pause after an attempt, wants it no earlier; null before the first. */
    | { readonly kind: 'waiting'; readonly notBeforeAt: number | null }
    | { readonly kind: 'sending'; readonly effect: MessageEffect; readonly turn: Turn; readonly deadlineAt: number }
  /** How its channel stood after its last attempt; absent before that. */
  readonly channelAfter?: { readonly at: number; readonly failures: number; readonly isFailing: boolean }
}

/** A message. A field exists only in the status where it means something. */
export type MessageState =
  | { readonly status: 'absent' }
  | Pending
  | (Common & { readonly status: 'delivered'; readonly deliveredAt: number; readonly receipt: Receipt })
  | (Common & { readonly status: 'dead'; readonly deadAt: number; readonly cause: DeadCause; readonly detail: string })
  | (Common & { readonly status: 'superseded'; readonly supersededAt: number; readonly by: string })
  | (Common & {
      readonly status: 'discarded'
      readonly discardedAt: number
      readonly by: Actor
      readonly reason: string | null
    })

/** A message that exists. */
export type Message = Exclude<MessageState, { status: 'absent' }>
/** A message that is neither delivered nor set aside. */
export type PendingMessage = Pending

type MessageDecision = Decision<MessageState, MessageEffect>

const unchanged = (state: MessageState): MessageDecision => ({ state, effects: [] })

const decide = (state: MessageState, event: MessageEvent): MessageDecision => {
  switch (state.status) {
    case 'absent':
      return event.type === 'message_queued' ? queue(event) : unchanged(state)
    case 'pending':
      return decidePending(state, event)
    case 'dead':
      if (event.type === 'retry_requested') return unchanged(again(state, event.at))
      return event.type === 'discard_requested' ? unchanged(discarded(state, event)) : unchanged(state)
    case 'delivered':
    case 'superseded':
    case 'discarded':
      return unchanged(state)
    default:
      return unreachable(state)
  }
}

const queue = ({
  at,
  id,
  channel,
  notice,
  because,
  turn,
  isOverflow,
}: Extract<MessageEvent, { type: 'message_queued' }>): MessageDecision => {
  const expiresAt = at + limits.messageLifeMs
  const common = { id, channel, notice, because, queuedAt: at, expiresAt, sequence: 0, attempts: 0, recent: [] }
  if (isOverflow === true) {
    const detail = `${limits.messageBacklogMax} messages wait in this channel already`
    return unchanged({ ...common, status: 'dead', deadAt: at, cause: 'overflow', detail })
  }
  const pending: Pending = { ...common, status: 'pending', stage: { kind: 'waiting', notBeforeAt: null } }
  return turn === null ? unchanged(pending) : send(pending, turn, at)
}

const decidePending = (state: Pending, event: MessageEvent): MessageDecision => {
  const { stage } = state
  switch (event.type) {
    case 'message_queued':
    case 'retry_requested':
      return unchanged(state)
    case 'turn_given':
      return stage.kind === 'waiting' ? send(state, event.turn, event.at) : unchanged(state)
    case 'effect_succeeded':
      return isAwaited(state, event.sequence) ? answered(state, event.result, event.at) : unchanged(state)
    case 'effect_failed':
      return isAwaited(state, event.sequence)
        ? notArrived(state, { detail: event.failure.detail, retryAfterMs: null, at: event.at })
        : unchanged(state)
    case 'effect_unknown':
      return isAwaited(state, event.sequence)
        ? notArrived(state, { detail: event.detail, retryAfterMs: null, at: event.at })
        : unchanged(state)
    case 'work_parked':
      return notArrived(state, { detail: event.detail, retryAfterMs: null, at: event.at })
    case 'time_passed':
      return timePassed(state, event.at)
    case 'superseded':
      if (stage.kind === 'sending') return unchanged(state)
      return unchanged({ ...commonOf(state), status: 'superseded', supersededAt: event.at, by: event.by })
    case 'discard_requested':
      return unchanged(discarded(state, event))
    default:
      return unreachable(event)
  }
}

const isAwaited = ({ stage }: Pending, sequence: number): boolean =>
  stage.kind === 'sending' && stage.effect.sequence === sequence

const send = (state: Pending, turn: Turn, at: number): MessageDecision => {
  const sequence = state.sequence + 1
  const effect: MessageEffect = {
    sequence,
    key: state.id,
    fence: { token: 0, sequence },
    deadlineMs: limits.messageDeadlineMs,
    action: { kind: 'send', previous: turn.previous },
  }
  const stage = { kind: 'sending', effect, turn, deadlineAt: at + deadlineMs } as const
  return { state: { ...state, sequence, attempts: state.attempts + 1, stage }, effects: [effect] }
}

// The engine calls an attempt off at its deadline and says so; only what it does not say is left to this one.
const deadlineMs = limits.messageDeadlineMs + 2 * limits.callMarginMs

const answered = (state: Pending, result: MessageResult, at: number): MessageDecision => {
  switch (result.kind) {
    case 'delivered':
      return unchanged({ ...commonOf(state), status: 'delivered', deliveredAt: at, receipt: result.receipt })
    case 'refused': {
      const { detail } = result
      const recent = [...state.recent, { at, detail }].slice(-limits.messageAttemptsKept)
      return unchanged({ ...commonOf(state), recent, status: 'dead', deadAt: at, cause: 'refused', detail })
    }
    case 'later':
      return notArrived(state, { ...result, at })
    default:
      return unreachable(result)
  }
}

type Missed = { readonly at: number; readonly detail: string; readonly retryAfterMs: number | null }

/** The pause grows with the failures of the channel, not of the message: whoever does not answer is not asked once for each message. */
const notArrived = (state: Pending, { at, detail, retryAfterMs }: Missed): MessageDecision => {
  const { stage } = state
  if (stage.kind !== 'sending') return unchanged(state)
  const failures = stage.turn.failures + 1
  const pauseMs = backoffMs(failures, `${state.id}/${state.attempts}`)
  const askedMs = Math.min(Math.max(0, retryAfterMs ?? 0), limits.messageRetryAfterMsMax)
  const isFailing = stage.turn.isFailing || failures >= limits.channelFailingAfter
  return unchanged({
    ...state,
    recent: [...state.recent, { at, detail }].slice(-limits.messageAttemptsKept),
    stage: { kind: 'waiting', notBeforeAt: at + Math.max(pauseMs, askedMs) },
    channelAfter: { at, failures, isFailing },
  })
}

const timePassed = (state: Pending, at: number): MessageDecision => {
  const { stage, expiresAt } = state
  if (stage.kind === 'sending') {
    if (at < stage.deadlineAt) return unchanged(state)
    return notArrived(state, { at, detail: 'no answer', retryAfterMs: null })
  }
  if (at < expiresAt) return unchanged(state)
  const last = state.recent.at(-1)?.detail ?? 'it never came to its turn'
  return unchanged({ ...commonOf(state), status: 'dead', deadAt: at, cause: 'expired', detail: last })
}

const again = (state: Extract<MessageState, { status: 'dead' }>, at: number): Pending => ({
  ...commonOf(state),
  status: 'pending',
  expiresAt: at + limits.messageLifeMs,
  stage: { kind: 'waiting', notBeforeAt: null },
})

const discarded = (
  state: Message,
  { at, by, reason }: Extract<MessageEvent, { type: 'discard_requested' | 'retry_requested' }>,
): MessageState => ({ ...commonOf(state), status: 'discarded', discardedAt: at, by, reason })

const commonOf = ({
  id,
  channel,
  notice,
  because,
  queuedAt,
  expiresAt,
  sequence,
  attempts,
  recent,
}: Message): Common => ({ id, channel, notice, because, queuedAt, expiresAt, sequence, attempts, recent })

/** See the file's header. */
export const messageMachine: Machine<MessageState, MessageEvent, MessageEffect> = {
  name: 'message',
  version: 1,
  decide,
  outstanding: (state) => (state.status === 'pending' && state.stage.kind === 'sending' ? [state.stage.effect] : []),
  nextAt: (state) => {
    if (state.status !== 'pending') return null
    return state.stage.kind === 'sending' ? state.stage.deadlineAt : state.expiresAt
  },
  settled: ({ status }) => status !== 'absent' && status !== 'pending',
}

/** Whether the step from one state to the next is where its channel begins to fail: told once, until it has worked again. */
export const beginsToFail = (before: MessageState, after: MessageState): boolean => {
  if (before.status !== 'pending' || before.stage.kind !== 'sending' || before.stage.turn.isFailing) return false
  if (after.status === 'dead') return after.cause === 'refused'
  return after.status === 'pending' && after.channelAfter?.isFailing === true && after.stage.kind === 'waiting'
}
