/**
 * `npm test [-- options of node --test]`: every test of the default suite. To start a process and load Node's test runner and what is tested takes longer than most files of tests
 * run, so files of one concern run together, in a process for each group, one file after the other. All of it at once; the last lines are the totals.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'
import { join } from 'node:path'
import { argv, execPath, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loadedLine } from './test-loaded.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const compileCache = join(root, 'node_modules/.cache/compile')
const runsTogether = fileURLToPath(new URL('test-together.ts', import.meta.url))

const everything: readonly string[] = [
  'packages/*/src/**/*.test.ts',
  'packages/*/test/**/*.test.ts',
  'test/**/*.test.ts',
  'examples/*/test/**/*.test.js',
]

type Group = {
  readonly files: readonly string[]
  /** Those that only compute stand back behind the others, which look at the clock and wait for what they have started. */
  readonly does: 'compute' | 'wait'
}

/** What runs together; a file that is in two is run by the first. The first two groups load most of what the others load. */
const groups: readonly Group[] = [
  { does: 'wait', files: ['packages/sluice/test/{http,metrics}/*.test.ts'] },
  { does: 'compute', files: ['packages/sluice/src/core/**/*.test.ts'] },
  { does: 'wait', files: ['packages/sluice/test/{gateway,router}/*.test.ts'] },
  { does: 'wait', files: ['packages/sluice/test/{cache,evidence,hooks}/*.test.ts'] },
  { does: 'wait', files: ['packages/sluice/test/{store,notify,source}/*.test.ts'] },
  { does: 'wait', files: ['packages/sluice/src/runner/**/*.test.ts'] },
  {
    does: 'wait',
    files: [
      'packages/sluice/test/cli/*.test.ts',
      'packages/sluice/src/adapters/{config,source}/*.test.ts',
      'packages/sluice/src/{drivers,lib}/**/*.test.ts',
      'examples/*/test/**/*.test.js',
    ],
  },
  {
    does: 'wait',
    files: [
      'packages/sluice/src/adapters/{cache,calendar,evidence,secrets,security,store,system}/**/*.test.ts',
      'packages/sluice/src/adapters/ci/{export/export-github,gitlab/checkout}.test.ts',
      'packages/sluice/test/engine/{again,perform}.test.ts',
      'packages/sluice/test/{code-hosts,identity}/*.test.ts',
      'packages/sluice/test/workflows/**/*.test.ts',
    ],
  },
  {
    does: 'compute',
    files: [
      'packages/sluice/test/{sim,engine}/**/*.test.ts',
      'packages/sluice/test/{machine-laws,rollout/*}.test.ts',
      'packages/sluice/src/engine/**/*.test.ts',
    ],
  },
  {
    does: 'compute',
    files: [
      'test/*.test.ts',
      'packages/dashboard/test/dashboard.test.ts',
      'packages/sluice/src/{cli,http,gateway,routers,adapters/ci}/**/*.test.ts',
    ],
  },
]

/** Files with snapshots, which lie beside the file that Node takes for the one that is run: of these it is told which one that is, but they share what they do around their tests. */
const withSnapshots: readonly string[] = [
  'packages/sluice/test/{cli,http}/surface.test.ts',
  'packages/sluice/test/notify/{channels,email}.test.ts',
]

/** Files with a process of their own that run at the same time as the groups. */
const alongside = availableParallelism()

/** What a process of `node --test` told: its totals by name, and its last part, in which everything that failed is told again. */
type Told = { readonly counts: ReadonlyMap<string, number>; readonly failures: readonly string[] }

/** How far those that only compute stand back, as niceness. */
const computingNiceness = 10

/** A line of the totals. */
const totalLine = /^ℹ ([a-z_]+) ([\d.]+)$/
const failuresLine = '✖ failing tests:'

/** Runs files and passes on what is said about them, at once, but for the last part. */
const runFiles = async ({ files, how, does }: Run, loaded: () => void): Promise<Told> => {
  const args = ['--test-timeout=120000', '--test-reporter=spec', ...argv.slice(2), ...how, ...files]
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache }
  const child = spawn(execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.pid !== undefined && does === 'compute') setPriority(child.pid, computingNiceness)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const counts = new Map<string, number>()
  const failures: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, count] = totalLine.exec(line) ?? []
    if (name !== undefined) counts.set(name, Number(count))
    else if (line === loadedLine) loaded()
    else if (line === failuresLine || failures.length > 0) failures.push(line)
    else stdout.write(`${line}\n`)
  }
  const code = await ended
  loaded()
  // A process that died has told no totals: that is a failure as well.
  if (code !== 0 && (counts.get('fail') ?? 0) + (counts.get('cancelled') ?? 0) === 0) {
    counts.set('fail', 1)
    failures.push(
      failuresLine,
      `  the process that ran ${files.length} files from ${files[0] ?? 'none'} on ended with ${code}`,
    )
  }
  return { counts, failures }
}

const find = (patterns: readonly string[]): readonly string[] => globSync([...patterns], { cwd: root }).toSorted()

type Run = { readonly files: readonly string[]; readonly how: readonly string[]; readonly does: Group['does'] }

/** What is run: each group in a process, and in one of its own each file that is in none. */
const plan = (): readonly Run[] => {
  const left = new Set(find(everything))
  const take = (patterns: readonly string[]): readonly string[] => find(patterns).filter((file) => left.delete(file))
  const snapshots: Run = { files: take(withSnapshots), how: ['--test', '--test-isolation=none'], does: 'wait' }
  const together = groups.map(({ files, does }): Run => ({ files: take(files), how: [runsTogether], does }))
  const apart: Run = { files: [...left], how: ['--test', `--test-concurrency=${alongside}`], does: 'wait' }
  return [...together, snapshots, apart].filter(({ files }) => files.length > 0)
}

/** Starts them all, but those behind the first few only once these are loaded. */
const startAll = async (runs: readonly Run[], ahead: number): Promise<readonly Promise<Told>[]> => {
  const first = runs.slice(0, ahead).map((run) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    return { told: runFiles(run, resolve), isLoaded: promise }
  })
  if (ahead < runs.length) await Promise.all(first.map(({ isLoaded }) => isLoaded))
  return [...first.map(({ told }) => told), ...runs.slice(ahead).map((run) => runFiles(run, () => {}))]
}

const startedAt = performance.now()
const runs = plan()
/** In a clone that never ran, all would compile the same sources at the same time: the first two do it for everybody. */
const ahead = existsSync(compileCache) ? runs.length : 2
const told = await Promise.all(await startAll(runs, ahead))
for (const { failures } of told) for (const line of failures) stdout.write(`${line}\n`)
for (const name of ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo']) {
  const total = told.reduce((sum, { counts }) => sum + (counts.get(name) ?? 0), 0)
  stdout.write(`ℹ ${name} ${total}\n`)
  if (total > 0 && (name === 'fail' || name === 'cancelled')) process.exitCode = 1
}
stdout.write(`ℹ duration_ms ${(performance.now() - startedAt).toFixed(0)}\n`)
