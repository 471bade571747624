/** A control plane in a process of its own, from its start until it ends. One that ends by itself is an error with its last words, never a wait. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { besideTrafficNodeOptions } from '../../packages/sluice/src/lib/node-options.ts'
import type { Program } from './program.ts'

/** Where a control plane works and listens. */
export type Place = { readonly projectDir: string; readonly stateDir: string; readonly port: number }

/** A control plane that is ready. */
export type Server = {
  readonly pid: number
  /** From its start until it said that it is ready, milliseconds. */
  readonly readyMs: number
  /** Asks it to end and waits until it has; rejects when it had ended before, or does so in another way than it should. */
  readonly end: () => Promise<void>
}

/** How long a control plane may take to be ready, and to end, milliseconds. */
const patienceMs = 30_000
/** Last lines of what it said and logged that go with an error. */
const linesMax = 20

/** The options by which a command finds a place. */
export const placeWords = ({ projectDir, stateDir }: Place): readonly string[] => [
  '--project',
  projectDir,
  '--state-dir',
  stateDir,
]

/** Starts a control plane; rejects when it ends, or is not ready in time. */
export const startServer = async ({ words }: Program, place: Place): Promise<Server> => {
  const [program = '', ...first] = words
  const startedAt = performance.now()
  const args = [...besideTrafficNodeOptions, ...first, 'server', ...placeWords(place), '--port', String(place.port)]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const life = watch(child, place)
  try {
    await life.orEnd(untilReady(place.port, life.isOver), 'before it was ready')
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const readyMs = performance.now() - startedAt
  return {
    pid: child.pid ?? 0,
    readyMs,
    end: async () => {
      life.mustRun('before it was asked to')
      child.kill('SIGTERM')
      const how = await inTime(life.ended, (span) => life.words(`did not end within ${span} when it was asked to`))
      if (how !== 'exit code 0') throw new Error(life.words(`ended with ${how} when it was asked to end`))
    },
  }
}

type Life = {
  /** How it ended: `exit code 0`, `signal SIGTERM`, or why it did not start. */
  readonly ended: Promise<string>
  readonly isOver: () => boolean
  /** The result, unless the child ends first or the result takes too long. */
  readonly orEnd: <Result>(result: Promise<Result>, when: string) => Promise<Result>
  readonly mustRun: (when: string) => void
  /** A sentence about it, with its last words. */
  readonly words: (what: string) => string
}

const watch = (child: ChildProcess, { stateDir }: Place): Life => {
  let said = ''
  let how: string | null = null
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  void ended.then((known) => (how = known))
  const words = (what: string): string =>
    [
      `the control plane (pid ${child.pid ?? 'none'}) ${what}`,
      ...lastLines('stderr', said),
      ...['server.json', 'server.log', 'control.log', 'gateway.log'].flatMap((name) =>
        lastLines(name, textOf(join(stateDir, name))),
      ),
    ].join('\n')
  return {
    ended,
    isOver: () => how !== null || child.killed,
    words,
    mustRun: (when) => {
      if (how !== null) throw new Error(words(`ended ${when}: ${how}`))
    },
    orEnd: (result, when) => {
      const early = ended.then((known) => Promise.reject(new Error(words(`ended ${when}: ${known}`))))
      return inTime(Promise.race([result, early]), (span) => words(`was given up after ${span}, ${when}`))
    },
  }
}

const lastLines = (name: string, text: string): readonly string[] =>
  text === '' ? [] : [`--- ${name}`, ...text.trimEnd().split('\n').slice(-linesMax)]

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The result, or an error once it takes too long. The timer also keeps this process from ending while it waits. */
const inTime = async <Result>(result: Promise<Result>, late: (span: string) => string): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(late(`${patienceMs / 1_000} s`))), patienceMs)
  try {
    return await Promise.race([result, promise])
  } finally {
    clearTimeout(timer)
  }
}

const untilReady = async (port: number, isOver: () => boolean): Promise<void> => {
  while (!isOver() && !(await isReady(port))) await new Promise((resolve) => setTimeout(resolve, 2))
}

const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/health/readiness', agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
    })
    request.on('error', () => resolve(false))
  })
