/** What a release train is made of: releases of several services that go together, effects and events of its machine, and its states. */
import type { Override } from '../admission.ts'
import type { Actor, Fence, ReleaseId, RolloutId } from '../model.ts'
import type { Failure } from '../rollout/types.ts'

/** One release that goes with the train. */
export type TrainMember = { readonly service: string; readonly environment: string; readonly release: ReleaseId }

/** Everything decided before the first member moves. */
export type TrainPlan = {
  readonly members: readonly TrainMember[]
  /** `ordered`: one after the other, as they are listed. `parallel`: all at once. */
  readonly order: 'ordered' | 'parallel'
  /** What somebody passes over for every member, in so many words; absent for nothing. */
  readonly overrides?: readonly Override[]
}

/** Something to do for one member; `member` is its place in the plan. */
export type TrainAction =
  /** Its rollout is started, and waited for. */
  | { readonly kind: 'carry'; readonly member: number }
  /** Its rollout is turned around, if there is one and it still goes. */
  | { readonly kind: 'stop'; readonly member: number }
  /** What served before it serves again. */
  | (Tried & { readonly kind: 'return'; readonly member: number; readonly to: ReleaseId | null })

/** Ways back of a member that were tried and did not get there: the next one is another rollout. */
type Tried = {
  /** Absent for none. */
  readonly tries?: number
}

/** What arrived: its rollout, and what served before it. */
export type Arrived = Tried & { readonly rollout: RolloutId; readonly from: ReleaseId | null }

/** A thing to do in the world. Its key is the idempotency key of the rollout that it asks for. */
export type TrainEffect = {
  readonly sequence: number
  /** `<train>/<action>/<member>`: names the thing to do, not the attempt at it; one that somebody wants tried again is another thing, and has its number behind it. */
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: TrainAction
}

/** What became of it. */
export type TrainResult =
  | { readonly kind: 'arrived'; readonly rollout: RolloutId; readonly from: ReleaseId | null }
  | { readonly kind: 'not_arrived'; readonly rollout: RolloutId | null; readonly detail: string }
  | { readonly kind: 'returned'; readonly rollout: RolloutId | null; readonly detail: string }

/** Everything that can happen to a train; each accepted one is a ledger row. `at` is epoch ms. */
export type TrainEvent =
  | {
      readonly type: 'train_started'
      readonly at: number
      readonly id: string
      readonly plan: TrainPlan
      readonly by: Actor
    }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: TrainResult }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | {
      readonly type: 'abort_requested' | 'retry_requested'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
    }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

/** Where one member stands. */
export type MemberState =
  | { readonly status: 'waiting' }
  | { readonly status: 'moving'; readonly effect: TrainEffect }
  | (Arrived & { readonly status: 'arrived' })
  /** Taken back by its own rollout, or never let in. */
  | { readonly status: 'failed'; readonly rollout: RolloutId | null; readonly detail: string }
  | { readonly status: 'stopping'; readonly effect: TrainEffect }
  | {
      readonly status: 'returning'
      readonly effect: TrainEffect
      readonly rollout: RolloutId
      readonly from: ReleaseId | null
    }
  | { readonly status: 'returned'; readonly rollout: RolloutId; readonly detail: string }
  /** It could not be stopped or taken back: somebody must look. `arrived`: what is to be taken back; null when that is not known. */
  | { readonly status: 'stranded'; readonly detail: string; readonly arrived: Arrived | null }

/** Why a train went back. The first cause wins. */
export type TrainCause =
  | { readonly kind: 'member'; readonly member: number; readonly detail: string }
  | { readonly kind: 'command'; readonly by: Actor; readonly reason: string | null }

type Common = {
  readonly id: string
  /** The newest sequence issued. */
  readonly sequence: number
  readonly plan: TrainPlan
  readonly by: Actor
  readonly startedAt: number
  readonly members: readonly MemberState[]
}

/** A train. `parked`: members are stranded, and wait for somebody to say retry. */
export type TrainState =
  | { readonly status: 'absent' }
  | (Common & { readonly status: 'advancing' })
  | (Common & { readonly status: 'returning'; readonly cause: TrainCause })
  | (Common & { readonly status: 'parked'; readonly cause: TrainCause })
  | (Common & { readonly status: 'succeeded'; readonly settledAt: number })
  | (Common & { readonly status: 'rolled_back'; readonly settledAt: number; readonly cause: TrainCause })

/** A train that exists. */
export type Train = Exclude<TrainState, { status: 'absent' }>
