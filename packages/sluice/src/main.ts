/** The program: what `bin/sluice.js` starts. Hands the command line the world, each part loaded when it is first asked for. */
import { getEventListeners } from 'node:events'
import { flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { readFileSync } from 'node:fs'
import { sharedStarter } from './lib/processes/starter.ts'
import { beginThread } from './adapters/store/sqlite/thread.ts'
import { keepYoungGenerationSmall } from './lib/young-generation.ts'
import type { Host, Output } from './cli/cli.ts'
import { runProgram } from './cli/program.ts'
import type { Source } from './ports/source.ts'

// Parser: the file is this package's own.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}

const sourceOf = async (directory: string): Promise<Source> =>
  (await import('./adapters/source/git.ts')).gitSource(directory)

const host: Host = {
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
    const { placeOf } = await import('./engine/perform-arrival.ts')
    const place = await placeOf({ secrets: fileSecrets(stateDir) }, rules, signal)
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

const outputOf = (stream: NodeJS.WriteStream): Output => ({
  write: (text) => stream.write(text),
  flushed: async () => {
    if (stream.writableNeedDrain) await new Promise<void>((resolve) => stream.once('drain', () => resolve()))
  },
  isTTY: stream.isTTY === true,
  get columns() {
    return stream.columns ?? 100
  },
  get rows() {
    return stream.rows ?? 40
  },
})

// Before anything else is loaded: what loads is what survives.
if (process.argv[2] === 'server' || process.argv[2] === 'up') keepYoungGenerationSmall()

// Of all that a run needs, the store's thread and the process that starts others take longest to start; everything else is loaded meanwhile. To fork takes the
// longer the more is loaded already.
if (process.argv[2] === 'run') {
  sharedStarter.warm()
  beginThread()
}

// A reader that goes away (`sluice … | head`) ends the program without a word.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
}

const interrupted = new AbortController()
process.on('SIGINT', () => {
  // The first time, whoever waits for something lets go of it and says so; when nobody does, and the second time, that is the end.
  if (interrupted.signal.aborted || getEventListeners(interrupted.signal, 'abort').length === 0) process.exit(130)
  interrupted.abort()
})

// Should the event loop run dry before there is an answer, that is a failure, never a silent success.
process.exitCode = 1
process.exitCode = await runProgram({
  argv: process.argv.slice(2),
  variables: process.env,
  cwd: process.cwd(),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  host,
  interrupted: interrupted.signal,
})

// What a run was done with is closed by now. To take the heap of a process apart takes as long as two of its jobs; one that just ends leaves that to the system.
const isSaid = [process.stdout, process.stderr].every((stream) => stream.writableLength === 0)
if (process.argv[2] === 'run' && isSaid) {
  flushCompileCache()
  process.exit()
}
