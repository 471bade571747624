/** Actions that Sluice runs by itself. */

/** Their names, in lower case; any version. */
export const builtInActions: ReadonlySet<string> = new Set([
  'actions/checkout',
  'actions/setup-node',
  'actions/cache',
  'actions/cache/restore',
  'actions/cache/save',
  'actions/upload-artifact',
  'actions/download-artifact',
  'actions/github-script',
  'codecov/codecov-action',
  'pnpm/action-setup',
])
