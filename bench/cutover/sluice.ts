/** Cutovers of Sluice: the real engine, router, driver and store, with a tiny service as the instances. */
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import { type Desk, makeStateDir, openDesk, removeState, tester } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import type { RouterName } from '../../packages/sluice/src/core/model.ts'
import { installHaproxy } from '../../packages/sluice/test/router/haproxy-world.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { withFeatures } from '../lib/features.ts'
import { type Load, type LoadFailure, mixedClients, startLoad } from './load/load.ts'
import { recordedShifts } from './shifts.ts'
import { type Calm, type Comparison, compare } from './windows.ts'

/** How much is done. */
export type CutoverPlan = {
  readonly router: RouterName
  readonly hasFeatures: boolean
  readonly cutovers: number
  readonly requestsPerSecond: number
  /** Cutovers between two calm times. */
  readonly calmEvery: number
  readonly calmMs: number
}

/** What came of it. */
export type CutoverResult = {
  /** By what was done: a strategy's name, `rollback`, `abort`. */
  readonly counts: Readonly<Record<string, number>>
  readonly requests: number
  readonly failed: number
  readonly failures: readonly LoadFailure[]
  readonly seconds: number
  readonly comparison: Comparison
}

/** The environments, each named after its strategy; their order is that of the groups of the load. */
export const names = ['rolling', 'blue-green', 'canary'] as const
type Name = (typeof names)[number]

const common = {
  after: null,
  instances: 2,
  drainTimeout: '1s',
  stopGrace: '3s',
  judge: { interval: '100ms', staleAfter: '5s' },
} as const

const environmentsOn = (ports: readonly number[], router: RouterName): Record<Name, EnvironmentConfig> => ({
  rolling: { ...common, router, listen: ports[0] ?? 0, strategy: { kind: 'rolling', batchSize: 1 } },
  'blue-green': {
    ...common,
    router,
    listen: ports[1] ?? 0,
    strategy: { kind: 'blueGreen', bake: '0s', keepPrevious: true },
  },
  canary: {
    ...common,
    router,
    listen: ports[2] ?? 0,
    strategy: {
      kind: 'canary',
      steps: [
        { share: '10%', bake: '250ms', unitsMin: 5 },
        { share: '50%', bake: '250ms', unitsMin: 5 },
      ],
      bake: '0s',
      keepPrevious: true,
    },
  },
})

/** Makes everything, cuts over as planned, and takes everything down again. */
export const cutOverSluice = async (plan: CutoverPlan, progress: (text: string) => void): Promise<CutoverResult> => {
  const ports = [await freePort(), await freePort(), await freePort()]
  if (plan.router === 'haproxy') installHaproxy()
  const project = await makeProject(withFeatures(environmentsOn(ports, plan.router), plan))
  const stateDir = await makeStateDir()
  const desk = await openDesk(project.directory, stateDir)
  try {
    const first = await desk.cut()
    await project.commit('2.0.0')
    const second = await desk.cut()
    for (const name of names) await mustSucceed(desk, name, first.id)
    const load = startLoad({
      groups: ports.map((port) => ({
        target: { host: '127.0.0.1', port },
        clients: mixedClients(plan.requestsPerSecond / names.length),
      })),
    })
    return await measure(desk, { plan, load, releases: [first.id, second.id], progress })
  } finally {
    await desk.close()
    await removeState(stateDir, names, project.directory)
    await project.remove()
  }
}

type Work = {
  readonly plan: CutoverPlan
  readonly load: Load
  readonly releases: readonly [string, string]
  readonly progress: (text: string) => void
}

const measure = async (desk: Desk, { plan, load, releases, progress }: Work): Promise<CutoverResult> => {
  const calms: Calm[] = []
  const counts: Record<string, number> = {}
  const startedAt = performance.now()
  let done = 0
  const warmUpMs = 2_000
  await rest(warmUpMs)
  while (done < plan.cutovers) {
    const from = Date.now()
    await rest(plan.calmMs)
    calms.push({ from, until: Date.now() })
    const portion = Math.min(plan.calmEvery, plan.cutovers - done)
    for (const [index, count] of shares(portion).entries()) {
      const name = names[index]
      if (name === undefined) continue
      for (let round = 0; round < count; round += 1) {
        const what = await cutOver(desk, { name, round: done, releases })
        counts[what] = (counts[what] ?? 0) + 1
        done += 1
      }
    }
    progress(`${done} of ${plan.cutovers} cutovers`)
    // What the last cutover left behind (instances that end) is not calm.
    await rest(1_500)
  }
  const report = await load.stop()
  const shifts = (await recordedShifts(desk.plane)).map(({ environment, at }) => ({
    group: names.findIndex((name) => name === environment),
    at,
  }))
  return {
    counts,
    requests: Object.values(report.requests).reduce((sum, count) => sum + count, 0),
    failed: report.failed,
    failures: report.failures,
    seconds: (performance.now() - startedAt) / 1_000,
    comparison: compare(report, shifts, calms),
  }
}

/** A portion split over the strategies. */
const shares = (portion: number): readonly number[] => {
  const each = Math.floor(portion / names.length)
  return [portion - 2 * each, each, each]
}

type Turn = { readonly name: Name; readonly round: number; readonly releases: readonly [string, string] }

/** One cutover: to the other release, or back by a rollback (every third), or half way there and back by an abort (some canaries). */
const cutOver = async (desk: Desk, { name, round, releases }: Turn): Promise<string> => {
  const { engine } = desk.plane
  const { serving, previous } = await engine.reading.environment('tiny', name)
  const other = serving === releases[0] ? releases[1] : releases[0]
  if (name === 'canary' && round % 4 === 3) {
    const id = await desk.deploy(name, other)
    await desk.until(id, (state) => state.status !== 'advancing' || state.guard.kind !== 'off')
    await engine.commandRollout(id, 'abort_requested', tester)
    const { status } = await desk.until(id)
    if (status !== 'rolled_back') throw new Error(`an aborted rollout of ${name} is ${status}`)
    return 'abort'
  }
  const isRollback = round % 3 === 2 && previous !== null
  // By name: between two releases that take turns, the one before is not always what served last.
  const state = await desk.rollOut(name, other, isRollback ? 'rollback' : 'deploy')
  if (state.status !== 'succeeded') throw new Error(`a cutover of ${name} is ${state.status}: ${JSON.stringify(state)}`)
  return isRollback ? 'rollback' : name
}

const mustSucceed = async (desk: Desk, name: Name, release: string): Promise<void> => {
  const state = await desk.rollOut(name, release)
  if (state.status !== 'succeeded')
    throw new Error(`the first rollout to ${name} is ${state.status}: ${JSON.stringify(state)}`)
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
