/** Holds the requests of a paused route, a bounded number for a bounded time, then lets all go on in the order in which they came. */

/** A request that waits. */
export type Waiting = { readonly proceed: () => void }

/** The gate of one route. */
export class PauseGate {
  /** Epoch ms until which requests wait; 0 when they do not. */
  pausedUntil = 0
  private readonly waiting: Set<Waiting> = new Set()
  private readonly max: number
  private timer: NodeJS.Timeout | undefined

  constructor(max: number) {
    this.max = max
  }

  get paused(): boolean {
    return this.pausedUntil !== 0
  }

  /** Requests that wait now. */
  get length(): number {
    return this.waiting.size
  }

  /** Holds new requests for at most `ms`. Again: the time begins anew. */
  pause(until: number, ms: number): void {
    clearTimeout(this.timer)
    this.pausedUntil = until
    this.timer = setTimeout(() => this.resume(), ms)
    this.timer.unref()
  }

  /** Lets all that wait go on. */
  resume(): void {
    clearTimeout(this.timer)
    this.pausedUntil = 0
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const each of waiting) each.proceed()
  }

  /** Adds a request; false when the queue is full. */
  hold(request: Waiting): boolean {
    if (this.waiting.size >= this.max) return false
    this.waiting.add(request)
    return true
  }

  /** The client of a waiting request went away. */
  leave(request: Waiting): void {
    this.waiting.delete(request)
  }
}
