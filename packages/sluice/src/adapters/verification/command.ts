import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../../core/limits.ts'
import type { CommandCheck } from '../../core/verification/types.ts'
import { endGroup } from '../../lib/process-group.ts'
import type { ProcessEnd } from '../../lib/processes/started.ts'
import { sharedStarter } from '../../lib/processes/starter.ts'
import { originOf } from './ask.ts'
import { blind, type Place, type Seen } from './look.ts'

/** Where a command runs and with which variables. */
export type CommandRoom = { readonly directory: string; readonly env: Readonly<Record<string, string>> }

/** Runs the command; everything that it started ends with it. Rejects when the signal falls. */
export const lookCommand = async (
  { command }: CommandCheck,
  { directory, env }: CommandRoom,
  signal: AbortSignal,
): Promise<Seen> => {
  signal.throwIfAborted()
  const order = { program: '/bin/sh', argv: ['/bin/sh', '-c', command], env, directory, as: null, hasInput: false }
  const started = await sharedStarter.start(order)
  if (started.kind === 'unstartable') return blind(`it could not be started: ${started.detail}`)
  const { pid, stdout, stderr } = started
  const output = new LastBytes(limits.checkOutputBytesMax)
  const closed = Promise.all([output.of(stdout), output.of(stderr)])
  let isOver = false
  const stop = (): void => {
    if (!isOver) void endGroup(pid, limits.checkGraceMs)
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const end = await started.end
    // What it left behind has its pipes open.
    await endGroup(pid, limits.checkGraceMs)
    await Promise.race([closed, sleep(limits.jobPipeWaitMs)])
    signal.throwIfAborted()
    return seen(end, output.lines())
  } finally {
    isOver = true
    signal.removeEventListener('abort', stop)
  }
}

/** What a command is told about where it looks. */
export const placeVariables = ({ release, environment, scope, targets }: Place): Readonly<Record<string, string>> => {
  const { id, content } = release
  const [first] = targets
  return {
    SLUICE_SERVICE: content.service,
    SLUICE_ENVIRONMENT: environment,
    SLUICE_RELEASE: id,
    SLUICE_VERSION: content.version,
    SLUICE_COMMIT: content.commit.id,
    SLUICE_SCOPE: scope,
    SLUICE_URL: first === undefined ? '' : originOf(first),
    SLUICE_URLS: targets.map(originOf).join(' '),
  }
}

/** POSIX: a shell exits with 126 when a command cannot be run, and with 127 when there is none. */
const unrunnable: ReadonlySet<number> = new Set([126, 127])

const seen = (end: ProcessEnd, evidence: readonly string[]): Seen => {
  switch (end.kind) {
    case 'exited': {
      if (end.code === 0) return { unmet: [], detail: 'exit code 0', evidence }
      const detail = `exit code ${end.code}`
      return unrunnable.has(end.code)
        ? blind(`${detail}: the command could not be run`, evidence)
        : { unmet: [{ outcome: 'failed', detail }], detail, evidence }
    }
    case 'signalled':
      return blind(`it was ended by ${end.signal}`, evidence)
    case 'lost':
    case 'unstartable':
      return blind(end.detail, evidence)
  }
}

/** The last bytes of streams, in the order in which they came. */
class LastBytes {
  readonly #max: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  of(stream: Readable): Promise<void> {
    return new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => this.#add(chunk))
      stream.once('close', resolve)
    })
  }

  lines(): readonly string[] {
    const text = Buffer.concat(this.#chunks).toString('utf8')
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-limits.evidenceLinesMax)
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(-this.#max))
    this.#bytes += Math.min(chunk.length, this.#max)
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#max) {
      this.#bytes -= this.#chunks[0]?.length ?? 0
      this.#chunks = this.#chunks.slice(1)
    }
  }
}
