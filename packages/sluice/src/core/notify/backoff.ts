/** Pauses between attempts. Core has no randomness, so the jitter is a function of what is attempted: different for each message, the same whenever it is asked. */
import { limits } from '../limits.ts'

/** The pause after so many failures in a row, at least 1, milliseconds: twice the one before, up to the longest, ±20 % by `seed`. */
export const backoffMs = (failures: number, seed: string): number => {
  const base = Math.min(limits.messageBackoffMs * 2 ** Math.min(failures - 1, 30), limits.messageBackoffMsMax)
  return Math.round(base * (0.8 + 0.4 * spread(seed)))
}

/** A number from 0 to 1 that follows from a text: FNV-1a, mixed at its end (Fowler, Noll, Vo; public domain). */
const spread = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return ((mixed ^ (mixed >>> 13)) >>> 0) / 4_294_967_296
}
