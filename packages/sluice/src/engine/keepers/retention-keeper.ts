/**
 * Takes away what is as old as it may get: texts of the ledger's rows, refs that were fetched. How old that is, the config says, or nobody; whoever proposes a commit does not decide it: the config is
 * that of the project as it is now.
 */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Clock, Log } from '../../ports/clock.ts'

/** What a keeper is made of. `keepMs`: null when everything is kept; `prune` gives what went, for the log, or null; `events` are what the log calls it. */
export type RetentionKeeperOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly keepMs: () => Promise<number | null>
  readonly prune: (before: number) => Promise<Readonly<Record<string, unknown>> | null>
  readonly events: { readonly pruned: string; readonly failed: string }
}

/** See the file's header. */
export class RetentionKeeper {
  readonly #options: RetentionKeeperOptions
  #cancel: (() => void) | null = null
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: RetentionKeeperOptions) {
    this.#options = options
  }

  /** Looks once a day; first an hour from now, so that nothing competes with a start. */
  start(delayMs: number = limits.retentionFirstLookMs): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#looking = this.look().finally(() => this.start(limits.retentionLookMs))
    })
  }

  /** Looks no more; resolves when nothing goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#looking
  }

  /** Prunes what is old enough. Never rejects: what stays for once too long is in nobody's way. */
  async look(): Promise<void> {
    const { clock, log, keepMs, prune, events } = this.#options
    try {
      const kept = await keepMs().catch((error: unknown) => {
        if (error instanceof SluiceError && error.code === 'config_missing') return null
        throw error
      })
      if (kept === null) return
      const pruned = await prune(clock.now() - kept)
      if (pruned !== null) log.info(events.pruned, pruned)
    } catch (error) {
      log.warn(events.failed, { error: String(error) })
    }
  }
}
