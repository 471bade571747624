/** What the API answers about going back: holds, incidents, watches and drills. See the header of `views.ts`. */
import type { RollbackReason } from '../../core/hold.ts'
import type { Actor } from '../../core/model.ts'
import type { ReleaseRef } from './views.ts'

/** Why a release may not be shipped. */
export type HoldView = {
  readonly reason: RollbackReason | null
  readonly detail: string
  readonly by: Actor
  readonly at: number
  /** Where it was rolled back; null when it was held by word. */
  readonly environment: string | null
}

/** An incident. */
export type IncidentView = {
  readonly id: string
  readonly status: 'open' | 'resolved'
  readonly service: string
  readonly environment: string
  readonly title: string
  readonly reason: RollbackReason | null
  /** The release at fault. */
  readonly release: ReleaseRef | null
  /** The rollout that takes it back. */
  readonly rollout: string | null
  readonly openedBy: Actor
  readonly openedAt: number
  /** When it was declared an emergency; null when it is none. */
  readonly emergencyAt: number | null
  readonly resolvedBy: Actor | null
  readonly resolvedAt: number | null
  readonly resolution: string | null
}

/** The watch over a release after its promotion. */
export type WatchView = {
  readonly status: 'watching' | 'returning' | 'ended'
  readonly outcome: 'passed' | 'unmeasured' | 'rolled_back' | 'superseded' | 'refused' | null
  readonly startedAt: number
  readonly endedAt: number | null
  /** Time that was really looked at; null once it is over. */
  readonly watchedMs: number | null
  readonly watchMs: number
  /** Triggers that are over their limit now. */
  readonly alarms: readonly { readonly trigger: string; readonly overMs: number }[]
  readonly triggered: { readonly trigger: string; readonly at: number; readonly detail: string } | null
  /** One sentence: how it stands, with the numbers. */
  readonly detail: string
  /** The rollout that takes the release back. */
  readonly rollback: string | null
}

/** One way of a drill. `tookMs`: from the command until all traffic was there. */
export type DrillLegView = {
  readonly rollout: string
  readonly tookMs: number
  readonly shareBp: number
  /** Answers that the release gave, as the data plane counted them, and how many were bad. */
  readonly requests: number
  readonly bad: number
  readonly observedAt: number
}

/** A rollback drill. */
export type DrillView = {
  readonly id: string
  readonly status: 'drilling' | 'ended'
  readonly phase: 'back' | 'dwell' | 'prove' | 'return' | null
  readonly outcome: 'passed' | 'failed' | 'stayed' | null
  readonly service: string
  readonly environment: string
  readonly serving: ReleaseRef
  readonly target: ReleaseRef
  readonly by: Actor
  readonly startedAt: number
  readonly endedAt: number | null
  readonly detail: string | null
  readonly back: DrillLegView | null
  readonly return: DrillLegView | null
}
