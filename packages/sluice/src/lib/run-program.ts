import type { Readable } from 'node:stream'
import { limits } from '../core/limits.ts'
import { endGroup } from './process-group.ts'
import { findProgram } from './processes/find-program.ts'
import { sharedStarter } from './processes/starter.ts'

/** How a program ended, with what it said; or why it never began (`code` is the system's: `ENOENT` …), or was called off. `code` is null after a signal. */
export type ProgramAnswer =
  | { readonly kind: 'ended'; readonly code: number | null; readonly out: string; readonly err: string }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

/** Where and how a program runs. */
export type ProgramOptions = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  /** Of what it prints to each stream; one that prints more is ended, and has failed with `ENOBUFS`. */
  readonly bytesMax?: number
}

/** Runs a program to its end and gives what it said. For short answers: they are held in memory. Never rejects. */
export const runProgram = async (
  name: string,
  args: readonly string[],
  { cwd, env, signal, bytesMax = Number.POSITIVE_INFINITY }: ProgramOptions,
): Promise<ProgramAnswer> => {
  const program = name.includes('/') ? name : findProgram(name, env['PATH'] ?? '')
  if (program === null) return { kind: 'failed', code: 'ENOENT', detail: `${name} is not on the PATH` }
  const calledOff = { kind: 'failed', code: 'ABORT_ERR', detail: `${name} was called off` } as const
  if (signal.aborted) return calledOff
  const started = await sharedStarter.forAnswer().start({
    program,
    argv: [name, ...args],
    env: Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    directory: cwd,
    as: null,
    hasInput: false,
  })
  if (started.kind === 'unstartable') return unstarted(started.detail)
  const { pid, stdout, stderr } = started
  let isTooMuch = false
  const stop = (): void => void endGroup(pid, limits.programGraceMs)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  const tooMuch = (): void => {
    if (!isTooMuch) stop()
    isTooMuch = true
  }
  try {
    const read = { bytesMax, tooMuch }
    const [out, err, end] = await Promise.all([textOf(stdout, read), textOf(stderr, read), started.end])
    if (signal.aborted) return calledOff
    if (isTooMuch) return { kind: 'failed', code: 'ENOBUFS', detail: `${name} printed more than ${bytesMax} bytes` }
    if (end.kind === 'lost' || end.kind === 'unstartable') return unstarted(end.detail)
    return { kind: 'ended', code: end.kind === 'exited' ? end.code : null, out, err }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const unstarted = (detail: string): ProgramAnswer => ({
  kind: 'failed',
  code: /ENOENT|No such file/.test(detail) ? 'ENOENT' : 'EIO',
  detail,
})

const textOf = (
  stream: Readable,
  { bytesMax, tooMuch }: { readonly bytesMax: number; readonly tooMuch: () => void },
): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > bytesMax) tooMuch()
      else chunks.push(chunk)
    })
    stream.once('close', () => resolve(Buffer.concat(chunks).toString()))
  })
