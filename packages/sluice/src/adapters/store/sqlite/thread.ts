/** The writer's thread. To start one takes longer than to open a store in it: who knows early that one will be needed begins early. */
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** One that was begun and that nobody has taken. */
const waiting: Worker[] = []

/** Begins to start a thread for whoever opens a store next; it keeps no process alive. */
export const beginThread = (): void => {
  const worker = start()
  waiting.push(worker)
  worker.unref()
  worker.once('exit', () => waiting.splice(0))
}

/** The thread that was begun, or a new one. It touches nothing before it is told what to open. */
export const takeThread = (): Worker => {
  const worker = waiting.pop()
  worker?.ref()
  return worker ?? start()
}

/** The compile cache of this process, for its thread, too: Node does not hand it down, and compiling anew costs 20 MB and much of the start. */
const cacheEnvironment = (): NodeJS.ProcessEnv => {
  const directory = getCompileCacheDir()
  return directory === undefined ? process.env : { NODE_COMPILE_CACHE: dirname(directory), ...process.env }
}

const start = (): Worker => {
  // Run from source the thread is TypeScript; published it is JavaScript.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const worker = new Worker(new URL(file, import.meta.url), {
    name: 'sluice-store',
    env: cacheEnvironment(),
    // Flags of the process that are about its own entry would end the thread at once.
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  // Whoever took it listens as well; an error of one that nobody took is nobody's.
  worker.on('error', () => {})
  return worker
}
