/** Looks jobs up in the cache: in their turn, and before it, where a whole run is decided on at once. */
import { existsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { limits } from '../core/limits.ts'
import type { JobOutcome, JobRequest } from '../ports/runner.ts'
import type { RunCaches } from './cache/run-caches.ts'
import { type RecallOptions, type Recalled, recallJob } from './cached-job.ts'
import { keepMiss } from './misses.ts'
import type { Trash } from './trash.ts'

/** What it works with. */
export type RecallsOptions = Pick<RecallOptions, 'store' | 'evidence' | 'now'> & {
  readonly caches: RunCaches | null
  readonly trash: Trash
  readonly folderOf: (key: string) => string
  readonly logPathOf: (key: string) => string
}

/** Jobs looked for between two turns of the loop: some milliseconds. */
const perTurn = 16

/** See the file's header. One a runner. */
export class Recalls {
  readonly #options: RecallsOptions
  /** By key: jobs that were looked for before their turn, and are not in the cache. */
  readonly #missed = new Map<string, Recalled>()
  #count = 0

  constructor(options: RecallsOptions) {
    this.#options = options
  }

  /** How a job ends that is in the cache, before its turn; null for one that is to run, or has files to be kept in its turn, because to copy those takes time. */
  async before(request: JobRequest, signal: AbortSignal): Promise<JobOutcome | null> {
    const { job, key } = request
    if (job.cache === null || job.artifacts.length + job.reports.length > 0) return null
    this.#count += 1
    // Most of it never waits for anything: others get their turn.
    if (this.#count % perTurn === 0) await nextTurn(undefined, { signal })
    const recalled = await this.#lookUp(request, signal)
    if (recalled.kind === 'known') return recalled.outcome
    keepMiss(this.#missed, [key, recalled], limits.missesKeptMax)
    return null
  }

  /** What the cache has of a job whose turn it is; whatever is wrong with it, the job can be run. */
  async inTurn(request: JobRequest, signal: AbortSignal): Promise<Recalled> {
    const missed = this.#missed.get(request.key)
    this.#missed.delete(request.key)
    return missed ?? this.#lookUp(request, signal)
  }

  async #lookUp(request: JobRequest, signal: AbortSignal): Promise<Recalled> {
    const { caches, trash, folderOf, logPathOf, ...kept } = this.#options
    if (caches === null) return { kind: 'none' }
    const folder = folderOf(request.key)
    const recalled = await recallJob({ ...kept, request, caches, folder, logPath: logPathOf(request.key) }, signal)
    if (recalled.kind === 'known' && existsSync(folder)) trash.take(folder)
    return recalled
  }
}
