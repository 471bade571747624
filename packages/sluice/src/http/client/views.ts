/**
 * What the API answers: the wire types. Made from the domain by `present/`, checked against `http/schemas/` in tests, read by the client, the command line and
 * the dashboard. Times are epoch ms, shares basis points (10 000 = all traffic).
 */
import type { Actor, Commit, EnvironmentSpec } from '../../core/model.ts'
import type { ApartView } from './routing-views.ts'
import type { WatchView } from './rollback-views.ts'

/** A release by its id and the version that people know it by. */
export type ReleaseRef = { readonly id: string; readonly version: string }

/** One page, newest first; `next` is the cursor of the page after it. */
export type PageView<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** The control plane itself. */
export type ServerView = {
  readonly version: string
  readonly pid: number
  readonly startedAt: number
  /** The service it delivers; null before anything is configured. */
  readonly service: string | null
  readonly projectDir: string
  readonly stateDir: string
}

/** What one arm of a route has served, as the data plane counted it. */
export type ArmView = {
  readonly arm: 'stable' | 'candidate' | 'holdback'
  readonly release: ReleaseRef
  readonly shareBp: number
  readonly upstreams: number
  readonly requests: number
  readonly bad: number
  readonly units: number
  readonly badUnits: number
  readonly inFlight: number
  /** Upper bound of the latency bucket that holds the quantile; null without requests, or beyond the last bound. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

/** What the data plane shows. */
export type TrafficView = {
  readonly listen: { readonly host: string; readonly port: number }
  readonly arms: readonly ArmView[]
  readonly paused: boolean
  /** Natural log of the evidence against the candidate; null when no tripwire is armed. */
  readonly logE: number | null
  /** Where the tripwire cuts, natural log; null when none is armed. */
  readonly limitLogE: number | null
  /** What the tripwire saw when it cut; null while it did not. */
  readonly trip: VerdictView | null
  readonly observedAt: number
  /** Requests that are no sample for the judge, and why; absent where nothing of the kind is configured. */
  readonly apart?: readonly ApartView[]
}

/** A running copy of a release, as its driver observed it. */
export type InstanceView = {
  readonly id: string
  readonly release: ReleaseRef
  readonly index: number
  readonly host: string
  readonly port: number
  readonly status: 'starting' | 'running' | 'exited'
  readonly restarts: number
}

/** What is there now: null where it could not be observed. */
export type ObservedView = {
  readonly traffic: TrafficView | null
  readonly instances: readonly InstanceView[] | null
}

/** The numbers of one judgement. */
export type VerdictView = {
  readonly verdict: 'pass' | 'fail' | 'hold' | 'broken'
  readonly at: number
  readonly logE: number
  readonly shareBp: number
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
  readonly detail: string
  /** The metric that speaks most against the candidate. */
  readonly metric?: string
  /** What each metric says, where there are several. */
  readonly metrics?: readonly MetricEvidenceView[]
  /** Whether the candidate is proven good, and by which bounds; where the policy asks for a proof. */
  readonly proven?: boolean
  readonly bounds?: readonly {
    readonly metric: string
    readonly ratioUpper: number | null
    readonly rateUpper: number
  }[]
  /** The largest share that the exposure budget allows next, basis points. */
  readonly nextShareBp?: number
  /** What a metric source or an external judge said, where that decided. */
  readonly outside?: string
}

/** What one metric says. */
export type MetricEvidenceView = {
  readonly metric: string
  readonly logE: number
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
}

/** Why a rollout turned back, paused or was set aside; why a run did not succeed. */
export type CauseView = {
  readonly kind: string
  /** One sentence with the values. */
  readonly text: string
  /** `SLU-nnnn`, where an error is behind it. */
  readonly code: string | null
  /** Last lines of the failing thing's log. */
  readonly evidence: readonly string[]
}

/** One step of a plan. */
export type StepView = {
  readonly index: number
  readonly kind: string
  readonly text: string
  readonly status: 'done' | 'current' | 'waiting' | 'failed' | 'not_reached'
}

/** Where the current step stands. */
export type StageView = {
  readonly kind: 'performing' | 'backing_off' | 'resting' | 'awaiting' | 'asking' | 'ready'
  readonly text: string
  readonly attempt: number | null
  /** When it is tried again or given up, or when its time is over. */
  readonly until: number | null
}

/** A rollout as it stands. */
export type RolloutView = {
  readonly id: string
  readonly service: string
  readonly environment: string
  readonly status: 'advancing' | 'reverting' | 'succeeded' | 'rolled_back' | 'parked'
  readonly purpose: 'deploy' | 'promote' | 'rollback'
  readonly strategy: string
  readonly from: ReleaseRef | null
  readonly to: ReleaseRef
  /** The commit of `to`; null when that release is no longer stored. */
  readonly commit: Commit | null
  readonly by: Actor
  /** Null where nobody said that it is one. */
  readonly hotfix: HotfixView | null
  readonly startedAt: number
  readonly settledAt: number | null
  readonly paused: CauseView | null
  readonly cause: CauseView | null
  readonly stage: StageView | null
  readonly lastVerdict: VerdictView | null
  /** Where the judge stops it, natural log of the evidence. */
  readonly limitLogE: number
  /** Candidate instances held for unhealthy. */
  readonly unhealthy: readonly string[]
}

/** That somebody said that it is a hotfix, and the rollouts that it makes good; empty where none was named. */
export type HotfixView = { readonly remediates: readonly string[] }

/** A rollout with its plan and, while it is live, what is observed. */
export type RolloutDetailView = RolloutView & {
  readonly steps: readonly StepView[]
  /** The steps of the way back that was taken; empty while it goes forward. */
  readonly wayBack: readonly StepView[]
  readonly observed: ObservedView | null
  /** The watch over the release since it was promoted; null where nothing is watched. */
  readonly watch: WatchView | null
  /** The rollback that took the release out again after it had succeeded. */
  readonly takenBackBy: string | null
  /** The server's clock, so that elapsed times need no second one. */
  readonly now: number
}

/** One measurement of a rollout. */
export type EvidencePoint = VerdictView & { readonly seq: number }

/** The answer to why. */
export type WhyView = {
  readonly rollout: RolloutView
  /** One sentence: what decided, with the numbers. */
  readonly summary: string
  readonly watch: WatchView | null
  readonly takenBackBy: string | null
  /** Contract migrations that came with it: going back behind them is refused. */
  readonly pointOfNoReturn: readonly string[]
  /** The measurement that decided; null when no measurement did. */
  readonly deciding: EvidencePoint | null
  readonly metric: string
  readonly policy: EnvironmentSpec['judge']
  /** Evidence over time, from the ledger; measurements without traffic between two arms are left out. */
  readonly curve: readonly EvidencePoint[]
  /** Ledger rows that tell the story, in order. */
  readonly story: readonly {
    readonly seq: number
    readonly at: number
    readonly who: string
    readonly text: string
  }[]
}

/** A rollout that a request started or turned around, or that will be once it is its turn. */
export type StartedView = {
  readonly rollout: string
  readonly kind: 'started' | 'aborted' | 'queued'
  /** The incident that an emergency opened. */
  readonly incident?: string | undefined
}

/** An answer of a health route. */
export type HealthView = { readonly status: 'ok' | 'unavailable'; readonly detail: string }

/** An error on the wire: RFC 9457 problem details, with Sluice's own members. */
export type ProblemView = {
  /** `https` is not needed to read it: the code says it, and `sluice explain` knows it. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** `SLU-nnnn`. */
  readonly code: string
  /** The name of the code in the error table. */
  readonly name: string
  readonly retry: 'never' | 'same' | 'later'
  readonly hint: string | null
  readonly evidence: readonly string[]
}
