/** What is watched: a canary under load whose new release goes bad when it is told to, behind the real control plane and gateway. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../packages/sluice/src/http/client/client.ts'
import type { RolloutView } from '../../packages/sluice/src/http/client/views.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject, type Project } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { type Load, startLoad } from '../cutover/load/load.ts'
import { type ControlPlaneProcess, eventually, startControlPlane } from '../lib/control-plane.ts'

/** The name of the environment. */
export const environment = 'canary'

/** The candidate's share of the traffic, and what of each release's answers is bad once it goes bad. */
export const traffic = { candidateShare: 0.05, stableBad: 0.01, candidateBad: 0.05, requestsPerSecond: 1_500 } as const

/** What an instance has answered to users, and when the last of them asked (epoch ms, with fractions). */
export type Seen = { readonly requests: number; readonly bad: number; readonly lastAt: number }

/** An instance, asked past the gateway. */
export type Service = {
  /** From now on this part of its answers is bad. */
  readonly behave: (badShare: number) => Promise<Seen>
  readonly seen: () => Promise<Seen>
}

/** A rollout, and the instance of its candidate. */
export type Begun = { readonly rollout: string; readonly candidate: Service }

/** See the file's header. */
export type World = {
  readonly client: Client
  readonly controlPlane: ControlPlaneProcess
  readonly stable: () => Promise<Service>
  /** Starts a rollout of the release that is bad from the first answer on, and gives its instance as soon as it is there. */
  readonly beginBad: () => Promise<Begun>
  /** Starts one of a release that is good until it is told otherwise; resolves once it has its share, and is judged. */
  readonly beginGood: () => Promise<Begun>
  /** The rollout once it is taken back. */
  readonly settled: (rollout: string) => Promise<RolloutView>
  readonly remove: () => Promise<void>
}

const settings = {
  after: null,
  instances: 1,
  drainTimeout: '1s',
  stopGrace: '1s',
  judge: { interval: '100ms', staleAfter: '10s' },
  strategy: {
    kind: 'canary',
    // Nothing but the judge ends it.
    steps: [{ share: '5%', bake: '10m', unitsMin: 1_000_000 }],
    keepPrevious: false,
  },
} as const

/** Makes everything; the first release serves, and the load is on it, when it resolves. */
export const makeWorld = async (): Promise<World> => {
  const port = await freePort()
  const project = await makeProject({ [environment]: { ...settings, listen: port } })
  const stateDir = await makeStateDir()
  const releases = await cutReleases(project, stateDir)
  const { client, controlPlane } = await startControlPlane({ projectDir: project.directory, stateDir, actor: 'bench' })
  const load = startLoad({ groups: [{ target: { host: '127.0.0.1', port }, clients: clientsOf() }] })
  const portOf = async (release: string): Promise<number> => {
    const { observed } = await client.call('environments.show', { params: { environment } })
    const found = observed?.instances?.find((one) => one.release.id === release && one.status === 'running')
    if (found === undefined) throw new Error(`no instance of ${release} runs`)
    return found.port
  }
  const [stable, bad, good] = releases
  const world: World = {
    client,
    controlPlane,
    stable: async () => serviceAt(await portOf(stable)),
    beginBad: async () => {
      const rollout = await begin(client, bad)
      return { rollout, candidate: serviceAt(await eventually(() => portOf(bad))) }
    },
    beginGood: async () => {
      const rollout = await begin(client, good)
      await judged(client, rollout)
      return { rollout, candidate: serviceAt(await portOf(good)) }
    },
    settled: (rollout) => settled(client, rollout),
    remove: () => removeWorld({ load, controlPlane, stateDir, project }),
  }
  await (await world.stable()).behave(traffic.stableBad)
  return world
}

const cutReleases = async (project: Project, stateDir: string): Promise<readonly [string, string, string]> => {
  const desk = await openDesk(project.directory, stateDir)
  try {
    const first = await desk.cut()
    await project.commit('2.0.0', { badShare: traffic.candidateBad })
    const second = await desk.cut()
    await project.commit('2.0.1')
    const third = await desk.cut()
    const { status } = await desk.rollOut(environment, first.id)
    if (status !== 'succeeded') throw new Error(`the first rollout is ${status}`)
    return [first.id, second.id, third.id]
  } finally {
    await desk.close()
  }
}

const clientsOf = (): Parameters<typeof startLoad>[0]['groups'][number]['clients'] => {
  const count = 40
  return [{ kind: 'keepAlive', count, intervalMs: (1_000 * count) / traffic.requestsPerSecond }]
}

const serviceAt = (port: number): Service => {
  const ask = async (query: string): Promise<Seen> => {
    const answer = await fetch(`http://127.0.0.1:${port}/behave${query}`)
    // Documented parser: the tests' own service answers.
    return (await answer.json()) as Seen
  }
  return { behave: (badShare) => ask(`?badShare=${badShare}`), seen: () => ask('') }
}

const begin = async (client: Client, release: string): Promise<string> => {
  // Rolled back the time before, it is held.
  const body = { release, overrides: ['held' as const] }
  const { rollout } = await client.call('environments.deploy', { params: { environment }, body })
  return rollout
}

const judged = async (client: Client, rollout: string): Promise<void> => {
  await eventually(async () => {
    const { lastVerdict, status } = await client.call('rollouts.show', { params: { rollout } })
    if (status !== 'advancing') throw new Error(`${rollout} is ${status} before anything was bad`)
    if (lastVerdict === null || lastVerdict.candidate.units === 0) throw new Error(`${rollout} is not judged`)
  })
}

const settled = (client: Client, rollout: string): Promise<RolloutView> =>
  eventually(async () => {
    const view = await client.call('rollouts.show', { params: { rollout } })
    if (view.status !== 'rolled_back') throw new Error(`${rollout} is ${view.status}`)
    return view
  })

const removeWorld = async (parts: {
  readonly load: Load
  readonly controlPlane: ControlPlaneProcess
  readonly stateDir: string
  readonly project: Project
}): Promise<void> => {
  await parts.load.stop()
  await parts.controlPlane.end()
  await rm(join(parts.stateDir, 'server.json'), { force: true })
  await removeState(parts.stateDir, [environment], parts.project.directory)
  await parts.project.remove()
}
