/** The built-in actions by their names; `names.ts` has the names alone, for what only wants to know whether there is one. */
import type { BuiltIn } from './action.ts'
import { downloadArtifact, uploadArtifact } from './artifacts.ts'
import { cache, restoreCache, saveCache } from './cache.ts'
import { checkout } from './checkout.ts'
import { codecov } from './codecov.ts'
import { githubScript } from './github-script.ts'
import { setupNode } from './setup-node.ts'
import { setupPnpm } from './setup-pnpm.ts'

/** Name in lower case → the action. */
export const builtIns: Readonly<Record<string, BuiltIn>> = {
  'actions/checkout': checkout,
  'actions/setup-node': setupNode,
  'actions/cache': cache,
  'actions/cache/restore': restoreCache,
  'actions/cache/save': saveCache,
  'actions/upload-artifact': uploadArtifact,
  'actions/download-artifact': downloadArtifact,
  'actions/github-script': githubScript,
  'codecov/codecov-action': codecov,
  'pnpm/action-setup': setupPnpm,
}
