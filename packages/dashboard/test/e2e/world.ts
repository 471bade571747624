/** A real control plane, as a process of its own, of the demo's service under real traffic; and the words to drive it from outside. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Chapter, makeProject, type Project } from '../../../sluice/src/cli/demo/project.ts'
import { startTraffic, type Traffic } from '../../../sluice/src/cli/demo/traffic.ts'
import { type Client, createClient } from '../../../sluice/src/http/client/client.ts'
import type { RolloutView } from '../../../sluice/src/http/client/views.ts'
import { freePort } from '../../../sluice/test/free-port.ts'

/** What the tests work on. */
export type World = {
  readonly url: string
  readonly token: string
  readonly directory: string
  readonly client: Client
  readonly project: Project
  /** Commits a chapter, runs its pipeline, and rolls the release out to staging. Gives the run. */
  readonly toStaging: (chapter: Chapter) => Promise<string>
  readonly promote: () => Promise<string>
  /** The rollout once it is so. */
  readonly until: (rollout: string, holds: (view: RolloutView) => boolean) => Promise<RolloutView>
  readonly traffic: () => Promise<Traffic>
  /** Types words after `sluice` in the project; gives what it printed. */
  readonly type: (...words: readonly string[]) => string
  /** Kills the control plane as if the machine had run out of memory. */
  readonly kill: () => Promise<void>
  readonly close: () => Promise<void>
}

const bin = fileURLToPath(new URL('../../../sluice/bin/sluice.js', import.meta.url))

/** What most tests change of the sample service's config: a person is asked before half of the traffic. */
export const configChanges: readonly (readonly [from: string, to: string])[] = [
  ["{ share: '50%', bake: '2s', unitsMin: 50 }", "{ share: '50%', approve: true }"],
]

const sluice = (directory: string, ...words: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words, '--no-color'], {
    cwd: directory,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`sluice ${words.join(' ')} ended with ${status}: ${stderr}`)
  return stdout
}

/** Whether nothing happens to a rollout any more. */
export const isSettled = ({ status }: RolloutView): boolean => status === 'succeeded' || status === 'rolled_back'

/** How long anything may take, milliseconds: the machine may be busy. */
const patienceMs = 90_000
const lookMs = 100

/** Waits until something is so. */
export const eventually = async <Value>(
  what: string,
  look: () => Promise<Value>,
  holds: (value: Value) => boolean,
): Promise<Value> => {
  const startedAt = performance.now()
  for (;;) {
    const value = await look().catch((error: unknown) => {
      if (performance.now() - startedAt > patienceMs) throw error
      return null
    })
    if (value !== null && holds(value)) return value
    if (performance.now() - startedAt > patienceMs) throw new Error(`${what} did not happen: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

/** Makes the world: the first release serves both environments. */
export const makeWorld = async (changes: typeof configChanges = configChanges): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ui-'))
  const directory = join(folder, 'shop')
  const ports = { staging: await freePort(), production: await freePort() }
  const project = await makeProject(directory, ports)
  const config = join(directory, 'sluice.config.ts')
  let text = await readFile(config, 'utf8')
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the sample's config no longer holds ${from}`)
    text = text.replace(from, to)
  }
  await writeFile(config, text)
  sluice(directory, 'up', '-d', '--port', String(await freePort()))
  const stateDir = join(directory, '.sluice')
  const file = async (): Promise<{ readonly url: string; readonly pid: number }> =>
    JSON.parse(await readFile(join(stateDir, 'server.json'), 'utf8'))
  const { url } = await file()
  const token = (await readFile(join(stateDir, 'token'), 'utf8')).trim()
  const client = createClient({
    url,
    token,
    actor: 'tester',
    transport: (request) => fetch(request),
    timeoutMs: 20_000,
  })
  const until: World['until'] = (rollout, holds) =>
    eventually(`rollout ${rollout}`, () => client.call('rollouts.show', { params: { rollout } }), holds)
  const toStaging: World['toStaging'] = async (chapter) => {
    const { id } = await project.commit(chapter)
    const { run } = await client.call('runs.start', { body: { ref: id } })
    const look = () => client.call('runs.show', { params: { run } })
    const { status } = await eventually(`run ${run}`, look, ({ settledAt }) => settledAt !== null)
    if (status !== 'succeeded') throw new Error(`run ${run} ${status}`)
    const { rollout } = await client.call('environments.deploy', { params: { environment: 'staging' }, body: {} })
    await until(rollout, isSettled)
    return run
  }
  const promote: World['promote'] = async () =>
    (await client.call('environments.promote', { params: { environment: 'production' }, body: {} })).rollout
  return {
    url,
    token,
    directory,
    client,
    project,
    toStaging,
    promote,
    until,
    traffic: () => trafficOn(ports.production),
    type: (...words) => sluice(directory, ...words),
    kill: async () => void process.kill((await file()).pid, 'SIGKILL'),
    close: async () => {
      sluice(directory, 'down', '--all')
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Half of the visitors look at the bikes, which the bad release breaks. */
const trafficOn = async (port: number): Promise<Traffic> => {
  const url = `http://127.0.0.1:${port}`
  const linksOn = async (path: string): Promise<readonly string[]> => {
    const page = await (await fetch(url + path)).text()
    return [...page.matchAll(/href="(\/[^"#]*)"/g)].map(([, href]) => href ?? '/')
  }
  const bikes = (await linksOn('/categories/bikes')).filter((path) => path.startsWith('/products/'))
  return startTraffic({
    url,
    paths: ['/', '/cart', ...(await linksOn('/products')), ...bikes, ...bikes],
    requestsPerSecond: 200,
    pagesPerVisitor: 5,
  })
}
