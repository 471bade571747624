/** The listening socket of a route: opened, or taken over from another gateway. */
import fs from 'node:fs'
import net from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import type { Route } from '../../core/routing.ts'

/** Takes a new connection. */
export type OnConnection = (socket: net.Socket) => void

/** A listening socket with the route it belongs to. */
export type PassedListener = {
  readonly service: string
  readonly environment: string
  readonly listen: Route['listen']
  readonly server: net.Server
}

/** A listening socket of another gateway, here but not yet in use. */
export type ReceivedListener = Omit<PassedListener, 'server'> & {
  /** Accepts on it, beginning with what waits. */
  readonly open: (onConnection: OnConnection) => Promise<net.Server>
  /** Lets go of it. */
  readonly discard: () => void
}

/** Longest queue of connections not yet accepted; the kernel's own bound (somaxconn) is usually 4,096. */
const backlog = 4_096

/** Listens; throws `port_in_use`. */
export const openListener = (listen: Route['listen'], onConnection: OnConnection): Promise<net.Server> =>
  opened(listen, onConnection, (server, done) => server.listen({ ...listen, backlog }, done))

/** A socket that a predecessor sent. It accepts from the moment it is received: its connections wait, unread, until somebody opens it. */
export const sentListener = (named: PassedListener): ReceivedListener => {
  const { server, service, environment, listen } = named
  const early: net.Socket[] = []
  server.on('connection', (socket) => early.push(socket.on('error', () => {})))
  const open = (onConnection: OnConnection): Promise<net.Server> => {
    const accept = (socket: net.Socket): void => {
      socket.setNoDelay(true)
      onConnection(socket)
    }
    server.removeAllListeners('connection')
    server.on('error', () => {}).on('connection', accept)
    for (const socket of early.splice(0)) accept(socket)
    return Promise.resolve(server)
  }
  return { service, environment, listen, open, discard: () => close(server) }
}

/** A socket that was inherited by its number. Nothing is accepted before it is opened: connections wait in the kernel. */
export const inheritedListener = (
  named: Omit<PassedListener, 'server'> & { readonly fd: number },
): ReceivedListener => {
  const { service, environment, listen, fd } = named
  const open = (onConnection: OnConnection): Promise<net.Server> =>
    opened(listen, onConnection, (server, done) => server.listen({ fd }, backlog, done))
  return { service, environment, listen, open, discard: () => fs.closeSync(fd) }
}

/** Documented parser: the number of a listening socket, which Node keeps in no other place; null where there is none (Windows). */
export const descriptorOf = (server: net.Server): number | null => {
  const handle: unknown = Reflect.get(server, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null && 'fd' in handle ? handle.fd : null
  return typeof fd === 'number' && fd >= 0 ? fd : null
}

/** Stops accepting; connections stay. */
export const close = (server: net.Server): void => {
  server.close()
}

const opened = (
  { host, port }: Route['listen'],
  onConnection: OnConnection,
  listenOn: (server: net.Server, done: () => void) => void,
): Promise<net.Server> =>
  new Promise((resolve, reject) => {
    const server = net.createServer({ noDelay: true }, onConnection)
    server.once('error', (error) => reject(listenFailure(error, host, port)))
    listenOn(server, () => {
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
