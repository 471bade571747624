/** What the config says once parsed: every default filled in, durations in milliseconds, shares in basis points. */
import type { FreezeWindow, HealthPolicy, JudgePolicy, Sticky, Strategy } from '../model.ts'

/** The parsed `sluice.config.ts`. */
export type Settings = {
  readonly service: string
  /** `'package.json'` or a SemVer. */
  readonly version: string
  readonly pipeline: { readonly parallel: number | 'cores'; readonly jobs: Readonly<Record<string, JobSettings>> }
  readonly start: { readonly command: string; readonly artifact: string | null } | null
  readonly health: HealthPolicy
  readonly config: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly environments: Readonly<Record<string, EnvironmentSettings>>
}

/** A parsed job. */
export type JobSettings = {
  readonly needs: readonly string[]
  readonly steps: readonly { readonly name: string; readonly run: string }[]
  readonly env: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  /** Artifact name → paths, relative to the checkout. */
  readonly artifacts: Readonly<Record<string, readonly string[]>>
}

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
  readonly sticky: Sticky
  readonly drainTimeoutMs: number
  readonly stopGraceMs: number
  readonly progressDeadlineMs: number
  readonly approvals: number
  readonly freeze: readonly FreezeWindow[]
}
