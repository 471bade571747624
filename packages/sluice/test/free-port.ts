/**
 * Ports for tests that run side by side. They lie below those that the system gives out by itself (32768 and up on Linux, 49152 and up elsewhere), so that no
 * client's connection and nobody's `listen(0)` takes one between the look and its use; and each process begins somewhere else.
 */
import { once } from 'node:events'
import net from 'node:net'

const first = 10_000
const count = 20_000
/** `count` over the square of the golden ratio, prime to `count`: processes whose ids differ by less than twenty begin 690 ports apart or more, and a group of test files takes some hundred. */
const stride = 7_639

const given = { last: process.pid * stride }

/** A port that nobody listens on. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    given.last += 1
    const port = first + (given.last % count)
    const server = net.createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
