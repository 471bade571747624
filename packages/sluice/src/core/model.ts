/**
 * The nouns of a delivery. Every record is readonly and JSON-safe, made once by one pure function and never changed after.
 * Times are epoch milliseconds (`…At`), durations milliseconds (`…Ms`), shares basis points (`…Bp`, 0–10 000, hundredths of a percent).
 */

import type { GovernanceSpec } from './governance/types.ts'
import type { RollbackPolicy } from './rollback-policy.ts'
import type { DrainPolicy, RouteMatch, RouteRule, SkewProtection } from './routing.ts'
import type { Hook, Strategy } from './strategy.ts'
import type { ExternalJudgeSpec, MetricsSpec } from './judge/outside/types.ts'
import type { Check } from './verification/types.ts'

declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** `rel_` and 64 hex digits: the SHA-256 of the release's canonical content. */
export type ReleaseId = Brand<'ReleaseId'>
/** `run_…`; one execution of a pipeline for one commit. */
export type RunId = Brand<'RunId'>
/** `rol_…`; one attempt to make one release serve one environment. */
export type RolloutId = Brand<'RolloutId'>
/** A full Git object name, 40 (SHA-1) or 64 (SHA-256) hex digits. */
export type CommitId = Brand<'CommitId'>
/** `sha256:` and 64 hex digits. */
export type Digest = Brand<'Digest'>

/** The parser of every id: once the text has the form, it may be trusted to be the id. */
const parse = <Id extends string>(text: string, form: RegExp, name: string): Id => {
  if (!form.test(text)) throw new TypeError(`not a ${name}: ${JSON.stringify(text)}`)
  return text as Id
}

/** Reads a release id; throws TypeError on any other text. */
export const releaseId = (text: string): ReleaseId => parse(text, /^rel_[0-9a-f]{64}$/, 'release id')
/** Reads a run id; throws TypeError on any other text. */
export const runId = (text: string): RunId => parse(text, /^run_[0-9a-z]+$/, 'run id')
/** Reads a rollout id; throws TypeError on any other text. */
export const rolloutId = (text: string): RolloutId => parse(text, /^rol_[0-9a-z]+$/, 'rollout id')
/** Reads a commit id; throws TypeError on any other text. */
export const commitId = (text: string): CommitId => parse(text, /^([0-9a-f]{40}|[0-9a-f]{64})$/, 'commit id')
/** Reads a digest; throws TypeError on any other text. */
export const digest = (text: string): Digest => parse(text, /^sha256:[0-9a-f]{64}$/, 'digest')

/** Hex SHA-256 of a UTF-8 text; handed in, because core has no platform. */
export type Sha256 = (text: string) => string

/** Who did something: a person, a token, or Sluice itself. */
export type Actor = { readonly kind: 'person' | 'system'; readonly name: string }

/** Where a request came from. Both are what the connection and the client say of themselves. */
export type Where = {
  /** The address of the other end; absent in the control plane's own process. */
  readonly address?: string
  /** The program that asked, as it calls itself. */
  readonly client?: string
}

/** Who speaks when nobody asked. */
export const sluice: Actor = { kind: 'system', name: 'sluice' }

/**
 * The right to change an environment, compared lexicographically. `token` grows with each acquisition of the environment's lock,
 * `sequence` with each intent. A target refuses a fence older than the newest it has seen and takes an equal one as a repetition.
 */
export type Fence = { readonly token: number; readonly sequence: number }

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export const compareFence = (a: Fence, b: Fence): number => a.token - b.token || a.sequence - b.sequence

/** A commit as the ledger tells it. */
export type Commit = {
  readonly id: CommitId
  readonly subject: string
  readonly author: string
  readonly committedAt: number
}

/** A content-addressed output of a run: a deterministic tar archive. */
export type Artifact = { readonly name: string; readonly digest: Digest; readonly bytes: number }

/** How the health of an instance is asked for and believed. */
export type HealthPolicy = {
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Consecutive good probes until an instance counts as healthy. */
  readonly healthyAfter: number
  /** Consecutive bad probes until it no longer does. */
  readonly unhealthyAfter: number
  /** How long a new instance may take until healthy. */
  readonly startTimeoutMs: number
  /** What a new instance is asked before it counts as healthy, on the way forward; absent for nothing. */
  readonly warmup?: Warmup
}

/** Requests that a new instance answers, one after the other, before it has traffic. */
export type Warmup = { readonly path: string; readonly requests: number; readonly timeoutMs: number }

/** The bad-event judge's settings; see `core/judge`. */
export type JudgePolicy = {
  /** P(a release that is no worse than tolerated is ever stopped) is at most this. */
  readonly alpha: number
  /** H0: candidate's bad rate ≤ tolerance × stable's. At least 1. */
  readonly tolerance: number
  /** A candidate whose own bad rate is below this share (0–1) is never stopped. */
  readonly ignoreBelow: number
  /** How often the engine asks for the counts. */
  readonly intervalMs: number
  /** A source silent for longer is `broken`. */
  readonly staleAfterMs: number
  /** Highest share (0–1) of bad units while there is no control; absent: nothing is judged then. */
  readonly errorLimit?: number
  /** Absent: latency is not judged. */
  readonly latency?: LatencyPolicy
  /** How metrics share α, by name; one that is absent has weight 1. */
  readonly metrics?: Readonly<Record<string, MetricPolicy>>
  /** Lets a step end early once the candidate is proven to be less than `margin` times as bad as tolerated, at level `alpha`. Absent: time decides. */
  readonly prove?: { readonly margin: number; readonly alpha: number }
  /** Bad responses that a candidate may be expected to cost; decides which share comes next. Absent: every planned share in turn. */
  readonly exposureBudget?: number
}

