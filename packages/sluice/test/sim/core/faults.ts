/** What may go wrong in a simulated world, how likely it is under one seed, and how often it did. */
import type { Prng } from '../prng.ts'

/** Every fault, numbered: the simulator asks for a fault's chance some hundred times a schedule, and arrays are fastest. */
export const faults = {
  // Of one message or one call; each has its own chance under a seed.
  effect_dropped: 0,
  effect_duplicated: 1,
  effect_late: 2,
  effect_split: 3,
  ack_dropped: 4,
  ack_duplicated: 5,
  ack_late: 6,
  outcome_unknown: 7,
  driver_error_never: 8,
  driver_error_same: 9,
  driver_error_later: 10,
  slow_start: 11,
  router_not_applied: 12,
  router_applied_late: 13,
  router_lied: 14,
  metrics_missing: 15,
  metrics_stale: 16,
  metrics_without_evidence: 17,
  wake_late: 18,
  notice_dropped: 19,
  notice_duplicated: 20,
  tripwire_cut: 21,
  verifier_broken: 22,
  hook_silent: 23,
  hook_in_progress: 24,
  hook_said_no: 25,
  hook_unreachable: 26,
  hook_lied: 27,
  router_ignored_mirror: 28,
  // Between any two steps.
  crash_before_commit: 29,
  crash_after_commit: 30,
  stale_leader: 31,
  instance_crash: 32,
  clock_forward: 33,
  clock_back: 34,
  work_parked: 35,
  command_abort: 36,
  command_pause: 37,
  command_resume: 38,
  command_skip: 39,
  command_promote: 40,
  command_retry: 41,
  command_approve: 42,
  command_reject: 43,
  deploy_replaces: 44,
  // Properties of a release, not of the weather: they do not heal.
  never_healthy: 45,
  instance_never_healthy: 46,
  bad_responses: 47,
  // What follows from the others, counted to show that it was reached.
  effect_reordered: 48,
  ack_reordered: 49,
  zombie_effect: 50,
  long_downtime: 51,
  // Of the store, of leadership, of clients: only the engine simulator has them.
  store_full: 52,
  store_failed_before: 53,
  store_failed_after: 54,
  commit_slow: 55,
  crash_during_commit: 56,
  crash_anywhere: 57,
  two_leaders: 58,
  request_repeated: 59,
  command_freeze: 60,
  deploy_rival: 61,
  command_maintain: 62,
  deploy_queued: 63,
  command_dequeue: 64,
  command_rollback: 65,
  command_drill: 66,
  bad_after_promotion: 67,
  command_line: 68,
  // With chances of their own: of ways back, and of what goes on beside the rollouts of a share of the schedules.
  crash_again: 69,
  notify_unreadable: 70,
  notify_later: 71,
  notify_refused: 72,
  projection_lost: 73,
  ref_pushed: 74,
  told_again: 75,
  remote_unreachable: 76,
  train_asked: 77,
  command_train_abort: 78,
  member_does_not_start: 79,
} as const

/** A fault by name. */
export type FaultName = keyof typeof faults
/** A fault by number. */
export type Fault = (typeof faults)[FaultName]

/** Faults below this number belong to one message or one call. */
const callFaultsEnd = faults.crash_before_commit
/** Call faults from here on have few occasions, so they strike harder. */
const rareFaultsBegin = faults.notice_dropped
/** Faults from there to below this one strike between any two steps. */
const ambientFaultsEnd = faults.never_healthy

/** Faults from here on are the engine simulator's alone. */
export const engineFaultsBegin: number = faults.store_full

/** Faults from here on have chances of their own, whatever the weather. */
const besideBegins = faults.crash_again

/** Names by number. */
export const faultNames: readonly FaultName[] = Object.keys(faults) as FaultName[]

/** Ambient faults by number. */
export const ambientFaults: readonly number[] = Array.from(
  { length: ambientFaultsEnd - callFaultsEnd },
  (_, index) => callFaultsEnd + index,
)

/** How often each fault struck, by number. */
export type FaultCounts = number[]

/** All zero. */
export const noFaults = (): FaultCounts => faultNames.map(() => 0)

/**
 * One seed's weather (swarm testing: Groce et al., ISSTA 2012): a random subset of the faults, each at a random strength, so that some
 * seeds are one-sided and reach what an even mixture never does.
 */
export class Weather {
  /** Chance of each call fault, in 256. */
  readonly chances: number[] = Array.from({ length: callFaultsEnd }, () => 0)
  /** The ambient faults of this seed, and the chance in 256 that one strikes after a step. */
  readonly ambient: number[] = []
  ambientChance = 0
  /** Chance of each fault of the engine simulator, in 1,024. */
  readonly engineChances: number[] = Array.from({ length: besideBegins - engineFaultsBegin }, () => 0)

  /** Draws the weather of a seed. */
  draw(random: Prng): void {
    const chosenCalls = random.next() & random.next()
    const strength = random.next()
    for (let fault = 0; fault < callFaultsEnd; fault += 1)
      this.chances[fault] =
        (chosenCalls & (1 << fault)) === 0 ? 0 : (fault < rareFaultsBegin ? 8 : 24) << ((strength >>> (fault & 7)) & 3)
    const chosen = random.next() & random.next()
    this.ambient.length = 0
    for (let index = 0; index < ambientFaults.length; index += 1)
      if ((chosen & (1 << index)) !== 0) this.ambient.push(callFaultsEnd + index)
    for (let index = 0; index < this.engineChances.length; index += 1)
      this.engineChances[index] = (chosen & (0x8000 << index)) === 0 ? 0 : 8 << ((strength >>> (16 + index)) & 3)
    this.ambientChance = this.ambient.length === 0 ? 0 : 4 << (strength & 3)
  }
}
