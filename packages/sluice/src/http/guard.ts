/** Who may ask: the token, and the host that the request was meant for. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
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

/** Listening on these is listening on every address of the machine. */
const wildcards = new Set(['0.0.0.0', '::'])

/**
 * Throws `host_refused` unless the Host header names loopback or the address it listens on. A page that had its name resolve to 127.0.0.1 (DNS
 * rebinding) sends its own name here. Whoever listens on every address answers to each of them, and to the machine's own name: no page is of such an origin
 * but those of this machine.
 */
export const checkHost = (header: string | undefined, listenHost: string): void => {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '')
  const listens = listenHost.toLowerCase()
  if (loopback.has(name) || name === listens || name === `[${listens}]`) return
  if (wildcards.has(listens) && (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || name === hostname().toLowerCase()))
    return
  throw new SluiceError('host_refused', {
    detail: `this control plane does not answer for ${JSON.stringify((header ?? '').slice(0, 100))}`,
    hint: 'ask it as localhost or 127.0.0.1; one that is to answer others listens on their way to it: sluice up --host <address or name>',
  })
}
