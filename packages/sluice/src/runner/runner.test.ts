import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { commitId, digest, runId } from '../core/model.ts'
import type { PlannedJob } from '../core/pipeline/types.ts'
import { SluiceError } from '../core/errors.ts'
import { isGroupAlive } from '../lib/process-group.ts'
import { identify } from '../lib/process-identity.ts'
import { LocalArtifacts, localTools } from './artifacts.ts'
import { LocalRunner } from './runner.ts'

const commit = { id: commitId('a'.repeat(40)), subject: 'feat: x', author: 'Ada', committedAt: 1 }
const signal = new AbortController().signal
const onLinux = { skip: process.platform !== 'linux' }
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
    const text = await readFile(join(root, 'state', 'logs', 'run_1.job.secret.log'), 'utf8')
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

  it('keeps the last words of a job even without a line break', async () => {
    const outcome = await runner().run(
      await request('run_1/job/words', job(['printf "fatal: no such table" >&2; exit 1'])),
      signal,
    )
    assert.ok(outcome.tail.includes('fatal: no such table'), outcome.tail.join('\n'))
  })

  it('ends what left the group of its job, whether or not it holds the output open', onLinux, async () => {
    for (const output of ['', '>/dev/null 2>&1 </dev/null']) {
      const wanted = await request(
        'run_1/job/escape',
        job([`(setsid sh -c 'echo $$ > escaped; sleep 60' ${output}) & until [ -s escaped ]; do sleep 0.01; done`]),
      )
      await rm(join(wanted.directory, 'escaped'), { force: true })
      assert.equal((await runner().run(wanted, signal)).outcome, 'succeeded')
      assert.equal(isGroupAlive(await groupOf(join(wanted.directory, 'escaped'))), false)
    }
  })

  it('does not wait for a process that hides and holds the output open', async () => {
    const wanted = await request(
      'run_1/job/hide',
      job([`(setsid env -i sh -c 'echo $$ > hidden; sleep 30') & until [ -s hidden ]; do sleep 0.01; done`]),
    )
    try {
      assert.equal((await runner().run(wanted, AbortSignal.timeout(10_000))).outcome, 'succeeded')
    } finally {
      process.kill(-(await groupOf(join(wanted.directory, 'hidden'))), 'SIGKILL')
    }
  })

  it('a log that cannot be written does not decide how the job ends, and is mentioned', onLinux, async () => {
    const wanted = await request('run_1/job/full', job(['echo working; sleep 0.2; echo done']))
    await mkdir(join(root, 'state', 'logs'), { recursive: true })
    await symlink('/dev/full', join(root, 'state', 'logs', 'run_1.job.full.log'))
    const outcome = await runner().run(wanted, signal)
    assert.equal(outcome.outcome, 'succeeded')
    assert.ok(outcome.tail.some((line) => line.startsWith('the log could not be written: ENOSPC')))
    assert.ok(outcome.tail.includes('done'))
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

describe('a job whose control plane was killed', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-runner-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('is ended by the next one, also when its leader is dead or its record was never written', onLinux, async () => {
    for (const left of ['everything', 'no leader', 'no record']) {
      const key = `run_1/job/${left}`
      const wanted = await request(key, job(['trap "" PIPE; sleep 60 & echo $! > child; echo $$ > leader; wait']))
      const plane = spawn(process.execPath, ['--input-type=module', '--eval', planeProgram(wanted)], {
        stdio: 'inherit',
      })
      const record = join(root, 'state', 'work', `${key.replaceAll('/', '.').replaceAll(' ', '_')}.job.json`)
      await waitFor(
        async () => (await groupOf(join(wanted.directory, 'leader'))) > 0 && (await readFile(record)).length > 0,
      )
      const ended = new Promise((resolve) => plane.once('exit', resolve))
      plane.kill('SIGKILL')
      await ended
      const group = await groupOf(join(wanted.directory, 'leader'))
      if (left === 'no leader') {
        process.kill(group, 'SIGKILL')
        await waitFor(() => Promise.resolve(identify(group) === null))
      }
      if (left === 'no record') await rm(record)
      assert.equal(isGroupAlive(group), true, 'the job outlives its control plane')
      await runner().stop(key, signal)
      assert.equal(isGroupAlive(group), false, left)
      assert.equal(identify(await groupOf(join(wanted.directory, 'child'))), null)
      await runner().stop(key, signal)
    }
  })
})

/** A control plane that runs one job; to be killed. */
const planeProgram = (wanted: unknown): string => `
  const { LocalRunner } = await import(${JSON.stringify(new URL('./runner.ts', import.meta.url).href)})
  const environment = { PATH: process.env.PATH }
  const runner = new LocalRunner({ stateDir: ${JSON.stringify(join(root, 'state'))}, environment, cores: 1, now: Date.now })
  await runner.run(${JSON.stringify(wanted)}, new AbortController().signal)`

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
