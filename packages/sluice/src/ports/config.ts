import type { Settings } from '../core/config/settings.ts'

/** Reads what a checkout says about itself. */
export interface ConfigLoader {
  /** The settings of `sluice.config.ts` in a directory. `config_missing`, `config_invalid` with file, line and nearest key, `needs_cycle`. */
  load(directory: string, signal: AbortSignal): Promise<Settings>
  /** The SemVer version a release of this checkout carries. `config_invalid` when there is none. */
  version(directory: string, settings: Settings, signal: AbortSignal): Promise<string>
}
