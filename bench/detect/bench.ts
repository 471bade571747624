/**
 * `npm run bench:detect [-- --quick] [--json]`: a release that goes bad under real traffic, end to end: the real control plane, gateway and instances. Counted
 * at the instance: how many users it failed until it was cut off, beside what the simulation of `bench:judge` says of the same rates, and how long after the cut
 * the last of them still reached it, with the control plane alive and just after a `kill -9` of it.
 */
import { describeMachine } from '../lib/machine.ts'
import { progress, quantile, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { untilStop } from '../judge/tripwire.ts'
import { rest } from '../lib/control-plane.ts'
import { makeWorld, type Seen, type Service, traffic, type World } from './world.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const rounds = quick ? 3 : 40
const simulated = 10_000
const cutMsMax = 5
/** How far from the simulation it may be. */
const slack = 1.2

/** One bad release: the users it failed, and when the last one came after the cut; null where the engine saw the cut in the counts before it was told of it, and has another time. */
type Detection = { readonly bad: number; readonly cutMs: number | null }

const detect = async (world: World, controlPlane: 'alive' | 'killed'): Promise<Detection> => {
  const { rollout, candidate } = await (controlPlane === 'alive' ? world.beginBad() : world.beginGood())
  if (controlPlane === 'killed') {
    world.controlPlane.kill()
    await candidate.behave(traffic.candidateBad)
  }
  const seen = await untilGone(candidate)
  if (controlPlane === 'killed') world.controlPlane.start()
  const { cause, lastVerdict } = await world.settled(rollout)
  if (lastVerdict === null || (cause?.kind !== 'tripped' && lastVerdict.shareBp !== 0))
    throw new Error(`${rollout} was not cut by its tripwire: ${cause?.text ?? 'no cause'}`)
  // The gateway's clock has whole milliseconds, and cuts somewhere within that one.
  const cutMs = cause?.kind === 'tripped' ? Math.max(0, seen.lastAt - (lastVerdict.at + 1)) : null
  return { bad: seen.bad, cutMs }
}

/** Between two looks; taking it down begins with a drain, which takes longer. */
const lookMs = 10

/** What the candidate had answered in the end: it is taken down soon after it was cut off. */
const untilGone = async ({ seen }: Service): Promise<Seen> => {
  let last = await seen()
  for (;;) {
    await rest(lookMs)
    const now = await seen().catch(() => null)
    if (now === null) return last
    last = now
  }
}

const series = async (world: World, controlPlane: 'alive' | 'killed'): Promise<readonly Detection[]> => {
  const detections: Detection[] = []
  while (detections.length < rounds) {
    detections.push(await detect(world, controlPlane))
    if (detections.length % 10 === 0) progress(`control plane ${controlPlane}: ${detections.length} of ${rounds}`)
  }
  return detections
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b)

const figuresOf = (alive: readonly Detection[], killed: readonly Detection[]): readonly Bounded[] => {
  const rates = { stable: traffic.stableBad, candidate: traffic.candidateBad, shareBp: traffic.candidateShare * 10_000 }
  const expected = sorted(Array.from({ length: simulated }, (_, seed) => untilStop(rates, seed + 1).failed))
  // Only those that were bad from the start are what the simulation has: good answers before are evidence, too.
  const bad = sorted(alive.map((one) => one.bad))
  const within = (name: string, part: number): readonly Bounded[] => {
    const simulation = quantile(expected, part)
    const figure = { name: `detect.badResponses${name}`, value: quantile(bad, part), unit: 'responses' }
    return [
      // A handful says nothing of a quantile.
      quick ? figure : atMost(figure, simulation * slack),
      { name: `simulation.badResponses${name}`, value: simulation, unit: 'responses' },
    ]
  }
  const cut = (name: string, all: readonly Detection[]): Bounded =>
    onThisMachine(
      atMost({ name, value: quantile(sorted(all.flatMap(({ cutMs }) => cutMs ?? [])), 0.99), unit: 'ms' }, cutMsMax),
    )
  return [
    { name: 'detect.count', value: alive.length + killed.length, unit: 'bad releases' },
    ...within('P50', 0.5),
    ...within('P95', 0.95),
    cut('detect.cutMsP99', alive),
    cut('detect.cutMsP99ControlPlaneDead', killed),
  ]
}

const machine = describeMachine()
const world = await makeWorld()
try {
  const alive = await series(world, 'alive')
  const killed = await series(world, 'killed')
  const { figures, missed, exitCode } = judge(figuresOf(alive, killed), { quick })
  const rates = `${100 * traffic.stableBad} % → ${100 * traffic.candidateBad} % bad, candidate at ${100 * traffic.candidateShare} % of ${traffic.requestsPerSecond} requests/s`
  report({ command: 'bench:detect', machine, figures, notes: [rates, ...missed], json })
  process.exitCode = exitCode
} finally {
  await world.remove()
}
