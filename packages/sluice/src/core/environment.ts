/**
 * An environment of a service: who holds it, what serves in it, what was verified in it. A machine without effects; its events are
 * committed together with the rollout's, so that "at most one live rollout" is a property of the store, not of good manners.
 *
 * | event             | accepted when                                | changes                                            |
 * |-------------------|----------------------------------------------|----------------------------------------------------|
 * | rollout_admitted  | no live rollout                              | live, token + 1                                    |
 * | rollout_settled   | it is the live rollout                       | live, serving, previous, kept, verified, history   |
 * | locked / unlocked | not locked (any more) / locked               | lock                                               |
 * | frozen / unfrozen | always / some freeze is there                | freezes                                            |
 * | approved          | not at this very moment by that person for that release      | approvals, rejections               |
 * | rejected          | not yet by that person for that release      | rejections, approvals                              |
 * | glass_broken      | not yet for that rollout                     | brokenGlass                                        |
 * | glass_reviewed    | it is open, and somebody else broke it       | brokenGlass                                        |
 * | time_passed       | a portion of soak, or a wait in the queue, is over | soaks, queue                                 |
 * | queued            | the release does not wait yet, and there is room; Sluice's own waits for room | queue, offers     |
 * | queue_cancelled, queue_superseded, queue_refused, queue_started | the entry waits | queue                          |
 * | queue_deferred    | the entry waits                              | queue                                              |
 * | verification_ran  | always                                       | verification                                       |
 */
import { type GovernanceEvent, nextGovernance, withoutWordsOn } from './governance/in-environment.ts'
import type { Approval, BrokenGlass, Rejection } from './governance/types.ts'
import type { Machine } from './machine.ts'
import { unreachable } from './machine.ts'
import { limits } from './limits.ts'
import type { Actor, FreezeWindow, ReleaseId, RolloutId } from './model.ts'
import { countSoak, type Pin, type SettledPromotion, settlePromotion, type Soak, soakAt } from './promotion.ts'
import { nextQueue, queueAt, type QueueEntry, type QueueEvent, queueTimePassed } from './queue.ts'
import { outcomeOf } from './verification/report.ts'
import type { CheckOutcome, VerificationReport } from './verification/types.ts'

/** A person's hold on an environment: nothing enters until it is taken off or runs out. */
export type Lock = { readonly by: Actor; readonly reason: string; readonly at: number; readonly until: number | null }

/** One settled rollout, as the environment remembers it. */
export type Passage = {
  readonly rollout: RolloutId
  readonly release: ReleaseId
  readonly outcome: 'succeeded' | 'rolled_back'
  readonly at: number
  /** Absent for a way forward. */
  readonly purpose?: 'rollback'
  /** Another rollout took its place; nothing speaks against it. */
  readonly superseded?: true
}

/** What the checks of the environment said when somebody had them made last. */
export type LastVerification = {
  readonly at: number
  readonly by: Actor
  readonly release: ReleaseId
  readonly outcome: CheckOutcome
  /** Names of the checks that did not pass. */
  readonly notPassed: readonly string[]
}

/** The environment's state; folded from its ledger rows. */
export type EnvironmentState = {
  readonly service: string
  readonly environment: string
  /** Grows with each admission; the first half of every fence. */
  readonly token: number
  readonly live: RolloutId | null
  readonly lock: Lock | null
  readonly freezes: readonly (FreezeWindow & { readonly by: Actor })[]
  readonly serving: ReleaseId | null
  readonly servingSince: number | null
  /** What served before, also when that was taken back; where a rollback goes is `releaseBefore`. */
  readonly previous: ReleaseId | null
  /** Still running without traffic, for an instant return. */
  readonly kept: readonly ReleaseId[]
  /** Candidates of rollouts that another took the place of, perhaps still running: the next rollout takes them down. Never a way back. */
  readonly abandoned?: readonly ReleaseId[]
  /** Releases that succeeded here, newest first, bounded. */
  readonly verified: readonly ReleaseId[]
  readonly approvals: readonly Approval[]
  /** Absent while nobody said no. */
  readonly rejections?: readonly Rejection[]
  /** Newest first; absent while nobody broke it. What nobody reviewed stays. */
  readonly brokenGlass?: readonly BrokenGlass[]
  readonly history: readonly Passage[]
  /** Absent until somebody asked for the checks. */
  readonly verification?: LastVerification
  /** Newest first, bounded; absent where nobody asks for soak. */
  readonly soaks?: readonly Soak[]
  /** Absent while nobody chose an older release. */
  readonly pin?: Pin
  /** Absent while nothing waits. */
  readonly queue?: readonly QueueEntry[]
  /** What came by itself and found the queue full; absent for nothing. */
  readonly offers?: readonly QueueEntry[]
}

/** What can happen to an environment. */
export type EnvironmentEvent =
  | { readonly type: 'rollout_admitted'; readonly at: number; readonly rollout: RolloutId; readonly release: ReleaseId }
  | (SettledPromotion & {
      readonly type: 'rollout_settled'
      readonly at: number
      readonly rollout: RolloutId
      readonly outcome: 'succeeded' | 'rolled_back'
      readonly from: ReleaseId | null
      readonly to: ReleaseId
      readonly keepsPrevious: boolean
      /** Another rollout took its place before it was over. */
      readonly superseded?: true
    })
  | {
      readonly type: 'locked'
      readonly at: number
      readonly by: Actor
      readonly reason: string
      readonly until: number | null
    }
  | {
      readonly type: 'unlocked'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
      /** Somebody else's lock was taken off: whose, and why they had it. */
      readonly broke?: Lock
    }
  | { readonly type: 'frozen'; readonly at: number; readonly by: Actor; readonly window: FreezeWindow }
  | { readonly type: 'unfrozen'; readonly at: number; readonly by: Actor; readonly reason: string | null }
  | GovernanceEvent
  | { readonly type: 'time_passed'; readonly at: number }
  | QueueEvent
  /** The checks were made at the address of the environment, which served `release`. */
  | {
      readonly type: 'verification_ran'
      readonly at: number
      readonly by: Actor
      readonly release: ReleaseId
      readonly report: VerificationReport
    }

