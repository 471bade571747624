/** What `main.ts` hands the command line: the world, each part loaded when it is first asked for. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Host } from './cli/cli.ts'
import type { Source } from './ports/source.ts'

// Parser: the file is this package's own.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}

const sourceOf = async (directory: string): Promise<Source> =>
  (await import('./adapters/source/git.ts')).gitSource(directory)

/** The real world. */
export const host: Host = {
  version,
  self: [process.execPath, fileURLToPath(new URL('../bin/sluice.js', import.meta.url))],
  openInProcess: async (options) => {
    const state = (await import('./state.ts')).openState(options.stateDir)
    return (await import('./serve.ts')).openInProcess({ ...options, state })
  },
  serve: async (options) => (await import('./serve.ts')).serve(options),
  endEverything: async (stateDir) => (await import('./serve.ts')).endEverything(stateDir),
  gateway: async (args) => (await import('./gateway/start.ts')).gatewayCommand(args, version),
  loadConfig: async (directory, signal) => (await import('./adapters/config/load.ts')).loadConfig(directory, signal),
  missingSecrets: async (stateDir, names, signal) =>
    (await import('./adapters/secrets/file.ts')).missingSecrets(stateDir, names, signal),
  runStep: async (request, signal) => (await import('./app.ts')).runStepByHand(request, signal),
  isolation: async (stateDir) => (await import('./app.ts')).isolationHere(stateDir),
  importPipeline: async (request, signal) => {
    const { importFrom } = await import('./adapters/ci/convert.ts')
    return importFrom({ ...request, version, source: await sourceOf(request.projectDir) }, signal)
  },
  importPolicy: async (kind, file) => (await import('./adapters/policies/import.ts')).importPolicy(kind, file),
  loadPolicy: async (path, signal) => {
    const value = await (await import('./adapters/config/load.ts')).evaluateFile(path, signal)
    return (await import('./core/judge/policy-file.ts')).parsePolicyFile(value)
  },
  exportPipeline: async (request, signal) => {
    const { exportTo } = await import('./adapters/ci/convert.ts')
    return exportTo({ ...request, source: await sourceOf(request.projectDir) }, signal)
  },
  affected: async (question, signal) => (await import('./runner/cache/affected-jobs.ts')).affectedOf(question, signal),
  makeBare: async (wanted, signal) => (await import('./adapters/source/bare.ts')).makeBare(wanted, signal),
  hasHook: async (path) => (await import('./adapters/source/bare.ts')).hasHook(path),
  spoolPush: async (stateDir, push) => (await import('./adapters/source/spool.ts')).spoolPush(stateDir, push),
  unspoolPush: async (stateDir, id) => (await import('./adapters/source/spool.ts')).fileSpool(stateDir).done(id),
  askRemote: async ({ projectDir, stateDir }, rules, signal) => {
    const { gitRemote } = await import('./adapters/source/remote.ts')
    const { fileSecrets } = await import('./adapters/secrets/file.ts')
    const { placeOf } = await import('./engine/perform/arrival.ts')
    const place = await placeOf({ secrets: fileSecrets(stateDir, process.env) }, rules, signal)
    return Object.keys(await gitRemote(projectDir).list(place, signal)).length
  },
  cachedThings: async (stateDir) => (await import('./adapters/cache/overview.ts')).cachedThings(stateDir),
  cleanCache: async (stateDir) => (await import('./adapters/cache/overview.ts')).cleanCache(stateDir),
  verifyLedgerFile: async (path, noted) =>
    (await import('./adapters/store/check-ledger.ts')).checkLedgerFile(path, noted),
  checkCheckpoint: async (given, keys) =>
    (await import('./adapters/store/check-notes.ts')).checkCheckpoint(given, keys),
  isContinued: async (claim) => (await import('./adapters/store/check-notes.ts')).isContinued(claim),
  checkProof: async (path, keys) => (await import('./adapters/store/check-notes.ts')).checkProofFile(path, keys),
}
