/**
 * How what lasts leaves an upstream that drains: WebSockets and other tunnels, and event streams (server-sent events), to which a client connects again by
 * itself. Any other response is waited for: ended early, half of it could be taken for the whole.
 */
import type { BodyFraming } from '../http/body-framing.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ResponseSender } from './response-sender.ts'
import type { Tunnel } from './tunnel.ts'
import { lastsUntil } from './tunnel.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** What lasts, and since when nothing came of it (monotonic ms). */
export type Lasting = {
  readonly client: ClientConnection
  readonly pool: UpstreamPool
  readonly connection: UpstreamConnection
  readonly tunnel: Tunnel | null
  readonly sender: ResponseSender
  /** The client's minor version of HTTP/1. */
  readonly minor: number
  readonly idleSince: number
}

/** How it ends: with these last bytes to the client, or (`cut`) in the middle of something. */
export type Ending = { readonly kind: 'clean'; readonly last: string } | { readonly kind: 'cut' }

const contentType = /\r\ncontent-type:[ \t]*text\/event-stream[ \t]*[;\r]/i
const lastChunk = '0\r\n\r\n'

/** How what lasts ends now; null when it goes on. */
export const endingOf = (lasting: Lasting, now: number): Ending | null => {
  const { client, pool, tunnel, connection } = lasting
  const { tunnelDrainIdleMs: idleMs, tunnelDrainAgeMsMax: maxAgeMs } = client.plane.settings
  const policy = client.route.route.drain ?? { idleMs, maxAgeMs }
  if (tunnel) return tunnel.isOver(pool, policy, now) ? { kind: 'clean', last: '' } : null
  const { head } = lasting.sender
  if (connection.paused || connection.framing.done || !isEventStream(head)) return null
  const last = endOfStream(head, connection.framing, lasting.minor)
  if (now >= lastsUntil(pool, policy)) return last === null ? { kind: 'cut' } : { kind: 'clean', last }
  return last !== null && now - lasting.idleSince >= policy.idleMs ? { kind: 'clean', last } : null
}

/** Ends it on both sides. */
export const endLasting = ({ client, connection, tunnel }: Lasting, ending: Ending): void => {
  if (tunnel) {
    tunnel.sayGoodbye()
    connection.hangUp(client.plane.settings)
  } else {
    connection.destroy()
  }
  if (ending.kind === 'cut') return client.break()
  if (ending.last !== '') client.writeText(ending.last)
  client.linger()
}

const isEventStream = (head: ResponseHead): boolean =>
  (head.framing === 'chunked' || head.framing === 'close') && contentType.test(`${head.text}\r`)

/** What ends the body here as a whole one; null in the middle of a chunk. Empty where closing the connection says it. */
const endOfStream = (head: ResponseHead, framing: BodyFraming, minor: number): string | null => {
  if (head.framing === 'close') return ''
  if (!framing.betweenChunks) return null
  return minor === 0 ? '' : lastChunk
}
