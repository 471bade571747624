/** What an effect's failure becomes: a job that takes too long, and an adapter with a bug in it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { localEvidence } from '../../src/adapters/evidence/local.ts'
import { fileSecrets } from '../../src/adapters/secrets/file.ts'
import { gitSource } from '../../src/adapters/source/git.ts'
import { createMemoryDisk } from '../../src/adapters/store/memory.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { commitId, runId } from '../../src/core/model.ts'
import { runMachine } from '../../src/core/pipeline/machine.ts'
import type { RunPlan, RunState } from '../../src/core/pipeline/types.ts'
import { perform, type PerformWorld } from '../../src/engine/perform/perform.ts'
import type { Ports } from '../../src/engine/ports.ts'
import { Reading } from '../../src/engine/reading/reading.ts'
import { createTypedSecrets } from '../../src/engine/commands/typed-secrets.ts'
import { LocalArtifacts, localTools } from '../../src/runner/artifacts.ts'
import { jobPlan, step } from '../pipeline/jobs.ts'
import { noCredentials } from '../sim/engine/small-parts.ts'
import { LocalRunner } from '../../src/runner/runner.ts'

const signal = new AbortController().signal
let root = ''
let head = ''

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-perform-'))
  const git = (...words: string[]) =>
    execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd: root })
  await git('init', '--quiet', '--initial-branch=main')
  await writeFile(join(root, 'file.txt'), 'x\n')
  await git('add', 'file.txt')
  await git('commit', '--quiet', '--message', 'feat: one')
  head = (await git('rev-parse', 'HEAD')).stdout
})
after(() => rm(root, { recursive: true, force: true }))

/** Real parts where a job needs them; nothing of a rollout's world is there. */
const worldWith = (replaced: Partial<Ports>): PerformWorld => {
  const stateDir = join(root, '.sluice')
  const log: string[] = []
  const say = (event: string): void => void log.push(event)
  const absent = (name: string) =>
    new Proxy({}, { get: () => () => Promise.reject(new TypeError(`${name} has a bug`)) })
  const artifacts = new LocalArtifacts(stateDir, localTools())
  const evidence = localEvidence(stateDir)
  const store = createMemoryDisk((text) => text).open()
  const ports: Ports = {
    clock: systemClock(),
    ids: { next: (prefix) => `${prefix}_1` },
    log: { info: say, warn: say, error: say },
    sha256: (text) => text,
    credentials: noCredentials,
    store,
    source: gitSource(root),
    artifacts,
    evidence,
    runner: new LocalRunner({
      stateDir,
      repository: root,
      artifacts,
      evidence,
      environment: { PATH: process.env['PATH'] },
      cores: 2,
      now: Date.now,
      graceMs: 100,
    }),
    secrets: fileSecrets(stateDir),
    pipelines: absent('pipelines') as Ports['pipelines'],
    github: absent('github') as Ports['github'],
    config: absent('config') as Ports['config'],
    calendar: absent('calendar') as Ports['calendar'],
    driver: absent('driver') as Ports['driver'],
    hooks: absent('hooks') as Ports['hooks'],
    router: absent('router') as Ports['router'],
    metrics: absent('metrics') as Ports['metrics'],
    externalJudge: absent('externalJudge') as Ports['externalJudge'],
    verifier: absent('verifier') as Ports['verifier'],
    notifier: absent('notifier') as Ports['notifier'],
    notifyRules: absent('notifyRules') as Ports['notifyRules'],
    reviews: absent('reviews') as Ports['reviews'],
    projections: absent('projections') as Ports['projections'],
    remote: absent('remote') as Ports['remote'],
    project: absent('project') as Ports['project'],
    ...replaced,
  }
  const deliveries = absent('deliveries') as PerformWorld['deliveries']
  const returns = absent('returns') as PerformWorld['returns']
  const arrivals = absent('arrivals') as PerformWorld['arrivals']
  const typed = createTypedSecrets()
  return { ports, reading: new Reading(store, () => null), deliveries, returns, arrivals, typed }
}

const startedRun = (command: string, timeoutMs: number) => {
  const job = jobPlan('slow', [], { steps: [step(command, { name: 'wait' })], timeoutMs })
  const commit = { id: commitId(head), subject: 'feat: one', author: 'Ada', committedAt: 1 }
  const plan: RunPlan = {
    form: 1,
    service: 'shop',
    commit,
    version: '1.0.0',
    parallelMax: 1,
    isolation: 'auto',
    gates: null,
    trigger: {
      event: 'manual',
      name: null,
      inputs: {},
    },
    jobs: [job],
    draft: null,
  }
  const absent: RunState = { status: 'absent' }
  const id = runId('run_1')
  const { state, effects } = runMachine.decide(absent, {
    type: 'run_planned',
    at: 0,
    id,
    token: 1,
    plan,
    by: { kind: 'person', name: 'Ada' },
    carried: [],
  })
  const [effect] = effects
  assert.ok(effect !== undefined)
  return { key: { kind: 'run', id }, state, effect } as const
}

test('a job that takes longer than its timeout fails with job_timeout, naming the step', async () => {
  const event = await perform(worldWith({}), startedRun('sleep 60', 3_000), signal)
  assert.equal(event.type, 'effect_succeeded')
  assert.ok('result' in event)
  const { failure, reason } = event.result as { readonly failure: object; readonly reason: object }
  assert.deepEqual(reason, { kind: 'timeout' })
  assert.deepEqual(
    { ...failure, evidence: null },
    { code: 'job_timeout', retry: 'never', detail: 'slow: wait took longer than 3000 ms', evidence: null },
  )
})

test('a step whose process ends well and whose file cannot be read has failed, and neither by an exit code nor by a signal', async () => {
  const event = await perform(worldWith({}), startedRun('echo "no assignment" >> "$SLUICE_OUTPUT"', 20_000), signal)
  assert.ok('result' in event)
  const { failure } = event.result as {
    readonly failure: { readonly detail: string; readonly evidence: readonly string[] }
  }
  assert.equal(failure.detail, 'slow: wait failed')
  assert.match(failure.evidence.join('\n'), /\$SLUICE_OUTPUT: line 1 is neither NAME=value nor/)
})

test('a bug in an adapter is an unexpected failure that is tried again, never a crash', async () => {
  const secrets = new Proxy(fileSecrets(root), { get: () => () => Promise.reject(new TypeError('a bug')) })
  const event = await perform(worldWith({ secrets }), startedRun('true', 1_000), signal)
  assert.equal(event.type, 'effect_failed')
  assert.ok('failure' in event)
  assert.deepEqual(event.failure, { code: 'unexpected', retry: 'later', detail: 'TypeError: a bug', evidence: [] })
})
