/**
 * `npm test [-- options of node --test]`: every test of the default suite. To start a process and load Node's test runner takes longer than most files of tests
 * run, so those that share nothing, neither variables of the process nor places outside a folder of their own, run together, in a process for each
 * group; every other file has one of its own. All of it at once; the last lines are the totals.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'
import { join } from 'node:path'
import { argv, execPath, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const everything: readonly string[] = [
  'packages/*/src/**/*.test.ts',
  'packages/*/test/**/*.test.ts',
  'test/**/*.test.ts',
  'examples/*/test/**/*.test.js',
]

/** What runs together; a file that is in two is run by the first. */
const groups: readonly (readonly string[])[] = [
  ['packages/sluice/src/core/**/*.test.ts'],
  ['packages/sluice/test/machine-laws.test.ts', 'packages/sluice/test/{sim/core,rollout}/**/*.test.ts'],
  ['packages/sluice/test/{sim/engine,engine}/**/*.test.ts', 'packages/sluice/src/engine/**/*.test.ts'],
  [
    'test/*.test.ts',
    'packages/dashboard/test/dashboard.test.ts',
    'packages/sluice/src/{cli,http,routers,adapters/ci}/**/*.test.ts',
    'packages/sluice/src/gateway/{http,data,routes}/*.test.ts',
    'packages/sluice/test/workflows/**/*.test.ts',
  ],
  [
    'packages/sluice/src/adapters/{cache,evidence,secrets,security,system}/**/*.test.ts',
    'packages/sluice/src/runner/{cache,reports}/**/*.test.ts',
    'packages/sluice/src/runner/{artifacts,capacity,disclosed,log-coverage,step-files}.test.ts',
    'packages/sluice/src/lib/{mask,mask-wrapped,open-inside,save-inside,tar}.test.ts',
    'packages/sluice/test/http/{insights,outside-specs,pages,surface}.test.ts',
    'packages/sluice/test/code-hosts/*.test.ts',
    'packages/sluice/test/{metrics/open,notify/forms,store/memory,store/texts}.test.ts',
  ],
]

/** Files that run at the same time as the groups: more than there are processors, because most wait for what they have started. */
const alongside = availableParallelism() + 2

/** What a process of `node --test` told: its totals by name, and its last part, in which everything that failed is told again. */
type Told = { readonly counts: ReadonlyMap<string, number>; readonly failures: readonly string[] }

/** How far the groups stand back, as niceness: they only compute, while the others look at the clock, and wait for what they have started. */
const groupNiceness = 10

/** A line of the totals. */
const totalLine = /^ℹ ([a-z_]+) ([\d.]+)$/
const failuresLine = '✖ failing tests:'

/** Runs files and passes on what is said about them, at once, but for the last part. */
const runFiles = async (files: readonly string[], options: readonly string[], niceness: number): Promise<Told> => {
  const args = ['--test', '--test-timeout=120000', '--test-reporter=spec', ...options, ...argv.slice(2), ...files]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile') }
  const child = spawn(execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.pid !== undefined && niceness > 0) setPriority(child.pid, niceness)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  const counts = new Map<string, number>()
  const failures: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, count] = totalLine.exec(line) ?? []
    if (name !== undefined) counts.set(name, Number(count))
    else if (line === failuresLine || failures.length > 0) failures.push(line)
    else stdout.write(`${line}\n`)
  }
  const code = await ended
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

/** Each group, and what is in none. */
const divide = (): { readonly together: readonly (readonly string[])[]; readonly apart: readonly string[] } => {
  const left = new Set(find(everything))
  const take = (files: readonly string[]): readonly string[] => files.filter((file) => left.delete(file))
  const together = groups.map((patterns) => take(find(patterns)))
  return { together, apart: [...left] }
}

const startedAt = performance.now()
const { together, apart } = divide()
const told = await Promise.all([
  ...together.map((files) => runFiles(files, ['--test-isolation=none'], groupNiceness)),
  runFiles(apart, [`--test-concurrency=${alongside}`], 0),
])
for (const { failures } of told) for (const line of failures) stdout.write(`${line}\n`)
for (const name of ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo']) {
  const total = told.reduce((sum, { counts }) => sum + (counts.get(name) ?? 0), 0)
  stdout.write(`ℹ ${name} ${total}\n`)
  if (total > 0 && (name === 'fail' || name === 'cancelled')) process.exitCode = 1
}
stdout.write(`ℹ duration_ms ${(performance.now() - startedAt).toFixed(0)}\n`)
