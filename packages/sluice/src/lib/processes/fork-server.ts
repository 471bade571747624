/**
 * A small process that forks others. A fork copies the page tables of who forks, and that takes a program of Node's size 2 ms and more in which it does nothing
 * else; this one takes a tenth. Its pipes are pipes, so that `/dev/stderr` can be opened through them. Linux with Perl; elsewhere there is none.
 */
import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants as system } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { forkScript } from './fork-script.ts'
import type { ProcessEnd, ProcessOrder, Started, Starter, Unstartable } from './started.ts'

/** It goes when nothing was started for so long. */
const idleMs = 30_000

/** What it is opened with. */
export type ForkServerOptions = {
  /** Absolute path of Perl. */
  readonly perl: string
  /** What it started has this long after SIGTERM when the server's orders end, milliseconds: when this process does. */
  readonly graceMs: number
}

type Wanted = {
  readonly hasInput: boolean
  readonly resolve: (answer: Started | Unstartable) => void
}

/** See the file's header. */
export class ForkServer implements Starter {
  readonly #pid: number
  readonly #orders: Writable
  readonly #answers: Readable
  readonly #wanted = new Map<number, Wanted>()
  readonly #running = new Map<number, (end: ProcessEnd) => void>()
  #isOver = false
  #idle: NodeJS.Timeout | null = null
  #number = 0
  #said = ''

  private constructor(pid: number, { orders, answers }: { readonly orders: Socket; readonly answers: Socket }) {
    this.#pid = pid
    this.#orders = orders
    this.#answers = answers
  }

  /** Null when it cannot be had here. */
  static open({ perl, graceMs }: ForkServerOptions): Promise<ForkServer | null> {
    const child = spawn(perl, ['-e', forkScript, String(graceMs)], {
      detached: true,
      cwd: '/',
      env: { LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const { pid, stdin, stdout } = child
    child.on('error', () => {})
    if (pid === undefined) return Promise.resolve(null)
    child.unref()
    if (!(stdin instanceof Socket) || !(stdout instanceof Socket)) return Promise.resolve(null)
    const server = new ForkServer(pid, { orders: stdin, answers: stdout })
    return new Promise((resolve) => {
      stdin.on('error', () => {})
      stdout.setEncoding('latin1')
      stdout.on('data', (text: string) => {
        for (const line of server.#linesOf(text)) {
          if (line !== 'ready') server.#hear(line)
          else {
            // Opened ahead of time for somebody who never came, it must not keep the process.
            server.#hold()
            resolve(server)
          }
        }
      })
      stdout.once('close', () => {
        server.#lose()
        resolve(null)
      })
    })
  }

  /** Whether it ended; another can be opened then. */
  get isOver(): boolean {
    return this.#isOver
  }

  start(order: ProcessOrder): Promise<Started | Unstartable> {
    const { hasInput, directory, program, argv, env } = order
    if (this.#isOver) return Promise.resolve(lost)
    this.#number += 1
    const number = this.#number
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const fields = ['start', number, hasInput ? 1 : 0, directory, program, argv.length, ...argv, ...variables]
    return new Promise((resolve) => {
      this.#wanted.set(number, { hasInput, resolve })
      this.#hold()
      this.#send(fields)
    })
  }

  /** Lets it go: what it started and still runs ends. */
  close(): void {
    this.#isOver = true
    this.#orders.end()
  }

  #send(fields: readonly (string | number)[]): void {
    const body = Buffer.from(fields.map((field) => `${field}\0`).join(''))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length)
    this.#orders.write(Buffer.concat([length, body]))
  }

  #linesOf(text: string): readonly string[] {
    const lines = (this.#said + text).split('\n')
    this.#said = lines.pop() ?? ''
    return lines
  }

  #hear(line: string): void {
    const [verb, ...rest] = line.split(' ')
    const number = Number(rest[0])
    const running = this.#running.get(number)
    if (running !== undefined) {
      const detail = rest.slice(1).join(' ')
      running(verb === 'ended' ? endOf(Number(rest[1])) : { kind: 'unstartable', detail })
      this.#running.delete(number)
    } else {
      const wanted = this.#wanted.get(number)
      this.#wanted.delete(number)
      if (verb === 'started') wanted?.resolve(this.#started(number, rest.slice(1).map(Number)))
      else wanted?.resolve({ kind: 'unstartable', detail: rest.slice(1).join(' ') })
    }
    this.#hold()
  }

  #started(number: number, [pid = 0, input = -1, output = -1, errors = -1]: readonly number[]): Started | Unstartable {
    const end = new Promise<ProcessEnd>((resolve) => void this.#running.set(number, resolve))
    const opened: Socket[] = []
    const open = (descriptor: number, flags: number): Socket => {
      const socket = pipeOf(`/proc/${this.#pid}/fd/${descriptor}`, flags)
      opened.push(socket)
      return socket
    }
    try {
      const stdin = input === -1 ? null : open(input, constants.O_WRONLY)
      const stdout = open(output, constants.O_RDONLY)
      const stderr = open(errors, constants.O_RDONLY)
      return { kind: 'started', pid, stdin, stdout, stderr, end }
    } catch (error) {
      for (const socket of opened) socket.destroy()
      kill(pid)
      return { kind: 'unstartable', detail: `its pipes could not be opened: ${String(error)}` }
    } finally {
      this.#send(['opened', number])
    }
  }

  /** This process goes on while one runs that was started here, as it does for one of `spawn`. */
  #hold(): void {
    const isWaiting = this.#wanted.size + this.#running.size > 0
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = isWaiting ? null : setTimeout(() => this.close(), idleMs).unref()
    for (const socket of [this.#orders, this.#answers])
      if (socket instanceof Socket) {
        if (isWaiting) socket.ref()
        else socket.unref()
      }
  }

  #lose(): void {
    this.#isOver = true
    for (const { resolve } of this.#wanted.values()) resolve(lost)
    for (const resolve of this.#running.values()) resolve({ kind: 'lost', detail: lost.detail })
    this.#wanted.clear()
    this.#running.clear()
  }
}

/** This process's end of a pipe. A socket closes its descriptor itself: nobody else may. */
const pipeOf = (path: string, flags: number): Socket => {
  const fd = openSync(path, flags | constants.O_NONBLOCK)
  try {
    return new Socket({ fd, readable: flags === constants.O_RDONLY, writable: flags === constants.O_WRONLY })
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

const lost: Unstartable = { kind: 'unstartable', detail: 'the process that starts others has ended' }

/** Source: wait(2). */
const endOf = (status: number): ProcessEnd => {
  const signal = status & 127
  if (signal === 0) return { kind: 'exited', code: status >> 8 }
  return { kind: 'signalled', signal: signalNames.get(signal) ?? String(signal) }
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(system.signals).map(([name, number]) => [number, name]),
)

const kill = (group: number): void => {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}
