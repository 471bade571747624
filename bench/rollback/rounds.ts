/** Rollbacks of a real service: forward by the strategy, back by one command, and what traffic saw of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import type { Client } from '../../packages/sluice/src/http/client/client.ts'
import type { RolloutDetailView } from '../../packages/sluice/src/http/client/views.ts'
import { createClient } from '../../packages/sluice/src/http/client/client.ts'
import { wireTransport } from '../../packages/sluice/src/http/client/wire.ts'
import { serve } from '../../packages/sluice/src/serve.ts'
import { makeStateDir, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Observer, startObserver, witness, type Witnessed } from './observer.ts'

/** How many rollbacks of each kind. */
export type RollbackPlan = { readonly warm: number; readonly cold: number }

/** A rollback from retired, and what its instances took to start by themselves, milliseconds. */
export type ColdRollback = Witnessed & { readonly startMs: number }

/** What was seen. */
export type RollbackResult = {
  /** A live canary at 50 % turned around. */
  readonly aborted: readonly Witnessed[]
  /** What served before blue-green's switch, still up. */
  readonly returned: readonly Witnessed[]
  /** What served before and was retired. */
  readonly cold: readonly ColdRollback[]
}

const names = ['canary', 'blue-green', 'rolling'] as const
type Name = (typeof names)[number]

// Everything about health is as Sluice has it where nobody says anything: a rollback must not depend on how often somebody has probes made.
const common = { after: null, instances: 2, drainTimeout: '1s', stopGrace: '3s' } as const

const environmentsOn = (ports: Readonly<Record<Name, number>>): Record<Name, EnvironmentConfig> => ({
  canary: {
    ...common,
    listen: ports.canary,
    strategy: { kind: 'canary', steps: [{ share: '50%', bake: '1h' }] },
  },
  'blue-green': {
    ...common,
    listen: ports['blue-green'],
    strategy: { kind: 'blueGreen', bake: '0s', keepPrevious: true },
  },
  rolling: { ...common, listen: ports.rolling, strategy: { kind: 'rolling', batchSize: 2 } },
})

type World = {
  readonly client: Client
  readonly observer: Observer
  readonly ports: Readonly<Record<Name, number>>
  /** Versions by release id, and the two that take turns. */
  readonly releases: readonly [Release, Release]
}
type Release = { readonly id: string; readonly version: string }

/** Makes everything, rolls back as planned, and takes everything down again. */
export const rollBack = async (plan: RollbackPlan, progress: (text: string) => void): Promise<RollbackResult> => {
  const ports = { canary: await freePort(), 'blue-green': await freePort(), rolling: await freePort() }
  const health = { path: '/healthz' }
  const project = await makeProject(environmentsOn(ports), { health })
  const stateDir = await makeStateDir()
  const onFatal = (error: Error): void => {
    throw error
  }
  const served = await serve({ projectDir: project.directory, stateDir, host: '127.0.0.1', port: 0, onFatal })
  const token = readFileSync(join(stateDir, 'token'), 'utf8').trim()
  const client = createClient({ url: served.url, token, actor: 'bench', transport: wireTransport(), timeoutMs: 60_000 })
  const observer = startObserver(Object.values(ports))
  try {
    const first = await cut(client)
    await project.commit('2.0.0')
    const second = await cut(client)
    const world: World = { client, observer, ports, releases: [first, second] }
    for (const name of names) await forward(world, name, first)
    const aborted: Witnessed[] = []
    const returned: Witnessed[] = []
    const cold: ColdRollback[] = []
    // In turn, so that what the machine does meanwhile is shared by all.
    for (let round = 0; round < Math.max(plan.warm, plan.cold); round += 1) {
      if (round < plan.warm) aborted.push(await abortCanary(world))
      if (round < plan.warm) returned.push(await comeBack(world, 'blue-green'))
      if (round < plan.cold) cold.push(await comeBackCold(world))
      if ((round + 1) % 10 === 0) progress(`${round + 1} rounds`)
    }
    return { aborted, returned, cold }
  } finally {
    observer.stop()
    await served.close()
    await removeState(stateDir, names, project.directory)
    await project.remove()
  }
}

