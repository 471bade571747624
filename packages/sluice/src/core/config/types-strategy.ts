/** What a person writes in `sluice.config.ts` about how a release comes in, and about what is asked beside it. */
import type { Duration, Share } from './types.ts'

/** How a release comes in: the name of a strategy, or its settings. */
export type StrategyConfig =
  | StrategyKind
  | RollingConfig
  | BlueGreenConfig
  | CanaryConfig
  /** Stops the old release, then starts the new one; requests are held in between. */
  | { readonly kind: 'recreate' }

/** The names of the strategies. */
export type StrategyKind = 'rolling' | 'blueGreen' | 'canary' | 'recreate'

/** Replaces instances batch by batch. */
export type RollingConfig = {
  readonly kind: 'rolling'
  /** How many instances are replaced at once. */
  readonly batchSize?: number
  /** How many instances there may be beyond those wanted while batches are replaced; instead of `batchSize`. */
  readonly maxSurge?: AmountConfig
  /** How many of the instances wanted may be missing while batches are replaced; instead of `batchSize`. */
  readonly maxUnavailable?: AmountConfig
  /** Pause between two batches. */
  readonly pause?: Duration
  /** How many percent of the instances may fail to become healthy before the rollout is taken back. */
  readonly maxFailurePercent?: number
}

/** Starts the new release beside the old one and switches all traffic at once. */
export type BlueGreenConfig = {
  readonly kind: 'blueGreen'
  /** Requests that reach the new release before the switch, or the address where it is reached alone. */
  readonly preview?: readonly RouteConfig[] | PreviewConfig
  /** Whether a release may only come in verified: without a check of it before its traffic, the rollout fails. */
  readonly verify?: boolean
  /** Whether a person must say when to switch. */
  readonly approve?: boolean
  /** How long the new release is watched after the switch. */
  readonly bake?: Duration
  /** What stays on the old release after the switch, judged, then dropped; instead of `bake`. */
  readonly holdback?: Share | HoldbackConfig
  /** Whether the old instances stay up after the rollout, for an instant way back. */
  readonly keepPrevious?: boolean
}

/** Where the new release is seen before the switch. */
export type PreviewConfig = {
  /** Where the new release alone is reached until the switch: a port, or host and port. Nobody listens there at other times. */
  readonly listen: number | string
  /** Requests to the address of the environment that reach the new release before the switch. */
  readonly routes?: readonly RouteConfig[]
}

/** Gives the new release a growing share of the traffic while the judge compares. */
export type CanaryConfig = {
  readonly kind: 'canary'
  /** The shares on the way to 100 %, each a share or its settings. */
  readonly steps?: readonly (Share | CanaryStepConfig)[]
  /** What ends a share that is judged: its time, or proof that the new release is no worse. */
  readonly ramp?: 'time' | 'evidence'
  /** Whether a release may only come in verified: without a check of it before its traffic, the rollout fails. */
  readonly verify?: boolean
  /** How long the new release is watched at 100 %. */
  readonly bake?: Duration
  /** What stays on the old release after the switch, judged, then dropped; instead of `bake`. */
  readonly holdback?: Share | HoldbackConfig
  /** Whether the old instances stay up after the rollout, for an instant way back. */
  readonly keepPrevious?: boolean
}

/** One step of a canary. */
export type CanaryStepConfig = {
  /** Share of the traffic that the new release gets. At 0% it gets what `routes` and `mirror` say. */
  readonly share: Share
  /** How long this share lasts at least. */
  readonly bake?: Duration
  /** How many requests (or sticky clients) the new release must have answered at this share. */
  readonly unitsMin?: number
  /** How long this share lasts, with the judge in the background; instead of `bake` and `unitsMin`. */
  readonly pause?: Duration
  /** Whether a person must say that it goes on, instead of time and evidence. */
  readonly approve?: boolean
  /** How many instances of the new release there are at this share; never fewer than at the share before. */
  readonly scale?: AmountConfig
  /** Requests that reach the new release whatever its share; the judge does not count them. */
  readonly routes?: readonly RouteConfig[]
  /** Share of the old release's requests that is sent to the new one too; its answers are thrown away. */
  readonly mirror?: Share
  /** Whether the checks of the environment must pass against the new release at this share. */
  readonly verify?: boolean
}

/** What stays on the old release after the switch. */
export type HoldbackConfig = {
  /** Share of the traffic that the old release keeps. */
  readonly share: Share
  /** How long the old release keeps it. */
  readonly bake?: Duration
  /** How many requests (or sticky clients) the new release must have answered beside it. */
  readonly unitsMin?: number
}

/** A number of instances, or a percentage of those that a release has. */
export type AmountConfig = number | `${number}%`

/** Requests that are picked out; of a list, all parts must hold. */
export type RouteConfig = RouteMatchConfig | readonly RouteMatchConfig[]

/** What a request is picked out by. */
export type RouteMatchConfig = {
  /** Name of the request header to look at. */
  readonly header?: string
  /** Name of the cookie to look at. */
  readonly cookie?: string
  /** What its value must be. */
  readonly equals?: string
  /** What its value must begin with. */
  readonly startsWith?: string
}

/** Something outside that a rollout asks, and what no answer means. */
export type HookConfig = {
  /** Name of the hook. */
  readonly name: string
  /** When it is asked: before or after instances start, before or after each share of the traffic, before or after the switch to 100 %, or at the end of a way back. */
  readonly at:
    | 'before start'
    | 'after start'
    | 'before traffic'
    | 'after traffic'
    | 'before promotion'
    | 'after promotion'
    | 'revert'
  /** Address that is sent the question with POST, as JSON. */
  readonly url?: string
  /** Shell command that is asked, run in the directory of the project; 0 says yes, 75 says not finished. */
  readonly command?: string
  /** How long it may take until it says yes or no, however often it is asked. */
  readonly timeout?: Duration
  /** What no answer within the time means. */
  readonly onTimeout?: 'rollback' | 'continue' | 'pause'
}
