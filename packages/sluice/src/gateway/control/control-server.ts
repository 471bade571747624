/** The unix control socket: NDJSON commands in, NDJSON answers and notices out. */
import fs from 'node:fs'
import net from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { GatewayCommand, GatewayLine, GatewayNotice } from '../../core/routing.ts'
import type { World } from '../world.ts'
import { lineNumber, parseCommand } from './parse-command.ts'

/** Who asks: what a command may need to know of its connection. */
export type Asker = { readonly subscribe: () => void }

/** Carries out a command; its result is the answer. */
export type Handler = (command: GatewayCommand, asker: Asker) => unknown

/** Notices that a subscriber may leave unread, bytes, before it is cut off. */
const unreadBytesMax = 4 * limits.controlLineBytesMax

/** The control socket of one gateway. */
export class ControlServer {
  private server: net.Server | null = null
  private readonly sockets: Set<net.Socket> = new Set()
  private readonly subscribers: Set<net.Socket> = new Set()
  private readonly handle: Handler
  private readonly world: World

  constructor(handle: Handler, world: World) {
    this.handle = handle
    this.world = world
  }

  /** Listens at `file`, for this user only. The caller has made sure that no live gateway does. */
  async listen(file: string): Promise<void> {
    fs.rmSync(file, { force: true })
    const server = net.createServer((socket) => this.accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(file, () => {
        server.off('error', reject)
        server.on('error', (error) => this.world.log('error', 'control_socket_failed', { reason: error.message }))
        resolve()
      })
    })
    this.server = server
    fs.chmodSync(file, 0o600)
  }

  /** Stops accepting; connections stay, so that the command in hand can be answered. The socket file goes with it. */
  stopListening(): void {
    this.server?.close()
    this.server = null
  }

  /** Ends every connection after what is queued has gone out. */
  close(): void {
    this.stopListening()
    for (const socket of this.sockets) socket.end()
  }

  /** Sends a notice to every subscriber. */
  notify(notice: GatewayNotice): void {
    for (const socket of this.subscribers) {
      if (socket.writableLength > unreadBytesMax) socket.destroy()
      else write(socket, { notice })
    }
  }

  private accept(socket: net.Socket): void {
    let rest = ''
    this.sockets.add(socket)
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('close', () => {
      this.sockets.delete(socket)
      this.subscribers.delete(socket)
    })
    socket.on('data', (text) => {
      const lines = (rest + String(text)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') void this.answer(socket, line)
      if (rest.length <= limits.controlLineBytesMax) return
      this.world.log('warn', 'control_line_too_long', { bytesMax: limits.controlLineBytesMax })
      socket.destroy()
    })
  }

  private async answer(socket: net.Socket, line: string): Promise<void> {
    const asker: Asker = { subscribe: () => this.subscribers.add(socket) }
    try {
      const { id, command } = parseCommand(line)
      const answer = await this.handle(command, asker)
      // Null is an answer: there is no such route.
      write(socket, { id, ok: true, answer: answer === undefined ? {} : answer })
    } catch (error) {
      write(socket, { id: lineNumber(line), ok: false, ...failure(error, this.world) })
    }
  }
}

const write = (socket: net.Socket, line: GatewayLine): void => {
  if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`)
}

const failure = (error: unknown, world: World): { code: string; detail: string } => {
  if (error instanceof SluiceError) return { code: error.code, detail: error.detail }
  const detail = error instanceof Error ? error.message : String(error)
  world.log('error', 'command_failed', { reason: error instanceof Error ? (error.stack ?? detail) : detail })
  return { code: 'unexpected', detail }
}
