/**
 * Takes the texts of rows out of the ledger once they are as old as the config says. Without that key nothing is ever taken out. What it does is a row of the ledger,
 * like everything; whoever proposes a commit does not decide it: the config is that of the project as it is now.
 */
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { Pruned } from './prune-commands.ts'

/** What a keeper is made of. `keepMs`: null when everything is kept. */
export type RetentionKeeperOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly keepMs: () => Promise<number | null>
  readonly prune: (before: number) => Promise<Pruned>
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
    const { clock, log, keepMs, prune } = this.#options
    try {
      const kept = await keepMs().catch((error: unknown) => {
        if (error instanceof SluiceError && error.code === 'config_missing') return null
        throw error
      })
      if (kept === null) return
      const pruned = await prune(clock.now() - kept)
      if (pruned.rows > 0) log.info('ledger_pruned', pruned)
    } catch (error) {
      log.warn('ledger_not_pruned', { error: String(error) })
    }
  }
}
