/** Restarts what should run and does not, finishes stops that a killed control plane began, and keeps logs within bounds. */
import { limits } from '../../core/limits.ts'
import type { Environment } from './environment.ts'
import { boundLog } from './log-file.ts'
import type { InstanceRecord } from './records.ts'
import { restartDelayMs } from './requests.ts'
import { logFileOf } from './world.ts'
import type { World } from './world.ts'

const bounds = { min: limits.instanceRestartDelayMsMin, max: limits.instanceRestartDelayMsMax }

/** When ended instances are due again, by instance id. */
type Due = { readonly at: number; readonly quickEnds: number }

/** Watches over one environment. */
export class Keeper {
  readonly #world: World
  readonly #environment: Environment
  readonly #due = new Map<string, Due>()
  #logsCheckedAt = 0

  constructor(world: World, environment: Environment) {
    this.#world = world
    this.#environment = environment
  }

  /** Until the signal falls. Never rejects: what goes wrong is logged, and tried again. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#environment.ended.wait(await this.#tend(signal), signal)
  }

  /** Does what is due, and gives the milliseconds until something is again. */
  async #tend(signal: AbortSignal): Promise<number> {
    const { service, environment } = this.#environment.record
    // Not awaited: a grace may be long, and others are to be restarted meanwhile.
    void this.#environment.resumeStops().catch((error: unknown) => {
      this.#world.log.warn('stop_failed', { service, environment, error: String(error) })
    })
    const now = performance.now()
    const ended = this.#environment.record.instances.filter((one) => this.#shouldRun(one) && this.#hasEnded(one))
    const endedIds = new Set(ended.map(({ id }) => id))
    for (const id of this.#due.keys()) if (!endedIds.has(id)) this.#due.delete(id)
    const waits = await Promise.all(ended.map((one) => this.#tendOne(one, now, signal)))
    await this.#boundLogs(now)
    return Math.min(limits.superviseIntervalMs, ...waits)
  }

  #shouldRun({ release, index, settled }: InstanceRecord): boolean {
    return settled && this.#environment.record.wanted.some((one) => one.release === release && index < one.count)
  }

  #hasEnded({ id }: InstanceRecord): boolean {
    const running = this.#environment.running(id)
    return running === null || running.ended() !== null
  }

  async #tendOne(one: InstanceRecord, now: number, signal: AbortSignal): Promise<number> {
    const due = this.#due.get(one.id) ?? this.#noteEnd(one, now)
    if (due.at > now) return due.at - now
    try {
      await this.#restart(one, due, signal)
      this.#due.delete(one.id)
    } catch (error) {
      if (signal.aborted) return 0
      this.#world.log.warn('restart_failed', { instance: one.id, error: String(error) })
      this.#postpone(one.id, due.quickEnds + 1)
    }
    return limits.superviseIntervalMs
  }

  #noteEnd(one: InstanceRecord, now: number): Due {
    const ended = this.#environment.running(one.id)?.ended() ?? null
    const quickEnds = (ended?.livedMs ?? 0) >= limits.instanceSteadyMs ? 1 : one.quickEnds + 1
    const delayMs = restartDelayMs(quickEnds, bounds)
    const due = { at: now + delayMs, quickEnds }
    this.#due.set(one.id, due)
    const { exitCode = null, signal = null } = ended ?? {}
    this.#world.log.warn('instance_ended', { instance: one.id, exitCode, signal, quickEnds, restartInMs: delayMs })
    return due
  }

  #postpone(id: string, quickEnds: number): void {
    this.#due.set(id, { at: performance.now() + restartDelayMs(quickEnds, bounds), quickEnds })
  }

  /** In turn, so what was true when it ended is looked at again. */
  #restart({ id, process }: InstanceRecord, { quickEnds }: Due, signal: AbortSignal): Promise<void> {
    return this.#environment.inTurn(async () => {
      const now = this.#environment.record.instances.find((one) => one.id === id)
      if (now === undefined || now.process?.pid !== process?.pid || !this.#shouldRun(now) || !this.#hasEnded(now))
        return
      await this.#environment.spawn([{ ...now, restarts: now.restarts + 1, quickEnds }], signal)
    })
  }

  async #boundLogs(now: number): Promise<void> {
    if (now - this.#logsCheckedAt < limits.logCheckIntervalMs) return
    this.#logsCheckedAt = now
    for (const { id } of this.#environment.record.instances) {
      await boundLog(logFileOf(this.#world, id)).catch((error: unknown) => {
        this.#world.log.warn('log_not_bounded', { instance: id, error: String(error) })
      })
    }
  }
}
