import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { commitId, digest, runId } from '../core/model.ts'
import type { PlannedJob } from '../core/pipeline/types.ts'
import { SluiceError } from '../core/errors.ts'
import { isGroupAlive } from '../lib/process-group.ts'
import { LocalArtifacts, localTools } from './artifacts.ts'
import { LocalRunner } from './runner.ts'

const commit = { id: commitId('a'.repeat(40)), subject: 'feat: x', author: 'Ada', committedAt: 1 }
const signal = new AbortController().signal
let root = ''

const job = (steps: readonly string[], over: Partial<PlannedJob> = {}): PlannedJob => ({
  name: 'test',
  needs: [],
  level: 0,
  height: 0,
  steps: steps.map((run, index) => ({ name: `step ${index + 1}`, run })),
  env: {},
  secrets: [],
  timeoutMs: 20_000,
  artifacts: [],
  ...over,
})

const runner = (environment: Record<string, string> = {}): LocalRunner =>
  new LocalRunner({
    stateDir: join(root, 'state'),
    environment: { PATH: process.env['PATH'], ...environment },
    cores: 2,
    now: () => Date.now(),
    graceMs: 200,
  })

const request = async (key: string, planned: PlannedJob, secrets: Record<string, string> = {}) => {
  const directory = join(root, 'work', key)
  await mkdir(directory, { recursive: true })
  return { key, run: runId('run_1'), commit, version: '1.0.0', job: planned, directory, secrets }
}

const groupOf = async (path: string): Promise<number> => Number((await readFile(path, 'utf8')).trim())

describe('the local runner', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-runner-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('runs steps in order in the workspace, and sees of this machine only what it should', async () => {
    const local = runner({ SECRET_OF_THE_MACHINE: 'x' })
    const wanted = await request('run_1/job/order', job(['echo one > file', 'cat file; env'], { env: { MINE: 'yes' } }))
    const outcome = await local.run(wanted, signal)
    assert.equal(outcome.outcome, 'succeeded')
    const lines = (await local.logs(wanted.key, { after: 0, limit: 1_000 }, signal)).map(({ text }) => text)
    assert.ok(
      lines.includes('one') &&
        lines.includes('MINE=yes') &&
        lines.includes('SLUICE_JOB=test') &&
        lines.includes('CI=true'),
    )
    assert.ok(!lines.some((line) => line.includes('SECRET_OF_THE_MACHINE')))
  })

  it('stops at the first step that fails, and says which, with its last lines', async () => {
    const outcome = await runner().run(
      await request('run_1/job/fails', job(['echo broken >&2; exit 7', 'echo never'])),
      signal,
    )
    assert.deepEqual(
      { ...outcome, tail: outcome.tail.includes('broken') },
      { outcome: 'failed', exitCode: 7, failedStep: 'step 1', tail: true },
    )
    assert.ok(!outcome.tail.includes('never'))
  })

  it('a failure inside a pipe is a failure', async () => {
    const outcome = await runner().run(await request('run_1/job/pipe', job(['false | cat'])), signal)
    assert.equal(outcome.outcome, 'failed')
  })

  it('masks secrets before they reach the log', async () => {
    const local = runner()
    const wanted = await request(
      'run_1/job/secret',
      job(['printf "%s" "$TOKEN" | head -c 5; printf "%s\\n" "$TOKEN" | tail -c +6; echo "$TOKEN" | base64']),
      { TOKEN: 'correct-horse-battery' },
    )
    await local.run(wanted, signal)
    const text = await readFile(join(root, 'state', 'logs', 'run_1.job.secret.ndjson'), 'utf8')
    assert.ok(!text.includes('correct-horse-battery') && !text.includes('Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5'), text)
    assert.ok(text.includes('***'))
  })

  it('ends a job at its timeout, with everything it started, even what ignores SIGTERM', async () => {
    const wanted = await request(
      'run_1/job/slow',
      job([`echo $$ > leader; (trap '' TERM; sleep 60) & trap '' TERM; sleep 60`], { timeoutMs: 300 }),
    )
    const outcome = await runner().run(wanted, signal)
    assert.equal(outcome.outcome, 'timed_out')
    assert.equal(isGroupAlive(await groupOf(join(wanted.directory, 'leader'))), false)
  })

  it('leaves nothing running behind a job that ended well', async () => {
    const wanted = await request('run_1/job/background', job(['echo $$ > leader; sleep 60 & echo done']))
    assert.equal((await runner().run(wanted, signal)).outcome, 'succeeded')
    assert.equal(isGroupAlive(await groupOf(join(wanted.directory, 'leader'))), false)
  })

  it('ends a job that is called off', async () => {
    const controller = new AbortController()
    const wanted = await request('run_1/job/cancel', job(['echo $$ > leader; sleep 60']))
    const running = runner().run(wanted, controller.signal)
    setTimeout(() => controller.abort(), 150)
    assert.equal((await running).outcome, 'cancelled')
  })

  it('ends what a dead control plane left running, found by its record', async () => {
    const wanted = await request('run_1/job/left', job(['echo $$ > leader; sleep 60']))
    const first = runner().run(wanted, signal)
    let group = Number.NaN
    for (let tries = 0; tries < 500 && !(group > 0); tries += 1) {
      group = await groupOf(join(wanted.directory, 'leader')).catch(() => Number.NaN)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waitFor(async () => (await readdir(join(root, 'state', 'work'))).includes('run_1.job.left.job.json'))
    await runner().stop(wanted.key, signal)
    assert.equal(isGroupAlive(group), false)
    assert.equal((await first).outcome, 'failed')
  })
})

