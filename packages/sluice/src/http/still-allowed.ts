/** Long answers end when who reads them may not any more: at once when that is decided here, and within a minute however it comes about. */
import type { LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import { isIdentity } from '../engine/identity/identity.ts'
import type { ApiContext } from './context.ts'

/** Falls once `again`, which recognises and authorises the reader anew, rejects. `stop` when the answer is over. */
export const stillAllowed = (
  { engine, clock, log }: Pick<ApiContext, 'engine' | 'clock' | 'log'>,
  again: () => Promise<void>,
): { readonly signal: AbortSignal; readonly stop: () => void } => {
  const over = new AbortController()
  let cancel: () => void = () => {}
  const look = (): void => {
    cancel()
    if (over.signal.aborted) return
    cancel = clock.after(limits.reauthoriseEveryMs, look)
    again().catch((error: unknown) => {
      log.info('stream_ended', { error: String(error) })
      stop()
    })
  }
  const unsubscribe = engine.subscribe((rows: readonly LedgerRow[]) => {
    if (rows.some(({ key, type }) => isIdentity(key.kind) && !passing.has(type))) look()
  })
  const stop = (): void => {
    cancel()
    unsubscribe()
    over.abort()
  }
  cancel = clock.after(limits.reauthoriseEveryMs, look)
  return { signal: over.signal, stop }
}

/** Rows that take nothing from anybody. */
const passing: ReadonlySet<string> = new Set([
  'token_issued',
  'token_used',
  'signed_in',
  'session_seen',
  'person_added',
])
