/** The way to a control plane: one elsewhere, the one that runs here, one that is started, or one in this process. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import type { Client } from '../http/client/client.ts'
import { errorOfProblem } from '../http/client/problem.ts'
import { besideTrafficNodeOptions } from '../lib/node-options.ts'
import { isRunning } from '../lib/process-identity.ts'
import type { Cli } from './cli.ts'
import { loginFor } from './logins.ts'
import { requireProject, requireRepository } from './project-directory.ts'
import { plainTexts } from './render/plain.ts'

/**
 * What a command needs. `read`: to look; without a server the state is opened here and nothing is started. `work`: to have something done while this
 * command waits; without a server it is done here. `server`: something that goes on after this command; without a server one is started.
 */
export type Need = 'read' | 'work' | 'server'

/** A need of a command that also works in a repository without a config. */
export type Wanted = {
  readonly need: Need
  readonly isBare: boolean
  /** The ref that a run will be started of; absent for none. */
  readonly runOf?: string
}

/** A client and what must be let go of afterwards. */
export type Connection = {
  readonly client: Client
  readonly kind: 'server' | 'inProcess'
  readonly close: () => Promise<void>
}

/** How long an answer may take, milliseconds. Planning a run reads the commit's config in a checkout. */
const answerMs = 30_000
/** How long a control plane may take to start, milliseconds. */
const startMs = 15_000
const lookEveryMs = 50
/** When another process holds the state: how long it is given to say where it is, and how often a start is tried. */
const elsewhereMs = 1_000
const attemptsMax = 5

/** Gives the work a connection, and lets go of it however the work ends. */
export const withClient = async <Result>(
  cli: Cli,
  need: Need | Wanted,
  work: (client: Client, kind: Connection['kind']) => Promise<Result>,
): Promise<Result> => {
  const wanted = typeof need === 'string' ? { need, isBare: false } : need
  const connection = await connect(cli, wanted.need, wanted)
  // Machines get what there is; people get it as text, whoever wrote the subjects, reasons and names in it.
  const client = cli.globals.json ? connection.client : plainClient(connection.client)
  try {
    return await work(client, connection.kind)
  } finally {
    await connection.close()
  }
}

/** The client, whose answers have no text that a terminal would act upon. Logs stay as they are: they have colours, and their view looks at each line. */
const plainClient = (client: Client): Client => ({
  ...client,
  call: async (id, input) => {
    const answer = await client.call(id, input)
    return id === 'runs.logs' ? answer : plainTexts(answer)
  },
})

/** Finds, starts or opens a control plane. */
export const connect = async (
  cli: Cli,
  need: Need,
  { isBare, runOf }: Omit<Wanted, 'need'> = { isBare: false },
): Promise<Connection> => {
  const { globals } = cli
  const there = placeOf(cli)
  if (there !== null) return overWire(cli, there.url, there.token)
  if (isBare) requireRepository(globals)
  else requireProject(globals)
  if (need === 'server') {
    // What a server needs is there once the state is.
    mkdirSync(globals.stateDir, { recursive: true, mode: 0o700 })
    const url = await startServer(cli, null)
    return overWire(cli, url)
  }
  return inProcess(cli, need, runOf ?? null)
}

/** A client of the control plane that is meant, where one was named or runs here; null otherwise: nothing is started or opened. */
export const clientOfRunning = async (cli: Cli): Promise<Client | null> => {
  const there = placeOf(cli)
  return there === null ? null : clientAt(cli, there.url, there.token)
}

/** Where the control plane that is meant answers, and as whom it is asked; null where none was named and none runs here. */
const placeOf = (cli: Cli): { readonly url: string; readonly token: string | null } | null => {
  const elsewhere = cli.globals.server ?? cli.variables['SLUICE_SERVER'] ?? null
  const running = runningServer(cli.globals.stateDir)
  if (elsewhere === null) return running === null ? null : { url: running.url, token: tokenOf(cli) }
  const url = addressFrom(elsewhere)
  const isOwn = running !== null && isSameAddress(url, running.url)
  return { url, token: isOwn ? tokenOf(cli) : givenToken(cli, url) }
}

