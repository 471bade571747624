/** The ports that instances listen on. */
import { randomInt } from 'node:crypto'
import net from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** Whether something could listen there now. */
export const isPortFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })

/**
 * A free port that is not among the taken ones. Below the range that systems give to outgoing connections, so that none of those sits on an
 * instance's port while it restarts. `port_in_use` when chance does not find any.
 */
export const findFreePort = async (host: string, taken: (port: number) => boolean): Promise<number> => {
  for (let attempt = 0; attempt < limits.portAttemptsMax; attempt += 1) {
    const port = randomInt(limits.instancePortMin, limits.instancePortMax + 1)
    if (!taken(port) && (await isPortFree(host, port))) return port
  }
  throw new SluiceError('port_in_use', {
    detail: `no free port on ${host} between ${limits.instancePortMin} and ${limits.instancePortMax} in ${limits.portAttemptsMax} attempts`,
    hint: 'see what listens there: ss -ltnp',
  })
}
