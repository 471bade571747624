/** The program: what `bin/sluice.js` starts. Hands the command line this process and the world. */
import { getEventListeners } from 'node:events'
import { flushCompileCache } from 'node:module'
import { sharedStarter } from './lib/processes/starter.ts'
import { beginThread } from './adapters/store/sqlite/thread.ts'
import { keepYoungGenerationSmall } from './lib/young-generation.ts'
import type { Output } from './cli/cli.ts'
import { runProgram } from './cli/program.ts'
import { host } from './host.ts'

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

// A reader that goes away (`sluice … | head`) ends the program without a word. A disk that is full fails who has an answer to write to it, and nobody who serves.
const isServing = ['server', 'up', 'gateway'].includes(process.argv[2] ?? '')
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    if (!isServing) process.exit(1)
  })
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
