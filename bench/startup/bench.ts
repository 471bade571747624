/**
 * `npm run bench:startup [-- --quick] [--json]`: how long `sluice --help`, `sluice status` and a control plane take until they answer, and
 * what control plane and gateway hold in memory when nothing happens. Medians; the compile cache is warm, as it is from the second start on.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { shutdownGateway } from '../../packages/sluice/src/routers/gateway/keeper.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/router/gateway-world.ts'
import { describeMachine, memoryMbOf } from '../lib/machine.ts'
import { median, progress, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { gatewayPid } from '../torture-kill/world.ts'
import { chooseProgram, type Program } from './program.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const runs = quick ? 5 : 15
const idleMs = quick ? 4_000 : 10_000

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

type Place = { readonly projectDir: string; readonly stateDir: string; readonly port: number }

const placeWords = ({ projectDir, stateDir }: Place): readonly string[] => [
  '--project',
  projectDir,
  '--state-dir',
  stateDir,
]

/** Starts a control plane; gives it with the time until it said that it is ready. */
const startServer = async ({ words }: Program, place: Place): Promise<{ child: ChildProcess; readyMs: number }> => {
  const [program = '', ...first] = words
  const startedAt = performance.now()
  const args = [...first, 'server', ...placeWords(place), '--port', String(place.port)]
  const child = spawn(program, args, { stdio: 'ignore' })
  while (!(await isReady(place.port))) await rest(2)
  return { child, readyMs: performance.now() - startedAt }
}

const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/health/readiness', agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode === 200))
    })
    request.on('error', () => resolve(false))
  })

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const end = async (child: ChildProcess): Promise<void> => {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** Proportional set size, megabytes: memory shared with other processes (the Node binary) is divided among them; Linux only. */
const proportionalMbOf = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1_024

const measure = async (program: Program, place: Place): Promise<readonly Bounded[]> => {
  const times = await measureTimes(program, place)
  // The gateway too from this form of the program, and both new: what they hold when idle, not what a benchmark left in them.
  await shutdownGateway(place.stateDir)
  const { child } = await startServer(program, place)
  try {
    progress(`memory after ${idleMs / 1_000} s without work`)
    await rest(idleMs)
    const gateway = await gatewayPid(place.stateDir)
    if (gateway === null || child.pid === undefined) throw new Error('control plane and gateway do not both run')
    return [
      ...times,
      atMost({ name: 'memory.controlPlaneMb', value: memoryMbOf(child.pid), unit: 'MB resident' }, 120),
      { name: 'memory.controlPlaneProportionalMb', value: proportionalMbOf(child.pid), unit: 'MB' },
      atMost({ name: 'memory.gatewayMb', value: memoryMbOf(gateway), unit: 'MB resident' }, 90),
      { name: 'memory.gatewayProportionalMb', value: proportionalMbOf(gateway), unit: 'MB' },
    ]
  } finally {
    await end(child)
  }
}

const measureTimes = async (program: Program, place: Place): Promise<readonly Bounded[]> => {
  progress(`${runs} × sluice --help`)
  const helpMs = medianOf(program, ['--help'])
  progress(`${runs} × a control plane until it is ready`)
  const readyMs: number[] = []
  await end((await startServer(program, place)).child)
  for (let left = runs; left > 0; left -= 1) {
    const started = await startServer(program, place)
    readyMs.push(started.readyMs)
    await end(started.child)
  }
  const { child } = await startServer(program, place)
  progress(`${runs} × sluice status`)
  const statusMs = medianOf(program, ['status', ...placeWords(place)])
  await end(child)
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
      `Measured: the ${program.form} form (${program.form === 'built' ? 'npm run build' : 'no npm run build output is there'}); an empty Node program takes ${Math.round(bare)} ms here.`,
      ...missed,
    ]
    report({ command: 'bench:startup', machine, figures, notes, json })
    return exitCode
  } finally {
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
    if (program.folder !== null) rmSync(join(program.folder), { recursive: true, force: true })
  }
}

process.exitCode = await run()
