/**
 * Takes away evidence that nobody will ask for again. What stays is decided by what the state refers to: evidence of the last runs, of runs under way, and of the runs
 * that cut the releases which an environment remembers. Whatever is younger than the oldest run under way stays as well: its jobs may have kept what no row names yet.
 */
import { SluiceError } from '../../core/errors.ts'
import { type RetainedEvidence, type RetentionSettings, standardRetention } from '../../core/evidence/retention.ts'
import { limits } from '../../core/limits.ts'
import type { Digest, ReleaseId } from '../../core/model.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { EvidenceStore } from '../../ports/evidence.ts'
import { evidenceOf } from '../perform/judge-gates.ts'
import type { Reading } from '../reading/reading.ts'
import type { Run } from '../trusted.ts'

/** What a keeper is made of. */
export type EvidenceKeeperOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly reading: Pick<Reading, 'runs' | 'run' | 'unsettledRuns' | 'release' | 'rollout' | 'allEnvironments'>
  readonly evidence: Pick<EvidenceStore, 'sweep' | 'sweptAt'>
  /** Of the project's config as it is now, not of a commit that is looked at: whoever proposes one must not decide what goes. */
  readonly settings: () => Promise<RetentionSettings>
}

/** See the file's header. */
export class EvidenceKeeper {
  readonly #options: EvidenceKeeperOptions
  #cancel: (() => void) | null = null
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: EvidenceKeeperOptions) {
    this.#options = options
  }

  /** Looks once an hour; first an hour from now, so that nothing competes with a start. */
  start(): void {
    const { clock } = this.#options
    if (this.#isStopped) return
    this.#cancel = clock.after(limits.evidenceSweepMs, () => {
      this.#looking = this.look().finally(() => this.start())
    })
  }

  /** Looks no more; resolves when nothing goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#looking
  }

  /** Sweeps unless somebody did within the hour. Never rejects: what stays for once too long is in nobody's way. */
  async look(): Promise<void> {
    const { clock, log, evidence } = this.#options
    try {
      const now = clock.now()
      const last = await evidence.sweptAt()
      // A time that lies ahead is that of a clock which was set back.
      if (last === null || (last <= now && now - last < limits.evidenceSweepMs)) return
      const swept = await evidence.sweep(await this.#retained(now))
      if (swept.filesRemoved > 0) log.info('evidence_swept', swept)
    } catch (error) {
      log.warn('evidence_sweep_failed', { error: String(error) })
    }
  }

  async #retained(now: number): Promise<RetainedEvidence> {
    const { reading } = this.#options
    const { runs, baselines } = await this.#settings()
    // First, so that what begins meanwhile is younger.
    const unsettled = await reading.unsettledRuns()
    const since = Math.min(now, ...unsettled.map(({ startedAt }) => startedAt)) - limits.evidenceGraceMs
    const kept = [...unsettled, ...(await this.#lastRuns(runs)), ...(await this.#runsOfReleases())]
    const digests = new Set<Digest>(kept.flatMap((run) => evidenceOf(run).map(({ digest }) => digest)))
    return { digests, since, baselinesMax: baselines }
  }

  /** A project without a config of its own (a workflow of another system) keeps what everybody does; one whose config cannot be read keeps all. */
  #settings(): Promise<RetentionSettings> {
    return this.#options.settings().catch((error: unknown) => {
      if (error instanceof SluiceError && error.code === 'config_missing') return standardRetention
      throw error
    })
  }

  async #lastRuns(count: number): Promise<readonly Run[]> {
    const { reading } = this.#options
    const runs: Run[] = []
    let cursor: string | null = null
    do {
      const limit = Math.min(count - runs.length, limits.pageItemsDefault)
      const page: Awaited<ReturnType<Reading['runs']>> = await reading.runs(
        cursor === null ? { limit } : { limit, cursor },
      )
      runs.push(...page.items)
      cursor = page.next
    } while (cursor !== null && runs.length < count)
    return runs
  }

  /** Releases that serve, served, were verified or approved, or are on their way: whatever may be brought back. */
  async #runsOfReleases(): Promise<readonly Run[]> {
    const { reading } = this.#options
    const releases = new Set<ReleaseId>()
    for (const environment of await reading.allEnvironments()) {
      const { serving, previous, kept, verified, approvals, history, live } = environment
      const named = [
        serving,
        previous,
        ...kept,
        ...verified,
        ...[...approvals, ...history].map(({ release }) => release),
      ]
      for (const release of named) if (release !== null) releases.add(release)
      if (live !== null) releases.add((await reading.rollout(live)).plan.to)
    }
    const cutBy = new Set<string>()
    for (const release of releases) cutBy.add((await reading.release(release)).cutBy)
    return Promise.all([...cutBy].map((run) => reading.run(run)))
  }
}
