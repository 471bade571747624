/**
 * `npm run torture:pipeline [-- --quick] [--json]`: `sluice run` is killed (`kill -9`) at random moments, again and again in the same project. Nothing that a
 * job started may outlive it, no half-written artifact, checkout or entry of the cache may be used, and every run must be taken up and settle, or say why not.
 */
import { rm } from 'node:fs/promises'
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, readOptions } from '../lib/targets.ts'
import { badEntries, changeSeed, jobProcesses, makeWorld, readSluice, startSluice, type World } from './world.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const kills = quick ? 8 : 200

/** From the start of the program to after the last job. */
const killAfterMs = { from: 100, to: 2_200 }
/** How long processes may take to be gone once the command was killed. */
const orphanGraceMs = 2_000
const attemptsMax = 5

type Found = { kills: number; orphans: number; bad: Set<string>; unresumed: Set<string>; runs: number }

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether it ran so long as to be killed. */
const killOnce = async (world: World): Promise<boolean> => {
  const child = startSluice(world, ['run'])
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  const after = killAfterMs.from + Math.floor(Math.random() * (killAfterMs.to - killAfterMs.from))
  await Promise.race([ended, rest(after)])
  const isRunning = child.exitCode === null && child.signalCode === null
  if (isRunning) child.kill('SIGKILL')
  await ended
  return isRunning
}

/** Processes left after the time that the kernel may take for ending namespaces. */
const orphansOf = async (world: World): Promise<number> => {
  const until = performance.now() + orphanGraceMs
  while (jobProcesses(world).length > 0 && performance.now() < until) await rest(10)
  return jobProcesses(world).length
}

type RunRow = { readonly id: string; readonly status: string }

const newestRuns = (world: World): readonly RunRow[] =>
  // Trusted: the command's own JSON.
  (readSluice(world, ['runs', 'ls', '--limit', '50']) as { readonly items: readonly RunRow[] }).items

const unsettled = (world: World): readonly RunRow[] =>
  newestRuns(world).filter(({ status }) => !['succeeded', 'failed', 'cancelled'].includes(status))

/** Every job succeeds, unless what it was given is not whole. */
const failedRuns = (world: World): readonly string[] =>
  newestRuns(world).flatMap(({ id, status }) => (status === 'failed' ? [`run ${id} failed`] : []))

/** Takes up what was left, as the next command does; a run that stays where it is after several is unresumed. */
const resume = async (world: World): Promise<readonly string[]> => {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const left = unsettled(world)
    if (left.length === 0) return []
    const child = startSluice(world, ['run'])
    await new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  }
  return unsettled(world).map(({ id }) => id)
}

const torture = async (world: World): Promise<Found> => {
  const found: Found = { kills: 0, orphans: 0, bad: new Set(), unresumed: new Set(), runs: 0 }
  while (found.kills < kills) {
    found.runs += 1
    if (await killOnce(world)) found.kills += 1
    found.orphans += await orphansOf(world)
    for (const one of badEntries(world)) found.bad.add(one)
    for (const id of await resume(world)) found.unresumed.add(id)
    for (const one of failedRuns(world)) found.bad.add(one)
    // Every other run finds in the cache what the one before made, as far as that came.
    if (found.runs % 2 === 0) await changeSeed(world, found.runs)
    if (found.kills % 20 === 0) progress(`${found.kills} of ${kills} kills`)
  }
  return found
}

const figuresOf = ({ kills: count, orphans, bad, unresumed, runs }: Found): readonly Bounded[] => [
  atLeast({ name: 'kill.pipeline.count', value: count, unit: 'kills' }, kills),
  { name: 'kill.pipeline.runs', value: runs, unit: 'runs' },
  atMost({ name: 'kill.pipeline.orphans', value: orphans, unit: 'processes' }, 0),
  atMost({ name: 'kill.pipeline.badEntries', value: bad.size, unit: 'entries' }, 0),
  atMost({ name: 'kill.pipeline.unresumed', value: unresumed.size, unit: 'runs' }, 0),
]

const run = async (): Promise<number> => {
  const machine = describeMachine()
  const world = await makeWorld()
  try {
    const found = await torture(world)
    const { figures, missed, exitCode } = judge(figuresOf(found), { quick })
    const notes = [
      ...[...found.bad].map((path) => `Bad: ${path}`),
      ...[...found.unresumed].map((id) => `Unresumed: ${id}`),
    ]
    report({ command: 'torture:pipeline', machine, figures, notes: [...notes, ...missed], json })
    return exitCode
  } finally {
    await rm(world.stateDir, { recursive: true, force: true })
    await world.project.remove()
  }
}

process.exitCode = await run()
