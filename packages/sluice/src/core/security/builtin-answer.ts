import type { Texts } from '../pipeline/job-plan.ts'

/** What the program of a built-in step leaves in its answer file. */
export type BuiltinAnswer = {
  /** A step succeeds only with `passed`. */
  readonly verdict: 'passed' | 'failed' | 'broken'
  /** Why it is broken; null otherwise. */
  readonly reason: string | null
  readonly findings: readonly {
    readonly rule: string
    readonly severity: string
    readonly message: string
    readonly file: string | null
    readonly line: number | null
  }[]
  readonly outputs: Texts
  /** Absolute paths in the output directory. */
  readonly reports: readonly { readonly format: string; readonly path: string }[]
  /** Markdown. */
  readonly summary: string
}
