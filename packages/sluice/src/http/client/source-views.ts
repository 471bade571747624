/** Where commits come from as the API tells it; see `views.ts`. */
import type { ArrivalSource } from '../../core/source/types.ts'
import type { None, PageInput, ReasonInput } from './contract.ts'
import type { PageView } from './views.ts'

/** Somebody told of a commit, and what came of it. */
export type ArrivalView = {
  readonly id: string
  readonly from: ArrivalSource
  readonly event: 'push' | 'tag' | 'pull_request'
  readonly ref: string
  readonly status: 'received' | 'fetched' | 'started' | 'ignored' | 'failed'
  /** Why nothing came of it, or what keeps it. */
  readonly because: string | null
  /** What was fetched; null before that, and for what is gone. */
  readonly commit: string | null
  /** `pipeline`: the file of another system; null for the pipeline of the config. */
  readonly runs: readonly { readonly run: string; readonly pipeline: string | null }[]
  /** Who pushed, in the words of the sender, and what they call the delivery. */
  readonly sender: string | null
  readonly delivery: string | null
  readonly url: string | null
  readonly title: string | null
  readonly pullRequest: number | null
  readonly receivedAt: number
  readonly settledAt: number | null
}

/** One way by which commits arrive. */
export type SourceWayView = {
  readonly kind: ArrivalSource
  /** What it is about: a repository, a project, an address. */
  readonly name: string
  /** What keeps it from working, as far as is known here; null for nothing. */
  readonly trouble: string | null
  readonly lastArrival: ArrivalView | null
  readonly lastFailure: ArrivalView | null
}

/** Where commits come from. */
export type SourceView = {
  /** What is fetched from, without what lets in; null when the config names no source. */
  readonly remote: string | null
  readonly ways: readonly SourceWayView[]
  /** Pipelines of other systems that a push starts. */
  readonly pipelines: readonly string[]
  /** How looking at the remote goes; null where the config does not ask for it. */
  readonly poll: { readonly everyMs: number; readonly lookedAt: number | null; readonly failure: string | null } | null
}

/** What was taken of a webhook or a push. */
export type HookTakenView = { readonly arrivals: readonly string[]; readonly because: string | null }

/** A push to a repository that Sluice serves. */
export type ReceiveInput = ReasonInput & {
  /** Names the push: the same one is taken once. */
  readonly id: string
  readonly refs: readonly {
    readonly ref: string
    readonly before?: string | null | undefined
    readonly after?: string | null | undefined
  }[]
  readonly pusher?: string | null | undefined
}

/** Query, body and response of the routes of the source. */
export type SourceContract = {
  'source.show': { query: None; body: None; response: SourceView }
  'arrivals.list': { query: PageInput; body: None; response: PageView<ArrivalView> }
  'arrivals.show': { query: None; body: None; response: ArrivalView }
  'arrivals.receive': { query: None; body: ReceiveInput; response: HookTakenView }
  'arrivals.redeliver': { query: None; body: ReasonInput; response: ArrivalView }
  'hooks.github': { query: None; body: unknown; response: HookTakenView }
  'hooks.gitlab': { query: None; body: unknown; response: HookTakenView }
  'hooks.push': { query: None; body: unknown; response: HookTakenView }
}
