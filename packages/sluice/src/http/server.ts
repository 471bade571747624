/** The API behind a socket. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Api } from './api.ts'
import { cachePrefix } from './cache-access.ts'

/** Where to listen. Port 0 takes a free one. */
export type ListenOptions = {
  readonly host: string
  readonly port: number
  /** How long a client may take to send; the limits' unless given. */
  readonly patience?: Patience
}

/** How long a client may take to send the body of a request, and of one to the shared cache, milliseconds. */
export type Patience = { readonly bodyMs: number; readonly transferMs: number }

const patienceOfLimits: Patience = { bodyMs: limits.requestTimeoutMs, transferMs: limits.cacheTransferMs }

/** A listening API. */
export type Listening = {
  readonly url: string
  /** Stops taking requests, ends idle connections, and resolves when the last request is answered. Streams end by the context's `closing`. */
  readonly close: () => Promise<void>
}

/** Listens. `port_in_use` when something else does already. */
export const listen = async (api: Api, options: ListenOptions): Promise<Listening> => {
  const { host, port, patience = patienceOfLimits } = options
  // Bounds for slow and many clients; what they mean stands with the limits.
  const serverOptions = {
    headersTimeout: limits.requestHeadTimeoutMs,
    // The longest that anybody may take; all but the cache's clients get less, below.
    requestTimeout: patience.transferMs,
    connectionsCheckingInterval: 1_000,
    // Longer than clients keep an idle connection, so that it is they who close it.
    keepAliveTimeout: 65_000,
    maxHeaderSize: limits.headBytesMax,
  }
  // The cast: a node:http server was asked for, so that is what comes.
  const server = createAdaptorServer({
    fetch: (request, env) => api.fetch(request, 'incoming' in env ? env.incoming.socket.remoteAddress : undefined),
    createServer,
    serverOptions,
  }) as Server
  server.maxConnections = limits.apiConnectionsMax
  server.on('request', (incoming) => {
    // As the router will read it: `/v1/cache/../runs` is no transfer.
    const path = URL.parse(incoming.url ?? '', 'http://localhost')?.pathname ?? ''
    if (!path.startsWith(cachePrefix)) cutWhenLate(incoming, patience.bodyMs)
  })
  await listening(server, { host, port })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () => closed(server),
  }
}

/** Hangs up, as Node does it for the whole server, when the body is not there in time. */
const cutWhenLate = (incoming: IncomingMessage, bodyMs: number): void => {
  const late = setTimeout(() => {
    const { complete, socket } = incoming
    if (complete || socket.destroyed) return
    socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    socket.destroySoon()
  }, bodyMs)
  late.unref()
  incoming.once('close', () => clearTimeout(late))
}

/** How long a request in flight may take once the server closes, milliseconds. */
const closeGraceMs = 2_000
const closeLookMs = 20

/** A connection that became idle after the close began would stay open for as long as its client likes, so they are looked for until none is left. */
const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const look = setInterval(() => server.closeIdleConnections(), closeLookMs)
    const late = setTimeout(() => server.closeAllConnections(), closeGraceMs)
    server.close(() => {
      clearInterval(look)
      clearTimeout(late)
      resolve()
    })
  })

const listening = (server: Server, { host, port }: ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new SluiceError('port_in_use', {
              detail: `something else listens on ${host}:${port}`,
              hint: 'sluice up --port 0   takes a free port',
              cause,
            })
          : new SluiceError('usage_invalid', {
              detail: `cannot listen on ${host}:${port}: ${cause.message}`,
              hint: 'sluice up --host 127.0.0.1',
              cause,
            }),
      )
    })
    server.listen(port, host, () => resolve())
  })
