/** What the config says once parsed: every default filled in, durations in milliseconds, shares in basis points. */
import type { RetentionSettings } from '../evidence/retention.ts'
import type { RunCachePlan } from '../pipeline/cache/run-cache.ts'
import type {
  ConcurrencyPlan,
  KeyedCachePlan,
  ManualInput,
  PlannedReport,
  PlannedService,
  PlannedStep,
  RetryPolicy,
  TaskCachePlan,
  Texts,
} from '../pipeline/job-plan.ts'
import type { GroupQuorum, OverrunPolicy, Policy, WindowRule } from '../governance/types.ts'
import type { GateSettings } from '../evidence/gates/types.ts'
import type { ExternalJudgeSpec, MetricsSpec } from '../judge/outside/types.ts'
import type { DoraSettings } from '../dora/settings.ts'
import type { AccessRules } from '../identity/rules.ts'
import type { NotifySettings } from '../notify/rules.ts'
import type { SourceRules } from '../source/rules.ts'
import type { FreezeWindow, HealthPolicy, JudgePolicy, RouterName, RoutingSpec, Sticky } from '../model.ts'
import type { RollbackPolicy } from '../rollback-policy.ts'
import type { Hook, Strategy } from '../strategy.ts'
import type { Check } from '../verification/types.ts'

/** The parsed `sluice.config.ts`. */
export type Settings = {
  readonly service: string
  /** `'package.json'` or a SemVer. */
  readonly version: string
  readonly pipeline: PipelineSettings
  readonly start: { readonly command: string; readonly artifact: string | null } | null
  readonly health: HealthPolicy
  readonly config: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly environments: Readonly<Record<string, EnvironmentSettings>>
  /** Absent when nothing is said. */
  readonly access?: AccessRules
  /** Absent: the ledger is kept whole. */
  readonly ledger?: { readonly keepMs: number }
  /** Absent: as `doraDefaults` says. */
  readonly dora?: DoraSettings
  /** Absent: nobody is told anything. */
  readonly notify?: NotifySettings
  /** Absent: nothing but people and schedules start runs. */
  readonly source?: SourceRules
  /** Absent when the config does not say. */
  readonly team?: string | undefined
  /** Feature flags that the code reads; absent when the config names none. */
  readonly flags?: readonly string[] | undefined
  /** By name. */
  readonly policies: Readonly<Record<string, PolicySettings>>
}

/** A parsed policy; `environments` is null where it holds everywhere. */
export type PolicySettings = {
  readonly environments: readonly string[] | null
  readonly windows: readonly WindowRule[]
  readonly rules: Omit<Policy, 'name'>
}

/** Where caches are, and what they may take. */
export type CacheSettings = Omit<RunCachePlan, 'ref'>

/** A parsed pipeline. */
export type PipelineSettings = {
  readonly parallel: number | 'cores'
  readonly isolation: 'auto' | 'none' | 'required'
  /** Stage → what its jobs ought to take, and whether what takes longer fails. */
  readonly stages: Readonly<Record<string, { readonly budgetMs: number; readonly enforce: boolean }>>
  readonly on: TriggerSettings
  readonly env: Texts
  /** Null when no gate is configured. */
  readonly gates: GateSettings | null
  readonly cache: CacheSettings
  readonly evidence: RetentionSettings
  readonly jobs: Readonly<Record<string, JobSettings>>
}

/** When runs start by themselves. Null for what starts none. */
export type TriggerSettings = {
  readonly branches: readonly string[] | null
  readonly tags: readonly string[] | null
  readonly paths: readonly string[] | null
  /** Absent: a pull request starts a run when the push of its branch does not. */
  readonly pullRequests?: readonly string[]
  readonly schedule: readonly string[]
  /** Absent: nobody who starts a run is asked for anything. */
  readonly manual?: { readonly inputs: readonly ManualInput[] }
}

/** A parsed job. */
export type JobSettings = {
  readonly needs: readonly string[]
  readonly stage: string | null
  readonly if: 'success' | 'failure' | 'always' | 'settled'
  /** Null: for every commit. */
  readonly only: {
    readonly branches: readonly string[] | null
    readonly tags: readonly string[] | null
    readonly paths: readonly string[] | null
    readonly events: readonly string[] | null
  } | null
  readonly matrix: MatrixSettings | null
  readonly steps: readonly PlannedStep[]
  readonly deploy: string | null
  readonly promote: string | null
  readonly shell: readonly string[] | null
  readonly workingDirectory: string | null
  readonly env: Texts
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  readonly budgetMs: number | null
  readonly retry: RetryPolicy
  readonly mayFail: { readonly exitCodes: readonly number[] } | null
  readonly concurrency: ConcurrencyPlan | null
  readonly manual: { readonly inputs: readonly ManualInput[] } | null
  readonly services: readonly PlannedService[]
  readonly outputFiles: readonly string[]
  /** Artifact name → paths, relative to the checkout. */
  readonly artifacts: Readonly<Record<string, readonly string[]>>
  readonly reports: readonly PlannedReport[]
  readonly cache: TaskCachePlan | null
  readonly keyedCaches: readonly KeyedCachePlan[]
}

/** A parsed matrix: axes as written, and what is added to and taken from their product; or the output of a job that lists the legs. */
export type MatrixSettings = {
  readonly axes: Readonly<Record<string, readonly string[]>>
  readonly include: readonly Texts[]
  readonly exclude: readonly Texts[]
  readonly from: { readonly job: string; readonly output: string; readonly as: string } | null
  readonly failFast: boolean
  readonly maxParallel: number | null
}

/** A parsed metric source, before the versions of its secrets are known. */
export type MetricsSettings = Omit<MetricsSpec, 'secretVersions'>

/** A parsed external judge, likewise. */
export type ExternalJudgeSettings = Omit<ExternalJudgeSpec, 'secretVersions'>

/** A parsed environment, before the service's own settings are laid under it. */
export type EnvironmentSettings = {
  /** Absent: the environment written before this one. */
  readonly after?: string | null | undefined
  readonly listen: { readonly host: string; readonly port: number }
  readonly instances: number
  readonly config: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly strategy: Strategy
  readonly health: { readonly [Key in keyof HealthPolicy]?: HealthPolicy[Key] | undefined }
  readonly judge: JudgePolicy
  readonly metrics?: MetricsSettings | undefined
  readonly externalJudge?: ExternalJudgeSettings | undefined
  readonly sticky: Sticky
  /** Absent when nothing is said. */
  readonly routing?: RoutingSpec
  /** Absent: the gateway. */
  readonly router?: RouterName | undefined
  readonly drainTimeoutMs: number
  readonly stopGraceMs: number
  readonly progressDeadlineMs: number
  readonly approvals: {
    readonly count: number
    readonly groups?: readonly GroupQuorum[]
    readonly selfApproval?: 'allowed'
    readonly expireAfterMs?: number
  }
  readonly windows: readonly WindowRule[]
  readonly overrun: OverrunPolicy | 'finish'
  readonly freeze: readonly FreezeWindow[]
  readonly rollback?: RollbackPolicy
  readonly promotion?: { readonly soakMs: number; readonly auto: boolean } | undefined
  readonly approvalsExpireAfterMs?: number | undefined
  readonly whenBusy?: 'queue' | 'refuse' | 'replace' | undefined
  readonly queue?: { readonly supersede: 'older' | 'none' } | undefined
  readonly onFail: 'rollback' | 'pause'
  readonly hooks: readonly Hook[]
  readonly verify?: readonly Check[] | undefined
}
