/** The real command line: as a process, or in this one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Output } from '../../src/cli/cli.ts'
import { runProgram } from '../../src/cli/program.ts'
import { host } from '../../src/host.ts'

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

/** How a command ended. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Where a command runs. */
export type Place = { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly uid?: number }

/** A command that runs. */
export type Typed = {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  readonly said: (text: string, times?: number) => Promise<void>
  /** What stands on stderr by now. */
  readonly noted: () => string
}

const variablesOf = ({ cwd, env = {} }: Place): Readonly<Record<string, string | undefined>> => ({
  PATH: process.env['PATH'],
  HOME: cwd,
  LANG: 'C.UTF-8',
  ...env,
})

/** Types a command. `said` resolves once stderr holds a text, so many times. */
export const type = (args: readonly string[], place: Place): Typed => {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: place.cwd,
    // What this process compiled need not be compiled again.
    env: { ...variablesOf(place), NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(place.uid === undefined ? {} : { uid: place.uid }),
  })
  let [stdout, stderr] = ['', '']
  const holds = (text: string, times: number): boolean => stderr.split(text).length > times
  const waiting: { readonly text: string; readonly times: number; readonly resolve: () => void }[] = []
  child.stdout.on('data', (data) => (stdout += String(data)))
  child.stderr.on('data', (data) => {
    stderr += String(data)
    for (const { text, times, resolve } of waiting) if (holds(text, times)) resolve()
  })
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
  const said = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      if (holds(text, times)) resolve()
      waiting.push({ text, times, resolve })
      void ended.then(() => reject(new Error(`it ended without saying ${JSON.stringify(text)}: ${stdout}${stderr}`)))
    })
  return { child, ended, said, noted: () => stderr }
}

/** Types a command and waits for its end. */
export const sluice = (place: Place, ...args: readonly string[]): Promise<Ended> => type(args, place).ended

/** Does what a command does in this process, through the same program with the same world, without a process's start and end: for the many words whose answers alone are looked at. */
export const sluiceHere = async (place: Place, ...args: readonly string[]): Promise<Ended> => {
  const printed = { stdout: '', stderr: '' }
  const outputTo = (stream: keyof typeof printed): Output => ({
    write: (text) => (printed[stream] += text),
    flushed: async () => {},
    isTTY: false,
    columns: 100,
    rows: 40,
  })
  const code = await runProgram({
    argv: args,
    variables: variablesOf(place),
    cwd: place.cwd,
    stdout: outputTo('stdout'),
    stderr: outputTo('stderr'),
    host,
    interrupted: new AbortController().signal,
  })
  return { code, ...printed }
}
