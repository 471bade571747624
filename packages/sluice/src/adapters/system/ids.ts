import { randomBytes } from 'node:crypto'
import type { Ids } from '../../ports/clock.ts'

const timeDigits = 9
const randomDigits = 10

/** Ids of 9 base-36 digits of the time in milliseconds (until the year 5188) and 10 of randomness (51 bits): sortable, and easy to select. */
export const systemIds = (now: () => number = Date.now): Ids => {
  let lastAt = 0
  return {
    next: (prefix) => {
      // Two ids of one millisecond, or of a clock set back, still sort in the order of their making.
      lastAt = Math.max(lastAt + 1, now())
      return `${prefix}_${lastAt.toString(36).padStart(timeDigits, '0')}${randomText()}`
    },
  }
}

const randomText = (): string =>
  (randomBytes(8).readBigUInt64BE() % 36n ** BigInt(randomDigits)).toString(36).padStart(randomDigits, '0')
