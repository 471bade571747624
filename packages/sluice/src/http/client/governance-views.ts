/** What the API answers about approvals, the line, and changes. See the header of `views.ts`. */
import type { RefusalKind } from '../../core/admission.ts'
import type { Actor, Commit } from '../../core/model.ts'
import type { MigrationClass } from '../../core/point-of-no-return.ts'
import type { CauseView, HotfixView, ReleaseRef, RolloutView } from './views.ts'

/** A person's yes. */
export type ApprovalView = {
  readonly by: Actor
  readonly at: number
  readonly reason: string | null
  readonly groups: readonly string[]
}

/** A person's no. */
export type RejectionView = { readonly by: Actor; readonly at: number; readonly reason: string }

/** A demand of a policy. */
export type PolicyFindingView = {
  readonly policy: string
  readonly rule: 'gates' | 'verified' | 'soak' | 'who' | 'errorBudget' | 'slo'
  readonly met: boolean
  readonly detail: string
  /** What to do about it; empty when it is met. */
  readonly hint: string
}

/** A time in which nothing may come. */
export type ClosureView = {
  readonly from: number
  /** Null where no end is in sight. */
  readonly until: number | null
  readonly kind: 'allow' | 'deny'
  readonly reason: string
  readonly policy: string | null
}

/** What a release changes. Names only: no value of a variable, no secret. */
export type ChangedView = {
  /** Newest first; null where the source does not know. */
  readonly commits: readonly Commit[] | null
  readonly migrations: readonly { readonly name: string; readonly class: MigrationClass }[]
  readonly config: readonly string[]
  readonly secrets: readonly string[]
  /** Feature flags that its code reads and the code before did not, or the other way round. */
  readonly flags: readonly { readonly name: string; readonly change: 'added' | 'removed' }[]
}

/** What speaks for a release. */
export type ReleaseEvidenceView = {
  readonly run: string
  readonly gates: readonly { readonly gate: string; readonly status: 'pass' | 'waived' }[]
  /** How long the environment before has served it, ms; null where nobody counts. */
  readonly soakedMs: number | null
}

/** Something that waits for a yes. */
export type PendingView = {
  readonly id: string
  /** `rollout`: a step of a live one. `queued`: somebody asked for it. `candidate`: the environment before serves it, and nobody has asked yet. */
  readonly kind: 'rollout' | 'queued' | 'candidate'
  readonly environment: string
  readonly from: ReleaseRef | null
  readonly release: ReleaseRef
  readonly commit: Commit
  readonly requestedBy: Actor | null
  readonly since: number
  readonly asked: {
    readonly count: number
    readonly groups: readonly { readonly group: string; readonly count: number }[]
    /** Policies whose error budget is spent, and that wait for a yes because of it. */
    readonly budgets: readonly string[]
    /** Who cannot say yes to it, and why. */
    readonly notBy: readonly { readonly who: string; readonly why: string }[]
  }
  readonly given: readonly ApprovalView[]
  /** Given, and why it does not count. */
  readonly void: readonly { readonly by: Actor; readonly why: string }[]
  /** In words: what is missing. */
  readonly missing: string
  /** When the first of those given runs out; null where none does. */
  readonly expiresAt: number | null
  readonly rejections: readonly RejectionView[]
  /** What else is in the way. */
  readonly refusals: readonly { readonly kind: RefusalKind; readonly detail: string; readonly hint: string }[]
  readonly policies: readonly PolicyFindingView[]
  readonly changes: ChangedView
  readonly evidence: ReleaseEvidenceView
  /** What a no does. */
  readonly ifRejected: string
}

/** The inbox. */
export type ApprovalsView = { readonly items: readonly PendingView[]; readonly now: number }

/** Whether anything may go forward. */
export type LineView = {
  readonly status: 'running' | 'stopped'
  readonly by: Actor | null
  readonly at: number | null
  readonly reason: string | null
  /** What a stop just paused or turned back; empty otherwise. */
  readonly rollouts: readonly string[]
}

/** A broken glass. */
export type BrokenGlassView = {
  readonly rollout: string
  readonly release: ReleaseRef
  readonly by: Actor
  readonly at: number
  readonly reason: string
  /** The refusals that it went past. */
  readonly passed: readonly string[]
  /** Null until somebody else has looked at it, and where that is so long ago that only the ledger knows. */
  readonly review: { readonly by: Actor; readonly at: number; readonly reason: string } | null
}

/** A change in a list. */
export type ChangeView = {
  readonly id: string
  readonly rollout: string
  readonly service: string
  readonly environment: string
  readonly team: string | null
  readonly from: ReleaseRef | null
  readonly to: ReleaseRef
  readonly purpose: RolloutView['purpose']
  readonly status: RolloutView['status']
  readonly requestedBy: Actor
  readonly startedAt: number
  readonly settledAt: number | null
  readonly risk: { readonly level: 'low' | 'medium' | 'high'; readonly reasons: readonly string[] }
  readonly approvals: readonly ApprovalView[]
  readonly breakGlass: BrokenGlassView | null
  /** Somebody said that it is a hotfix, and of which rollouts; null where nobody did. */
  readonly hotfix: HotfixView | null
  /** The glass was broken, and nobody else has looked at it yet. */
  readonly red: boolean
}

/** A change with everything that is on record. */
export type ChangeDetailView = ChangeView & {
  readonly commit: Commit | null
  readonly author: string | null
  readonly triggeredBy: string | null
  /** Policies that it met. */
  readonly policies: readonly string[]
  readonly changes: Omit<ChangedView, 'commits'>
  readonly validation: {
    readonly gates: readonly { readonly gate: string; readonly status: 'pass' | 'waived' }[]
    /** Steps that look before they let it on, in words. */
    readonly steps: readonly string[]
    /** What the judge said last; null where it had nothing to say. */
    readonly verdict: string | null
  }
  readonly rollbackPlan: {
    readonly to: ReleaseRef | null
    readonly steps: readonly string[]
    /** Contract migrations after which there is no way back. */
    readonly pointOfNoReturn: readonly string[]
  }
  /** Why it ended as it did; null while it goes well. */
  readonly cause: CauseView | null
}
