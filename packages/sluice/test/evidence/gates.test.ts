/** Reports of jobs and gates of the config, through the real engine: what a commit's tests and coverage come to decides whether it becomes a release. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ControlPlane } from '../../src/app.ts'
import type { GatesConfig } from '../../src/core/config/types-gates.ts'
import type { GateVerdict } from '../../src/core/evidence/gates/types.ts'
import type { Run } from '../../src/engine/trusted.ts'
import type { Client } from '../../src/http/client/client.ts'
import { directClient } from '../../src/http/direct.ts'
import { schemas } from '../../src/http/schemas/all.ts'
import { sluiceHere } from '../cli/sluice.ts'
import { makeStateDir, startPlane, tester } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'

const never = new AbortController().signal

let project: Project
let stateDir: string
let plane: ControlPlane
let client: Client

before(async () => {
  project = await makeProject({})
  stateDir = await makeStateDir()
  plane = await startPlane(project.directory, stateDir)
  client = directClient(plane.api, 'ada')
})
after(async () => {
  await plane.close()
  await project.remove()
  await rm(stateDir, { recursive: true, force: true })
})

type Commit = {
  readonly version: string
  readonly gates: GatesConfig
  /** JUnit XML. */
  readonly report: string
  /** Of the ten lines of `src/a.js`, the first so many were run. */
  readonly covered: number
  /** The second line of `src/a.js`, which commits change. */
  readonly line: string
}

const passing =
  '<testsuite name="checkout"><testcase name="pays" time="0.2"/><testcase name="ships" time="0.1"/></testsuite>'
const failing =
  '<testsuite name="checkout"><testcase name="pays" file="src/a.js" line="3"><failure message="expected 2, got 3"/></testcase><testcase name="ships"/></testsuite>'