/**
 * Where a rollback goes that names no release: to what served before the one that serves now came in for the first time. So a second rollback goes a step further back, and never to
 * what the first one left behind. Null when nothing did.
 */
export const releaseBefore = ({ serving, previous, history }: EnvironmentState): ReleaseId | null => {
  const line: ReleaseId[] = []
  for (const { release, outcome } of history.toReversed()) {
    if (outcome !== 'succeeded') continue
    const known = line.indexOf(release)
    if (known < 0) line.push(release)
    else line.splice(known + 1)
  }
  const before = line.at(-2)
  if (before !== undefined || serving === null) return before ?? null
  // What came first may be forgotten already; only then is the last one all that is known.
  return history.length < limits.environmentHistoryMax ? null : previous
}

/** An environment nobody has used yet. */
export const emptyEnvironment = (service: string, environment: string): EnvironmentState => ({
  service,
  environment,
  token: 0,
  live: null,
  lock: null,
  freezes: [],
  serving: null,
  servingSince: null,
  previous: null,
  kept: [],
  verified: [],
  approvals: [],
  history: [],
})

const next = (state: EnvironmentState, event: EnvironmentEvent): EnvironmentState => {
  switch (event.type) {
    case 'rollout_admitted':
      return enter(countSoak(state, event.at, 'now'), event)
    case 'rollout_settled':
      return state.live === event.rollout ? settle(state, event) : state
    case 'locked':
      return state.lock === null || hasRunOut(state.lock, event.at)
        ? { ...state, lock: { by: event.by, reason: event.reason, at: event.at, until: event.until } }
        : state
    case 'unlocked':
      return state.lock === null ? state : { ...state, lock: null }
    case 'frozen':
      return {
        ...state,
        freezes: [...state.freezes.filter(({ until }) => until > event.at), { ...event.window, by: event.by }],
      }
    case 'unfrozen':
      return state.freezes.length === 0 ? state : { ...state, freezes: [] }
    case 'approved':
    case 'rejected':
    case 'glass_broken':
    case 'glass_reviewed':
      return nextGovernance(state, event)
    case 'time_passed':
      return queueTimePassed(countSoak(state, event.at, 'due'), event.at)
    case 'queued':
    case 'queue_cancelled':
    case 'queue_superseded':
    case 'queue_deferred':
    case 'queue_refused':
    case 'queue_started':
      return nextQueue(state, event)
    case 'verification_ran':
      return { ...state, verification: lastVerification(event) }
    default:
      return unreachable(event)
  }
}

const enter = (
  state: EnvironmentState,
  event: Extract<EnvironmentEvent, { type: 'rollout_admitted' }>,
): EnvironmentState => {
  return state.live === null ? { ...state, live: event.rollout, token: state.token + 1 } : state
}

const lastVerification = ({
  at,
  by,
  release,
  report,
}: Extract<EnvironmentEvent, { type: 'verification_ran' }>): LastVerification => ({
  at,
  by,
  release,
  outcome: outcomeOf(report),
  notPassed: report.results.filter(({ outcome }) => outcome !== 'passed').map(({ name }) => name),
})

const hasRunOut = ({ until }: Lock, at: number): boolean => until !== null && until <= at

const settle = (
  state: EnvironmentState,
  event: Extract<EnvironmentEvent, { type: 'rollout_settled' }>,
): EnvironmentState => {
  const { rollout, outcome, from, to, at, purpose } = event
  const passage: Passage = {
    rollout,
    release: to,
    outcome,
    at,
    ...(purpose === undefined ? {} : { purpose }),
    ...(event.superseded === undefined ? {} : { superseded: event.superseded }),
  }
  const history = [passage, ...state.history].slice(0, limits.environmentHistoryMax)
  const left = state.abandoned ?? []
  const settled = { ...withoutAbandoned(state), live: null, history }
  const others = left.filter((release) => release !== to)
  if (outcome === 'rolled_back') {
    const abandoned = event.superseded === true ? [...others, to] : others
    const kept = state.kept.filter((release) => release !== to)
    return settlePromotion({ ...settled, kept, ...(abandoned.length === 0 ? {} : { abandoned }) }, event)
  }
  const served: EnvironmentState = {
    ...withoutWordsOn(settled, to),
    serving: to,
    servingSince: at,
    previous: from,
    kept: event.keepsPrevious && from !== null ? [from] : [],
    verified: [to, ...state.verified.filter((release) => release !== to)].slice(0, limits.environmentHistoryMax),
  }
  return settlePromotion(served, event)
}

const withoutAbandoned = (state: EnvironmentState): EnvironmentState => {
  if (state.abandoned === undefined) return state
  const { abandoned: _, ...rest } = state
  return rest
}

const wakeAt = (state: EnvironmentState): number | null => {
  const times = [soakAt(state), queueAt(state)].filter((time) => time !== null)
  return times.length === 0 ? null : Math.min(...times)
}

/** See the table above. */
export const environmentMachine: Machine<EnvironmentState, EnvironmentEvent, never> = {
  name: 'environment',
  version: 1,
  decide: (state, event) => ({ state: next(state, event), effects: [] }),
  outstanding: () => [],
  nextAt: wakeAt,
  // What waits in the queue is taken up again after a restart, whatever it waits for.
  settled: (state) => state.queue === undefined && wakeAt(state) === null,
}
