/** Ports for services, never the same for two at a time. */
import { createServer } from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** Hands out free ports of this machine's loopback; one process has one of these. */
export class ServicePorts {
  readonly #taken = new Set<number>()

  /** The preferred port where it is free, as programs with a port built in expect it; another one otherwise. `port_in_use` when none is free. */
  async take(preferred: number | null): Promise<number> {
    if (preferred !== null && !this.#taken.has(preferred)) {
      this.#taken.add(preferred)
      if ((await tryPort(preferred)) !== null) return preferred
      this.#taken.delete(preferred)
    }
    for (let attempt = 0; attempt < limits.portAttemptsMax; attempt += 1) {
      const port = await tryPort(0)
      if (port === null || this.#taken.has(port)) continue
      this.#taken.add(port)
      return port
    }
    throw new SluiceError('port_in_use', { detail: 'no port is free for a service', hint: 'see what listens: ss -ltn' })
  }

  /** Gives a port back. */
  release(port: number): void {
    this.#taken.delete(port)
  }
}

/** The port that was bound, or null. */
const tryPort = (port: number): Promise<number | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null))
    })
  })
