/** The listening socket of a route. */
import net from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import type { Route } from '../../core/routing.ts'

/** How to listen. */
export type ListenOptions = {
  readonly listen: Route['listen']
  /** Another gateway listens there and is about to stop: share the port with it (SO_REUSEPORT). */
  readonly shared: boolean
  readonly onConnection: (socket: net.Socket) => void
}

/** Longest queue of connections not yet accepted; the kernel's own bound (somaxconn) is usually 4,096. */
const backlog = 4_096

/**
 * Listens; throws `port_in_use`. The port is taken with SO_REUSEPORT, so that a successor can share it before this process lets go. The kernel
 * would let any gateway of the same user in that way, so it is first asked for alone.
 */
export const openListener = async (options: ListenOptions): Promise<net.Server> => {
  if (!options.shared) await close(await listen(net.createServer(), options, false))
  const server = net.createServer({ noDelay: true }, options.onConnection)
  return listen(server, options, true)
}

/** Stops accepting; connections stay. */
export const close = (server: net.Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    // `close` waits for every connection, and nobody here needs that.
    resolve()
  })

const listen = (server: net.Server, options: ListenOptions, reusePort: boolean): Promise<net.Server> =>
  new Promise((resolve, reject) => {
    const { host, port } = options.listen
    server.once('error', (error) => reject(listenFailure(error, host, port)))
    server.listen({ host, port, reusePort, backlog }, () => {
      server.removeAllListeners('error')
      server.on('error', () => {})
      resolve(server)
    })
  })

const listenFailure = (error: Error, host: string, port: number): SluiceError => {
  const inUse = 'code' in error && error.code === 'EADDRINUSE'
  return new SluiceError(inUse ? 'port_in_use' : 'usage_invalid', {
    detail: inUse
      ? `${host}:${port} is in use by another program`
      : `cannot listen on ${host}:${port}: ${error.message}`,
    hint: inUse
      ? `see who listens: ss -ltnp 'sport = :${port}'; or give the environment another port`
      : 'give the environment a port of this machine',
    cause: error,
  })
}
