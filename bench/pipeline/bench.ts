/**
 * `npm run bench:pipeline [-- --quick] [--json]`: runs of 20, 200 and 10,000 jobs that do nothing, and what other engines take for the same ones. Times are those
 * of whole processes, from the shell's view: the journal is synced and logs are masked and kept. `--quick` runs every other engine once, without those that cannot be
 * installed, and leaves out the run of 10,000.
 */
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeMachine } from '../lib/machine.ts'
import { PeerMissing } from '../lib/peers.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { chooseProgram, type Program } from '../startup/program.ts'
import { type Peer, peers } from './peers.ts'
import { chain, fan, type Job, layers, type Project, sluiceProject } from './project.ts'
import { medianOf, memoryOf, runOnce } from './runs.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const runs = quick ? 3 : 9
/** Of the peers, some of which take a minute. */
const peerRuns = quick ? 1 : 3
/** A process ten times the size of another is no longer flat. */
const growthMbMax = 64

const withProject = <Result>(project: Project, work: (directory: string) => Result): Result => {
  try {
    return work(project.directory)
  } finally {
    project.remove()
  }
}

type Shape = { readonly name: string; readonly jobs: readonly Job[]; readonly isolation: 'auto' | 'none' }

const shapes: readonly Shape[] = [
  { name: 'pipeline.s20', jobs: layers(20, 5), isolation: 'none' },
  { name: 'pipeline.s200', jobs: layers(200, 20), isolation: 'none' },
  { name: 'pipeline.s200Isolated', jobs: layers(200, 20), isolation: 'auto' },
  { name: 'pipeline.s200Chain', jobs: chain(200), isolation: 'none' },
  { name: 'pipeline.s200Fan', jobs: fan(200), isolation: 'none' },
]

const secondsMax: Readonly<Record<string, number>> = {
  'pipeline.s20': 0.25,
  'pipeline.s200': 1.2,
  'pipeline.s200Isolated': 2,
  'pipeline.s200Chain': 1.2,
  'pipeline.s200Fan': 1.2,
}

const measureShape = ({ words }: Program, { name, jobs, isolation }: Shape): Bounded => {
  progress(`${name}: ${runs} ×`)
  const value = withProject(sluiceProject(jobs, isolation), (directory) =>
    medianOf({ words: [...words, 'run'], directory, env: {} }, runs),
  )
  const figure = { name, value, unit: 's' }
  const most = secondsMax[name]
  return most === undefined ? figure : atMost(figure, most)
}

const measurePeer = ({ name, make, words, env, fresh }: Peer, jobs: readonly Job[]): number => {
  progress(`${name}: ${jobs.length} jobs, ${peerRuns} ×`)
  return withProject(make(jobs), (directory) => {
    const command = { words: words(), directory, env, fresh }
    return quick ? runOnce(command).seconds : medianOf(command, peerRuns)
  })
}

/** Null, and a note, where it cannot be installed: only the short form does without. */
const measureIfThere = (peer: Peer, notes: string[]): number | null => {
  try {
    return measurePeer(peer, layers(200, 20))
  } catch (error) {
    if (!quick || !(error instanceof PeerMissing)) throw error
    notes.push(`not measured: ${error.message}`)
    return null
  }
}

const titles: Readonly<Record<string, string>> = {
  make: 'Make',
  'gitlab-ci-local': 'GitlabCiLocal',
  wireit: 'Wireit',
  'wireit-uncached': 'WireitUncached',
  turbo: 'Turbo',
  nx: 'Nx',
  moon: 'Moon',
}

/** Engines that write nothing down, neither log nor journal: how much quicker they are is told and decides nothing. */
const keepNothing = new Set(['make', 'wireit-uncached'])

/** How many times as long as Sluice a peer takes: above 1 where Sluice is quicker. */
const measurePeers = (sluiceSeconds: number, notes: string[]): readonly Bounded[] =>
  peers.flatMap((peer): readonly Bounded[] => {
    const seconds = measureIfThere(peer, notes)
    if (seconds === null) return []
    const title = titles[peer.name] ?? peer.name
    const ratio = { name: `pipeline.vs${title}200`, value: seconds / sluiceSeconds, unit: `× as long as Sluice` }
    const absolute = { name: `pipeline.s200.${peer.name}`, value: seconds, unit: 's' }
    return [keepNothing.has(peer.name) ? ratio : atLeast(ratio, 1), absolute]
  })

const inOwnProcess = (script: string): string =>
  runOnce({
    words: [process.execPath, fileURLToPath(new URL(script, import.meta.url))],
    directory: process.cwd(),
    env: {},
  }).text

const measurePlan = (): Bounded => {
  progress('a plan of 10,000 jobs')
  return atMost({ name: 'pipeline.plan10000Ms', value: Number(inOwnProcess('plan-run.ts')), unit: 'ms' }, 300)
}

const measureLowering = (): readonly Bounded[] => {
  progress('a workflow of 200 jobs')
  // Documented parser: the script is this benchmark's own.
  const { lowered, kept } = JSON.parse(inOwnProcess('lower-run.ts')) as {
    readonly lowered: number
    readonly kept: number
  }
  return [
    atMost({ name: 'pipeline.lower200Ms', value: lowered, unit: 'ms' }, 150),
    atMost({ name: 'pipeline.lower200KeptMs', value: kept, unit: 'ms' }, 10),
  ]
}

const measureMany = async ({ words }: Program): Promise<readonly Bounded[]> => {
  progress('a run of 10,000 jobs')
  const project = sluiceProject(layers(10_000, 100), 'none')
  try {
    const { firstHalfMb, secondHalfMb, seconds } = await memoryOf({
      words: [...words, 'run', '--quiet'],
      directory: project.directory,
      env: {},
    })
    return [
      { name: 'pipeline.s10000', value: seconds, unit: 's' },
      { name: 'pipeline.memory10000Mb', value: Math.max(firstHalfMb, secondHalfMb), unit: 'MB resident at most' },
      atMost(
        {
          name: 'pipeline.memory10000GrowthMb',
          value: Math.max(0, secondHalfMb - firstHalfMb),
          unit: 'MB from the first 5,000 to the last',
        },
        growthMbMax,
      ),
    ]
  } finally {
    project.remove()
  }
}

const measure = async (program: Program, notes: string[]): Promise<readonly Bounded[]> => {
  const own = shapes.map((shape) => measureShape(program, shape))
  const sluiceSeconds = own.find(({ name }) => name === 'pipeline.s200')?.value ?? 0
  return [
    ...own,
    ...measurePeers(sluiceSeconds, notes),
    measurePlan(),
    ...measureLowering(),
    ...(quick ? [] : await measureMany(program)),
  ]
}

const main = async (): Promise<number> => {
  const machine = describeMachine()
  const program = chooseProgram()
  try {
    const absent: string[] = []
    const { figures, missed, exitCode } = judge((await measure(program, absent)).map(onThisMachine), { quick })
    const notes = [
      `Measured: what is published (npm run build); every job is \`true\` in a shell of its own (bash for Sluice, make and gitlab-ci-local), four at a time, for every engine. wireit keeps what its scripts did, wireit-uncached nothing.`,
      'turbo, nx and moon run all jobs, without their caches and daemons; turbo starts npm for each.',
      ...absent,
      ...missed,
    ]
    report({ command: 'bench:pipeline', machine, figures, notes, json })
    return exitCode
  } finally {
    rmSync(program.folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