const addressFrom = (text: string): string => {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin
  throw new SluiceError('usage_invalid', {
    detail: `${JSON.stringify(text)} is not the address of a server`,
    hint: 'sluice status --server http://127.0.0.1:7420',
  })
}

/** Whether two addresses are one, by whatever name loopback is called; a control plane that listens on every address is there, too. */
const isSameAddress = (...addresses: readonly [string, string]): boolean => {
  const [one, other] = addresses.map((address) =>
    new URL(address).origin.replace(/\/\/(?:localhost|0\.0\.0\.0|\[::1?\])(?=:|$)/, '//127.0.0.1'),
  )
  return one === other
}

// Loaded by who needs a wire: `node:http` and the web's request classes take longer to load than a short command runs.
const overWire = async (cli: Cli, url: string, token: string | null = tokenOf(cli)): Promise<Connection> => ({
  client: await clientAt(cli, url, token),
  kind: 'server',
  close: () => Promise.resolve(),
})

/** A client of a control plane that answers at an address, with this token or none. */
export const clientAt = async (cli: Cli, url: string, token: string | null): Promise<Client> => {
  const { wireTransport } = await import('../http/client/wire.ts')
  const { createClient } = await import('../http/client/client.ts')
  const { actor } = cli
  return createClient({ url, token, actor, transport: wireTransport(), timeoutMs: answerMs })
}

/** Where the control plane that is meant answers: the one that is named, else the one that runs here. `server_unreachable` when there is none. */
export const serverAddress = ({ globals, variables }: Cli): string => {
  const elsewhere = globals.server ?? variables['SLUICE_SERVER'] ?? null
  if (elsewhere !== null) return addressFrom(elsewhere)
  const running = runningServer(globals.stateDir)
  if (running !== null) return running.url
  throw new SluiceError('server_unreachable', {
    detail: 'no control plane runs here, and none was named',
    hint: 'sluice up -d, or --server https://sluice.example.com',
  })
}

/** What was given for this command, else what signing in there gave. */
const givenToken = ({ variables }: Cli, place: string): string | null =>
  variables['SLUICE_TOKEN'] || (loginFor(variables, place)?.token ?? null)

/** What a sign-in is kept under: an address elsewhere; for the control plane of this state the state, because the next project's may answer at the same address of this machine. */
export const loginPlace = ({ globals }: Cli, url: string): string => {
  const running = runningServer(globals.stateDir)
  return running !== null && isSameAddress(url, running.url) ? globals.stateDir : url
}

/** The token of this state is for its own control plane alone: any other address that is named gets what was given for it, or none. */
const tokenOf = (cli: Cli): string | null => {
  const given = givenToken(cli, cli.globals.stateDir)
  if (given !== null) return given
  try {
    return readFileSync(join(cli.globals.stateDir, 'token'), 'utf8').trim()
  } catch {
    return null
  }
}

const inProcess = async (cli: Cli, mode: 'read' | 'work', runOf: string | null): Promise<Connection> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openHere(cli, mode, runOf)
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'server_running') throw error
      // A control plane is just coming up and has not said yet where it is; or another command has the state open for a moment.
      const running = await soonRunning(cli.globals.stateDir, elsewhereMs)
      if (running !== null) return overWire(cli, running.url)
      if (attempt >= attemptsMax) throw error
    }
  }
}

const openHere = async (cli: Cli, mode: 'read' | 'work', runOf: string | null): Promise<Connection> => {
  const { projectDir, stateDir } = cli.globals
  const onFatal = (error: Error): void => {
    cli.note(`the state can no longer be trusted: ${error.message}`)
    process.exit(1)
  }
  const onCacheTrouble = (text: string): void => cli.note(`${cli.noteStyle.mark('warn')} ${text}`)
  const wanted = { projectDir, stateDir, mode, runOf, actor: cli.actor, onFatal, onCacheTrouble }
  const { client, close } = await cli.host.openInProcess(wanted)
  return { client, kind: 'inProcess', close }
}