const cut = async (client: Client): Promise<Release> => {
  const { run } = await client.call('runs.start', { body: {} })
  for (;;) {
    const { status, release } = await client.call('runs.show', { params: { run } })
    // The service knows its version without the commit.
    if (status === 'succeeded' && release !== null)
      return { id: release.id, version: release.version.split('+')[0] ?? '' }
    if (status === 'failed' || status === 'cancelled') throw new Error(`the run is ${status}`)
    await sleep(50)
  }
}

const rolloutOnce = async (
  client: Client,
  rollout: string,
  holds: (rollout: RolloutDetailView) => boolean,
): Promise<RolloutDetailView> => {
  for (;;) {
    const view = await client.call('rollouts.show', { params: { rollout } })
    if (holds(view)) return view
    if (view.settledAt !== null) throw new Error(`${rollout} is ${view.status}: ${view.cause?.text ?? ''}`)
    await sleep(20)
  }
}

const isOver = ({ settledAt }: RolloutDetailView): boolean => settledAt !== null

const forward = async ({ client }: World, environment: Name, release: Release): Promise<void> => {
  const { rollout } = await client.call('environments.deploy', {
    params: { environment },
    // Rolled back the time before, it is held.
    body: { release: release.id, overrides: ['held'] },
  })
  const { status } = await rolloutOnce(client, rollout, isOver)
  if (status !== 'succeeded') throw new Error(`${environment}: the way forward is ${status}`)
}

/** The command, and what traffic saw until all of it was on `version`, and for a while after. */
const command = async ({ client, observer, ports }: World, environment: Name, version: string): Promise<Witnessed> => {
  const commandAt = performance.timeOrigin + performance.now()
  const { rollout } = await client.call('environments.rollback', { params: { environment }, body: { reason: 'bench' } })
  await rolloutOnce(client, rollout, isOver)
  // Whoever is answered by the other release now would be seen.
  await sleep(200)
  const witnessed = witness(await observer.since({ port: ports[environment], since: commandAt }), commandAt, version)
  if (witnessed === null) throw new Error(`${environment}: the rollback is over, and traffic is not on ${version}`)
  return witnessed
}

const abortCanary = async (world: World): Promise<Witnessed> => {
  const { client, observer, ports, releases } = world
  const [stable, candidate] = releases
  const body = { release: candidate.id, overrides: ['held' as const] }
  const { rollout } = await client.call('environments.deploy', { params: { environment: 'canary' }, body })
  await rolloutOnce(client, rollout, ({ steps }) =>
    steps.some(({ kind, status }) => kind === 'judge' && status === 'current'),
  )
  await sleep(300)
  const seen = await observer.since({ port: ports.canary, since: Date.now() - 200 })
  if (!seen.some(({ version }) => version === candidate.version)) throw new Error('the canary has no traffic')
  return command(world, 'canary', stable.version)
}

const comeBack = async (world: World, environment: Name): Promise<Witnessed> => {
  const [stable, candidate] = world.releases
  await forward(world, environment, candidate)
  await sleep(300)
  return command(world, environment, stable.version)
}

const comeBackCold = async (world: World): Promise<ColdRollback> => {
  const witnessed = await comeBack(world, 'rolling')
  const { observed } = await world.client.call('environments.show', { params: { environment: 'rolling' } })
  const starts = (observed.instances ?? []).map(async ({ host, port }) => {
    const response = await fetch(`http://${host}:${port}/show`)
    // Documented parser: the tiny service says it so.
    return ((await response.json()) as { readonly startMs: number }).startMs
  })
  return { ...witnessed, startMs: Math.max(...(await Promise.all(starts))) }
}
