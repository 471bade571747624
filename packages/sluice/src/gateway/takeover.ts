/**
 * The upgrade of a running gateway without a closed port. The listening sockets themselves change hands: with two sockets on one port
 * (SO_REUSEPORT), the connections that wait in the queue of the one being closed are reset, which cost a request in one upgrade out of ten
 * under 1,000 new connections a second. Node passes sockets only to a child, so the predecessor starts the successor.
 *
 * | asker (`--take-over`)        | predecessor                                   | successor (`--adopt`)                  |
 * |------------------------------|-----------------------------------------------|----------------------------------------|
 * | `hand_over` with the command | starts it                                     | loads its modules, says `ready`        |
 * |                              | takes no more commands, writes its state,     |                                        |
 * |                              | gives up lock and socket, sends the listeners | takes lock, state, listeners, socket;  |
 * | gets the successor's pid     | stops accepting, serves what it has, exits    | says `serving`                         |
 * |                              | cuts what the other one cuts                  | cuts what the other one cuts           |
 *
 * When the successor ends before `serving`, the predecessor takes everything back.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import net from 'node:net'
import { SluiceError } from '../core/errors.ts'
import { readNamed, readTrip } from './inheritance.ts'
import type { Inheritance } from './inheritance.ts'
import { sentListener } from './routes/listener.ts'
import type { PassedListener, ReceivedListener } from './routes/listener.ts'
import type { PassedTrip } from './routes/trip-news.ts'

/** How long the successor may take to load, and then to serve. */
const readyTimeoutMs = 10_000
const answerTimeoutMs = 30_000

/** The predecessor's view of its successor. */
export type Successor = {
  readonly pid: number
  /** Gives it everything; fulfilled when it serves. Rejects `gateway_unreachable` when it does not. */
  readonly entrust: (listeners: readonly PassedListener[]) => Promise<void>
  /** Tells it of a cut; one that has ended hears nothing. */
  readonly tell: (passed: PassedTrip) => void
  /** Has `take` called with each cut that it makes. */
  readonly trips: (take: (passed: PassedTrip) => void) => void
}

/** Starts the successor and waits until it is loaded. Rejects `gateway_unreachable`. */
export const startSuccessor = async (command: readonly string[]): Promise<Successor> => {
  const [program = '', ...args] = command
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await told(child, 'ready', readyTimeoutMs)
  return {
    pid: child.pid ?? 0,
    entrust: async (listeners) => {
      const serving = told(child, 'serving', readyTimeoutMs)
      for (const { server, ...named } of listeners) child.send({ kind: 'listener', ...named }, server)
      child.send({ kind: 'all', count: listeners.length })
      await serving
      // Open until this process ends, and no reason for it not to.
      child.channel?.unref()
      child.unref()
    },
    tell: (passed) => child.connected && child.send({ kind: 'tripped', ...passed }, () => {}),
    trips: (take) =>
      void child.on('message', (message) => {
        if (kindOf(message) === 'tripped') take(readTrip(message))
      }),
  }
}

/** Waits for a message; a child that does not send it in time, or ends, is ended. */
const told = (child: ChildProcess, kind: string, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (reason: string | null): void => {
      clearTimeout(timer)
      child.off('message', read).off('exit', ended).off('error', failed)
      if (reason === null) return resolve()
      child.kill('SIGKILL')
      reject(
        new SluiceError('gateway_unreachable', { detail: `the successor ${reason}; the gateway that ran goes on` }),
      )
    }
    const read = (message: unknown): void => {
      if (kindOf(message) === kind) settle(null)
    }
    const ended = (code: number | null, signal: string | null): void => settle(`ended with ${code ?? signal}`)
    const failed = (error: Error): void => settle(`could not be started: ${error.message}`)
    const timer = setTimeout(() => settle(`did not say that it is ${kind} within ${timeoutMs} ms`), timeoutMs)
    child.on('message', read).on('exit', ended).on('error', failed)
  })

const kindOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null

/** In the successor: says that it is loaded, and waits for the listeners. */
export const inherit = (): Promise<Inheritance> =>
  new Promise((resolve, reject) => {
    if (!process.send)
      return reject(
        new SluiceError('usage_invalid', { detail: '--adopt is for a gateway that another gateway starts' }),
      )
    const listeners: ReceivedListener[] = []
    let count = Number.POSITIVE_INFINITY
    const early: PassedTrip[] = []
    let take = (passed: PassedTrip): void => void early.push(passed)
    const trips: Inheritance['trips'] = (taker) => {
      take = taker
      for (const passed of early.splice(0)) taker(passed)
    }
    const serving = (): void => {
      process.send?.({ kind: 'serving' })
      process.channel?.unref()
    }
    const read = (message: unknown, handle: unknown): void => {
      if (kindOf(message) === 'tripped') return take(readTrip(message))
      if (handle instanceof net.Server) listeners.push(sentListener({ ...readNamed(message), server: handle }))
      if (kindOf(message) === 'all') count = countOf(message)
      if (listeners.length >= count) resolve({ listeners, serving, trips, tell })
    }
    process.on('message', read)
    // The predecessor died: nobody will send what is missing, and its state is free.
    process.once('disconnect', () => resolve({ listeners, serving: () => {}, trips, tell }))
    process.send({ kind: 'ready' })
    return undefined
  })

/** Tells the predecessor, if it still serves somebody. */
const tell = (passed: PassedTrip): void => {
  if (process.connected) process.send?.({ kind: 'tripped', ...passed }, undefined, {}, () => {})
}

const countOf = (message: unknown): number =>
  typeof message === 'object' && message !== null && 'count' in message ? Number(message.count) : 0

/** Asks the gateway at `socketFile` to have itself replaced; gives the answer line. Null when none runs there. */
export const askHandOver = async (socketFile: string, command: readonly string[]): Promise<string | null> => {
  const socket = await connect(socketFile)
  return socket && request(socket, `${JSON.stringify({ id: 1, kind: 'hand_over', command })}\n`)
}

const connect = (socketFile: string): Promise<net.Socket | null> =>
  new Promise((resolve) => {
    const socket = net.connect(socketFile)
    socket.setEncoding('utf8')
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })

const request = (socket: net.Socket, line: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const refuse = (detail: string): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(new SluiceError('gateway_unreachable', { detail }))
    }
    const timer = setTimeout(
      () => refuse(`the running gateway did not answer within ${answerTimeoutMs} ms`),
      answerTimeoutMs,
    )
    let received = ''
    socket.on('close', () => refuse('the running gateway hung up'))
    socket.on('data', (text) => {
      received += String(text)
      if (!received.includes('\n')) return
      if (!received.includes('"ok":true')) return refuse(`the running gateway refused: ${received.trim()}`)
      clearTimeout(timer)
      socket.removeAllListeners('close')
      socket.destroy()
      resolve(received.trim())
    })
    socket.write(line)
  })
