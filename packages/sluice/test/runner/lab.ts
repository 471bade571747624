/** A project with a repository, and a runner over it, for tests. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commitId, runId, type Commit } from '../../src/core/model.ts'
import type { JobPlan, PlannedService, PlannedStep } from '../../src/core/pipeline/job-plan.ts'
import type { JobRequest } from '../../src/ports/runner.ts'
import { localEvidence } from '../../src/adapters/evidence/local.ts'
import type { EvidenceStore } from '../../src/ports/evidence.ts'
import { LocalArtifacts } from '../../src/runner/artifacts.ts'
import { standardShell } from '../../src/core/pipeline/lower-config.ts'
import { jobPlan, step as plainStep } from '../pipeline/jobs.ts'
import type { RunnerOptions } from '../../src/runner/options.ts'
import { LocalRunner } from '../../src/runner/runner.ts'

/** A repository with one commit (`file` holds `one`), and a state directory. */
export type Lab = {
  readonly evidence: EvidenceStore
  readonly root: string
  readonly repository: string
  readonly stateDir: string
  readonly commit: Commit
  readonly git: (...words: readonly string[]) => string
  readonly runner: (over?: Partial<RunnerOptions>) => LocalRunner
  /** Of the run that the key begins with. */
  readonly request: (key: string, job: JobPlan, over?: Partial<JobRequest>) => JobRequest
  readonly remove: () => Promise<void>
}

export const makeLab = async (): Promise<Lab> => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-lab-'))
  const repository = join(root, 'project')
  const stateDir = join(root, 'state')
  await mkdir(join(repository, 'folder'), { recursive: true })
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], {
      cwd: repository,
      encoding: 'utf8',
    }).trim()
  git('init', '--quiet', '--initial-branch=main')
  await writeFile(join(repository, 'file'), 'one\n')
  await writeFile(join(repository, 'folder', 'inner'), 'inner\n')
  git('add', '.')
  git('commit', '--quiet', '--message=one')
  const commit = { id: commitId(git('rev-parse', 'HEAD')), subject: 'one', author: 'Ada', committedAt: 1 }
  const artifacts = new LocalArtifacts(stateDir, () => Promise.resolve({}))
  const evidence = localEvidence(stateDir)
  return {
    evidence,
    root,
    repository,
    stateDir,
    commit,
    git,
    runner: (over = {}) =>
      new LocalRunner({
        stateDir,
        repository,
        artifacts,
        evidence,
        environment: { PATH: process.env['PATH'], HOME: root },
        cores: 2,
        now: Date.now,
        graceMs: 200,
        ...over,
      }),
    request: (key, job, over = {}) => ({
      key,
      run: runId(key.slice(0, key.indexOf('/'))),
      commit,
      version: '1.0.0',
      job,
      secrets: {},
      ...over,
    }),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** A step; a text is its script. */
export const step = (run: string, over: Partial<PlannedStep> = {}): PlannedStep =>
  plainStep(run, { name: run.slice(0, 30), ...over })

/** A job with these steps, in the shell that the config's jobs have. */
export const plan = (steps: readonly (string | PlannedStep)[], over: Partial<JobPlan> = {}): JobPlan =>
  jobPlan('job', [], {
    shell: standardShell,
    timeoutMs: 20_000,
    steps: steps.map((one) => (typeof one === 'string' ? step(one) : one)),
    ...over,
  })

export const service = (over: Partial<PlannedService> = {}): PlannedService => ({
  name: 'service',
  image: null,
  command: null,
  env: {},
  exports: {},
  ports: [],
  healthCommand: null,
  startTimeoutMs: 10_000,
  ...over,
})

/** Texts of a job's log. */
export const logOf = async (runner: LocalRunner, key: string): Promise<readonly string[]> =>
  (await runner.logs(key, { after: 0, limit: 5_000 }, never)).map(({ text }) => text)

export const never: AbortSignal = new AbortController().signal

/** Tries again until it holds, for ten seconds. */
export const eventually = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail('the condition did not come about')
}

/** Processes of this machine that have a text in their command line. */
export const processesWith = (text: string): number => {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n')
  return all.filter((line) => line.includes(text) && !line.includes('ps -eo')).length
}
