/** The engine simulator as part of the default suite: fixed seeds and fresh ones. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Fault, faultNames, faults } from '../core/faults.ts'
import { EngineSim } from './engine-sim.ts'
import type { Series, Told } from './series-worker.ts'

/** What the thread tells of each series. */
const toldOf = async (all: readonly Series[]): Promise<readonly Told[]> => {
  const worker = new Worker(new URL('series-worker.ts', import.meta.url), { workerData: all })
  const told: Told[] = []
  worker.on('message', (one: Told) => told.push(one))
  await once(worker, 'exit')
  return told
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
  // The single seeds found something once.
  const fixed = [
    { first: 1, count: 600 },
    ...[4_319, 5_854, 10_815, 19_642, 32_328, 107_721, 1_007_468].map((first) => ({ first, count: 1 })),
  ]
  const told = await toldOf([...fixed, { first: randomInt(1_000_000, 2_000_000_000), count: 300 }])
  strictEqual(told.length, fixed.length + 1)
  deepStrictEqual(
    told.map(({ breaches }) => breaches),
    told.map(() => []),
  )
  const known = told[fixed.length - 1]
  const unused = faultNames.filter((_, fault) => known?.counts[fault] === 0 && !coreAlone.some((one) => one === fault))
  deepStrictEqual(unused, [], 'faults that never struck')
  const endings = told.at(-1)?.endings ?? { succeeded: 0, rolled_back: 0 }
  ok(endings.succeeded > 450 && endings.rolled_back > 45, JSON.stringify(endings))
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
