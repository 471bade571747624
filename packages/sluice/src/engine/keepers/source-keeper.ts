/**
 * Looks at the remote now and then, where the config says so, and takes up pushes that were left in the spool while no control plane ran. What moved since the last look that is on record has an arrival, whoever
 * was down meanwhile; of a remote that is looked at for the first time, what is there already starts nothing.
 */
import { plainAddress } from '../../core/source/address.ts'
import { limits } from '../../core/limits.ts'
import type { Sha256 } from '../../core/model.ts'
import { movedRefs } from '../../core/source/remote.ts'
import type { SourceRules } from '../../core/source/rules.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Project } from '../../ports/config.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import type { Remote, Spool, Spooled } from '../../ports/source.ts'
import { teller, toldOf } from '../commands/arrivals.ts'
import { placeOf } from '../perform/arrival.ts'
import type { Sources } from './sources.ts'

/** What a keeper is made of. */
export type SourceKeeperOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly sha256: Sha256
  readonly project: Project
  readonly secrets: SecretSource
  readonly remote: Pick<Remote, 'list'>
  readonly spool: Spool
  readonly sources: Pick<Sources, 'receive' | 'lookedFirst' | 'refsGone' | 'remoteState'>
}

/** How looking at the remote goes. `lookedAt`: the last time that it answered, epoch ms; `failure`: why it did not since. */
export type Looking = { readonly lookedAt: number | null; readonly failure: string | null }

/** See the file's header. */
export class SourceKeeper {
  readonly #options: SourceKeeperOptions
  readonly #stopped = new AbortController()
  #looking: Looking = { lookedAt: null, failure: null }
  #failures = 0
  #turns = 0
  #cancel: (() => void) | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: SourceKeeperOptions) {
    this.#options = options
  }

  /** Looks now, and from then on in the rhythm that the config says. */
  start(): void {
    this.#turn = this.#take()
  }

  /** Looks no more; resolves once a look that is under way has ended. */
  async stop(): Promise<void> {
    this.#cancel?.()
    this.#stopped.abort()
    await this.#turn
  }

  /** How it goes. */
  get looking(): Looking {
    return this.#looking
  }

  /** One look; gives how long to wait for the next. Never rejects. */
  async look(): Promise<number> {
    const { clock, log, project } = this.#options
    const { signal } = this.#stopped
    this.#turns += 1
    try {
      await this.#takeSpooled(signal)
      const { source } = await project.settings(signal)
      const everyMs = source?.poll?.everyMs ?? null
      if (source === undefined || everyMs === null) return limits.pollMs
      await this.#lookAtRemote(source, signal)
      this.#failures = 0
      this.#looking = { lookedAt: clock.now(), failure: null }
      return this.#about(everyMs)
    } catch (error) {
      if (signal.aborted) return limits.pollMs
      this.#failures += 1
      const failure = error instanceof Error ? error.message : String(error)
      this.#looking = { ...this.#looking, failure }
      log.warn('source_not_looked_at', { error: failure, failures: this.#failures })
      return this.#about(Math.min(limits.pollBackoffMsMax, limits.pollMs * 2 ** Math.min(this.#failures - 1, 10)))
    }
  }

  async #take(): Promise<void> {
    const waitMs = await this.look()
    if (this.#stopped.signal.aborted) return
    this.#cancel = this.#options.clock.after(waitMs, () => this.start())
  }

  /** A tenth more or less, by what the turn's number hashes to. */
  #about(ms: number): number {
    const digest = this.#options.sha256(`${this.#options.clock.now()} ${this.#turns}`)
    return Math.round(ms * (0.9 + (0.2 * Number.parseInt(digest.slice(0, 8), 16)) / 0xff_ff_ff_ff))
  }

  async #lookAtRemote(rules: SourceRules, signal: AbortSignal): Promise<void> {
    const { remote, sources } = this.#options
    const place = await placeOf(this.#options, rules, signal)
    // First what is known, then what is there: what arrives in between is seen as moved, and has its arrival already.
    const known = await sources.remoteState()
    const refs = await remote.list(place, signal)
    const address = plainAddress(place.address)
    if (known.address !== address) return sources.lookedFirst({ address, refs })
    const { moved, gone } = movedRefs(known, refs)
    const caller = { by: teller('poll'), reason: null, idempotencyKey: null }
    for (const one of moved) await sources.receive(toldOf(one), caller)
    if (gone.length > 0) await sources.refsGone(gone, known)
  }

  async #takeSpooled(signal: AbortSignal): Promise<void> {
    const { spool } = this.#options
    for (const spooled of await spool.pending(signal)) {
      await this.#receive(spooled)
      await spool.done(spooled.id)
    }
  }

  /** Twice is once: the push is named by its id. What cannot be read is let go of, and said. */
  async #receive({ id, body }: Spooled): Promise<void> {
    const { sources, log } = this.#options
    // Loaded when there is something to read: it brings zod, and most that starts finds the spool empty.
    const { readPushHook } = await import('../../core/source/read-hook.ts')
    const reading = readPushHook({ event: null, delivery: id, body }, 'bare')
    if (reading.kind !== 'told') return log.warn('spooled_push_unreadable', { id })
    const { told } = reading
    await sources.receive({ name: id, told }, { by: teller('bare'), reason: null, idempotencyKey: null })
  }
}
