/** What a rollout is made of: steps and plans as data, effects and events of its machine, and its states. */
import type { ErrorCode, Retry } from '../errors.ts'
import type { MetricEvidence } from '../judge/assess.ts'
import type { JudgeStatistics } from '../judge/statistics.ts'
import type { OutsideReadings, OutsideState } from '../judge/outside/types.ts'
import type { RolloutGovernance } from '../governance/types.ts'
import type { DrillWay, Onward } from '../promotion.ts'
import type { Actor, EnvironmentSpec, Fence, ReleaseId, RolloutId } from '../model.ts'
import type { HookTarget } from '../strategy.ts'
import type { ArmName, ListenAddress, RouteRule } from '../routing.ts'
import type { VerificationReport, VerificationScope } from '../verification/types.ts'

/** A release's side of a shift: how much of the traffic, over its instances 0 … count − 1. */
export type Share = {
  readonly arm: ArmName
  readonly release: ReleaseId
  readonly shareBp: number
  readonly count: number
}

/** One step of a rollout, as data. Each says a desired state, so that doing it twice is doing it once. */
export type Step =
  | { readonly kind: 'start'; readonly release: ReleaseId; readonly count: number }
  /** The router itself gets good answers from instances 0 … count − 1; at most `failuresMax` may fail. */
  | { readonly kind: 'probe'; readonly release: ReleaseId; readonly count: number; readonly failuresMax: number }
  /**
   * Shares sum to 10 000; one of 0 is reached by `rules` alone. Empty, they hold requests for a bounded time (`hold`) or close the listener
   * (`close`).
   */
  | {
      readonly kind: 'shift'
      readonly shares: readonly Share[]
      readonly whenEmpty: 'hold' | 'close'
      readonly rules?: readonly RouteRule[]
      readonly mirror?: { readonly shareBp: number; readonly release: ReleaseId; readonly count: number }
      /** Where the candidate alone is reached for as long as this split is in force. */
      readonly preview?: ListenAddress
    }
  /**
   * Evidence at the present shares, for `bakeMs` at least and until `unitsMin` candidate units were seen; with `until`, for as long as the
   * judge needs to prove the candidate no worse, and never by time alone.
   */
  | { readonly kind: 'judge'; readonly bakeMs: number; readonly unitsMin: number; readonly until?: 'proven' }
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: string }
  /** On the way back, a rollout that its config holds for a person; see `onFail`. */
  | { readonly kind: 'approve'; readonly approvals: number; readonly reason: string }
  /** Every check of that scope passes against instances 0 … count − 1. */
  | {
      readonly kind: 'verify'
      readonly release: ReleaseId
      readonly count: number
      readonly scope: VerificationScope
      /** Looked at too: the address where the router serves the release alone. */
      readonly through?: ListenAddress
    }
  /** Something outside says yes, within `timeoutMs`. A hook of the moment `revert` is told and never heeded. */
  | {
      readonly kind: 'hook'
      readonly name: string
      readonly moment: 'before' | 'after' | 'revert'
      /** The stage it belongs to: `start/2`, `traffic/500`, `promotion`, `revert`. */
      readonly stage: string
      readonly target: HookTarget
      readonly timeoutMs: number
      readonly onTimeout: 'rollback' | 'continue' | 'pause'
    }
  /** Nothing in flight to the release's instances from index `keep` on. */
  | { readonly kind: 'drain'; readonly release: ReleaseId; readonly keep: number }
  | { readonly kind: 'retire'; readonly release: ReleaseId; readonly keep: number }

/** A step that the engine performs in the world; the others are the machine's own waiting. */
export type Action = Extract<Step, { kind: 'start' | 'probe' | 'shift' | 'drain' | 'retire' | 'verify' | 'hook' }>

/** Why a rollout exists. A rollback is a rollout whose plan is only the way back. */
export type Purpose = 'deploy' | 'promote' | 'rollback'

/** What was not planned: it makes good what users suffer from. `remediates`: the rollouts that it makes good; empty where nobody named any. */
export type Hotfix = { readonly remediates: readonly RolloutId[] }

