/** What an environment asks beside the judge: who says yes, when releases may come, and what must be so before. Data of a release; every part is absent unless configured. */
import type { Actor, ReleaseId } from '../model.ts'
import type { SloRule } from './slo.ts'

/** So many of the approvals must come from members of a group. One person in two groups counts for both. */
export type GroupQuorum = { readonly group: string; readonly count: number }

/** A recurring time in which releases may come (`allow`) or may not (`deny`), after RFC 5545. */
export type WindowRule = {
  readonly effect: 'allow' | 'deny'
  /** DTSTART: the first beginning, local time of `zone`, `2026-01-02T18:00:00`. */
  readonly start: string
  /** IANA name of the time zone. */
  readonly zone: string
  /** The value of an RRULE: `FREQ=WEEKLY;BYDAY=FR`. Null: once. */
  readonly repeat: string | null
  /** How long it lasts: calendar days of the zone first, then exact milliseconds (RFC 5545, 3.3.6). */
  readonly lastsDays: number
  readonly lastsMs: number
  readonly reason: string
  /** The policy that asks for it; absent for the environment itself. */
  readonly policy?: string
}

/** What becomes of a rollout that is under way when its window closes; absent, it is finished. */
export type OverrunPolicy = 'pause' | 'abort'

/** A rule that somebody wrote down by name: what must be so before a release may come. Every field that is there must hold. */
export type Policy = {
  readonly name: string
  /** Gates of the run that must have passed; a waived one does not count. */
  readonly gates?: readonly string[]
  /** The checks of the environment before must have passed for this release. */
  readonly verified?: true
  /** How long the environment before must have served it, ms. */
  readonly soakMs?: number
  /** Who may ask for a rollout: a member of one of the groups, or one of the people. */
  readonly who?: { readonly groups: readonly string[]; readonly people: readonly string[] }
  /** Releases that were taken back here within a time; once `rollbacks` were, nothing new comes until one of them is past. */
  readonly errorBudget?: { readonly rollbacks: number; readonly withinMs: number }
  /** An objective over requests; once its error budget is spent, or nobody can say, nothing new comes. */
  readonly slo?: SloRule
}

/** All of it, as an environment of a release carries it. */
export type GovernanceSpec = {
  readonly groups?: readonly GroupQuorum[]
  /** Whoever wrote, built or asks for a release may approve it. */
  readonly selfApproval?: 'allowed'
  readonly windows?: readonly WindowRule[]
  readonly overrun?: OverrunPolicy
  readonly policies?: readonly Policy[]
}

/** A person's word for one exact release. */
export type Approval = {
  readonly release: ReleaseId
  readonly by: Actor
  readonly at: number
  readonly reason: string | null
  /** The groups that the person was in then; absent for none. */
  readonly groups?: readonly string[]
}

/** A person's word against one exact release. It stands until that person approves. */
export type Rejection = Pick<Approval, 'release' | 'by' | 'at'> & { readonly reason: string }

/** A time in which nothing may come; `until` is null where no end is in sight. */
export type Closure = {
  readonly from: number
  readonly until: number | null
  /** `deny`: in a deny window; `allow`: outside of every allow window. */
  readonly kind: WindowRule['effect']
  readonly reason: string
  readonly policy?: string
}

/** Who has a stake in a release, in the words in which each is known; their own approval does not count. */
export type Stakes = {
  /** As the commit says it: `Ada <ada@example.com>`. */
  readonly author: string
  /** Who started the run that cut it; null when that is not known. */
  readonly triggeredBy: string | null
  /** Who asks for the rollout; null before anybody did. */
  readonly requestedBy: string | null
}

/** Whoever breaks the glass goes past these refusals, for a reason, and the record stays red until somebody else has reviewed it. */
export type BreakGlass = {
  readonly by: Actor
  readonly at: number
  readonly reason: string
  /** The refusals that it went past. */
  readonly passed: readonly string[]
}

/** A broken glass as an environment remembers it. */
export type BrokenGlass = BreakGlass & {
  readonly rollout: string
  readonly release: ReleaseId
  /** Absent until somebody else has looked at it. */
  readonly review?: { readonly by: Actor; readonly at: number; readonly reason: string }
}

/** What governs a rollout, frozen when it was let in; absent where nothing does. */
export type RolloutGovernance = {
  /** Whose yes to one of its steps does not count. */
  readonly stakes?: Stakes
  readonly groups?: readonly GroupQuorum[]
  /** The words that let it in. */
  readonly approvals?: readonly Approval[]
  /** Names of the policies that it met. */
  readonly policies?: readonly string[]
  /** Times in which it does not go on, and what it does then. */
  readonly closures?: readonly Closure[]
  readonly overrun?: OverrunPolicy
  readonly breakGlass?: BreakGlass
}
