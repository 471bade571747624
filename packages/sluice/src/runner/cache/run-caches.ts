/** The caches of the runs of one machine, opened for each run with what that run may read and write. */
import { join } from 'node:path'
import { accessOf } from '../../core/pipeline/cache/scope.ts'
import type { RunCachePlan } from '../../core/pipeline/cache/run-cache.ts'
import type { UpstreamResult } from '../../core/pipeline/cache/document.ts'
import type { Artifact, Digest } from '../../core/model.ts'
import type { CacheSeal, CacheStore, LocalCache } from '../../ports/cache.ts'
import type { JobRequest } from '../../ports/runner.ts'
import type { FolderCache } from '../job-shell.ts'
import type { Checkouts } from '../workspace/checkouts.ts'
import { digestFiles } from './content-digest.ts'
import { type KeyedCaches, openKeyedCaches } from './keyed-cache.ts'
import { type Listing, listCommit } from './listing.ts'
import type { CacheNotice, ShelfOptions } from './shelf.ts'
import { openTaskCache, type TaskCache } from './task-cache.ts'
import { type ToolVersions, toolVersions } from './tools.ts'

/** What the composition root gives for caches. */
export type CacheSupport = {
  readonly seal: CacheSeal
  /** The local store and the remote ones of a plan. */
  readonly open: (plan: RunCachePlan) => { readonly local: LocalCache; readonly remotes: readonly CacheStore[] }
  readonly report: (notice: CacheNotice) => void
}

/** What caches of runs are made with. */
export type RunCachesOptions = {
  readonly support: CacheSupport
  readonly repository: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly checkouts: Checkouts
  readonly now: () => number
}

/** The caches as one run has them. */
export type RunCache = {
  readonly tasks: TaskCache
  readonly keyed: KeyedCaches
  /** The commit's files; asked of git once. */
  readonly listing: () => Promise<Listing>
}

type Opened = RunCache & { readonly local: LocalCache; hasWritten: boolean }

/** Runs whose caches are kept open; an older one is opened again when it is asked for. */
const runsMax = 16

/** Keeps the caches of runs. */
export class RunCaches {
  readonly #options: RunCachesOptions
  readonly #runs = new Map<string, Opened>()
  /** Results that are being kept. */
  readonly #storing = new Set<Promise<void>>()
  /** Artifact → what it is but for commit and version. */
  readonly #contents = new Map<Digest, Promise<string>>()

  constructor(options: RunCachesOptions) {
    this.#options = options
  }

  /** Those of a job's run; null when it uses none. */
  of(request: JobRequest): RunCache | null {
    const { caching = null, run } = request
    if (caching === null) return null
    const known = this.#runs.get(run)
    if (known !== undefined) return known
    const opened = this.#open(request, caching)
    for (const oldest of [...this.#runs.keys()].slice(0, Math.max(0, this.#runs.size + 1 - runsMax)))
      this.#runs.delete(oldest)
    this.#runs.set(run, opened)
    return opened
  }

  /** What a job gets from those before it: artifacts, and outputs where it sees them. */
  async upstream(
    { job, needs = [], inputs = [] }: JobRequest,
    signal: AbortSignal,
  ): Promise<readonly UpstreamResult[]> {
    const outputs = job.envOfNeeds || job.dialect !== 'sluice' ? needs.filter((one) => hasAny(one.outputs)) : []
    const told = outputs.map(({ name, outputs: values }) => ({ name, outputs: values, artifacts: {} }))
    if (inputs.length === 0) return told
    const digests = await Promise.all(inputs.map((input) => this.#contentOf(input, signal)))
    // Two jobs may call what they leave the same.
    const names = inputs.map(
      ({ name }, index) => `${name}${inputs.findIndex((one) => one.name === name) === index ? '' : ` (${index})`}`,
    )
    const artifacts = Object.fromEntries(names.map((name, index) => [name, digests[index] ?? '']))
    return [...told, { name: 'its needs', outputs: {}, artifacts }]
  }

  /** Folders under a key, as jobs use them; null when the run uses none. */
  folders(request: JobRequest): FolderCache | null {
    const cache = this.of(request)
    if (cache === null) return null
    const onPresent = request.job.dialect === 'github' ? 'keep' : 'renew'
    return {
      restore: (wanted, signal) => cache.keyed.restore(wanted, signal),
      save: async (wanted, signal) => {
        const outcome = await cache.keyed.save({ ...wanted, onPresent }, signal)
        if (outcome.kind === 'saved') this.#written(request)
      },
    }
  }

  /** Keeps a result while others run; `settled` waits for it. */
  store(request: JobRequest, work: () => Promise<void>): void {
    this.#written(request)
    const storing = work().finally(() => this.#storing.delete(storing))
    this.#storing.add(storing)
  }

  /** Resolves when everything is kept here and elsewhere, and the local store is within its limit. */
  async settled(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#storing)
    for (const run of this.#runs.values()) {
      await run.tasks.settle()
      await run.keyed.settle()
      if (run.hasWritten) await run.local.sweep(signal)
      run.hasWritten = false
    }
  }

  #written({ run }: JobRequest): void {
    const opened = this.#runs.get(run)
    if (opened !== undefined) opened.hasWritten = true
  }

  #open({ run, commit }: JobRequest, plan: RunCachePlan): Opened {
    const { support, repository, environment, checkouts, now } = this.#options
    const signal = AbortSignal.any([])
    const { local, remotes } = support.open(plan)
    const access = accessOf(plan.ref)
    const { seal, report } = support
    const shared: ShelfOptions & { readonly now: () => number; readonly madeBy: string } = {
      local,
      remotes,
      seal,
      access,
      report,
      now,
      madeBy: `${run}, commit ${commit.id.slice(0, 12)}`,
    }
    let listed: Promise<Listing> | null = null
    const listing = (): Promise<Listing> => (listed ??= listCommit(repository, commit.id, signal))
    const asked: { versions: Promise<ToolVersions> | null } = { versions: null }
    const env = Object.fromEntries(Object.entries(environment).filter(isSet))
    const tools: ToolVersions = async (commands) => {
      if (commands.length === 0) return {}
      asked.versions ??= checkouts
        .commit(commit.id, run, signal)
        .then((folder) => toolVersions({ directory: join(folder, 'checkout'), env }))
      return (await asked.versions)(commands)
    }
    const platform = `${process.platform}-${process.arch}`
    return {
      listing,
      local,
      hasWritten: false,
      tasks: openTaskCache({
        ...shared,
        listing,
        tools,
        env: environment,
        platform,
      }),
      keyed: openKeyedCaches({
        ...shared,
        home: environment['HOME'] ?? '/nonexistent',
      }),
    }
  }

  #contentOf(artifact: Artifact, signal: AbortSignal): Promise<string> {
    const known = this.#contents.get(artifact.digest)
    if (known !== undefined) return known
    const { checkouts } = this.#options
    const made = checkouts
      .artifact(artifact, signal)
      .then((folder) => digestFiles(join(folder, 'checkout'), ['**', '!build-metadata.json'], signal))
    this.#contents.set(artifact.digest, made)
    // What was called off says nothing about the next one.
    made.catch(() => this.#contents.delete(artifact.digest))
    return made
  }
}

const hasAny = (values: Readonly<Record<string, string>>): boolean => Object.keys(values).length > 0

const isSet = (entry: readonly [string, string | undefined]): entry is [string, string] => entry[1] !== undefined
