import type { CommitId } from '../core/model.ts'
import type { JsonValue, Texts } from '../core/pipeline/job-plan.ts'
import type { RunOrigin } from '../core/pipeline/types.ts'

/** A built-in step that is to be run. */
export type BuiltinCall = {
  /** For instance `sluice/secret-scan`. */
  readonly name: string
  /** As the config has them. */
  readonly options: JsonValue
  /** The checkout as the job's processes see it, absolute. */
  readonly directory: string
  /** For what the step writes, absolute; outside of the checkout. */
  readonly outputDirectory: string
  readonly service: string
  readonly version: string
  readonly commit: CommitId
  readonly origin: RunOrigin
  readonly run: { readonly id: string; readonly startedAt: number; readonly inputs?: Texts }
  readonly artifacts: readonly { readonly name: string; readonly sha256: string }[]
}

/** The steps that come with Sluice. They are programs, so that they run where the job's other steps do, and end with them. */
export interface BuiltinSteps {
  /** Folders of the state directory that a step works in, absolute; jobs do not see the others. */
  folders(name: string): readonly string[]
  /** What the program is to be told, and its words; to which the paths of the file with what it is told and of its answer are added. */
  prepare(
    call: BuiltinCall,
    signal: AbortSignal,
  ): Promise<{ readonly argv: readonly string[]; readonly told: JsonValue }>
}
