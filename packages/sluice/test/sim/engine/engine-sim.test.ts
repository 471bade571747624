/** The engine simulator as part of the default suite: fixed seeds and fresh ones. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { type Fault, faultNames, faults } from '../core/faults.ts'
import { EngineSim } from './engine-sim.ts'

const breachesOf = async (sim: EngineSim, first: number, count: number): Promise<readonly string[]> => {
  const breaches: string[] = []
  for (let seed = first; seed < first + count && breaches.length < 3; seed += 1) {
    const { breach } = await sim.run(seed)
    if (breach !== null)
      breaches.push(`${breach}\n  replay: node packages/sluice/test/sim/engine/replay.ts --seed ${seed}`)
  }
  return breaches
}

/** Faults that only machines without an engine can meet: here a crash is a crash of the process, and parking is the loop's. */
const coreAlone: readonly Fault[] = [
  faults.effect_split,
  faults.ack_duplicated,
  faults.crash_before_commit,
  faults.crash_after_commit,
  faults.stale_leader,
  faults.work_parked,
  faults.effect_reordered,
  faults.ack_reordered,
  faults.zombie_effect,
]

test('the engine keeps every invariant over 900 faulty schedules, a third of them never seen before', async () => {
  const sim = new EngineSim()
  deepStrictEqual(await breachesOf(sim, 1, 600), [])
  // Found something once.
  for (const seed of [5_854, 1_007_468]) deepStrictEqual(await breachesOf(sim, seed, 1), [])
  const unused = faultNames.filter((_, fault) => sim.counts[fault] === 0 && !coreAlone.some((one) => one === fault))
  deepStrictEqual(unused, [], 'faults that never struck')
  deepStrictEqual(await breachesOf(sim, randomInt(1_000_000, 2_000_000_000), 300), [])
  ok(sim.endings.succeeded > 450 && sim.endings.rolled_back > 45, JSON.stringify(sim.endings))
})

test('the same seed gives the same history, promises and all', async () => {
  const history = async (sim: EngineSim, seed: number): Promise<readonly string[]> => {
    const lines: string[] = []
    await sim.run(seed, (line) => lines.push(line))
    return lines
  }
  const used = new EngineSim()
  for (let seed = 500; seed < 530; seed += 1)
    deepStrictEqual(await history(used, seed), await history(new EngineSim(), seed))
})