const waitFor = async (condition: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await condition().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('the condition did not come about')
}

describe('the artifact store', () => {
  let store: LocalArtifacts
  let directory = ''
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-artifacts-'))
    store = new LocalArtifacts(join(root, 'state'), localTools())
    directory = join(root, 'build')
    await mkdir(join(directory, 'dist', 'deep'), { recursive: true })
    await writeFile(join(directory, 'dist', 'main.js'), 'run()\n')
    await writeFile(join(directory, 'dist', 'deep', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  })
  after(() => rm(root, { recursive: true, force: true }))

  const put = (from: string) =>
    store.put({ name: 'app', directory: from, paths: ['dist'], commit, version: '1.0.0', inputs: [] }, signal)

  it('gives the same digest for the same content, wherever and whenever it was made', async () => {
    const copy = join(root, 'elsewhere')
    await mkdir(join(copy, 'dist', 'deep'), { recursive: true })
    await writeFile(join(copy, 'dist', 'deep', 'run.sh'), '#!/bin/sh\n', { mode: 0o700 })
    await writeFile(join(copy, 'dist', 'main.js'), 'run()\n')
    assert.deepEqual(await put(directory), await put(copy))
  })

  it('gives back what was put, with build metadata', async () => {
    const artifact = await put(directory)
    const target = join(root, 'out')
    await store.unpack(artifact.digest, target, signal)
    assert.equal(await readFile(join(target, 'dist', 'main.js'), 'utf8'), 'run()\n')
    const metadata = JSON.parse(await readFile(join(target, 'build-metadata.json'), 'utf8'))
    assert.equal(metadata.commit.id, commit.id)
    assert.equal(typeof metadata.tools.node, 'string')
  })

  it('never unpacks an artifact that is not what its digest says', async () => {
    const artifact = await put(directory)
    const path = join(root, 'state', 'artifacts', 'sha256', `${artifact.digest.slice(7)}.tar`)
    await writeFile(path, 'something else')
    assert.equal(await store.verify(artifact.digest, signal), 'mismatch')
    await assert.rejects(
      store.unpack(artifact.digest, join(root, 'bad'), signal),
      (error) => error instanceof SluiceError && error.code === 'artifact_mismatch',
    )
    assert.equal(await store.verify(artifact.digest, signal), 'missing', 'the damaged one was moved aside')
  })

  it('says which artifact or path is missing', async () => {
    const nowhere = digest(`sha256:${'0'.repeat(64)}`)
    const missing = (error: unknown) => error instanceof SluiceError && error.code === 'artifact_missing'
    await assert.rejects(store.unpack(nowhere, join(root, 'none'), signal), missing)
    await assert.rejects(
      store.put({ name: 'app', directory, paths: ['nope'], commit, version: '1', inputs: [] }, signal),
      missing,
    )
  })
})
