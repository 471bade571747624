/**
 * `npm run bench:cutover [-- --quick] [--count N] [--router haproxy] [--features] [--json]`: cutovers under load, none of which may cost a request. Sluice starts and stops real
 * instances at each (rolling, blue-green, canary, rollbacks, aborts); the peers only switch between two backends that stay up. `--router haproxy` has Sluice drive
 * an HAProxy in place of its gateway, `--features` turns on all that a request may meet beside the split; both leave the peers out. `--count`
 * does so many cutovers in place of 1,000, for a machine that is not one's own for that long.
 *
 * The control plane is this process, with the options of Node with which `sluice` starts one.
 */
import { parseArgs } from 'node:util'
import type { RouterName } from '../../packages/sluice/src/core/model.ts'
import { besideTrafficNodeOptions } from '../../packages/sluice/src/lib/node-options.ts'
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine } from '../lib/targets.ts'
import type { LoadFailure } from './load/load.ts'
import { type Peer, peers, peerVersion } from './peer-configs.ts'
import { cutOverPeer } from './peers.ts'
import { cutOverSluice, names } from './sluice.ts'

const flag = { type: 'boolean', default: false } as const
const { values } = parseArgs({
  options: {
    quick: flag,
    json: flag,
    features: flag,
    router: { type: 'string', default: 'gateway' },
    count: { type: 'string' },
  },
})
const { quick, json, features: hasFeatures } = values
const routerOf = (name: string): RouterName => {
  if (name === 'gateway' || name === 'haproxy') return name
  throw new Error(`no router is called ${name}`)
}
const router = routerOf(values.router)
if (!besideTrafficNodeOptions.every((option) => process.execArgv.includes(option)))
  throw new Error(`run it by npm run bench:cutover: it wants node ${besideTrafficNodeOptions.join(' ')}`)
const requestsPerSecond = 1_200
const wanted = Number(values.count ?? (quick ? 12 : 1_000))
const peerSwitches = quick ? 3 : 50

const countsOf = (failures: readonly LoadFailure[]): string => {
  const counts = new Map<string, number>()
  for (const { client, failure } of failures)
    counts.set(`${client} ${failure}`, (counts.get(`${client} ${failure}`) ?? 0) + 1)
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ')
}

const ownFigures = async (): Promise<{ figures: readonly Bounded[]; notes: readonly string[] }> => {
  const plan = {
    router,
    hasFeatures,
    cutovers: wanted,
    requestsPerSecond,
    calmEvery: quick ? 6 : 50,
    calmMs: quick ? 3_000 : 5_000,
  }
  const result = await cutOverSluice(plan, progress)
  const { comparison, counts, failures } = result
  const count = Object.values(counts).reduce((sum, each) => sum + each, 0)
  const kinds = Object.entries(counts).map(([name, each]) => `${each} ${name}`)
  return {
    figures: [
      atLeast({ name: 'cutover.count', value: count, unit: 'cutovers' }, wanted),
      { name: 'cutover.requests', value: result.requests, unit: 'requests' },
      onThisMachine(
        atLeast(
          {
            name: 'cutover.requestsPerSecond',
            value: Math.round(result.requests / result.seconds),
            unit: 'requests/s',
          },
          1_000,
        ),
      ),
      atMost({ name: 'cutover.failedRequests', value: result.failed, unit: 'requests' }, 0),
      { name: 'cutover.steadyP99Ms', value: comparison.steadyP99Ms, unit: 'ms' },
      { name: 'cutover.p99Ms', value: comparison.cutoverP99Ms, unit: 'ms' },
      onThisMachine(atMost({ name: 'cutover.p99Ratio', value: comparison.ratio, unit: 'ratio' }, 2)),
    ],
    notes: [
      `Router: ${router}${hasFeatures ? ', with stickiness, holdback, drains and (by the gateway) a mirror and skew protection' : ''}. Cutovers: ${kinds.join(', ')}; p99 over ${comparison.steadyRequests} calm and ${comparison.cutoverRequests} cutover requests.`,
      `p99 around a cutover: ${names.map((name, group) => `${name} ${(comparison.groupP99Ms[group] ?? Number.NaN).toFixed(1)} ms`).join(', ')}.`,
      ...(failures.length > 0 ? [`Failures: ${countsOf(failures)}; the first: ${JSON.stringify(failures[0])}`] : []),
    ],
  }
}

const peerFigures = async (peer: Peer): Promise<{ figures: readonly Bounded[]; notes: readonly string[] }> => {
  const version = peerVersion(peer)
  if (version === null) return { figures: [], notes: [`${peer.name} is not installed; apt-get install ${peer.name}`] }
  progress(`${peer.name} ${version}: ${peerSwitches} switches`)
  const plan = { switches: peerSwitches, requestsPerSecond, calmMs: quick ? 3_000 : 10_000 }
  const { switches, requests, failed, failures, comparison } = await cutOverPeer(peer, plan)
  return {
    figures: [
      { name: `cutover.${peer.name}.count`, value: switches, unit: 'switches' },
      { name: `cutover.${peer.name}.requests`, value: requests, unit: 'requests' },
      { name: `cutover.${peer.name}.failedRequests`, value: failed, unit: 'requests' },
      { name: `cutover.${peer.name}.p99Ratio`, value: comparison.ratio, unit: 'ratio' },
    ],
    notes: [`${peer.name} ${version}${failures.length > 0 ? `: ${countsOf(failures)}` : ': no failure'}`],
  }
}

const machine = describeMachine()
const parts = [await ownFigures()]
for (const peer of router === 'gateway' && !hasFeatures ? peers : []) parts.push(await peerFigures(peer))
const { figures, missed, exitCode } = judge(
  parts.flatMap((part) => part.figures),
  { quick },
)
const notes = [...parts.flatMap((part) => part.notes), ...missed]
report({ command: 'bench:cutover', machine, figures, notes, json })
process.exitCode = exitCode
