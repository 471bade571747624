/**
 * `npm run bench:startup [-- --quick] [--json]`: how long `sluice --help`, `sluice status` and a control plane take until they answer, and
 * what control plane, gateway and standby hold in memory when nothing happens. Medians; the compile cache is warm, as it is from the second start on.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runningIn } from '../../packages/sluice/src/lib/process-identity.ts'
import { shutdownGateway } from '../../packages/sluice/src/routers/gateway/keeper.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { describeMachine, memoryMbOf } from '../lib/machine.ts'
import { median, progress, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { gatewayPid } from '../torture-kill/world.ts'
import { chooseProgram, type Program } from './program.ts'
import { type Place, placeWords, startServer } from './server.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const runs = quick ? 5 : 15
/** V8 gives back what a start has left over once nothing has happened for some 8 s: before that, a process is not idle. */
const idleMs = 10_000

const timed = ({ words }: Program, args: readonly string[]): number => {
  const [program = '', ...first] = words
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(program, [...first, ...args], { encoding: 'utf8' })
  const tookMs = performance.now() - startedAt
  if (status !== 0) throw new Error(`sluice ${args.join(' ')} ended with ${status}: ${stderr}`)
  return tookMs
}

/** The middle of many runs, after one that fills the compile cache. */
const medianOf = (program: Program, args: readonly string[]): number => {
  timed(program, args)
  return median(Array.from({ length: runs }, () => timed(program, args)))
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Proportional set size, megabytes: memory shared with other processes (the Node binary) is divided among them; Linux only. */
const proportionalMbOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1_024

const measure = async (program: Program, place: Place): Promise<readonly Bounded[]> => {
  const times = await measureTimes(program, place)
  // The gateway too from this form of the program, and both new: what they hold when idle, not what a benchmark left in them.
  await shutdownGateway(place.stateDir)
  const server = await startServer(program, place)
  try {
    progress(`memory after ${idleMs / 1_000} s without work`)
    await rest(idleMs)
    const gateway = await gatewayPid(place.stateDir)
    const standby = runningIn(join(place.stateDir, 'standby.json'))
    if (gateway === null || standby === null) throw new Error('control plane, gateway and standby do not all run')
    return [
      ...times,
      atMost({ name: 'memory.controlPlaneMb', value: memoryMbOf(server.pid), unit: 'MB resident' }, 120),
      { name: 'memory.controlPlaneProportionalMb', value: proportionalMbOf(server.pid), unit: 'MB' },
      atMost({ name: 'memory.gatewayMb', value: memoryMbOf(gateway), unit: 'MB resident' }, 90),
      { name: 'memory.gatewayProportionalMb', value: proportionalMbOf(gateway), unit: 'MB' },
      { name: 'memory.standbyMb', value: memoryMbOf(standby.pid), unit: 'MB resident' },
      { name: 'memory.standbyProportionalMb', value: proportionalMbOf(standby.pid), unit: 'MB' },
    ]
  } finally {
    await server.end()
  }
}

const measureTimes = async (program: Program, place: Place): Promise<readonly Bounded[]> => {
  progress(`${runs} × sluice --help`)
  const helpMs = medianOf(program, ['--help'])
  progress(`${runs} × a control plane until it is ready`)
  const readyMs: number[] = []
  await (await startServer(program, place)).end()
  for (let left = runs; left > 0; left -= 1) {
    const started = await startServer(program, place)
    readyMs.push(started.readyMs)
    await started.end()
  }
  const server = await startServer(program, place)
  progress(`${runs} × sluice status`)
  const statusMs = medianOf(program, ['status', ...placeWords(place)])
  await server.end()
  return [
    atMost({ name: 'startup.helpMs', value: helpMs, unit: 'ms' }, 150),
    atMost({ name: 'startup.statusMs', value: statusMs, unit: 'ms' }, 300),
    atMost({ name: 'startup.readyMs', value: median(readyMs), unit: 'ms' }, 500),
  ]
}

const run = async (): Promise<number> => {
  const machine = describeMachine()
  const program = chooseProgram()
  const projectPort = await freePort()
  const project = await makeProject({ production: { listen: projectPort, instances: 2, stopGrace: '1s' } })
  const stateDir = await makeStateDir()
  try {
    const desk = await openDesk(project.directory, stateDir)
    await desk.rollOut('production', (await desk.cut()).id)
    await desk.close()
    const place = { projectDir: project.directory, stateDir, port: await freePort() }
    const { figures, missed, exitCode } = judge((await measure(program, place)).map(onThisMachine), { quick })
    const bare = medianOf({ ...program, words: [process.execPath] }, ['-e', '0'])
    const notes = [
      `Measured: what is published (npm run build); an empty Node program takes ${Math.round(bare)} ms here.`,
      ...missed,
    ]
    report({ command: 'bench:startup', machine, figures, notes, json })
    return exitCode
  } catch (error) {
    // Said now: taking down what is left may fail as well, and that would be a consequence.
    progress(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
    rmSync(program.folder, { recursive: true, force: true })
  }
}

process.exitCode = await run()
