/** Bounds on how often somebody may ask: token buckets, one for each address. */
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'

/** How many at once, and how many a second after that. */
export type Rate = { readonly burst: number; readonly perSecond: number }

type Bucket = { left: number; at: number }

/** Buckets of one kind. A name that is not heard of for as long as its bucket takes to fill is forgotten. */
export class RateLimit {
  readonly #rate: Rate
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  /** `now` gives milliseconds of any clock that does not go back. */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate
    this.#now = now
  }

  /** Takes one out of a name's bucket; milliseconds to wait when it is empty, else 0. */
  take(name: string): number {
    const waitMs = this.waitMs(name)
    if (waitMs > 0) return waitMs
    const bucket = this.#buckets.get(name) ?? { left: this.#rate.burst, at: this.#now() }
    bucket.left -= 1
    // Set anew, so that the oldest names come first.
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    this.#forget()
    return 0
  }

  /** Milliseconds until there is one in a name's bucket; 0 when there is. */
  waitMs(name: string): number {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) return 0
    const { burst, perSecond } = this.#rate
    const now = this.#now()
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1_000) * perSecond)
    bucket.at = now
    return bucket.left >= 1 ? 0 : Math.ceil(((1 - bucket.left) / perSecond) * 1_000)
  }

  #forget(): void {
    const { burst, perSecond } = this.#rate
    const fullAfterMs = (burst / perSecond) * 1_000
    for (const [name, { at }] of this.#buckets) {
      if (this.#buckets.size <= limits.rateNamesMax && this.#now() - at < fullAfterMs) return
      this.#buckets.delete(name)
    }
  }
}

/** The bounds of one API. Who asks in the API's own process has no address and no bound. */
export class Rates {
  readonly #requests = rateOf(limits.requestsBurst, limits.requestsPerSecond)
  readonly #commands = rateOf(limits.commandsBurst, limits.commandsPerSecond)
  readonly #wrong = rateOf(limits.wrongTokensBurst, limits.wrongTokensPerSecond)

  /** Counts a request; throws `overloaded` for one too many, and for who has sent too many wrong tokens. */
  check(from: string | undefined, method: string): void {
    if (from === undefined) return
    const isCommand = method !== 'GET' && method !== 'HEAD'
    refuse('requests with a wrong token', this.#wrong.waitMs(from))
    refuse('requests', this.#requests.take(from))
    if (isCommand) refuse('commands', this.#commands.take(from))
  }

  /** Counts a request whose token was wrong. */
  wrong(from: string | undefined): void {
    if (from !== undefined) this.#wrong.take(from)
  }
}

const rateOf = (burst: number, perSecond: number): RateLimit =>
  new RateLimit({ burst, perSecond }, () => performance.now())

const refuse = (what: string, waitMs: number): void => {
  if (waitMs === 0) return
  throw new SluiceError('overloaded', {
    detail: `${what} from this address come too often`,
    hint: `ask again in ${Math.ceil(waitMs / 1_000)} s`,
    retry: 'later',
  })
}