/** A control plane as `server.json` names it. */
export type RunningServer = {
  readonly pid: number
  readonly url: string
  readonly version: string
  readonly startedAt: number
}

/** Parser of `server.json`: the control plane that it names, if that still runs; null otherwise. */
export const runningServer = (stateDir: string): RunningServer | null => {
  try {
    const file = JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as RunningServer & {
      readonly processStart: string | null
    }
    if (file.processStart === null) return isAlive(file.pid) ? file : null
    return isRunning({ pid: file.pid, startTime: file.processStart }) ? file : null
  } catch {
    return null
  }
}

/** Takes away the address of a control plane that no longer runs: its gateway does not start it again, and one that is starting does not stay. */
export const forgetServer = (stateDir: string): void => rmSync(join(stateDir, 'server.json'), { force: true })

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** What a control plane that was started says about its start. */
type Report = { readonly ready: string } | { readonly failed: unknown }

/** Where a control plane that is started is to listen; null for what it would do by itself. */
type Where = { readonly host: string | null; readonly port: string | null } | null

/** Starts a control plane that outlives this command, and says so. Gives its address. */
export const startServer = async (cli: Cli, listen: Where): Promise<string> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToStart(cli, listen)
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'server_running') throw error
      // Somebody was faster, or the gateway brought the last one back; or a command only looked at the state for a moment.
      const running = await soonRunning(cli.globals.stateDir, elsewhereMs)
      if (running !== null) return running.url
      if (attempt >= attemptsMax) throw error
    }
  }
}

const tryToStart = async (cli: Cli, listen: Where): Promise<string> => {
  const { projectDir, stateDir } = cli.globals
  requireProject(cli.globals)
  const [program = process.execPath, ...args] = cli.host.self
  const where = [
    ...(listen === null || listen.host === null ? [] : ['--host', listen.host]),
    ...(listen === null || listen.port === null ? [] : ['--port', listen.port]),
  ]
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const log = openSync(join(stateDir, 'server.log'), 'a', 0o600)
  const place = ['--project', projectDir, '--state-dir', stateDir, ...where]
  const child = spawn(program, [...besideTrafficNodeOptions, ...args, 'server', ...place], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const report = await new Promise<Report>((resolve) => {
    const failed = (detail: string): void =>
      resolve({
        failed: {
          name: 'server_unreachable',
          detail,
          hint: `look at the end of ${join(stateDir, 'server.log')}`,
          evidence: lastLines(join(stateDir, 'server.log')),
        },
      })
    const late = setTimeout(() => failed(`the control plane did not start within ${startMs / 1_000} s`), startMs)
    child.once('message', (message) => {
      clearTimeout(late)
      // Trusted: the other end of this channel is this program.
      resolve(message as Report)
    })
    child.once('error', (error) => failed(`the control plane cannot be started: ${error.message}`))
    child.once('exit', (code) => failed(`the control plane ended at its start (exit code ${code ?? 'none'})`))
  })
  if (child.connected) child.disconnect()
  child.unref()
  if ('ready' in report) {
    cli.note(
      `${cli.noteStyle.mark('done')} started the control plane at ${report.ready} (pid ${child.pid ?? '?'}); it goes on by itself: sluice down`,
    )
    return report.ready
  }
  throw errorOfProblem(report.failed, 503)
}

/** Waits until a control plane says where it is; null when none does in time. */
const soonRunning = async (stateDir: string, waitMs: number): Promise<RunningServer | null> => {
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += lookEveryMs) {
    const running = runningServer(stateDir)
    if (running !== null) return running
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return null
}

const lastLines = (path: string): readonly string[] => {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-10)
  } catch {
    return []
  }
}
