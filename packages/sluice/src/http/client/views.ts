/**
 * What the API answers: the wire types. Made from the domain by `present/`, checked against `http/schemas/` in tests, read by the client, the command line and
 * the dashboard. Times are epoch ms, shares basis points (10 000 = all traffic).
 */
import type { BrokenGlassView, LineView, RejectionView } from './governance-views.ts'
import type { AggregateKind } from '../../core/ledger/entry.ts'
import type { Actor, Artifact, Commit, EnvironmentSpec, FreezeWindow, Where } from '../../core/model.ts'
import type { ApartView, MaintenanceView } from './routing-views.ts'
import type { HoldView, WatchView } from './rollback-views.ts'

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

/** An environment as it stands. */
export type EnvironmentView = {
  readonly service: string
  readonly name: string
  readonly after: string | null
  readonly serving: (ReleaseRef & { readonly commit: Commit; readonly since: number }) | null
  readonly previous: ReleaseRef | null
  readonly live: RolloutView | null
  readonly lock: {
    readonly by: Actor
    readonly reason: string
    readonly at: number
    readonly until: number | null
  } | null
  readonly freezes: readonly (FreezeWindow & { readonly by: string })[]
  readonly approvals: readonly { readonly release: ReleaseRef; readonly by: Actor; readonly at: number }[]
  readonly rejections: readonly (RejectionView & { readonly release: ReleaseRef })[]
  /** Glass that was broken, newest first; red where nobody else has looked at it. */
  readonly brokenGlass: readonly BrokenGlassView[]
  /** Absent when there is none, and none is being ended. */
  readonly maintenance?: MaintenanceView
  readonly observed: ObservedView
  /** What its checks said when somebody had them made last; null when nobody did. */
  readonly verification: {
    readonly at: number
    readonly by: Actor
    readonly release: ReleaseRef
    readonly outcome: 'passed' | 'failed' | 'broken'
    readonly notPassed: readonly string[]
  } | null
  readonly history: readonly {
    readonly rollout: string
    readonly release: ReleaseRef
    readonly outcome: 'succeeded' | 'rolled_back'
    readonly at: number
  }[]
  /** What waits for its turn, in order. */
  readonly queue: readonly QueueEntryView[]
  /** How long what serves was seen to serve, where the next environment asks for it. */
  readonly soak: { readonly servedMs: number; readonly soakMs: number } | null
  /** An older release that a person chose; nothing goes past it by itself. */
  readonly pin: { readonly release: ReleaseRef; readonly by: Actor; readonly at: number } | null
}

/** A release that waits for its turn in an environment. */
export type QueueEntryView = {
  /** The rollout that it will be, when a person asked. */
  readonly id: string
  readonly release: ReleaseRef
  readonly purpose: 'deploy' | 'promote'
  readonly by: Actor
  readonly at: number
  readonly reason: string | null
  /** Why it still waits although it had its turn; null before. */
  readonly waits: { readonly detail: string; readonly lookAt: number | null } | null
}

/** Who holds an environment, and who waits for it. */
export type QueueView = {
  readonly environment: string
  readonly holder: {
    readonly rollout: string
    readonly release: ReleaseRef
    readonly by: Actor
    readonly since: number
  } | null
  readonly queue: readonly QueueEntryView[]
}

/** All environments of the service, in the order in which releases pass them. */
export type EnvironmentsView = {
  readonly service: string | null
  readonly environments: readonly EnvironmentView[]
  readonly line: LineView
  readonly now: number
}

/** What the checks of an environment said. */
export type VerificationView = {
  readonly environment: string
  readonly release: ReleaseRef
  readonly scope: 'candidate' | 'environment'
  /** `broken`: a check could not look, which is no pass. */
  readonly outcome: 'passed' | 'failed' | 'broken'
  readonly at: number
  readonly results: readonly {
    readonly name: string
    readonly outcome: 'passed' | 'failed' | 'broken'
    readonly detail: string
    readonly durationMs: number
    readonly evidence: readonly string[]
  }[]
}

/** A rollout that a request started or turned around, or that will be once it is its turn. */
export type StartedView = {
  readonly rollout: string
  readonly kind: 'started' | 'aborted' | 'queued'
  /** The incident that an emergency opened. */
  readonly incident?: string | undefined
}

/** A release. */
export type ReleaseView = ReleaseRef & {
  readonly service: string
  readonly commit: Commit
  readonly cutAt: number
  readonly cutBy: string
  readonly artifacts: readonly Artifact[]
  readonly environments: readonly string[]
  /** Environments that it serves now. */
  readonly serves: readonly string[]
  /** Why it may not be shipped; null when it may. */
  readonly hold: HoldView | null
}

/** A release with everything it fixes. Secret versions are in it, values never are. */
export type ReleaseDetailView = ReleaseView & {
  readonly start: { readonly command: string; readonly artifact: string }
  readonly migrations: readonly string[]
  /** What the gates of its run said; empty when it had none. */
  readonly gates: readonly { readonly gate: string; readonly status: 'pass' | 'waived' }[]
  readonly specs: readonly EnvironmentSpec[]
}

/** Whether a release is what its id says, and its artifacts what their digests say. */
export type ReleaseVerificationView = {
  readonly release: ReleaseRef
  readonly intact: boolean
  readonly artifacts: readonly {
    readonly name: string
    readonly digest: string
    readonly status: 'ok' | 'missing' | 'mismatch'
    /** Null when no run left any. */
    readonly provenance: {
      readonly status: 'verified' | 'refused'
      readonly detail: string | null
      /** SHA-256 of each key that signed. */
      readonly keys: readonly string[]
    } | null
  }[]
}

/** One row of the ledger. */
export type LedgerRowView = {
  readonly seq: number
  readonly key: { readonly kind: AggregateKind; readonly id: string }
  readonly version: number
  readonly type: string
  readonly form: number
  readonly at: number
  readonly actor: Actor
  readonly reason: string | null
  readonly body: unknown
  /** Its text was taken out: who, why and the body stand empty. */
  readonly isPruned?: true
  /** Where whoever asked was, as far as is known. */
  readonly where?: Where
  readonly previousHash: string
  readonly hash: string
}

/** Rows of the ledger in order; ask again with `after: next`. */
export type LedgerPageView = { readonly rows: readonly LedgerRowView[]; readonly next: number | null }

/** What checking the whole chain found. */
export type LedgerVerificationView =
  | {
      readonly status: 'whole'
      readonly rows: number
      readonly head: { readonly seq: number; readonly hash: string }
      /** Rows whose texts were taken out; absent where there are none. */
      readonly pruned?: number
    }
  | { readonly status: 'broken'; readonly seq: number; readonly why: string; readonly detail: string }

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
