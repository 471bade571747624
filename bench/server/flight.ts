/** Hundreds of rollouts under way on one control plane: real instances behind the real gateway, every rollout at its first share and judged. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import type { Client } from '../../packages/sluice/src/http/client/client.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { rest, startControlPlane } from '../lib/control-plane.ts'
import { cpuSecondsOf, memoryMbOf } from '../lib/machine.ts'
import { progress } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, onThisMachine } from '../lib/targets.ts'

/** A service of some megabytes, so that hundreds of instances fit; Perl is where git is. */
const service = `use strict; use Socket;
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die;
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
bind($listener, sockaddr_in($ENV{PORT}, inet_aton('127.0.0.1'))) or die;
listen($listener, 64) or die;
while (1) {
  accept(my $client, $listener) or next;
  my $head = '';
  while ($head !~ /\\r\\n\\r\\n/) { sysread($client, $head, 8192, length $head) or last }
  syswrite($client, "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok");
  close $client;
}
`

/** Environments that one control plane may have its rollouts in at the same time when it takes each to its first share. */
const atOnce = 10

/** How long they are watched once all are under way, milliseconds. */
const watchedMs = { long: 30_000, short: 10_000 }

/** Measures processor time and memory of the control plane while every environment has a rollout under way. */
export const measureFlight = async ({ quick }: { readonly quick: boolean }): Promise<readonly Bounded[]> => {
  const count = quick ? 40 : 200
  const names = Array.from({ length: count }, (_, index) => `e${index + 1}`)
  const project = await makeProject(
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await environmentOf()] as const))),
    {
      start: { command: 'exec perl server.pl', artifact: 'app' },
      pipeline: { jobs: { build: { steps: 'true', artifacts: { app: ['server.pl', 'package.json'] } } } },
      health: { path: '/', interval: '1s', healthyAfter: 1 },
    },
  )
  const stateDir = await makeStateDir()
  try {
    await writeFile(join(project.directory, 'server.pl'), service)
    const candidate = await giveFirstReleases(project, stateDir, names)
    return await watchCanaries({ projectDir: project.directory, stateDir, names, candidate, quick })
  } finally {
    await removeState(stateDir, names, project.directory)
    await project.remove()
  }
}

/** Has the first release serve everywhere; gives the second. */
const giveFirstReleases = async (
  project: Awaited<ReturnType<typeof makeProject>>,
  stateDir: string,
  names: readonly string[],
): Promise<string> => {
  await project.commit('1.0.0')
  const desk = await openDesk(project.directory, stateDir)
  try {
    const stable = (await desk.cut()).id
    await project.commit('2.0.0')
    const candidate = (await desk.cut()).id
    progress(`${names.length} environments get their first release`)
    for (let begun = 0; begun < names.length; begun += atOnce) {
      const group = names.slice(begun, begun + atOnce)
      for (const state of await Promise.all(group.map((name) => desk.rollOut(name, stable)))) {
        if (state.status === 'succeeded') continue
        const cause = 'cause' in state ? JSON.stringify(state.cause) : 'no cause'
        throw new Error(`${state.plan.spec.name} has no first release: ${state.status}, ${cause}`)
      }
    }
    return candidate
  } finally {
    await desk.close()
  }
}

type Flight = {
  readonly projectDir: string
  readonly stateDir: string
  readonly names: readonly string[]
  readonly candidate: string
  readonly quick: boolean
}

/** Begins all canaries on a control plane of its own, and watches it once all are under way. */
const watchCanaries = async ({ names, candidate, quick, ...place }: Flight): Promise<readonly Bounded[]> => {
  const { client, controlPlane } = await startControlPlane({ ...place, actor: 'bench' })
  try {
    progress(`${names.length} canaries begin`)
    for (const environment of names)
      await client.call('environments.deploy', { params: { environment }, body: { release: candidate } })
    const flying = await inFlight(client, names.length)
    const pid = pidOf(place.stateDir)
    const ms = quick ? watchedMs.short : watchedMs.long
    progress(`${flying} rollouts are under way; watched for ${ms / 1_000} s`)
    const before = cpuSecondsOf(pid)
    await rest(ms)
    const cores = (cpuSecondsOf(pid) - before) / (ms / 1_000)
    return [
      atLeast({ name: 'server.rollouts', value: flying, unit: 'rollouts' }, names.length),
      onThisMachine(atMost({ name: 'server.cores', value: cores, unit: 'cores' }, 1)),
      onThisMachine(atMost({ name: 'server.rssMb', value: memoryMbOf(pid), unit: 'MB resident' }, 300)),
    ]
  } finally {
    await controlPlane.end()
  }
}

/** A canary that stays at its first share for as long as it is watched. */
const environmentOf = async (): Promise<EnvironmentConfig> => ({
  after: null,
  listen: await freePort(),
  instances: 1,
  stopGrace: '1s',
  strategy: { kind: 'canary', steps: [{ share: '5%', bake: '30m' }] },
})

/** Waits until so many rollouts have come to their bake, in which they rest and are judged; how many have, after a bounded time. */
const inFlight = async (client: Client, count: number): Promise<number> => {
  const until = performance.now() + 120_000
  for (;;) {
    const { items } = await client.call('rollouts.list', { query: { limit: 500 } })
    const flying = items.filter(
      ({ status, stage }) => status === 'advancing' && (stage?.kind === 'resting' || stage?.kind === 'asking'),
    )
    if (flying.length === count) return count
    if (performance.now() > until) {
      const others = items.filter((one) => !flying.includes(one) && one.status !== 'succeeded')
      for (const { id, environment, status, stage, cause } of others) {
        progress(`${environment} is not there: ${status}, ${stage?.text ?? 'no stage'}, ${cause?.text ?? 'no cause'}`)
        const { story } = await client.call('rollouts.why', { params: { rollout: id } })
        for (const { at, who, text } of story) progress(`  ${new Date(at).toISOString()} ${who}: ${text}`)
      }
      return flying.length
    }
    await rest(2_000)
  }
}

/** Parser of `server.json`. */
const pidOf = (stateDir: string): number =>
  (JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as { readonly pid: number }).pid
