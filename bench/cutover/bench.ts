/**
 * `npm run bench:cutover [-- --quick] [--json]`: cutovers under load, none of which may cost a request. Sluice starts and stops real
 * instances at each (rolling, blue-green, canary, rollbacks, aborts); the peers only switch between two backends that stay up.
 */
import { atLeast, atMost, type Figure, printFigures, progress, readBenchOptions } from '../lib/figures.ts'
import type { LoadFailure } from './load/load.ts'
import { type Peer, peers, peerVersion } from './peer-configs.ts'
import { cutOverPeer } from './peers.ts'
import { cutOverSluice } from './sluice.ts'

const { quick, json } = readBenchOptions(process.argv.slice(2))
const requestsPerSecond = 1_200
const wanted = quick ? 12 : 1_000
const peerSwitches = quick ? 3 : 50

const countsOf = (failures: readonly LoadFailure[]): string => {
  const counts = new Map<string, number>()
  for (const { client, failure } of failures)
    counts.set(`${client} ${failure}`, (counts.get(`${client} ${failure}`) ?? 0) + 1)
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ')
}

const ownFigures = async (): Promise<{ figures: readonly Figure[]; notes: readonly string[] }> => {
  const plan = { cutovers: wanted, requestsPerSecond, calmEvery: quick ? 6 : 50, calmMs: quick ? 3_000 : 5_000 }
  const result = await cutOverSluice(plan, progress)
  const { comparison, counts, failures } = result
  const count = Object.values(counts).reduce((sum, each) => sum + each, 0)
  const kinds = Object.entries(counts).map(([name, each]) => `${each} ${name}`)
  return {
    figures: [
      atLeast('cutover.count', count, 'cutovers', wanted),
      { name: 'cutover.requests', value: result.requests, unit: 'requests' },
      atLeast('cutover.requestsPerSecond', Math.round(result.requests / result.seconds), 'requests/s', 1_000),
      atMost('cutover.failedRequests', result.failed, 'requests', 0),
      { name: 'cutover.steadyP99Ms', value: comparison.steadyP99Ms, unit: 'ms' },
      { name: 'cutover.p99Ms', value: comparison.cutoverP99Ms, unit: 'ms' },
      atMost('cutover.p99Ratio', comparison.ratio, 'ratio', 2),
    ],
    notes: [
      `Cutovers: ${kinds.join(', ')}; p99 over ${comparison.steadyRequests} calm and ${comparison.cutoverRequests} cutover requests.`,
      ...(failures.length > 0 ? [`Failures: ${countsOf(failures)}; the first: ${JSON.stringify(failures[0])}`] : []),
    ],
  }
}

const peerFigures = async (peer: Peer): Promise<{ figures: readonly Figure[]; notes: readonly string[] }> => {
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

const parts = [await ownFigures()]
for (const peer of peers) parts.push(await peerFigures(peer))
const figures = parts.flatMap((part) => part.figures)
const notes = parts.flatMap((part) => part.notes)
process.exitCode = printFigures('bench:cutover', figures, { json, notes }) ? 0 : 1
