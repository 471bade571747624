/** What `sluice.config.ts` may say about who says yes, when releases may come, and what must be so before. */
import type { Duration, Share } from './types.ts'

/** Who must approve. */
export type ApprovalsConfig = {
  /** How many people must approve. */
  readonly count?: number
  /** How many of them must be members of a group; one person in two groups counts for both. */
  readonly groups?: Readonly<Record<string, number>>
  /** Whether whoever wrote, built or asks for a release may approve it. */
  readonly self?: boolean
  /** How long an approval counts; by default until its release has been in. */
  readonly expireAfter?: Duration
}

/** A recurring time in which releases may come, or may not. */
export type WindowConfig = {
  /** Whether releases may come only in this window (`allow`; one of several is enough), or not in it (`deny`, which wins). */
  readonly effect: 'allow' | 'deny'
  /** When it begins for the first time, in local time of `zone`. */
  readonly start: string
  /** IANA time zone; its changes of offset are kept to. */
  readonly zone?: string
  /** How it recurs: a recurrence rule of RFC 5545, daily at the most. */
  readonly repeat?: string
  /** How long it lasts each time; days are days of the calendar, hours are exact. */
  readonly for: Duration | `P${string}`
  /** Why; shown to whoever is refused. */
  readonly reason: string
}

/** What must be so before a release may come. */
export type PolicyConfig = {
  /** Where it holds; everywhere when absent. */
  readonly environments?: readonly string[]
  /** Gates of the run that must have passed; one that was waived does not count. */
  readonly gates?: readonly string[]
  /** Whether the checks of the environment before must have passed for the release. */
  readonly verified?: boolean
  /** How long the environment before must have served the release. */
  readonly soak?: Duration
  /** Who may ask for a rollout. */
  readonly who?: WhoConfig
  /** When releases may come, beside the environment's own windows. */
  readonly windows?: readonly WindowConfig[]
  /** How many releases may be taken back before nothing new comes. */
  readonly errorBudget?: ErrorBudgetConfig
  /** What share of requests is to be good, and what becomes of releases once the error budget is spent. */
  readonly slo?: SloConfig
}

/** Who may ask for a rollout. */
export type WhoConfig = {
  /** Members of these groups may ask. */
  readonly groups?: readonly string[]
  /** These people may ask, by login or address. */
  readonly people?: readonly string[]
}

/** How many releases may be taken back before nothing new comes. */
export type ErrorBudgetConfig = {
  /** So many releases may be taken back; once they were, nothing new comes. */
  readonly rollbacks: number
  /** The time over which they are counted. */
  readonly within: Duration
}

/** An objective over requests, measured by the metric source of the environment (`metrics`). */
export type SloConfig = {
  /** Share of the requests that are to be good. */
  readonly objective: Share
  /** The time over which they are counted, until now. */
  readonly over: Duration
  /** Query for how many requests there were in `{{window}}`. */
  readonly total: string
  /** Query for how many of them were bad. */
  readonly bad: string
  /** What becomes of a release once the budget is spent: nothing new comes (`refuse`), or a person says yes to it (`approve`). */
  readonly whenSpent?: 'refuse' | 'approve'
}
