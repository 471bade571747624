/** What a rollback drill is made of. Start here, then `machine.ts`. */
import type { Lane } from '../lane.ts'
import type { Actor, Fence, ReleaseId, RolloutId } from '../model.ts'
import type { Failure } from '../rollout/types.ts'

declare const brand: unique symbol
/** `drl_…`. */
export type DrillId = string & { readonly [brand]: 'DrillId' }

/** Parser of a drill id; throws TypeError on any other text. */
export const drillId = (text: string): DrillId => {
  if (!/^drl_[0-9a-z]+$/.test(text)) throw new TypeError(`not a drill id: ${JSON.stringify(text)}`)
  return text as DrillId
}

/** Everything decided before the first step. */
export type DrillPlan = {
  readonly id: DrillId
  readonly service: string
  readonly environment: string
  /** What serves, and what the drill returns to. */
  readonly serving: ReleaseId
  /** Where it goes back to. */
  readonly target: ReleaseId
  /** How long the target serves before the return, milliseconds. */
  readonly dwellMs: number
  readonly by: Actor
}

/** What the data plane showed of the release that was to serve. */
export type DrillProof = {
  readonly release: ReleaseId
  /** Of the traffic, in basis points; 10 000 when all of it goes there. */
  readonly shareBp: number
  /** Answers it has given since its arm came into the route, and how many of them were bad. */
  readonly requests: number
  readonly bad: number
  /** Epoch ms. */
  readonly observedAt: number
}

/** One way of the drill, done. `tookMs`: from the command to what the data plane showed. */
export type DrillLeg = {
  readonly rollout: RolloutId
  readonly tookMs: number
  readonly proof: DrillProof
}

/** A thing to do for a drill. */
export type DrillEffect = {
  readonly sequence: number
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action:
    | { readonly kind: 'go'; readonly to: ReleaseId; readonly from: ReleaseId }
    | { readonly kind: 'prove'; readonly release: ReleaseId }
}

/** What a performed effect gave. */
export type DrillResult =
  | { readonly kind: 'went'; readonly leg: DrillLeg }
  | { readonly kind: 'proved'; readonly proof: DrillProof }
  /** The rollout came back, was refused, or something else serves by now. */
  | { readonly kind: 'failed'; readonly detail: string }

/** Everything that can happen to a drill. `at` is epoch ms. */
export type DrillEvent =
  | { readonly type: 'drill_started'; readonly at: number; readonly plan: DrillPlan }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: DrillResult }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  /** The rollback became real: the drill ends, and what it went back to stays. */
  | { readonly type: 'stay_requested'; readonly at: number; readonly by: Actor; readonly reason: string | null }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

/** Which part of the drill. */
export type DrillPhase = 'back' | 'dwell' | 'prove' | 'return'

type Common = { readonly plan: DrillPlan; readonly startedAt: number; readonly sequence: number }

/** A drill. A field exists only in the status where it means something. */
export type DrillState =
  | { readonly status: 'absent' }
  | (Common & {
      readonly status: 'drilling'
      readonly phase: DrillPhase
      readonly lane: Lane<DrillEffect>
      readonly attempt: number
      /** The way back, once it was gone; null before. */
      readonly back: DrillLeg | null
    })
  | (Common & {
      readonly status: 'ended'
      readonly endedAt: number
      /** `stayed`: somebody wanted the rollback itself while it was drilled. */
      readonly outcome: 'passed' | 'failed' | 'stayed'
      readonly detail: string
      readonly back: DrillLeg | null
      readonly return: DrillLeg | null
    })
