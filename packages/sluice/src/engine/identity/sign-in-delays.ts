/** Slows down who tries passwords: by the name that is tried, so that it is no help to try from many addresses. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

type Failures = { readonly count: number; readonly nextAt: number }

/** Wrong passwords in a row by name. Held in memory: a restart is no gain for who tries, it takes longer than the delay. */
export class SignInDelays {
  readonly #failures = new Map<string, Failures>()

  /** `overloaded` while a further try has to wait. */
  check(name: string, now: number): void {
    const waitMs = (this.#failures.get(name)?.nextAt ?? 0) - now
    if (waitMs <= 0) return
    throw new SluiceError('overloaded', {
      detail: `too many wrong passwords for ${JSON.stringify(name.slice(0, 100))}`,
      hint: `try again in ${Math.ceil(Math.min(waitMs, limits.signInDelayMsMax) / 1_000)} s`,
    })
  }

  failed(name: string, now: number): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1
    const over = count - limits.signInFailuresFree
    const delayMs = over < 0 ? 0 : Math.min(limits.signInDelayMsMax, limits.signInDelayMs * 2 ** Math.min(over, 20))
    // The oldest goes when there are too many, not everything: else who fills it up would have free tries at the one name that counts.
    if (this.#failures.size >= limits.identitiesHeldMax) {
      const [oldest] = this.#failures.keys()
      if (oldest !== undefined) this.#failures.delete(oldest)
    }
    this.#failures.delete(name)
    this.#failures.set(name, { count, nextAt: now + delayMs })
  }

  succeeded(name: string): void {
    this.#failures.delete(name)
  }
}
