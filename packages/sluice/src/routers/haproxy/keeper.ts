/** Sees when one HAProxy dies, which its connection to it ends with, and has it started again. It keeps nothing of its own: a new control plane adopts what runs. */
import type net from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import { limits } from '../../core/limits.ts'
import type { Log } from '../../ports/clock.ts'
import { untilGone } from './connection.ts'
import type { Place } from './place.ts'

/** What to keep alive. */
export type KeeperOptions = {
  readonly place: Place
  readonly log: Log
  /** Starts it when it does not answer; fulfilled when it serves. */
  readonly restore: () => Promise<void>
}

/** See the file's header. */
export class HaproxyKeeper {
  readonly #options: KeeperOptions
  readonly #stopped = new AbortController()
  #held: net.Socket | null = null
  readonly #running: Promise<void>

  /** Keeps from now on. */
  constructor(options: KeeperOptions) {
    this.#options = options
    this.#running = this.#keep()
  }

  /** Stops keeping; HAProxy serves on. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#held?.destroy()
    await this.#running
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopped
    const { place, log, restore } = this.#options
    for (let delayMs = 0; !signal.aborted;) {
      const since = performance.now()
      // A reload ends this connection, too: then it answers, and nothing is to be done.
      await untilGone(place.masterSocket, (socket) => (this.#held = socket))
      if (signal.aborted) return
      if (performance.now() - since > limits.gatewaySteadyMs) delayMs = 0
      try {
        await restore()
      } catch (error) {
        log.error('haproxy_not_restored', { folder: place.folder, error: String(error) })
        delayMs = Math.min(limits.retryDelayMsMax, Math.max(limits.gatewayRestartDelayMs, delayMs * 2))
      }
      await rest(Math.max(delayMs, 1), null, { signal }).catch(() => null)
    }
  }
}
