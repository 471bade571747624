/** The listening socket of a route. */
import net from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import type { Route } from '../../core/routing.ts'
import type { ReceivedListener } from '../takeover.ts'

/** Takes a new connection. */
export type OnConnection = (socket: net.Socket) => void

/** Longest queue of connections not yet accepted; the kernel's own bound (somaxconn) is usually 4,096. */
const backlog = 4_096

/** Listens; throws `port_in_use`. */
export const openListener = (listen: Route['listen'], onConnection: OnConnection): Promise<net.Server> =>
  new Promise((resolve, reject) => {
    const { host, port } = listen
    const server = net.createServer({ noDelay: true }, onConnection)
    server.once('error', (error) => reject(listenFailure(error, host, port)))
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners('error')
      server.on('error', () => {})
      resolve(server)
    })
  })

/** Accepts on a socket that a predecessor listened on, beginning with what it has accepted already. */
export const adoptListener = ({ server, early }: ReceivedListener, onConnection: OnConnection): net.Server => {
  const accept = (socket: net.Socket): void => {
    socket.setNoDelay(true)
    onConnection(socket)
  }
  server.removeAllListeners('connection')
  server.on('error', () => {}).on('connection', accept)
  for (const socket of early.splice(0)) accept(socket)
  return server
}

/** Stops accepting; connections stay. */
export const close = (server: net.Server): void => {
  server.close()
}

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
