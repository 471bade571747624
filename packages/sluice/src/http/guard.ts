/** Who may ask: the token, and the host that the request was meant for. */
import { hash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../core/errors.ts'

/** Throws `token_missing` or `token_stale` unless the header carries the token. Takes as long for any wrong token. */
export const checkToken = (header: string | undefined, token: string): void => {
  const [scheme, given] = (header ?? '').trim().split(/\s+/, 2)
  if (scheme?.toLowerCase() !== 'bearer' || given === undefined) {
    throw new SluiceError('token_missing', {
      detail: 'the request carries no token',
      hint: 'send "Authorization: Bearer <token>"; the token is in .sluice/token beside the control plane (sluice --server: in SLUICE_TOKEN)',
    })
  }
  // Hashes have one length, whatever was sent.
  if (timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))) return
  throw new SluiceError('token_stale', {
    detail: 'the token is not the one of this control plane',
    hint: 'read .sluice/token again (SLUICE_TOKEN, when set, is used instead of it)',
  })
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Throws `host_refused` unless the Host header names loopback or the address it listens on. A page that had its name resolve to 127.0.0.1 (DNS
 * rebinding) sends its own name here.
 */
export const checkHost = (header: string | undefined, listenHost: string): void => {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '')
  if (loopback.has(name) || name === listenHost.toLowerCase() || name === `[${listenHost.toLowerCase()}]`) return
  throw new SluiceError('host_refused', {
    detail: `this control plane does not answer for ${JSON.stringify((header ?? '').slice(0, 100))}`,
    hint: 'ask it as localhost or 127.0.0.1',
  })
}
