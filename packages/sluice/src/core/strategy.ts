/** How a release comes into an environment, as a team has configured it: the strategy with its stages, and the hooks that are asked around them. */
import type { ListenAddress, RouteMatch } from './routing.ts'

/** A number of instances: so many, or so many percent of those that a release has. */
export type Amount =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number }

/** What a stage of a canary may have besides its share. */
export type StageOptions = {
  /** Instances of the candidate at this stage; those of the stage before when absent, all of them if no stage says. */
  readonly scale?: Amount
  /** Requests that reach the candidate whatever the split: one of these must match, all parts of it. */
  readonly routes?: readonly (readonly RouteMatch[])[]
  /** Share of the stable release's requests that is sent to the candidate too. */
  readonly mirrorBp?: number
  /** The candidate is verified before the stage's time or evidence counts. */
  readonly verify?: true
}

/** One stage of a canary: a share, then evidence for as long as it takes, a time with the judge in the background, or a person's word. */
export type CanaryStep = StageOptions &
  (
    | { readonly kind: 'bake'; readonly shareBp: number; readonly bakeMs: number; readonly unitsMin: number }
    | { readonly kind: 'pause'; readonly shareBp: number; readonly pauseMs: number }
    | { readonly kind: 'approve'; readonly shareBp: number }
  )

/** What stays on the old release for a while after the switch, so that the judge still has somebody to compare with. */
export type Holdback = { readonly shareBp: number; readonly bakeMs: number; readonly unitsMin: number }

/** When a hook is asked: before or after a stage of the way forward, or at the end of the way back. */
export type HookMoment =
  | 'before start'
  | 'after start'
  | 'before traffic'
  | 'after traffic'
  | 'before promotion'
  | 'after promotion'
  | 'revert'

/** What a team has put beside its rollouts. */
export type HookTarget =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'command'; readonly command: string }

/** A question that a rollout asks of something outside, and what no answer means. */
export type Hook = {
  readonly name: string
  readonly at: HookMoment
  readonly target: HookTarget
  readonly timeoutMs: number
  readonly onTimeout: 'rollback' | 'continue' | 'pause'
}

/** How a release comes into an environment. A strategy is data; `core/rollout/strategies` turns it into steps. */
export type Strategy =
  | {
      readonly kind: 'rolling'
      readonly batchSize: number
      readonly pauseMs: number
      /** Of all instances, how many percent may fail to become healthy before the rollout reverts. */
      readonly maxFailurePercent: number
      /** Instead of `batchSize`: how many instances there may be beyond those wanted, and how many of those wanted may be missing. */
      readonly surge?: { readonly maxSurge: Amount; readonly maxUnavailable: Amount }
    }
  | {
      readonly kind: 'blueGreen'
      readonly bakeMs: number
      readonly keepPrevious: boolean
      /** Requests that reach green before the switch. */
      readonly preview?: readonly (readonly RouteMatch[])[]
      /** Where green alone is reached before the switch. */
      readonly previewListen?: ListenAddress
      /** Green is verified before the switch. */
      readonly verify?: true
      /** A person says when to switch. */
      readonly approve?: true
      readonly holdback?: Holdback
    }
  | {
      readonly kind: 'canary'
      readonly steps: readonly CanaryStep[]
      readonly bakeMs: number
      readonly keepPrevious: boolean
      /** A share lasts until the judge has proven the candidate no worse; shares that the exposure budget allows are passed over. */
      readonly ramp?: 'evidence'
      /** The candidate is verified before it gets traffic. */
      readonly verify?: true
      readonly holdback?: Holdback
    }
  | { readonly kind: 'recreate' }
