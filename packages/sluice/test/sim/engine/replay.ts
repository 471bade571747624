/** Replays one seed of the engine simulator and prints everything that happened: `node …/replay.ts --seed N`. */
import { parseArgs } from 'node:util'
import { EngineSim } from './engine-sim.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' } } })
const seed = Number(values.seed)
if (!Number.isInteger(seed)) {
  console.error('usage: node packages/sluice/test/sim/engine/replay.ts --seed N')
  process.exitCode = 2
} else {
  const { breach, steps } = await new EngineSim().run(seed, (line) => console.log(line))
  console.log(
    breach === null ? `seed ${seed}: every invariant held over ${steps} rows` : `seed ${seed}: BREACH: ${breach}`,
  )
  process.exitCode = breach === null ? 0 : 3
}
