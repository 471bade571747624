/** The core simulator as part of the default suite: fixed seeds and fresh ones. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { CoreSim } from './core-sim.ts'
import { engineFaultsBegin, faultNames } from './faults.ts'

const breachesOf = (sim: CoreSim, seeds: Iterable<number>): readonly string[] => {
  const breaches: string[] = []
  for (const seed of seeds) {
    const { breach } = sim.run(seed)
    if (breach !== null)
      breaches.push(`${breach}\n  replay: node packages/sluice/test/sim/core/replay.ts --seed ${seed}`)
    if (breaches.length === 3) return breaches
  }
  return breaches
}

function* seeds(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed += 1) yield seed
}

test('no invariant breaks over 40,000 faulty schedules, half of them never seen before, and every fault strikes', () => {
  const sim = new CoreSim()
  deepStrictEqual(breachesOf(sim, seeds(1, 20_000)), [])
  // Found something once.
  deepStrictEqual(breachesOf(sim, [117_764, 904_594]), [])
  const unused = faultNames.filter((_, fault) => fault < engineFaultsBegin && sim.counts[fault] === 0)
  deepStrictEqual(unused, [], 'faults that never struck')
  deepStrictEqual(breachesOf(sim, seeds(randomInt(1_000_000, 2_000_000_000), 20_000)), [])
  ok(sim.endings.succeeded > 20_000 && sim.endings.rolled_back > 3_000, JSON.stringify(sim.endings))
})

test('the same seed gives the same history', () => {
  const history = (sim: CoreSim, seed: number): readonly string[] => {
    const lines: string[] = []
    sim.run(seed, (line) => lines.push(line))
    return lines
  }
  const used = new CoreSim()
  for (const seed of seeds(1, 50)) used.run(seed)
  for (const seed of seeds(500, 50)) deepStrictEqual(history(used, seed), history(new CoreSim(), seed))
})
