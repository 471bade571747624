/** What the API answers about environments: who serves, who waits, and what stands in the way. */
import type { Actor, Commit, FreezeWindow } from '../../core/model.ts'
import type { BrokenGlassView, LineView, RejectionView } from './governance-views.ts'
import type { MaintenanceView } from './routing-views.ts'
import type { TrainView } from './train-views.ts'
import type { HotfixView, ObservedView, ReleaseRef, RolloutView } from './views.ts'

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
  /** Null where nobody said that it is one. */
  readonly hotfix: HotfixView | null
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
  /** Release trains that are under way, or wait for somebody; absent for none. */
  readonly trains?: readonly TrainView[] | undefined
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
