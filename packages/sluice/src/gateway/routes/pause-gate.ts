/**
 * The gate of a route: holds requests while the route is paused or has no release, a bounded number for a bounded time, then lets all go on in the order in
 * which they came; or answers them with a page while there is maintenance.
 */

/** A request that waits. */
export type Waiting = { readonly start: () => void }

/** What everybody gets during maintenance. `body` is latin1 text of the bytes to send, `fields` whole lines. */
export type Page = { readonly body: string; readonly fields: string }

/** The gate of one route. */
export class PauseGate {
  /** Whether requests may have to stop here: the one thing that a request looks at. */
  shut = false
  /** Epoch ms until which requests wait; 0 when they do not. */
  pausedUntil = 0
  /** Whether it is maintenance that holds requests, and not a rollout. */
  heldByMaintenance = false
  private isEmpty = false
  private shown: Page | null = null
  private readonly waiting: Set<Waiting> = new Set()
  private readonly max: number
  private timer: NodeJS.Timeout | undefined

  constructor(max: number) {
    this.max = max
  }

  get paused(): boolean {
    return this.pausedUntil !== 0
  }

  /** What requests get instead of an answer of the release; null when there is no maintenance. */
  get page(): Page | null {
    return this.shown
  }

  /** Requests that wait now. */
  get length(): number {
    return this.waiting.size
  }

  /** Answers new requests, and those that wait, with this page; null: no longer. */
  maintain(page: Page | null): void {
    this.shown = page
    this.shut = this.paused || page !== null
    if (page !== null) this.release()
  }

  /** Holds new requests for at most `ms`. Again: the time begins anew. */
  pause(until: number, ms: number): void {
    clearTimeout(this.timer)
    this.isEmpty = false
    this.pausedUntil = until
    this.shut = true
    this.timer = setTimeout(() => this.resume(), ms)
    this.timer.unref()
  }

  /** There is no release to serve: requests wait for one, unless they wait already. */
  await(now: number, ms: number): void {
    if (this.paused || ms === 0) return
    this.pause(now + ms, ms)
    this.isEmpty = true
  }

  /** There is a release again. A pause that somebody asked for goes on. */
  arrived(): void {
    if (this.isEmpty) this.resume()
  }

  /** Lets all that wait go on. */
  resume(): void {
    clearTimeout(this.timer)
    this.isEmpty = false
    this.pausedUntil = 0
    this.shut = this.shown !== null
    this.release()
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

  private release(): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const each of waiting) each.start()
  }
}
