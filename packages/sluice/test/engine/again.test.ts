/** A run that is made again is the same run: of the working tree, of a part, of another pipeline; and takes over only work of its own commit. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ControlPlane } from '../../src/app.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { RunId } from '../../src/core/model.ts'
import type { StartRunCommand } from '../../src/engine/commands/runs.ts'
import type { Run } from '../../src/engine/trusted.ts'
import { makeStateDir, startPlane, tester } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'

const never = new AbortController().signal

let project: Project
let stateDir: string
let plane: ControlPlane

before(async () => {
  project = await makeProject({})
  await mkdir(join(project.directory, '.github/workflows'), { recursive: true })
  const workflow = { on: 'push', jobs: { hello: { 'runs-on': 'ubuntu-latest', steps: [{ run: 'true' }] } } }
  await writeFile(join(project.directory, '.github/workflows/hello.yml'), JSON.stringify(workflow))
  await project.commit('1.1.0')
  stateDir = await makeStateDir()
  plane = await startPlane(project.directory, stateDir)
})
after(async () => {
  await plane.close()
  await project.remove()
  await rm(stateDir, { recursive: true, force: true })
})

const over = async (command: Partial<StartRunCommand>): Promise<Run> => {
  const { engine } = plane
  const { run } = await engine.startRun({ ref: 'HEAD', jobs: null, ...command }, tester, never)
  return settled(run)
}

const settled = async (id: RunId | string): Promise<Run> => {
  const { engine } = plane
  return new Promise((resolve, reject) => {
    const look = (): void => {
      engine.reading.run(id).then((run) => {
        if (!['succeeded', 'failed', 'cancelled'].includes(run.status)) return
        end()
        resolve(run)
      }, reject)
    }
    const end = engine.subscribe(look)
    look()
  })
}

const pipeline = {
  kind: 'github',
  file: '.github/workflows/hello.yml',
  event: 'push',
  payload: null,
  inputs: {},
  variables: {},
  runners: {},
  containers: 'refuse',
  actions: null,
  skippedActions: [],
  skippedIncludes: [],
  played: [],
  secrets: {},
  secretFiles: {},
} as const

test('a run of the working tree that is made again cuts no release either', async () => {
  await writeFile(join(project.directory, 'package.json'), '{"name":"tiny","version":"6.6.6","type":"module"}')
  const first = await over({ of: 'tree' })
  const again = await over({ retryOf: first.id })
  deepStrictEqual([first.status, again.status, again.release], ['succeeded', 'succeeded', null])
  deepStrictEqual(again.plan, first.plan)
})

test('a run of a workflow, and one of a part, that are made again are that workflow and that part', async () => {
  for (const command of [{ pipeline }, { jobs: ['build'] }, { event: 'schedule' as const }]) {
    const first = await over(command)
    strictEqual(first.status, 'succeeded')
    const counted = 'pipeline' in command ? { attempt: 2 } : {}
    deepStrictEqual((await over({ retryOf: first.id })).plan, { ...first.plan, ...counted })
  }
})

test('work of one commit, or of another pipeline, is not taken over into a run of this one', async () => {
  const first = await over({})
  ok(first.status === 'succeeded' && first.release !== null)
  await project.commit('1.2.0')
  const refused = (error: unknown): boolean => error instanceof SluiceError && error.code === 'command_conflict'
  await rejects(over({ failedOf: first.id }), refused)
  await rejects(over({ failedOf: first.id, ref: first.plan.commit.id, pipeline }), refused)
  const carried = await over({ retryOf: first.id, failedOf: first.id })
  ok(carried.jobs.every((job) => job.status === 'succeeded' && job.carriedFrom === first.id))
})

/** Three jobs in a row: two are in the cache once they ran, the one between them is not. */
const cached = {
  first: { steps: 'echo first', cache: { inputs: ['a.txt'] } },
  between: { needs: ['first'], steps: 'cat a.txt b.txt' },
  last: { needs: ['between'], steps: 'echo last', cache: { inputs: ['b.txt'] } },
  beside: { needs: ['first'], steps: 'cat b.txt > made; echo beside', cache: { inputs: ['b.txt'], outputs: ['made'] } },
}

