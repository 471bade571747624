import type { Settings } from '../core/config/settings.ts'
import type { CommitId } from '../core/model.ts'

/** What a commit says about itself. `version`: the SemVer that its release carries, without the commit. */
export type CommitConfig = { readonly settings: Settings; readonly version: string }

/** Reads what a checkout says about itself. */
export interface ConfigLoader {
  /** The settings of `sluice.config.ts` in a directory. `config_missing`, `config_invalid` with file, line and nearest key, `needs_cycle`. */
  load(directory: string, signal: AbortSignal): Promise<Settings>
  /** Settings and version of a commit; `checkout` is asked for a directory only when the commit's config is not known yet. Errors as of `load`. */
  ofCommit(
    commit: CommitId,
    checkout: <Result>(work: (directory: string) => Promise<Result>) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<CommitConfig>
}

/** The project that the control plane stands in. */
export interface Project {
  /** Settings of its working tree as they are now, which nobody changes by a push: who may do what, and where commits come from. Rejects as `ConfigLoader.load` does. */
  settings(signal: AbortSignal): Promise<Settings>
}
