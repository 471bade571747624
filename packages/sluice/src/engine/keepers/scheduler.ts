/**
 * Starts the runs of `pipeline.on.schedule`. A minute is known by a key (expression and minute), under which the store starts at most one run, so that neither a restart nor a
 * second look starts another. A minute that passed while nobody looked is started once, and said to be late, if it is younger than an hour; one
 * from before its expression was there is none.
 */
import { isoTime } from '../../core/iso-time.ts'
import { limits } from '../../core/limits.ts'
import type { Actor } from '../../core/model.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Cron } from '../../ports/cron.ts'
import type { Caller } from '../engine.ts'
import type { StartRunCommand } from '../commands/runs.ts'

/** What a scheduler is made of. */
export type SchedulerOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly cron: Cron
  /** The expressions of the project's config as it is now. */
  readonly expressions: () => Promise<readonly string[]>
  readonly start: (command: StartRunCommand, caller: Caller) => Promise<{ readonly run: string }>
}

/** Who starts runs by schedule, in the ledger. */
const schedule: Actor = { kind: 'system', name: 'schedule' }

const minuteMs = 60_000

/** See the file's header. */
export class Scheduler {
  readonly #options: SchedulerOptions
  /** Up to when each expression was looked at. */
  readonly #looked = new Map<string, number>()
  /** When anything was looked at last; null before the first look. */
  #lookedAt: number | null = null
  #cancel: (() => void) | null = null
  #isStopped = false

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  /** Looks now and at every full minute. */
  start(): void {
    void this.#turn()
  }

  /** Starts nothing any more. */
  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** Starts what is due. Never rejects: what could not be started is tried again at the next minute, for as long as it may be late. */
  async look(): Promise<void> {
    const { clock, log, expressions } = this.#options
    try {
      const now = clock.now()
      const wanted = new Set(await expressions())
      for (const known of this.#looked.keys()) if (!wanted.has(known)) this.#looked.delete(known)
      // What was missed before this process began may be made up for; what was not asked for yet was not missed.
      const since = this.#lookedAt ?? now - limits.scheduleLateMs
      for (const expression of wanted) {
        if (!this.#looked.has(expression)) this.#looked.set(expression, since)
        await this.#lookAt(expression, now)
      }
      this.#lookedAt = now
    } catch (error) {
      log.warn('schedule_failed', { error: String(error) })
    }
  }

  /** One that cannot be started keeps no other from its turn. */
  async #lookAt(expression: string, now: number): Promise<void> {
    try {
      const due = this.#due(expression, now)
      if (due !== null) await this.#begin(expression, due, now)
      this.#looked.set(expression, now)
    } catch (error) {
      this.#options.log.warn('schedule_failed', { expression, error: String(error) })
    }
  }

  async #turn(): Promise<void> {
    const { clock } = this.#options
    await this.look()
    if (this.#isStopped) return
    this.#cancel = clock.after(minuteMs - (clock.now() % minuteMs), () => void this.#turn())
  }

  /** The newest minute that was due since the last look: of several that were missed, only that one is made up for. */
  #due(expression: string, now: number): number | null {
    const { cron } = this.#options
    const oldest = now - limits.scheduleLateMs
    let due: number | null = null
    let after = Math.max(this.#looked.get(expression) ?? oldest, oldest)
    for (let turns = 0; turns <= limits.scheduleLateMs / minuteMs; turns += 1) {
      const next = cron.next(expression, after)
      if (next === null || next > now) return due
      due = next
      after = next
    }
    return due
  }

  async #begin(expression: string, due: number, now: number): Promise<void> {
    const isLate = now - due >= minuteMs
    const reason = `${expression}, due at ${isoTime(due)}${isLate ? `, ${Math.floor((now - due) / minuteMs)} min late` : ''}`
    const command: StartRunCommand = { ref: 'HEAD', jobs: null, event: 'schedule', schedule: expression }
    const idempotencyKey = `schedule ${expression} ${isoTime(due)}`
    const { run } = await this.#options.start(command, { by: schedule, reason, idempotencyKey })
    this.#options.log.info(isLate ? 'schedule_made_up_for' : 'schedule_started', { run, expression, due: isoTime(due) })
  }
}
