/**
 * Schedules of the engine simulator in a thread of their own: Node's test runner watches every promise of the thread that it runs in, which takes longer than the schedules do.
 * Tells after each series what has come of it.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { EngineSim } from './engine-sim.ts'

/** Seeds from one on. */
export type Series = { readonly first: number; readonly count: number }

/** What came of a series, and of all up to it. */
export type Told = {
  readonly breaches: readonly string[]
  readonly counts: readonly number[]
  readonly endings: EngineSim['endings']
}

/** Breaches of a series after which it ends. */
const breachesMax = 3

const all: readonly Series[] = workerData
const sim = new EngineSim()
for (const { first, count } of all) {
  const breaches: string[] = []
  for (let seed = first; seed < first + count && breaches.length < breachesMax; seed += 1) {
    const { breach } = await sim.run(seed)
    if (breach !== null)
      breaches.push(`${breach}\n  replay: node packages/sluice/test/sim/engine/replay.ts --seed ${seed}`)
  }
  parentPort?.postMessage({ breaches, counts: [...sim.counts], endings: { ...sim.endings } } satisfies Told)
}
