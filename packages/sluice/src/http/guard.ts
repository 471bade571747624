/** The host that a request was meant for. */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { SluiceError } from '../core/errors.ts'

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Listening on these is listening on every address of the machine. */
const wildcards = new Set(['0.0.0.0', '::'])

/**
 * Throws `host_refused` unless the Host header names loopback, the address it listens on, or the one that the config says (`access.url`). A page that had its name resolve to 127.0.0.1 (DNS
 * rebinding) sends its own name here. Whoever listens on every address answers to each of them, and to the machine's own name: no page is of such an origin
 * but those of this machine.
 */
export const checkHost = async (
  header: string | undefined,
  listenHost: string,
  url: () => Promise<string | null>,
): Promise<void> => {
  const name = (header ?? '').toLowerCase().replace(/:\d+$/, '')
  const listens = listenHost.toLowerCase()
  if (loopback.has(name) || name === listens || name === `[${listens}]`) return
  if (wildcards.has(listens) && (isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0 || name === hostname().toLowerCase()))
    return
  const known = await url()
  if (known !== null && name === new URL(known).hostname) return
  throw new SluiceError('host_refused', {
    detail: `this control plane does not answer for ${JSON.stringify((header ?? '').slice(0, 100))}`,
    hint: 'ask it as localhost or 127.0.0.1; one that is to answer others listens on their way to it: sluice up --host <address or name>',
  })
}