/** Makes the commit, runs its pipeline and gives the run once it is over. */
const runOf = async ({ version, gates, report, covered, line }: Commit): Promise<Run> => {
  const lines = Array.from({ length: 10 }, (_, index) => index + 1)
  const files = {
    'src/a.js': lines.map((number) => (number === 2 ? line : `// ${number}`)).join('\n'),
    'junit.xml': report,
    'lcov.info': `SF:src/a.js\n${lines.map((number) => `DA:${number},${number <= covered ? 1 : 0}\n`).join('')}end_of_record\n`,
    'sluice.config.ts': `export default ${JSON.stringify({
      service: 'tiny',
      pipeline: {
        gates,
        jobs: {
          check: {
            steps: 'mkdir out && cp junit.xml lcov.info out',
            reports: { junit: 'out/junit.xml', lcov: 'out/lcov.info' },
            artifacts: { app: ['server.js', 'behaviour.json'] },
          },
        },
      },
      start: { command: 'exec node server.js', artifact: 'app' },
    })}\n`,
  }
  await mkdir(join(project.directory, 'src'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(project.directory, name), text)
  await project.commit(version)
  const { engine } = plane
  const { run } = await engine.startRun({ ref: 'HEAD', jobs: null }, tester, never)
  return new Promise((resolve, reject) => {
    const end = engine.subscribe(() => look())
    const look = (): void => {
      engine.reading.run(run).then((state) => {
        if (!('settledAt' in state)) return
        end()
        resolve(state)
      }, reject)
    }
    look()
  })
}

type Told = readonly (string | number | null)[]
const told = ({ gate, status, measured, threshold, base }: GateVerdict): Told => [
  gate,
  status,
  measured,
  threshold,
  base,
]

const demands: GatesConfig = { tests: { minimum: 2 }, coverage: { lines: '80%', changedLines: '50%' } }
const runs: Run[] = []

test('a commit that its gates let pass becomes a release, which says so, and its numbers are what later ones are compared with', async () => {
  const run = await runOf({ version: '1.0.1', gates: demands, report: passing, covered: 9, line: '// two' })
  runs.push(run)
  deepStrictEqual(run.gates.map(told), [
    ['tests', 'pass', 0, 0, null],
    ['coverage.lines', 'pass', 90, 80, null],
    ['coverage.changedLines', 'pass', 90, 50, null],
  ])
  deepStrictEqual(run.release?.content.gates, [
    { gate: 'tests', status: 'pass' },
    { gate: 'coverage.lines', status: 'pass' },
    { gate: 'coverage.changedLines', status: 'pass' },
  ])
})

test('too little coverage fails the run with the numbers, and no release is cut', async () => {
  const run = await runOf({ version: '1.0.2', gates: demands, report: passing, covered: 7, line: '// TWO' })
  runs.push(run)
  ok(run.status === 'failed' && run.cause.kind === 'gate_failed')
  strictEqual(run.release, null)
  deepStrictEqual(run.gates.map(told), [
    ['tests', 'pass', 0, 0, null],
    ['coverage.lines', 'fail', 70, 80, 90],
    ['coverage.changedLines', 'pass', 100, 50, null],
  ])
  const view = await client.call('runs.show', { params: { run: run.id } })
  match(view.cause?.evidence.join('\n') ?? '', /^coverage\.lines: .*70.*80/)
})

test('a report that cannot be read is broken, and a waiver that has ended counts for nothing', async () => {
  const waive = { reason: 'the old parser', until: '2020-01-01T00:00:00Z' }
  const run = await runOf({
    version: '1.0.3',
    report: '<testsuite><testcase name="pays"',
    covered: 7,
    line: '// ii',
    gates: { ...demands, coverage: { lines: '80%', waive } },
  })
  runs.push(run)
  strictEqual(run.status, 'failed')
  deepStrictEqual(run.gates.map(told), [
    ['tests', 'broken', 0, 2, null],
    // A commit that its gates refused is no measure: it is still compared with the one before.
    ['coverage.lines', 'fail', 70, 80, 90],
  ])
  match(run.gates[0]?.sentence ?? '', /out\/junit\.xml/)
  match(run.gates[1]?.sentence ?? '', /the waiver ended on 2020-01-01/)
})

test('a quarantined test and a waiver that holds let a commit pass, and the release says that they did', async () => {
  const until = '2999-01-01T00:00:00Z'
  const run = await runOf({
    version: '1.0.4',
    report: failing,
    covered: 7,
    line: '// 2',
    gates: {
      tests: { quarantine: [{ test: 'checkout > pays', reason: 'a race', until }] },
      coverage: { lines: '80%', waive: { reason: 'the old parser', until } },
    },
  })
  runs.push(run)
  strictEqual(run.status, 'succeeded')
  deepStrictEqual(run.release?.content.gates, [
    { gate: 'tests', status: 'waived' },
    { gate: 'coverage.lines', status: 'waived' },
  ])
  deepStrictEqual(
    run.gates[0]?.details.map(({ excusedBy }) => excusedBy),
    ['a race (until 2999-01-01)'],
  )
})

test('evidence and insights are told as their schemas say, and a run that failed is shown with its numbers', async () => {
  const [first, second, , last] = runs
  ok(first !== undefined && second !== undefined && last !== undefined)
  const evidence = await client.call('runs.evidence', { params: { run: last.id } })
  deepStrictEqual(schemas.Evidence.safeParse(evidence).error?.issues ?? [], [])
  deepStrictEqual(
    [evidence.tests?.passed, evidence.tests?.failures.map(({ id, failure }) => [id, failure?.message])],
    [1, [['src/a.js > checkout > pays', 'expected 2, got 3']]],
  )
  deepStrictEqual(evidence.coverage?.change?.before.lines, { covered: 9, total: 10 })
  strictEqual(evidence.comparedWith, first.plan.commit.id)
  const insights = await client.call('runs.insights', { query: {} })
  deepStrictEqual(schemas.Insights.safeParse(insights).error?.issues ?? [], [])
  deepStrictEqual(
    [insights.runs, insights.jobs.map(({ name, runs: count }) => [name, count]), insights.failures[0]?.rate],
    [4, [['check', 4]], 0],
  )
  const page = await client.call('runs.show', { params: { run: second.id } })
  deepStrictEqual(schemas.Run.safeParse(page).error?.issues ?? [], [])
  await plane.close()
  const shown = await sluiceHere({ cwd: project.directory }, 'runs', 'show', second.id, '--state-dir', stateDir)
  strictEqual(shown.code, 0, shown.stderr)
  match(shown.stdout, /2 tests: 2 passed/)
  match(shown.stdout, /lines +70 % +-20 +7 of 10/)
  match(shown.stdout, /coverage\.lines +fail +/)
  match(shown.stdout, /no release was cut/)
})
