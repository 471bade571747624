/** What is tortured: a project with two releases, a control plane in a process of its own, its gateway, three environments, and the load on them. */
import { join } from 'node:path'
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import { SluiceError } from '../../packages/sluice/src/core/errors.ts'
import type { RouterName } from '../../packages/sluice/src/core/model.ts'
import type { GatewayAnswer } from '../../packages/sluice/src/core/routing.ts'
import type { Client } from '../../packages/sluice/src/http/client/client.ts'
import { openConnection } from '../../packages/sluice/src/routers/gateway/connection.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject, type Project } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { installHaproxy } from '../../packages/sluice/test/router/haproxy-world.ts'
import { type Setting, withFeatures } from '../lib/features.ts'
import { mixedClients, startLoad, type Load } from '../cutover/load/load.ts'
import { type ControlPlaneProcess, startControlPlane } from '../lib/control-plane.ts'

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

const environmentsOn = (ports: readonly number[], router: RouterName): Readonly<Record<string, EnvironmentConfig>> => ({
  rolling: { ...common, router, listen: ports[0] ?? 0, strategy: { kind: 'rolling', batchSize: 1 } },
  'blue-green': {
    ...common,
    router,
    listen: ports[1] ?? 0,
    strategy: { kind: 'blueGreen', bake: '200ms', keepPrevious: false },
  },
  canary: {
    ...common,
    router,
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
export const makeWorld = async (requestsPerSecond: number, setting: Setting): Promise<World> => {
  const ports = [await freePort(), await freePort(), await freePort()]
  if (setting.router === 'haproxy') installHaproxy()
  const project = await makeProject(withFeatures(environmentsOn(ports, setting.router), setting))
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
  const { client, controlPlane } = await startControlPlane({
    projectDir: project.directory,
    stateDir,
    actor: 'torture',
  })
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

/** The pid of the gateway that answers; null when none does. */
export const gatewayPid = async (stateDir: string): Promise<number | null> => {
  const connection = await openConnection(join(stateDir, 'gateway.sock'), () => {})
  const reply = await connection?.send({ kind: 'hello' })
  connection?.close()
  return reply?.kind === 'answered' ? (reply.answer as GatewayAnswer['hello']).pid : null
}

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
