/**
 * Simulates many faulty schedules, and plants bugs that the simulators must find. `--quick` is the short form for CI. `--mutants 66-102,144` plants only the bugs with these numbers and simulates no
 * schedules beside: all of them take hours, and can so be tried by and by.
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { type Fault, faultNames, type FaultName } from '../../packages/sluice/test/sim/core/faults.ts'
import { CoreSim } from '../../packages/sluice/test/sim/core/core-sim.ts'
import { EngineSim } from '../../packages/sluice/test/sim/engine/engine-sim.ts'
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge } from '../lib/targets.ts'
import type { Killer, Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'
import { type Trial, Workshop } from './workshop.ts'

/** Anything that runs schedules by seed. */
type Simulator = {
  readonly counts: readonly number[]
  readonly run: (seed: number) => Outcome | Promise<Outcome>
}
type Outcome = { readonly breach: string | null; readonly steps: number }

type Series = { readonly name: 'core' | 'engine'; readonly simulator: Simulator; readonly schedules: number }
type Measured = {
  readonly perSecond: number
  readonly perCpuSecond: number
  /** Accepted events in all schedules together. */
  readonly steps: number
  readonly breaches: readonly string[]
  readonly counts: readonly number[]
}

/** Breaches shown with the command that replays them. */
const shownMax = 5
const killedShareMin = 0.95

const runSeries = async ({ name, simulator, schedules }: Series): Promise<Measured> => {
  const breaches: string[] = []
  let steps = 0
  const cpu = process.cpuUsage()
  const began = performance.now()
  for (let seed = 1; seed <= schedules; seed += 1) {
    const outcome = simulator.run(seed)
    const { breach, steps: taken } = outcome instanceof Promise ? await outcome : outcome
    steps += taken
    if (breach !== null)
      breaches.push(`${breach}\n    replay: node packages/sluice/test/sim/${name}/replay.ts --seed ${seed}`)
  }
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const perCpuSecond = schedules / ((user + system) / 1e6)
  return { perSecond: schedules / seconds, perCpuSecond, steps, breaches, counts: simulator.counts }
}

/** A mutant by its number in the list of all, from 1. */
type Numbered = { readonly number: number; readonly mutant: Mutant }

const tryMutants = async (chosen: readonly Numbered[]): Promise<readonly Trial[]> => {
  const workshop = await Workshop.open()
  try {
    const killers: readonly Killer[] = [
      'coreSim',
      'engineSim',
      'coreTests',
      'pipelineTests',
      'gatewayTests',
      'notifyTests',
    ]
    for (const killer of killers) {
      const complaint = await workshop.ask(killer)
      if (complaint !== null) throw new Error(`${killer} complains without any bug planted: ${complaint}`)
    }
    const trials: Trial[] = []
    for (const { number, mutant } of chosen) {
      const trial = await workshop.try(mutant)
      progress(
        `${number}: ${trial.killer === null ? 'SURVIVED' : `killed by ${trial.killer}`}: ${mutant.why} (${mutant.file}) ${trial.words}`,
      )
      trials.push(trial)
    }
    return trials
  } finally {
    await workshop.close()
  }
}

/** One line a fault: how often it struck in which simulator. */
const faultLines = (core: readonly number[], engine: readonly number[]): readonly string[] => [
  `${'fault'.padEnd(26)}${'core'.padStart(12)}${'engine'.padStart(12)}`,
  ...faultNames.map((name, fault) => `${name.padEnd(26)}${cell(core[fault])}${cell(engine[fault])}`),
]

const cell = (count: number = 0): string => (count === 0 ? '–' : count.toLocaleString('en-US')).padStart(12)

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

