/**
 * What a person writes in `sluice.config.ts`. The first sentence of each docstring is the prose of the schema (a test holds them together);
 * the full reference, with units and examples, is `docs/config.md`.
 */

import type { ApprovalsConfig, PolicyConfig, WindowConfig } from './types-governance.ts'
import type { AccessConfig } from './types-access.ts'
import type { ExternalJudgeConfig, MetricsConfig } from './types-metrics.ts'
import type { NotifyConfig } from './types-notify.ts'
import type { PipelineConfig } from './types-pipeline.ts'
import type { RollbackConfig } from './types-rollback.ts'
import type { DrainConfig, RoutingConfig, StickyConfig } from './types-routing.ts'
import type { SourceConfig } from './types-source.ts'
import type { HookConfig, StrategyConfig } from './types-strategy.ts'
import type { CheckConfig } from './types-verification.ts'

/** A length of time: a number and its unit, for instance `'30s'`, `'1.5s'`, `'5m'`, `'2h'`, `'1d'`, `'250ms'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** A share of the traffic with at most two decimals, for instance `'5%'` or `'0.25%'`. */
export type Share = `${number}%`

/** The content of `sluice.config.ts`. */
export type Config = {
  /** Name of the service; part of the names of its instances. */
  readonly service: string
  /** Where the SemVer of a release comes from: the commit's `package.json`, or a fixed version. */
  readonly version?: 'package.json' | (string & {})
  /** The jobs that a commit must pass. */
  readonly pipeline: PipelineConfig
  /** How one instance is started. */
  readonly start?: StartConfig
  /** How the health of an instance is asked for and believed. */
  readonly health?: HealthConfig
  /** Environment variables of the instances in every environment. */
  readonly config?: Variables
  /** Names of the secrets that instances get as environment variables in every environment. */
  readonly secrets?: readonly string[]
  /** Who may ask the control plane of this project, and as what; without it the owner, and those whom it adds by name. */
  readonly access?: AccessConfig
  /** Where releases serve, in the order in which they get there. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>
  /** Whose service it is; stands in change records. */
  readonly team?: string
  /** Names of the feature flags that the code reads; part of a release, so that whoever approves it sees which ones come and go. */
  readonly flags?: readonly string[]
  /** What must be so before a release may come, by name; each refusal says which policy it is and how to meet it. */
  readonly policies?: Readonly<Record<string, PolicyConfig>>
  /** How the ledger is kept; everything for ever when left out. */
  readonly ledger?: LedgerConfig
  /** How deliveries are measured. */
  readonly dora?: DoraConfig
  /** Who is told what, and where; nobody anything when left out. */
  readonly notify?: NotifyConfig
  /** Where commits come from, and who is told what became of them. */
  readonly source?: SourceConfig
}

/** How deliveries are measured. */
export type DoraConfig = {
  /** IANA time zone of the days on which deliveries are counted. */
  readonly zone?: string
  /** The period that is looked at when none is named. */
  readonly window?: Duration
  /** How long after users came on a delivery an incident that names no release is still about it. */
  readonly attributionWindow?: Duration
  /** Whether a rollout that came back before everybody was on it failed (`count`), failed and is shown apart (`split`), or is no delivery (`ignore`). */
  readonly canaryAborts?: 'count' | 'split' | 'ignore'
}

/** How the ledger is kept. */
export type LedgerConfig = {
  /** How long rows of the ledger keep their texts; of older ones the hashes stay, so that chain and proofs hold. At least 30 days. */
  readonly keep: Duration
}

/** Values of environment variables; numbers and booleans become text. */
export type Variables = Readonly<Record<string, string | number | boolean>>

/** How one instance is started. */
export type StartConfig = {
  /** Shell command that starts one instance; it must listen on `HOST`:`PORT` of its environment variables. */
  readonly command: string
  /** Which artifact of the pipeline the command runs in. */
  readonly artifact?: string
}

/** How the health of an instance is asked for and believed. */
export type HealthConfig = {
  /** Path that a healthy instance answers with a status from 200 to 399. */
  readonly path?: string
  /** Time between two probes of an instance. */
  readonly interval?: Duration
  /** How long a probe waits for its answer. */
  readonly timeout?: Duration
  /** How many good probes in a row make an instance healthy. */
  readonly healthyAfter?: number
  /** How many bad probes in a row make an instance unhealthy. */
  readonly unhealthyAfter?: number
  /** How long a new instance may take to become healthy. */
  readonly startTimeout?: Duration
  /** Requests that a new instance answers before it counts as healthy. */
  readonly warmup?: WarmupConfig
}

/** Requests that warm an instance up: caches, compiled code, connections. Not on the way back, which waits for nothing. */
export type WarmupConfig = {
  /** Path that is asked for to warm an instance up. */
  readonly path?: string
  /** How many requests warm an instance up, one after the other. */
  readonly requests: number
  /** How long each of them waits for its answer. */
  readonly timeout?: Duration
}