/** How slow is bad. */
export type LatencyPolicy = {
  /** Quantiles (0–1) of the stable arm; slower than one of them is a bad event of its metric. */
  readonly quantiles: readonly number[]
  /** How many times as many slow responses as stable the candidate may have. At least 1. */
  readonly tolerance: number
  /** Slower than this is bad, whatever stable does. */
  readonly limitMs?: number
  /** Highest share (0–1) of units slower than `limitMs` while there is no control. */
  readonly limitShare?: number
  /** Slow responses of a candidate's instance are no bad events for this long after its first response. */
  readonly warmupMs: number
}

/** A metric's part of the α: an α of its own, or a weight among those that have none. */
export type MetricPolicy = { readonly weight?: number; readonly alpha?: number }

/** When no rollout may start, once; windows that recur are `WindowRule`s. */
export type FreezeWindow = { readonly from: number; readonly until: number; readonly reason: string }

/** How a client is kept on one arm. */
export type Sticky =
  | { readonly kind: 'none' }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'header'; readonly name: string }
  /** By a user id in that cookie or header; a client without one by the cookie `fallback`, which the gateway issues. */
  | {
      readonly kind: 'user'
      readonly from: 'cookie' | 'header'
      readonly name: string
      readonly fallback: string
    }

/** What an environment says about its traffic, besides how it is split. A field is absent where nothing was said. */
export type RoutingSpec = {
  readonly rules?: readonly RouteRule[]
  readonly skew?: SkewProtection
  readonly assets?: readonly string[]
  readonly bypass?: readonly RouteMatch[]
  readonly drain?: DrainPolicy
}

/** What splits the traffic of an environment. */
export type RouterName = 'gateway' | 'haproxy'

/** One environment as a release carries it: resolved, so that nothing outside the release decides what serves. */
export type EnvironmentSpec = {
  readonly name: string
  /** The environment whose verified release this one takes; null for the first. */
  readonly after: string | null
  readonly listen: { readonly host: string; readonly port: number }
  readonly instances: number
  readonly config: Readonly<Record<string, string>>
  /** Secret name → version; values never travel. */
  readonly secretVersions: Readonly<Record<string, string>>
  readonly strategy: Strategy
  readonly health: HealthPolicy
  readonly judge: JudgePolicy
  /** Counters of a metric source that are judged too; absent for none. */
  readonly metrics?: MetricsSpec
  /** A judge outside that is asked too; absent for none. */
  readonly externalJudge?: ExternalJudgeSpec
  readonly sticky: Sticky
  readonly routing?: RoutingSpec
  /** Absent: the gateway. */
  readonly router?: RouterName
  readonly drainTimeoutMs: number
  readonly stopGraceMs: number
  /** A rollout that makes no progress for this long reverts. */
  readonly progressDeadlineMs: number
  readonly approvals: number
  readonly freeze: readonly FreezeWindow[]
  /** Absent: no window, nothing watched after a promotion. */
  readonly rollback?: RollbackPolicy
  /** How long the environment before must have served a release, and whether it then comes by itself; absent: no time, and by a person. */
  readonly promotion?: { readonly soakMs: number; readonly auto: boolean }
  /** How long an approval counts; absent: until the release has been in. */
  readonly approvalsExpireAfterMs?: number
  /** What a deploy does while another rollout is live: it waits for its turn, or takes its place; absent: it is refused. */
  readonly whenBusy?: 'queue' | 'refuse' | 'replace'
  /** Absent: what waits gives way to nobody. */
  readonly queue?: { readonly supersede: 'older' | 'none' }
  /** A rollout that fails waits for a person, its traffic back on the old release; absent, it is taken back whole. */
  readonly onFail?: 'pause'
  readonly hooks?: readonly Hook[]
  /** What is looked at before a release has traffic here, and after; absent when nothing is. */
  readonly verify?: readonly Check[]
  /** Who says yes, when releases may come, and what must be so before; absent unless something of it is configured. */
  readonly governance?: GovernanceSpec
}

/** What a release is; the preimage of its id. */
export type ReleaseContent = {
  readonly schema: 1
  readonly service: string
  /** Whose service it is; absent when the config does not say. */
  readonly team?: string
  /** SemVer 2.0.0. */
  readonly version: string
  readonly commit: Commit
  readonly artifacts: readonly Artifact[]
  readonly start: { readonly command: string; readonly artifact: string }
  readonly environments: readonly EnvironmentSpec[]
  readonly migrations: readonly string[]
  /** Feature flags that the code reads, by name, in order; absent when the config names none. */
  readonly flags?: readonly string[]
  /** What the gates of the run said, in their order; absent when it had none. No numbers: times are other ones in every run, and the same content is the same release. */
  readonly gates?: readonly { readonly gate: string; readonly status: 'pass' | 'waived' }[]
}

/** An immutable bundle that can serve. `id` is the hash of `content`. */
export type Release = {
  readonly id: ReleaseId
  readonly content: ReleaseContent
  readonly cutBy: RunId
  readonly cutAt: number
}

/** One running copy of a release, as a driver observed it. */
export type Instance = {
  /** `<service>-<environment>-<release, 12 hex>-<index>`: derived, so that doing it twice makes it once. */
  readonly id: string
  readonly release: ReleaseId
  readonly index: number
  readonly host: string
  readonly port: number
  readonly status: 'starting' | 'running' | 'exited'
  readonly restarts: number
}
