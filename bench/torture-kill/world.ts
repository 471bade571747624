/** What is tortured: a project with two releases, a control plane in a process of its own, its gateway, three environments, and the load on them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import { SluiceError } from '../../packages/sluice/src/core/errors.ts'
import type { GatewayAnswer } from '../../packages/sluice/src/core/routing.ts'
import { type Client, createClient } from '../../packages/sluice/src/http/client/client.ts'
import { openConnection } from '../../packages/sluice/src/routers/gateway/connection.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject, type Project } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { mixedClients, startLoad, type Load } from '../cutover/load/load.ts'

/** Names of the environments; each has a strategy of its own. */
export const environmentNames = ['rolling', 'blue-green', 'canary'] as const

/** See the file's header. */
export type World = {
  readonly project: Project
  readonly stateDir: string
  readonly releases: readonly [string, string]
  readonly ports: readonly number[]
  readonly client: Client
  readonly controlPlane: ControlPlaneProcess
  /** Starts the load on every environment. */
  readonly startLoad: () => Load
}

const common = {
  after: null,
  instances: 2,
  drainTimeout: '1s',
  stopGrace: '2s',
  progressDeadline: '5m',
  judge: { interval: '100ms', staleAfter: '10s' },
} as const

const environmentsOn = (ports: readonly number[]): Readonly<Record<string, EnvironmentConfig>> => ({
  rolling: { ...common, listen: ports[0] ?? 0, strategy: { kind: 'rolling', batchSize: 1 } },
  'blue-green': {
    ...common,
    listen: ports[1] ?? 0,
    strategy: { kind: 'blueGreen', bake: '200ms', keepPrevious: false },
  },
  canary: {
    ...common,
    listen: ports[2] ?? 0,
    strategy: {
      kind: 'canary',
      steps: [
        { share: '10%', bake: '300ms', unitsMin: 5 },
        { share: '50%', bake: '300ms', unitsMin: 5 },
      ],
      bake: '100ms',
    },
  },
})

/** Makes everything; every environment serves the first release when it resolves. */
export const makeWorld = async (requestsPerSecond: number): Promise<World> => {
  const ports = [await freePort(), await freePort(), await freePort()]
  const project = await makeProject(environmentsOn(ports))
  const stateDir = await makeStateDir()
  const desk = await openDesk(project.directory, stateDir)
  const first = await desk.cut()
  await project.commit('2.0.0')
  const second = await desk.cut()
  for (const name of environmentNames) {
    const { status } = await desk.rollOut(name, first.id)
    if (status !== 'succeeded') throw new Error(`the first rollout to ${name} is ${status}`)
  }
  await desk.close()
  const apiPort = await freePort()
  const controlPlane = new ControlPlaneProcess({ projectDir: project.directory, stateDir, port: apiPort })
  controlPlane.start()
  const token = await eventually(() => readFile(join(stateDir, 'token'), 'utf8'))
  const client = createClient({
    url: `http://127.0.0.1:${apiPort}`,
    token: token.trim(),
    actor: 'torture',
    transport: (request) => fetch(request),
    timeoutMs: 5_000,
  })
  await eventually(() => client.call('server.show', {}))
  const load = (): Load =>
    startLoad({
      groups: ports.map((port) => ({
        target: { host: '127.0.0.1', port },
        clients: mixedClients(requestsPerSecond / ports.length),
      })),
    })
  return { project, stateDir, releases: [first.id, second.id], ports, client, controlPlane, startLoad: load }
}

/** Takes everything down. */
export const removeWorld = async ({ project, stateDir, controlPlane }: World): Promise<void> => {
  await controlPlane.end()
  await removeState(stateDir, environmentNames, project.directory)
  await project.remove()
}

type ProcessOptions = { readonly projectDir: string; readonly stateDir: string; readonly port: number }

const program = fileURLToPath(new URL('../../packages/sluice/bin/sluice.js', import.meta.url))

/** The control plane's process. There may be two for a moment, since the gateway starts one as well; the state's lock lets one of them live. */
export class ControlPlaneProcess {
  readonly #options: ProcessOptions
  readonly #children = new Set<ChildProcess>()

  constructor(options: ProcessOptions) {
    this.#options = options
  }

  /** Starts one. */
  start(): void {
    const { projectDir, stateDir, port } = this.#options
    const output = openSync(join(stateDir, 'server.log'), 'a', 0o600)
    const words = ['server', '--project', projectDir, '--state-dir', stateDir, '--port', String(port)]
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', output, output] })
    closeSync(output)
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
  }

  /** `kill -9` to whichever holds the state, and to those that wait for it. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    const pid = this.#holder()
    if (pid !== null) killPid(pid)
  }

  /** Ends it for good: a stop by SIGKILL with its address taken away, so that the gateway does not start it again. */
  async end(): Promise<void> {
    await rm(join(this.#options.stateDir, 'server.json'), { force: true })
    this.kill()
  }

  /** Whom the lock's file names. */
  #holder(): number | null {
    try {
      return Number(readFileSync(join(this.#options.stateDir, 'control.pid'), 'utf8')) || null
    } catch {
      return null
    }
  }
}

/** `kill -9`; nothing when it is gone. */
export const killPid = (pid: number): void => {
  try {
    if (pid !== process.pid) process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** The pid of the gateway that answers; null when none does. */
export const gatewayPid = async (stateDir: string): Promise<number | null> => {
  const connection = await openConnection(join(stateDir, 'gateway.sock'), () => {})
  const reply = await connection?.send({ kind: 'hello' })
  connection?.close()
  return reply?.kind === 'answered' ? (reply.answer as GatewayAnswer['hello']).pid : null
}

/** Tries again and again for 30 seconds. */
export const eventually = async <Result>(attempt: () => Promise<Result>): Promise<Result> => {
  const until = performance.now() + 30_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > until) throw error
      await rest(25)
    }
  }
}

/** Waits. */
export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A whole number of milliseconds, evenly spread. */
export const between = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from))

/** Whether asking the same again may give an answer: nobody answered, or too much is asked. */
export const isPassing = (error: unknown): boolean =>
  error instanceof SluiceError &&
  (error.code === 'server_unreachable' ||
    error.code === 'overloaded' ||
    error.code === 'store_fenced' ||
    error.code === 'store_failed' ||
    error.retry === 'same')
