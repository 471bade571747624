/**
 * Replays one seed of the engine simulator and prints everything that happened (`--seed N`), or runs many quietly until the first breach
 * (`--seed N --count M`). Exit code 3 for a breach.
 */
import { parseArgs } from 'node:util'
import { EngineSim } from './engine-sim.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string', default: '1' } } })
const [first, count] = [Number(values.seed), Number(values.count)]
const sim = new EngineSim()
const trace = count === 1 ? console.log : null

if (!Number.isInteger(first) || !Number.isInteger(count)) {
  console.error('usage: node packages/sluice/test/sim/engine/replay.ts --seed N [--count M]')
  process.exitCode = 2
}
for (let seed = first; seed < first + count && process.exitCode === undefined; seed += 1) {
  const { breach, steps } = await sim.run(seed, trace)
  if (breach !== null) {
    console.log(`seed ${seed}: BREACH: ${breach}`)
    process.exitCode = 3
  } else if (trace !== null) console.log(`seed ${seed}: every invariant held over ${steps} steps`)
}