const figuresOf = ({ name, schedules }: Series, measured: Measured): readonly Bounded[] => {
  const rate = { name: `sim.${name}.schedulesPerSecond`, value: Math.round(measured.perSecond), unit: '1/s' }
  return [
    quick ? rate : atLeast(rate, name === 'core' ? 50_000 : 1_000),
    { name: `sim.${name}.schedules`, value: schedules, unit: 'schedules' },
    // What a schedule is: a rate says nothing beside schedules that have become shorter, or kinder.
    { name: `sim.${name}.eventsPerSchedule`, value: measured.steps / schedules, unit: 'events' },
    { name: `sim.${name}.faultsPerSchedule`, value: sumOf(measured.counts) / schedules, unit: 'faults' },
    atMost({ name: `sim.${name}.breaches`, value: measured.breaches.length, unit: 'breaches' }, 0),
  ]
}

// States, steps and events are unions of ten and more shapes; V8 gives up on telling more than four of them apart at one place.
setFlagsFromString('--max-valid-polymorphic-map-count=16')

const flag = { type: 'boolean', default: false } as const
const {
  values: { quick, json, mutants: only },
} = parseArgs({ options: { quick: flag, json: flag, mutants: { type: 'string' } } })

/** Whether a number is in `66-102,144`. */
const isIn = (ranges: string, number: number): boolean =>
  ranges.split(',').some((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return number >= first && number <= last
  })

/** What the schedules came to, and what is to be read beside it. */
type Simulated = { readonly figures: readonly Bounded[]; readonly notes: readonly string[] }

const simulate = async (): Promise<Simulated> => {
  const coreSeries: Series = { name: 'core', simulator: new CoreSim(), schedules: quick ? 60_000 : 1_000_000 }
  const engineSeries: Series = { name: 'engine', simulator: new EngineSim(), schedules: quick ? 2_000 : 30_000 }
  progress(`core: ${coreSeries.schedules} schedules`)
  const core = await runSeries(coreSeries)
  progress(`engine: ${engineSeries.schedules} schedules`)
  const engine = await runSeries(engineSeries)
  const unused = faultNames.filter(
    (_: FaultName, fault: Fault | number) => (core.counts[fault] ?? 0) + (engine.counts[fault] ?? 0) === 0,
  )
  const rates = `core ${Math.round(core.perCpuSecond)}, engine ${Math.round(engine.perCpuSecond)}`
  return {
    figures: [
      ...figuresOf(coreSeries, core),
      ...figuresOf(engineSeries, engine),
      atMost({ name: 'sim.faults.unused', value: unused.length, unit: 'faults' }, 0),
    ],
    notes: [
      `per second of processor time: ${rates} schedules`,
      ...faultLines(core.counts, engine.counts),
      ...[...core.breaches, ...engine.breaches].slice(0, shownMax).map((breach) => `BREACH: ${breach}`),
      ...unused.map((name) => `UNUSED: ${name}`),
    ],
  }
}

const machine = describeMachine()
const simulated: Simulated = only === undefined ? await simulate() : { figures: [], notes: [] }
const numbered = mutants.map((mutant, index): Numbered => ({ number: index + 1, mutant }))
// The short form takes every eighth bug, so that each part is still asked.
const trials = await tryMutants(
  numbered.filter(({ number }) => (only === undefined ? !quick || number % 8 === 1 : isIn(only, number))),
)

const killed = trials.filter(({ killer }) => killer !== null).length
const { figures, missed, exitCode } = judge([
  ...simulated.figures,
  { name: 'sim.mutants.total', value: trials.length, unit: 'mutants' },
  atLeast({ name: 'sim.mutants.killed', value: killed, unit: 'mutants' }, Math.ceil(killedShareMin * trials.length)),
])
report({
  command: 'bench:sim',
  machine,
  figures,
  json,
  notes: [
    ...simulated.notes,
    ...trials
      .filter(({ killer }) => killer === null)
      .map(({ mutant }) => `SURVIVED: ${mutant.why} (${mutant.file}: ${mutant.find})`),
    ...missed,
  ],
})
process.exitCode = exitCode
