/**
 * `npm run bench:cutover [-- --quick] [--router haproxy] [--features] [--json]`: cutovers under load, none of which may cost a request. Sluice starts and stops real
 * instances at each (rolling, blue-green, canary, rollbacks, aborts); the peers only switch between two backends that stay up. `--router haproxy` has Sluice drive
 * an HAProxy in place of its gateway, `--features` turns on all that a request may meet beside the split; both leave the peers out.
 */
import { describeMachine } from '../lib/machine.ts'
import { readFeatures } from '../lib/features.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import type { LoadFailure } from './load/load.ts'
import { type Peer, peers, peerVersion } from './peer-configs.ts'
import { cutOverPeer } from './peers.ts'
import { cutOverSluice, readRouter } from './sluice.ts'

const { hasFeatures, rest: words } = readFeatures(process.argv.slice(2))
const { router, rest } = readRouter(words)
const { quick, json } = readOptions(rest)
const requestsPerSecond = 1_200
const wanted = quick ? 12 : 1_000
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