test('what is in the cache is decided and recorded with the run itself, as far as nothing has to run for it', async () => {
  const { directory } = project
  for (const name of ['a.txt', 'b.txt']) await writeFile(join(directory, name), `${name}\n`)
  const config = { service: 'tiny', pipeline: { isolation: 'none', jobs: cached } }
  await writeFile(join(directory, 'sluice.config.ts'), `export default ${JSON.stringify(config)}\n`)
  await project.commit('1.3.0')
  await over({})
  await plane.ports.runner.settled()
  const commits: (readonly string[])[] = []
  const end = plane.engine.subscribe((rows) => void commits.push(rows.map(({ type }) => type)))
  const second = await over({})
  end()
  strictEqual(second.status, 'succeeded')
  const from = second.jobs.map((job) => (job.status === 'succeeded' && job.cache !== null ? 'cache' : 'run'))
  deepStrictEqual(from, ['cache', 'run', 'cache', 'cache'])
  deepStrictEqual(commits, [
    ['run_planned', 'effect_succeeded', 'effect_succeeded'],
    ['effect_succeeded'],
    ['effect_succeeded'],
  ])
  for (const name of ['first', 'beside', 'last']) {
    const lines = await plane.ports.runner.logs(`${second.id}/job/${name}`, { after: 0, limit: 100 }, never)
    const texts = lines.map(({ text }) => text)
    ok(texts[0]?.startsWith('from the cache: unchanged'), texts.join('\n'))
    ok(texts.includes(name), texts.join('\n'))
  }
  const rows = await plane.engine.ledger({ after: 0, limit: 100, key: { kind: 'run', id: second.id } })
  deepStrictEqual(
    rows.map(({ version }) => version),
    [1, 2, 3, 4, 5],
  )
})

test('a job whose input changed is run, and so is what the cache does not know any more', async () => {
  await writeFile(join(project.directory, 'b.txt'), 'changed\n')
  await project.commit('1.4.0')
  const { jobs } = await over({})
  const from = jobs.map((job) => (job.status === 'succeeded' && job.cache !== null ? 'cache' : 'run'))
  deepStrictEqual(from, ['cache', 'run', 'run', 'run'])
  const none = await over({ usesCache: false })
  ok(none.jobs.every((job) => job.status === 'succeeded' && job.cache === null))
})

test('what a run is started with reaches its jobs, the keys of the cache and the plan; work done with other values is not taken over', async () => {
  const { directory } = project
  await writeFile(join(directory, 'a.txt'), 'a\n')
  const inputs = {
    TARGET: { type: 'choice', choices: ['eu', 'us'], default: 'eu' },
    DRY: { type: 'boolean', default: false },
    COUNT: { type: 'number' },
  }
  const greet = { env: { TARGET: 'nowhere' }, steps: 'echo "to $TARGET, dry $DRY"', cache: { inputs: ['a.txt'] } }
  const pipelineOfConfig = { isolation: 'none', on: { manual: { inputs } }, jobs: { greet } }
  const config = { service: 'tiny', pipeline: pipelineOfConfig }
  await writeFile(join(directory, 'sluice.config.ts'), `export default ${JSON.stringify(config)}\n`)
  await project.commit('1.4.0')
  const told: unknown[] = []
  const runWith = async (command: Partial<StartRunCommand>): Promise<Run> => {
    const run = await over(command)
    await plane.ports.runner.settled()
    const lines = await plane.ports.runner.logs(`${run.id}/job/greet`, { after: 0, limit: 100 }, never)
    const said = lines.find(({ text }) => text.startsWith('to '))?.text
    const [job] = run.jobs
    told.push([run.plan.trigger.inputs, said, job?.status === 'succeeded' && job.cache !== null ? 'cache' : 'run'])
    return run
  }
  const first = await runWith({})
  const second = await runWith({ inputs: { TARGET: 'us' } })
  await runWith({ inputs: { TARGET: 'us' } })
  await runWith({ retryOf: second.id })
  await runWith({ event: 'push', inputs: { COUNT: '3' } })
  const us = { TARGET: 'us', DRY: 'false' }
  deepStrictEqual(told, [
    [{ TARGET: 'eu', DRY: 'false' }, 'to eu, dry false', 'run'],
    [us, 'to us, dry false', 'run'],
    [us, 'to us, dry false', 'cache'],
    [us, 'to us, dry false', 'cache'],
    [{ TARGET: 'eu', DRY: 'false', COUNT: '3' }, 'to eu, dry false', 'run'],
  ])
  const refused = (code: string, detail: RegExp) => (error: unknown) =>
    error instanceof SluiceError && error.code === code && detail.test(error.detail)
  await rejects(over({ failedOf: first.id, inputs: us }), refused('command_conflict', /TARGET=eu.*TARGET=us/))
  for (const [values, detail] of [
    [{ TARGET: 'mars' }, /^input TARGET is "mars"; choices: eu, us$/],
    [{ TARGETS: 'eu' }, /^there is no input TARGETS; inputs: TARGET, DRY, COUNT$/],
    [{ COUNT: 'many' }, /^input COUNT is "many", which is no number$/],
    [{ DRY: 'yes' }, /^input DRY is "yes", which is neither true nor false$/],
  ] as const)
    await rejects(over({ inputs: values }), refused('usage_invalid', detail))
  await rejects(over({ pipeline, inputs: us }), refused('usage_invalid', /another system/))
})
