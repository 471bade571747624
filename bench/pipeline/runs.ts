/** Runs of whole programs, as a shell sees them: how long they take, and how much memory. */
import { spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { memoryMbOf } from '../lib/machine.ts'
import { median } from '../lib/report.ts'

/** What is run. */
export type Command = {
  readonly words: readonly string[]
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Folders below that one, removed before each run. */
  readonly fresh?: readonly string[]
}

/** As a shell has it: tools take what npm says of the script that runs us for their own. */
const shell = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))

/** What takes so long has got stuck, milliseconds. */
const timeoutMs = 300_000

/** Runs it once; gives the time and what it printed. Throws when it fails. */
export const runOnce = ({
  words,
  directory,
  env,
  fresh = [],
}: Command): { readonly seconds: number; readonly text: string } => {
  const [program = '', ...rest] = words
  for (const name of fresh) rmSync(join(directory, name), { recursive: true, force: true })
  const startedAt = performance.now()
  const { status, stdout, stderr, error } = spawnSync(program, rest, {
    cwd: directory,
    env: { ...shell(), ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    maxBuffer: 2 ** 28,
  })
  const tookMs = performance.now() - startedAt
  if (status === 0) return { seconds: tookMs / 1_000, text: stdout }
  throw new Error(
    `${words.join(' ')} ended with ${status}: ${error?.message ?? ''}${stderr.slice(-2_000)}${stdout.slice(-2_000)}`,
  )
}

/** Runs it `count` times after once that fills what it keeps. */
export const medianOf = (command: Command, count: number): number => {
  runOnce(command)
  return median(Array.from({ length: count }, () => runOnce(command).seconds))
}

/** Resident memory of a program while it runs, megabytes: the highest of the first and of the second half of its time, and how long that was, seconds. */
export const memoryOf = async ({
  words,
  directory,
  env,
}: Command): Promise<{
  readonly firstHalfMb: number
  readonly secondHalfMb: number
  readonly seconds: number
}> => {
  const [program = '', ...rest] = words
  const startedAt = performance.now()
  const child = spawn(program, rest, { cwd: directory, env: { ...shell(), ...env }, stdio: 'ignore' })
  const samples: number[] = []
  const timer = setInterval(() => {
    try {
      if (child.pid !== undefined) samples.push(memoryMbOf(child.pid))
    } catch {
      // It is just ending.
    }
  }, 100)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  clearInterval(timer)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`)
  const half = Math.ceil(samples.length / 2)
  return {
    firstHalfMb: Math.max(...samples.slice(0, half)),
    secondHalfMb: Math.max(...samples.slice(half)),
    seconds: (performance.now() - startedAt) / 1_000,
  }
}
