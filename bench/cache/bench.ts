/**
 * `npm run bench:cache [-- --quick] [--json]`: 200 jobs found in the cache, beside turbo on the same repository; 2,000 inputs hashed; outputs restored beside a plain
 * copy. Times are those of whole processes, medians. `--quick` leaves turbo out where it cannot be installed.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMachine } from '../lib/machine.ts'
import { PeerMissing, peerProgram } from '../lib/peers.ts'
import type { Figure } from '../lib/report.ts'
import { median, progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { chooseProgram, type Program } from '../startup/program.ts'
import { changeAll, makeRepository, type Repository, shape } from './repository.ts'
import { measureRestore, outputShapes } from './restore.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const runs = quick ? 5 : 15
const here = fileURLToPath(new URL('.', import.meta.url))

type Ran = { readonly tookMs: number; readonly out: string }

const timed = (words: readonly string[], directory: string, extra: NodeJS.ProcessEnv = {}): Ran => {
  const [program = '', ...rest] = words
  const env = { ...process.env, ...extra }
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(program, rest, { cwd: directory, env, encoding: 'utf8' })
  const tookMs = performance.now() - startedAt
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}${stdout}`)
  return { tookMs, out: stdout }
}

/** Compiled modules are kept between runs, as `sluice` itself keeps them. */
const script = (repository: Repository, name: string, argument: string): Ran =>
  timed([process.execPath, join(here, name), argument], repository.root, {
    NODE_COMPILE_CACHE: join(repository.root, 'compiled'),
  })

/** A whole `sluice run`: the first fills the cache, those after it find everything. */
const measureRun = ({ root, checkout }: Repository, program: Program): number => {
  progress(`sluice run: ${shape.packages} jobs, filled and then ${runs} × found`)
  const words = [...program.words, 'run', '--json', '--quiet']
  const once = (): Ran => timed(words, checkout, { NODE_COMPILE_CACHE: join(root, 'compiled') })
  for (let left = 2; left > 0; left -= 1) once()
  return median(
    Array.from({ length: runs }, () => {
      const { tookMs, out } = once()
      const found = JSON.parse(out).run.jobs.filter(
        (job: { from: { kind: string } | null }) => job.from?.kind === 'cache',
      )
      if (found.length !== shape.packages) throw new Error(`only ${found.length} of the jobs were found`)
      return tookMs
    }),
  )
}

/** The task cache alone, without engine, ledger and runner. */
const measureAlone = (repository: Repository): number => {
  progress(`the task cache alone: ${runs} × found`)
  for (let left = 2; left > 0; left -= 1) script(repository, 'cached-run.ts', repository.root)
  return median(
    Array.from({ length: runs }, () => {
      const { tookMs, out } = script(repository, 'cached-run.ts', repository.root)
      if (out.trim() !== String(shape.packages)) throw new Error(`only ${out.trim()} of the jobs were found`)
      return tookMs
    }),
  )
}

const measureTurbo = ({ checkout }: Repository): number => {
  const words = [peerProgram('turbo'), 'run', 'build', '--output-logs=full', '--no-update-notifier']
  const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', CI: '1' }
  progress(`turbo: the same, filled and then ${runs} × found`)
  for (let left = 2; left > 0; left -= 1) timed(words, checkout, env)
  return median(
    Array.from({ length: runs }, () => {
      const { tookMs, out } = timed(words, checkout, env)
      if (!out.includes('FULL TURBO')) throw new Error(`turbo did not find everything:\n${out.slice(-500)}`)
      return tookMs
    }),
  )
}

/** Null, and a note, where it cannot be installed: only the short form does without. */
const measureTurboIfThere = (repository: Repository, notes: string[]): number | null => {
  try {
    return measureTurbo(repository)
  } catch (error) {
    if (!quick || !(error instanceof PeerMissing)) throw error
    notes.push(`turbo was not measured: ${error.message}`)
    return null
  }
}

