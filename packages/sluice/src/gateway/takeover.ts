/** The successor's side of an upgrade without a closed port: asks the running gateway to hand over, listens beside it, then lets it go. */
import net from 'node:net'
import { SluiceError } from '../core/errors.ts'

/** A running gateway that has handed over. */
export type Predecessor = {
  /** The successor listens: the predecessor stops accepting, serves what it has, and exits. */
  readonly dismiss: () => Promise<void>
}

const answerTimeoutMs = 5_000

/** Asks the gateway at `socketFile` to hand over. Null when none runs there; throws `gateway_unreachable` when it does not answer. */
export const askHandOver = async (socketFile: string): Promise<Predecessor | null> => {
  const socket = await connect(socketFile)
  if (!socket) return null
  await request(socket, 1, 'hand_over')
  return {
    dismiss: async () => {
      await request(socket, 2, 'shutdown')
      socket.end()
    },
  }
}

const connect = (socketFile: string): Promise<net.Socket | null> =>
  new Promise((resolve) => {
    const socket = net.connect(socketFile)
    socket.setEncoding('utf8')
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })

const request = (socket: net.Socket, id: number, kind: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (): void => {
      clearTimeout(timer)
      reject(
        new SluiceError('gateway_unreachable', {
          detail: `the running gateway did not answer ${kind} within ${answerTimeoutMs} ms`,
        }),
      )
    }
    const timer = setTimeout(fail, answerTimeoutMs)
    let received = ''
    const read = (text: unknown): void => {
      received += String(text)
      if (!received.includes('\n')) return
      socket.off('data', read)
      socket.off('close', fail)
      clearTimeout(timer)
      const ok = received.includes('"ok":true')
      if (ok) resolve()
      else
        reject(
          new SluiceError('gateway_unreachable', { detail: `the running gateway refused ${kind}: ${received.trim()}` }),
        )
    }
    socket.on('data', read)
    socket.once('close', fail)
    socket.write(`${JSON.stringify({ id, kind })}\n`)
  })
