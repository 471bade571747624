/** What the gateway takes from outside: time, randomness and a place to say things. Handed in, so that tests can turn them. */
import { randomBytes, randomFillSync } from 'node:crypto'
import fs from 'node:fs'

/** How grave a log record is: `error` means that a person must act, `warn` that the gateway coped. */
export type LogLevel = 'info' | 'warn' | 'error'

/** Time, randomness and the log. */
export type World = {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Milliseconds that never jump; only differences mean something. */
  readonly monotonic: () => number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** 128 random bits as 32 hex digits: sticky ids and request ids. */
  readonly token: () => string
  readonly log: (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>) => void
}

/** The real world; logs as NDJSON on stderr. */
export const realWorld = (): World => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  token: tokenSource(),
  log: (level, event, fields) => {
    try {
      fs.writeSync(2, `${JSON.stringify({ level, event, at: Date.now(), ...fields })}\n`)
    } catch {
      // A full disk, or nobody who reads: traffic goes on without a log. The stream of stderr would end the process for it.
    }
  },
})

/** Draws from a block of random bytes, since one system call a token would cost more than the request's head. */
const tokenSource = (): (() => string) => {
  const block = randomBytes(4_096)
  let used = 0
  return () => {
    if (used + 16 > block.length) {
      randomFillSync(block)
      used = 0
    }
    used += 16
    return block.toString('hex', used - 16, used)
  }
}
