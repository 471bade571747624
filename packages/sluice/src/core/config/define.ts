import type { Config } from './types.ts'

/** Gives the config back as it is; there so that an editor checks and completes `sluice.config.ts`. */
export const defineConfig = (config: Config): Config => config
