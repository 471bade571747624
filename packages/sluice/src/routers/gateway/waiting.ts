/** Waiting for something or until a signal falls, with nothing left behind on signals that live long. */
import type { Reply } from './connection.ts'

/** A signal of one's own, and how to let go of it. */
export type Until = { readonly signal: AbortSignal; readonly end: () => void }

/** Falls with the first of these signals, or after so long; `end` takes its timer and its listeners away. */
export const untilFirst = (afterMs: number | null, signals: readonly AbortSignal[]): Until => {
  const own = new AbortController()
  const fall = (): void => own.abort()
  const timer = afterMs === null ? undefined : setTimeout(fall, afterMs)
  for (const signal of signals) {
    if (signal.aborted) fall()
    signal.addEventListener('abort', fall, { once: true })
  }
  const end = (): void => {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', fall)
  }
  return { signal: own.signal, end }
}

/** The reply, or `lost` once the signal falls. */
export const settledBy = (reply: Promise<Reply>, signal: AbortSignal): Promise<Reply> =>
  new Promise((resolve) => {
    const lost = (): void => resolve({ kind: 'lost' })
    if (signal.aborted) return lost()
    signal.addEventListener('abort', lost, { once: true })
    void reply.then((value) => {
      signal.removeEventListener('abort', lost)
      resolve(value)
    })
  })

/** Waits, or until the signal falls. */
export const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
