/** Names that a config may have, the first that is there is taken. */
export const configFiles: readonly string[] = [
  'sluice.config.ts',
  'sluice.config.mts',
  'sluice.config.js',
  'sluice.config.mjs',
  'sluice.config.json',
]
