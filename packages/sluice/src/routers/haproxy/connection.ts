/** One question to one of HAProxy's sockets: a connection each, as the runtime API has it. */
import net from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/**
 * What the other side said until it hung up, or until the empty line that ends an answer: the master does not hang up by itself. Null when nobody listens
 * there. Rejects with `outcome_unknown` when no end comes.
 */
export const ask = (socketFile: string, command: string): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(socketFile).setEncoding('utf8')
    let answer = ''
    let isConnected = false
    const late = (): void => {
      socket.destroy()
      reject(new SluiceError('outcome_unknown', { detail: `HAProxy did not answer "${command}" at ${socketFile}` }))
    }
    const timer = setTimeout(late, limits.measureDeadlineMs)
    const settle = (said: string | null): void => {
      clearTimeout(timer)
      resolve(said)
    }
    socket.once('connect', () => {
      isConnected = true
      socket.write(`${command}\n`)
    })
    socket.on('data', (text) => {
      answer += String(text)
      if (answer.length > 1 && answer.endsWith('\n\n')) socket.destroy()
    })
    // A process that dies hangs up as well; whoever asked looks at what was said.
    socket.once('error', () => settle(isConnected ? answer : null))
    socket.once('close', () => settle(isConnected ? answer : null))
  })

/** The same for the master's socket, which is away for a moment while HAProxy starts or is reloaded. Null when it does not come. */
export const askMaster = async (socketFile: string, command: string): Promise<string | null> => {
  for (const until = performance.now() + limits.gatewayAbsentMs; ;) {
    const answer = await ask(socketFile, command)
    if ((answer !== null && answer !== '') || performance.now() > until) return answer
    await rest(lookEveryMs)
  }
}

const lookEveryMs = 5

/** Fulfilled when the process behind the socket has ended; at once when there is none. `hold` gets the connection, to let go of it. */
export const untilGone = (socketFile: string, hold: (socket: net.Socket) => void): Promise<void> =>
  new Promise((resolve) => {
    const socket = net.connect(socketFile)
    hold(socket)
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => resolve())
  })
