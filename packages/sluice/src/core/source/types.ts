/** What an arrival is made of: somebody told of a commit. Start here, then `machine.ts`. */
import type { Lane } from '../lane.ts'
import type { Actor, CommitId, Fence, RunId, Sha256 } from '../model.ts'
import type { JsonValue } from '../pipeline/job-plan.ts'
import type { Failure } from '../rollout/types.ts'

declare const brand: unique symbol
/** `arr_` and 32 hex digits: made from who told and what they call it, so that the same word is the same arrival. */
export type ArrivalId = string & { readonly [brand]: 'ArrivalId' }

/** Parser of an arrival id; throws TypeError on any other text. */
const arrivalId = (text: string): ArrivalId => {
  if (!/^arr_[0-9a-f]{32}$/.test(text)) throw new TypeError(`not an arrival id: ${JSON.stringify(text)}`)
  return text as ArrivalId
}

/** The id of what `from` tells under the name `delivery` about a ref. */
export const arrivalOf = (
  from: ArrivalSource,
  delivery: string,
  of: { readonly ref: string; readonly sha256: Sha256 },
): ArrivalId => arrivalId(`arr_${of.sha256(JSON.stringify([from, delivery, of.ref])).slice(0, 32)}`)

/** Who tells of commits. */
export const arrivalSources = ['github', 'gitlab', 'push', 'bare', 'poll'] as const

/** See `arrivalSources`. */
export type ArrivalSource = (typeof arrivalSources)[number]

/** A pull request, or a merge request. */
export type PullRequest = {
  readonly number: number
  /** What happened to it: `opened`, `synchronize`, `reopened` … */
  readonly action: string
  /** The branch that it is for, and the one that it is from. */
  readonly base: string
  readonly head: string
}

/** What was told. A hint to fetch: what a run is made of comes from the remote alone. */
export type ArrivalHint = {
  readonly id: ArrivalId
  readonly from: ArrivalSource
  readonly event: 'push' | 'tag' | 'pull_request'
  /** Its whole name at the remote: `refs/heads/main`, `refs/tags/v1.0.0`, `refs/pull/7/head`. */
  readonly ref: string
  /** What is said to have been there before, and after; null for nothing, or when nobody says. */
  readonly before: string | null
  readonly after: string | null
  /** What the sender calls this delivery. */
  readonly delivery: string | null
  /** Who pushed, in the words of the sender. */
  readonly sender: string | null
  /** Where a person can look at it, and what it is called there. */
  readonly url: string | null
  readonly title: string | null
  readonly pullRequest: PullRequest | null
  /** What of the sender's own words a pipeline of theirs may ask for. */
  readonly payload: JsonValue
}

/** What the remote has under the ref; nulls when it is gone there. `object` is the commit, or the annotated tag that points at it. */
export type FetchedRef =
  | { readonly object: string; readonly commit: CommitId }
  | { readonly object: null; readonly commit: null }

/** What was on record of a ref: where it stood, and whose that was. */
export type RefMark = { readonly object: string; readonly arrival: ArrivalId | null }

/** A run that an arrival started; `pipeline` is null for that of the config. */
export type ArrivalRun = { readonly run: RunId; readonly pipeline: string | null }

/** A thing to do for an arrival. */
export type ArrivalEffect = {
  readonly sequence: number
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: { readonly kind: 'fetch' } | { readonly kind: 'start'; readonly commit: CommitId }
}

/** What a performed effect gave. */
export type ArrivalResult =
  /** `over`: what was on record of the ref when the fetch began, null for nothing; absent in rows from before that was kept. */
  | ({ readonly kind: 'fetched'; readonly over?: RefMark | null } & FetchedRef)
  | { readonly kind: 'started'; readonly runs: readonly ArrivalRun[] }
  | { readonly kind: 'ignored'; readonly because: string }
  /** The ref was fetched for somebody else meanwhile, and is on record as something else: which of the two is newer, only another fetch can say. */
  | { readonly kind: 'overtaken' }

/** Everything that can happen to an arrival. */
export type ArrivalEvent =
  | {
      readonly type: 'arrival_received'
      readonly at: number
      readonly hint: ArrivalHint
      /** Why nothing comes of it, where that is known at once; null otherwise. */
      readonly because: string | null
    }
  | {
      readonly type: 'effect_succeeded'
      readonly at: number
      readonly sequence: number
      readonly result: ArrivalResult
    }
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'redeliver_requested'; readonly at: number; readonly by: Actor }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

/** `turn` counts how often it was taken up by a person's wish, from 1. */
type Known = {
  readonly hint: ArrivalHint
  readonly receivedAt: number
  readonly turn: number
  readonly sequence: number
}

type Busy = Known & {
  readonly lane: Lane<ArrivalEffect>
  /** Attempts at what it does now, from 1. */
  readonly attempt: number
  /** What went wrong last; null before anything did. */
  readonly trouble: string | null
}

/** An arrival. A field exists only in the status where it means something. */
export type ArrivalState =
  | { readonly status: 'absent' }
  /** The ref is being fetched. */
  | (Busy & { readonly status: 'received' })
  /** What it starts is being looked for. */
  | (Busy & {
      readonly status: 'fetched'
      readonly fetchedAt: number
      readonly object: string
      readonly commit: CommitId
      readonly over?: RefMark | null
    })
  | (Known & {
      readonly status: 'started'
      readonly commit: CommitId
      readonly runs: readonly ArrivalRun[]
      readonly settledAt: number
    })
  | (Known & {
      readonly status: 'ignored'
      readonly because: string
      readonly commit: CommitId | null
      /** Of a ref that is gone: what was on record of it when the fetch began. */
      readonly over?: RefMark | null
      readonly settledAt: number
    })
  | (Known & {
      readonly status: 'failed'
      readonly detail: string
      readonly commit: CommitId | null
      readonly settledAt: number
    })

/** An arrival that was received. */
export type Arrival = Exclude<ArrivalState, { status: 'absent' }>