/** Everything decided before the first step, frozen into the rollout. */
export type RolloutPlan = {
  readonly purpose: Purpose
  readonly strategy: string
  readonly service: string
  readonly from: ReleaseId | null
  readonly to: ReleaseId
  readonly steps: readonly Step[]
  readonly revert: {
    /** While every instance of `from` is still up. */
    readonly warm: readonly Step[]
    /** Once some of them were retired (or do not answer). */
    readonly cold: readonly Step[]
  }
  /** The environment as the new release resolves it. */
  readonly spec: EnvironmentSpec
  /** The environment as the old release resolves it; what a revert restores. */
  readonly fromSpec: EnvironmentSpec | null
  /** Candidate instances that may be unhealthy at once before the rollout turns back. */
  readonly unhealthyMax: number
  /** Where the release may go from here, and after how long; absent unless an environment asks. */
  readonly onward?: Onward
  /** The release is older than the one that it replaces, in an environment that takes releases by itself. */
  readonly isBackward?: true
  /** Set for a way of a rollback drill. */
  readonly drill?: DrillWay
  /** Somebody said that it is a hotfix; absent where nobody did. It changes no step and passes nothing over. */
  readonly hotfix?: Hotfix
}

/** Why a rollout turned back, paused or ended. First cause wins; later ones are in the ledger. */
export type Cause =
  | {
      readonly kind: 'command'
      readonly command: 'abort' | 'pause' | 'superseded' | 'reject'
      readonly by: Actor
      readonly reason: string | null
    }
  | { readonly kind: 'tripped' | 'judged'; readonly verdict: VerdictRecord }
  | { readonly kind: 'broken'; readonly detail: string }
  | { readonly kind: 'unhealthy'; readonly instances: readonly string[]; readonly detail: string }
  | { readonly kind: 'step_failed'; readonly step: string; readonly failure: Failure }
  | { readonly kind: 'deadline'; readonly step: string; readonly afterMs: number }
  | { readonly kind: 'parked'; readonly detail: string }
  /** The window in which it may go on has closed; `until` is null where no end is in sight. */
  | { readonly kind: 'window'; readonly detail: string; readonly until: number | null }

/** What went wrong with an effect. */
export type Failure = {
  readonly code: ErrorCode
  readonly retry: Retry
  readonly detail: string
  readonly evidence: readonly string[]
}

/** The judge's numbers behind a verdict; what `sluice why` shows. */
export type VerdictRecord = {
  readonly verdict: 'pass' | 'fail' | 'hold' | 'broken'
  readonly at: number
  readonly logE: number
  readonly shareBp: number
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
  readonly detail: string
  /** The metric that speaks most against the candidate; absent where the source counts errors only. */
  readonly metric?: string
  /** What each metric says; absent where there is only one. */
  readonly metrics?: readonly MetricEvidence[]
  /** Whether every metric is proven good, and the bounds that say so; absent where the policy asks for no proof. */
  readonly proven?: boolean
  readonly bounds?: readonly Bounds[]
  /** The largest share of the traffic that the exposure budget allows next, basis points; absent where there is no budget. */
  readonly nextShareBp?: number
  /** What a source outside the data plane said, where that decided; absent where the data plane's own counts did. */
  readonly outside?: string
}

/** How much worse than stable a metric of the candidate can be (null: nothing can be said), and how bad by itself (0–1). */
export type Bounds = { readonly metric: string; readonly ratioUpper: number | null; readonly rateUpper: number }

/** A thing to do in the world. `sequence` numbers every issue; a result must carry it back. */
export type RolloutEffect = {
  readonly sequence: number
  /** `<rollout>/<phase>/<step>/<what>`: names the thing to do, not the attempt at it. */
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: Action | { readonly kind: 'measure' }
}

/** What a performed effect gave. Unlisted actions give nothing worth keeping. */
export type EffectResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'probed'; readonly healthy: number; readonly detail: string; readonly evidence: readonly string[] }
  | {
      readonly kind: 'measured'
      readonly logE: number | null
      readonly shareBp: number
      readonly candidate: { readonly units: number; readonly badUnits: number }
      readonly stable: { readonly units: number; readonly badUnits: number }
      readonly tripped: boolean
      /** When the source says the numbers are from. */
      readonly observedAt: number
      /** Everything the judge has seen, where the source keeps it: all metrics, by share. */
      readonly statistics?: JudgeStatistics
      /** What sources outside the data plane said; absent when none was asked. */
      readonly outside?: OutsideReadings
    }
  | { readonly kind: 'verified'; readonly report: VerificationReport }
  | { readonly kind: 'answered'; readonly answer: HookAnswer }

/** What a hook says. `in_progress` is asked again after `retryAfterMs`. */
export type HookAnswer =
  | { readonly status: 'succeeded'; readonly detail: string }
  | { readonly status: 'failed'; readonly detail: string; readonly evidence: readonly string[] }
  | { readonly status: 'in_progress'; readonly detail: string; readonly retryAfterMs: number }