/** One environment. */
export type EnvironmentConfig = {
  /** The environment that must have verified a release before this one takes it; null for none. */
  readonly after?: string | null
  /** Where the service is reached: a port, or host and port. */
  readonly listen: number | string
  /** How many instances serve. */
  readonly instances?: number
  /** Environment variables of the instances here; they win over those of the service. */
  readonly config?: Variables
  /** Names of the secrets that instances get here, besides those of the service. */
  readonly secrets?: readonly string[]
  /** How a release comes in. */
  readonly strategy?: StrategyConfig
  /** What differs here from the health settings of the service. */
  readonly health?: HealthConfig
  /** When the judge stops a release. */
  readonly judge?: JudgeConfig
  /** A metric source whose counters are judged beside the gateway's own counts. */
  readonly metrics?: MetricsConfig
  /** A judge of your own that is asked over HTTP. */
  readonly externalJudge?: ExternalJudgeConfig
  /** How a client is kept on one side of a traffic split. */
  readonly sticky?: StickyConfig
  /** Traffic besides the split: testers, rules, clients that stay with their release, files of both releases. */
  readonly routing?: RoutingConfig
  /** When WebSockets and event streams leave an instance that is about to be stopped. */
  readonly drain?: DrainConfig
  /** What splits the traffic: Sluice's own gateway, or an HAProxy that Sluice starts and keeps. */
  readonly router?: 'gateway' | 'haproxy'
  /** How long requests in flight may take to end before their instance is stopped. */
  readonly drainTimeout?: Duration
  /** Time between SIGTERM and SIGKILL. */
  readonly stopGrace?: Duration
  /** A rollout that makes no progress for this long is taken back. */
  readonly progressDeadline?: Duration
  /** What happens when a rollout fails: it is taken back whole, or its traffic is and the new instances wait for a person to look at them. */
  readonly onFail?: 'rollback' | 'pause'
  /** What is asked beside each rollout. */
  readonly hooks?: readonly HookConfig[]
  /** Who must approve a rollout before it starts: so many people, or a number and groups. */
  readonly approvals?: number | ApprovalsConfig
  /** Times in which no rollout may start; a rollback always may. */
  readonly freeze?: readonly FreezeConfig[]
  /** How an environment goes back. */
  readonly rollback?: RollbackConfig
  /** Recurring times in which releases may come, or may not; a rollback always may. */
  readonly windows?: readonly WindowConfig[]
  /** What becomes of a rollout that is under way when its window closes: it is finished, stands still until the window opens, or is taken back. */
  readonly overrun?: 'finish' | 'pause' | 'abort'
  /** What a release must have been through in the environment before, and whether it then comes by itself. */
  readonly promotion?: PromotionConfig
  /** How long an approval counts; by default until its release has been in. */
  readonly approvalsExpireAfter?: Duration
  /** What a deploy does while a rollout is under way here: it is refused (by default), waits for its turn, or takes its place. */
  readonly whenBusy?: 'refuse' | 'queue' | 'replace'
  /** Who gives way in the queue of releases that wait for their turn here. */
  readonly queue?: QueueConfig
  /** What is looked at before a release has traffic here, and after; what does not pass takes it back. */
  readonly verify?: readonly CheckConfig[]
}

/** What a release must have been through before, and whether it comes by itself. */
export type PromotionConfig = {
  /** How long the environment before must have served the release without a rollback; only time in which the control plane was there to see it counts. */
  readonly soak?: Duration
  /** Whether Sluice promotes a release by itself once it has soaked and every gate is open. */
  readonly auto?: boolean
}

/** Who gives way in the queue. */
export type QueueConfig = {
  /** Whether what waits gives way to a newer release that comes to wait behind it ('older'), or to nobody ('none'). */
  readonly supersede: 'older' | 'none'
}

/** When the judge stops a release. */
export type JudgeConfig = {
  /** Highest probability that a release no worse than tolerated is ever stopped. */
  readonly alpha?: number
  /** How many times the bad rate of the old release the new one may have. */
  readonly tolerance?: number
  /** A release whose own share of bad answers is below this is never stopped. */
  readonly ignoreBelow?: Share
  /** How often the counts are read. */
  readonly interval?: Duration
  /** Counts older than this mean that the judge cannot see. */
  readonly staleAfter?: Duration
  /** Largest share of bad answers while there is no old release to compare with. */
  readonly errorLimit?: Share
  /** How slow is bad; absent: response times are not judged. */
  readonly latency?: LatencyConfig
  /** How `errors`, the quantiles (`p95`, …) and `slow` (beyond `latency.limit`) share alpha; each has weight 1 where absent. */
  readonly metrics?: Readonly<Record<string, MetricConfig>>
  /** Lets a step end before its time once the new release is proven good; absent: time decides. */
  readonly prove?: ProveConfig
  /** How many bad answers a new release may be expected to cost, beyond the old one's rate; the next share is the largest planned one that keeps to it. */
  readonly exposureBudget?: number
}

/** How slow is bad. */
export type LatencyConfig = {
  /** Which quantiles of the old release's response time a slow answer of the new one is held against. */
  readonly quantiles?: readonly Quantile[]
  /** How many times as many slow answers as the old release the new one may have. */
  readonly tolerance?: number
  /** An answer slower than this is slow whatever the old release does. */
  readonly limit?: Duration
  /** Largest share of answers slower than `limit` while there is no old release to compare with. */
  readonly limitShare?: Share
  /** For how long slow answers of a new instance are not counted; errors always are. */
  readonly warmup?: Duration
}

/** A quantile of response times, for instance `'p95'` or `'p99.9'`. */
export type Quantile = `p${number}`

/** A metric's part of the judge's alpha. */
export type MetricConfig = {
  /** How much of the evidence this metric makes up, beside the weights of the others; 1 where absent. */
  readonly weight?: number
  /** What this metric alone may spend of `alpha`, for one that is critical. */
  readonly alpha?: number
}

/** When a new release counts as proven good. */
export type ProveConfig = {
  /** How many times as bad as tolerated the new release must be proven not to be. */
  readonly margin?: number
  /** Highest probability that a release beyond the margin is ever taken for proven. */
  readonly alpha?: number
}

/** A time in which no rollout may start. */
export type FreezeConfig = {
  /** First moment of the freeze, ISO 8601 with a zone. */
  readonly from: string
  /** First moment after the freeze, ISO 8601 with a zone. */
  readonly until: string
  /** Why; shown to whoever is refused. */
  readonly reason: string
}