type Hashed = { readonly totalMs: number; readonly listMs: number }

const measureHash = (repository: Repository): Hashed => {
  progress(`${runs} × 2,000 inputs, all of them other than git knows them`)
  changeAll(repository.checkout)
  script(repository, 'hash-inputs.ts', repository.checkout)
  const rounds = Array.from({ length: runs }, (): Hashed => {
    const { out } = script(repository, 'hash-inputs.ts', repository.checkout)
    const { count, listMs, hashMs } = JSON.parse(out)
    if (count !== shape.packages * shape.files) throw new Error(`${count} inputs were hashed`)
    return { totalMs: listMs + hashMs, listMs }
  })
  return { totalMs: median(rounds.map((one) => one.totalMs)), listMs: median(rounds.map((one) => one.listMs)) }
}

const measureRestores = async (): Promise<readonly Bounded[]> => {
  const figures: Figure[] = []
  const ratios: number[] = []
  for (const outputs of outputShapes) {
    const { restoreMs, firstMs, copyMs } = await measureRestore(outputs, quick ? 3 : 9)
    ratios.push(copyMs / restoreMs)
    figures.push(
      { name: `cache.restore${outputs.name}Ms`, value: restoreMs, unit: 'ms' },
      { name: `cache.restore${outputs.name}FirstMs`, value: firstMs, unit: 'ms, everything hashed' },
      { name: `cache.copy${outputs.name}Ms`, value: copyMs, unit: 'ms, plain copy' },
    )
  }
  const worst = { name: 'cache.restoreVsCopy', value: Math.min(...ratios), unit: '× (plain copy = 1)' }
  return [atLeast(worst, 0.7), ...figures]
}

type Measured = { readonly repository: Repository; readonly program: Program; readonly notes: string[] }

const measure = async ({ repository, program, notes }: Measured): Promise<readonly Bounded[]> => {
  const runMs = measureRun(repository, program)
  const aloneMs = measureAlone(repository)
  const turboMs = measureTurboIfThere(repository, notes)
  const { totalMs, listMs } = measureHash(repository)
  return [
    atMost({ name: 'cache.s200', value: runMs / 1_000, unit: 's' }, 0.25),
    { name: 'cache.alone200', value: aloneMs / 1_000, unit: 's, the task cache alone' },
    ...(turboMs === null
      ? []
      : [
          { name: 'cache.vsTurbo200', value: turboMs / runMs, unit: '× as fast as turbo' },
          { name: 'cache.turbo200', value: turboMs / 1_000, unit: 's' },
        ]),
    atMost({ name: 'cache.hash2000Ms', value: totalMs, unit: 'ms' }, 60),
    { name: 'cache.list2000Ms', value: listMs, unit: 'ms, of these for git' },
    ...(await measureRestores()),
  ]
}

const main = async (): Promise<number> => {
  const machine = describeMachine()
  const repository = makeRepository()
  const program = chooseProgram()
  try {
    const absent: string[] = []
    const measured = await measure({ repository, program, notes: absent })
    const { figures, missed, exitCode } = judge(measured.map(onThisMachine), { quick })
    const bare = median(
      Array.from({ length: runs }, () => timed([process.execPath, '-e', '0'], repository.root).tookMs),
    )
    const notes = [
      `s200 is a whole sluice run, of what is published, with ledger and logs; an empty Node program takes ${Math.round(bare)} ms here.`,
      'hash2000Ms has git list the checkout and reads every file; files that are as git knows them are not read at all.',
      'restoreVsCopy is the worst of three shapes, against the quicker of cp -r and the copy of Node.',
      ...absent,
      ...missed,
    ]
    report({ command: 'bench:cache', machine, figures, notes, json })
    return exitCode
  } finally {
    repository.remove()
    rmSync(program.folder, { recursive: true, force: true })
  }
}

process.exitCode = await main()
