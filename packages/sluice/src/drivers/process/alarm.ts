/** A sleep that can be cut short. */
export class Alarm {
  #rang = false
  #ring: () => void = () => {}

  /** Ends the wait under way, or else the next one. */
  ring(): void {
    this.#rang = true
    this.#ring()
  }

  /** Until the time is over, it rings, or the signal falls. One wait at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#rang || signal.aborted) {
      this.#rang = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#ring = () => {}
        this.#rang = false
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done)
      this.#ring = done
    })
  }
}
