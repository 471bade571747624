/** Replays one seed of the core simulator and prints everything that happened: `node …/replay.ts --seed N`. */
import { parseArgs } from 'node:util'
import { CoreSim } from './core-sim.ts'

const { values } = parseArgs({ options: { seed: { type: 'string' } } })
const seed = Number(values.seed)
if (!Number.isInteger(seed)) {
  console.error('usage: node packages/sluice/test/sim/core/replay.ts --seed N')
  process.exitCode = 2
} else {
  const { breach, steps } = new CoreSim().run(seed, (line) => console.log(line))
  console.log(
    breach === null ? `seed ${seed}: every invariant held over ${steps} steps` : `seed ${seed}: BREACH: ${breach}`,
  )
  process.exitCode = breach === null ? 0 : 3
}
