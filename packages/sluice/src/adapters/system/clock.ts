import type { Clock } from '../../ports/clock.ts'

/** The machine's clock and timers. */
export const systemClock = (): Clock => ({
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
})