/** Everything that can happen to a rollout; each accepted one is a ledger row. `at` is epoch ms. */
export type RolloutEvent =
  | {
      readonly type: 'rollout_started'
      readonly at: number
      readonly id: RolloutId
      readonly token: number
      readonly plan: RolloutPlan
      readonly by: Actor
      readonly governance?: RolloutGovernance
    }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: EffectResult }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'tripped'; readonly at: number; readonly verdict: VerdictRecord }
  | {
      readonly type: 'instance_health_changed'
      readonly at: number
      readonly instance: string
      readonly release: ReleaseId
      readonly healthy: boolean
    }
  | { readonly type: 'time_passed'; readonly at: number }
  | {
      readonly type: 'approved'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
      /** The groups that the person was in; absent for none. */
      readonly groups?: readonly string[]
    }
  /** A person's no to a rollout that waits for a yes. */
  | { readonly type: 'rejected'; readonly at: number; readonly by: Actor; readonly reason: string }
  | {
      readonly type:
        | 'abort_requested'
        | 'pause_requested'
        | 'resume_requested'
        | 'skip_requested'
        | 'promote_requested'
        | 'retry_requested'
      readonly at: number
      readonly by: Actor
      readonly reason: string | null
    }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }
  /** A newer rollout has taken over: its plan begins with all traffic on `from`, and clears up after this one. */
  | { readonly type: 'superseded'; readonly at: number; readonly by: Actor; readonly successor: RolloutId }

/** Where the current step stands. */
export type Stage =
  | {
      readonly kind: 'performing'
      readonly effect: RolloutEffect
      readonly attempt: number
      readonly deadlineAt: number
    }
  | { readonly kind: 'backing_off'; readonly attempt: number; readonly until: number; readonly last: Failure }
  /** Time accrues in bounded portions, so that neither a clock jump nor downtime counts as soak. */
  | { readonly kind: 'resting'; readonly elapsedMs: number; readonly since: number; readonly nextAt: number }
  | {
      readonly kind: 'awaiting'
      readonly approvals: readonly string[]
      /** By name, the groups of those who said yes; absent while none was in any. */
      readonly groups?: Readonly<Record<string, readonly string[]>>
    }
  /** A hook said that it is not finished; it is asked again at `until`. */
  | { readonly kind: 'asking'; readonly until: number; readonly retryAfterMs: number; readonly detail: string }
  /** The step is over or not begun, and the rollout is paused. */
  | { readonly kind: 'ready' }

/** The judge's own lane; runs beside the step whenever two arms have traffic, paused or not. */
export type Guard =
  | { readonly kind: 'off' }
  | { readonly kind: 'due'; readonly at: number; readonly silentSince: number | null }
  | {
      readonly kind: 'measuring'
      readonly effect: RolloutEffect
      readonly deadlineAt: number
      readonly silentSince: number | null
    }

type Common = {
  readonly id: RolloutId
  readonly token: number
  /** The newest sequence issued. */
  readonly sequence: number
  readonly plan: RolloutPlan
  readonly startedAt: number
  readonly by: Actor
  /** What governs it beside its plan; absent where nothing does. */
  readonly governance?: RolloutGovernance
  /** Last time a step was finished; the progress deadline counts from here. */
  readonly progressAt: number
  readonly lastVerdict: VerdictRecord | null
  /** What is known from outside the data plane; absent while nobody was asked. */
  readonly outside?: OutsideState
  /** Instances of the candidate that the data plane holds for unhealthy. */
  readonly unhealthy: readonly string[]
}

/** A rollout. A field exists only in the status where it means something. */
export type RolloutState =
  | { readonly status: 'absent' }
  | (Common & {
      readonly status: 'advancing'
      readonly index: number
      readonly stage: Stage
      readonly guard: Guard
      readonly paused: Cause | null
      /** Waits, judgements and approvals are passed over: somebody said promote. */
      readonly hurried: Actor | null
      /** Whether `from` is still complete; decides the way back. */
      readonly warm: boolean
    })
  | (Common & {
      readonly status: 'reverting'
      readonly index: number
      readonly stage: Stage
      readonly route: 'warm' | 'cold'
      readonly cause: Cause
    })
  | (Common & { readonly status: 'succeeded'; readonly settledAt: number; readonly hurried: Actor | null })
  | (Common & { readonly status: 'rolled_back'; readonly settledAt: number; readonly cause: Cause })
  | (Common & { readonly status: 'parked'; readonly cause: Cause; readonly resume: ParkedAt })

/** Where a parked rollout takes up again when somebody says retry. */
export type ParkedAt =
  | { readonly direction: 'forward'; readonly index: number; readonly warm: boolean }
  | { readonly direction: 'back'; readonly index: number; readonly route: 'warm' | 'cold'; readonly cause: Cause }
