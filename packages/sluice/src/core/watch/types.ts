/** What the watch over a promoted release is made of: its plan, what it reads, and its states. Start here, then `machine.ts`. */
import type { Lane } from '../lane.ts'
import type { RollbackReason } from '../hold.ts'
import type { MetricsSpec } from '../judge/outside/types.ts'
import type { Fence, HealthPolicy, ReleaseId, RolloutId } from '../model.ts'
import type { RollbackTriggers } from '../rollback-policy.ts'
import type { Failure } from '../rollout/types.ts'

/** Everything decided when the release was promoted. */
export type WatchPlan = {
  /** The rollout that promoted it; the watch's own id. */
  readonly rollout: RolloutId
  readonly service: string
  readonly environment: string
  readonly release: ReleaseId
  readonly triggers: RollbackTriggers
  readonly health: HealthPolicy
  /** Where metrics come from; absent where the environment has none. */
  readonly metrics?: MetricsSpec
}

/** A cumulative pair: how many, and how many of them bad. */
export type Pair = {
  readonly units: number
  readonly badUnits: number
  /** Changes whenever its source began to count anew; absent where only falling counts tell. */
  readonly era?: string
}

/** What one look saw. Counts are cumulative and may begin anew after a restart of what counts. */
export type WatchReading = {
  /** When the source says the numbers are from, epoch ms. */
  readonly observedAt: number
  readonly requests: Pair
  /** Of all answers, how many took longer than the trigger's bound for certain; null without such a trigger. */
  readonly slow: Pair | null
  /** Instances that failed their health check just now; null when nobody asked them. */
  readonly unhealthy: readonly string[] | null
  /** By the name of the metric; null where its source said nothing. */
  readonly metrics: Readonly<Record<string, Pair | null>>
}

/** A trigger that is over its limit, and since which counts. */
export type Alarm = {
  /** `error_rate`, `latency`, `health`, or `metric:<name>`. */
  readonly trigger: string
  /** How long it has been over its limit, milliseconds; only time that was looked at counts. */
  readonly overMs: number
  /** The counts when it went over; the rate since then is what is compared. */
  readonly since: Pair
}

/** Why the watch takes the release back. */
export type Triggered = {
  readonly trigger: string
  readonly at: number
  readonly reason: RollbackReason
  /** A sentence with the numbers. */
  readonly detail: string
}

/** A thing to do for a watch. */
export type WatchEffect = {
  readonly sequence: number
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: { readonly kind: 'look' } | { readonly kind: 'roll_back'; readonly triggered: Triggered }
}

/** What a performed effect gave. */
export type WatchResult =
  | { readonly kind: 'looked'; readonly reading: WatchReading }
  /** Another rollout is under way: its own judge sees what there is to see. */
  | { readonly kind: 'busy'; readonly detail: string }
  /** The release no longer serves. */
  | { readonly kind: 'superseded'; readonly detail: string }
  | { readonly kind: 'rollback_started'; readonly rollout: RolloutId }
  /** Nothing to go back to, or not without a person's word. */
  | { readonly kind: 'rollback_refused'; readonly detail: string }

/** Everything that can happen to a watch. `at` is epoch ms. */
export type WatchEvent =
  | { readonly type: 'watch_started'; readonly at: number; readonly plan: WatchPlan }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: WatchResult }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

type Common = { readonly plan: WatchPlan; readonly startedAt: number; readonly sequence: number }

/** A watch. A field exists only in the status where it means something. */
export type WatchState =
  | { readonly status: 'absent' }
  | (Common & {
      readonly status: 'watching'
      readonly lane: Lane<WatchEffect>
      /** Time that was really looked at, milliseconds. */
      readonly watchedMs: number
      readonly last: { readonly reading: WatchReading; readonly at: number } | null
      /** Requests at the first look; null before it. */
      readonly first: Pair | null
      readonly alarms: readonly Alarm[]
    })
  | (Common & {
      readonly status: 'returning'
      readonly lane: Lane<WatchEffect>
      readonly triggered: Triggered
      readonly attempt: number
    })
  | (Common & {
      readonly status: 'ended'
      readonly endedAt: number
      /** `unmeasured`: its time was over, and there was no request to judge by. `refused`: it would have gone back, and could not. */
      readonly outcome: 'passed' | 'unmeasured' | 'rolled_back' | 'superseded' | 'refused'
      readonly detail: string
      readonly triggered: Triggered | null
      /** The rollout that takes the release back. */
      readonly rollback: RolloutId | null
    })
