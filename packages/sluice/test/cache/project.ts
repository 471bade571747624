/** A small repository with a job in it, for tests of the task cache. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FolderCache } from '../../src/adapters/cache/local.ts'
import { accessOf } from '../../src/core/pipeline/cache/scope.ts'
import type { JobPlan, TaskCachePlan, Texts } from '../../src/core/pipeline/job-plan.ts'
import { plainJob, plainStep } from '../../src/core/pipeline/plain-plans.ts'
import { listCheckout } from '../../src/runner/cache/listing.ts'
import type { CacheNotice } from '../../src/runner/cache/shelf.ts'
import { openTaskCache, type TaskCache, type TaskCacheOptions } from '../../src/runner/cache/task-cache.ts'
import { toolVersions } from '../../src/runner/cache/tools.ts'
import { testSeal } from './opening.ts'

/** A repository, a cache, and a way to open runs on them. */
export type CacheProject = {
  readonly root: string
  readonly checkout: string
  readonly cache: FolderCache
  readonly notices: CacheNotice[]
  readonly write: (files: Texts) => void
  readonly commit: () => void
  /** The task cache of a new run. */
  readonly open: (options?: Partial<TaskCacheOptions>) => TaskCache
  readonly remove: () => void
}

/** Makes one; `files` are committed. */
export const makeCacheProject = (files: Texts): CacheProject => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-task-cache-'))
  const checkout = join(root, 'checkout')
  mkdirSync(checkout)
  const git = (...words: string[]): void =>
    void execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], {
      cwd: checkout,
    })
  const write = (written: Texts): void => {
    for (const [path, content] of Object.entries(written)) {
      mkdirSync(dirname(join(checkout, path)), { recursive: true })
      writeFileSync(join(checkout, path), content)
    }
  }
  const commit = (): void => {
    git('add', '--all')
    git('commit', '--quiet', '--message', 'state')
  }
  git('init', '--quiet')
  write(files)
  commit()
  const cache = new FolderCache({ folder: join(root, 'cache'), now: Date.now, seal: testSeal })
  const notices: CacheNotice[] = []
  const env: Texts = { PATH: process.env['PATH'] ?? '' }
  return {
    root,
    checkout,
    cache,
    notices,
    write,
    commit,
    open: (options = {}) =>
      openTaskCache({
        local: cache,
        remotes: [],
        seal: testSeal,
        access: accessOf({ kind: 'protected' }),
        report: (notice) => void notices.push(notice),
        listing: () => listCheckout(checkout, new AbortController().signal),
        tools: toolVersions({ directory: checkout, env }),
        env,
        platform: 'linux-x64',
        now: Date.now,
        madeBy: 'run_1',
        ...options,
      }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A job with a task cache. */
export const cachedJob = (cache: Partial<TaskCachePlan> = {}, job: Partial<JobPlan> = {}): JobPlan =>
  plainJob('build', {
    steps: [plainStep('compile', 'make')],
    timeoutMs: 60_000,
    ...job,
    cache: { inputs: ['src/**'], outputs: ['dist/**'], env: [], tools: [], strict: false, ...cache },
  })
