/**
 * A small process that forks others. A fork copies the page tables of who forks, and that takes a program of Node's size 2 ms and more in which it does nothing
 * else; this one takes a tenth, and has done it before anybody asks: what is started is a child that waits already. Its pipes are pipes, so that `/dev/stderr` can be
 * opened through them. Linux with Perl; elsewhere there is none.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants as system } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { forkScript } from './fork-script.ts'
import {
  orderProblem,
  type ProcessEnd,
  type ProcessOrder,
  type Started,
  type Starter,
  type Unstartable,
} from './started.ts'

/** It goes when nothing was started for so long. */
const idleMs = 30_000

/** Children that wait for their program; where several are started at once, the others are forked then. */
const waitingCount = 2

/** What it is opened with. */
export type ForkServerOptions = {
  /** Absolute path of Perl. */
  readonly perl: string
  /** What it started has this long after SIGTERM when the server's orders end, milliseconds: when this process does. */
  readonly graceMs: number
}

type Wanted = {
  readonly order: ProcessOrder
  readonly resolve: (answer: Started | Unstartable) => void
}

/** A child that waits, with this process's ends of its pipes. */
type Waiting = { readonly pid: number; readonly input: number; readonly output: number; readonly errors: number }

/** See the file's header. */
export class ForkServer implements Starter {
  readonly #pid: number
  readonly #orders: Writable
  readonly #answers: Readable
  readonly #wanted: Wanted[] = []
  readonly #waiting: Waiting[] = []
  /** Children that were asked for and are not there yet. */
  #asked = 0
  readonly #running = new Map<number, (end: ProcessEnd) => void>()
  #isOver = false
  #idle: NodeJS.Timeout | null = null
  #said = ''

  private constructor(pid: number, { orders, answers }: { readonly orders: Socket; readonly answers: Socket }) {
    this.#pid = pid
    this.#orders = orders
    this.#answers = answers
  }

  /** Null when it cannot be had here. */
  static open(options: ForkServerOptions): Promise<ForkServer | null> {
    const child = perlOf(options)
    if (child?.pid === undefined) return Promise.resolve(null)
    const { pid, stdin, stdout } = child
    if (!(stdin instanceof Socket) || !(stdout instanceof Socket)) return Promise.resolve(null)
    const server = new ForkServer(pid, { orders: stdin, answers: stdout })
    return new Promise((resolve) => {
      stdin.on('error', () => {})
      server.#ask()
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
    const problem = orderProblem(order)
    if (problem !== null) return Promise.resolve(unstartable(problem))
    if (this.#isOver) return Promise.resolve(lost)
    return new Promise((resolve) => {
      this.#wanted.push({ order, resolve })
      this.#serve()
      this.#hold()
    })
  }

  /** Lets it go: what it started and still runs ends. */
  close(): void {
    this.#isOver = true
    for (const one of this.#waiting.splice(0)) letGo(one)
    this.#orders.end()
  }

  /** As many as are wanted become their programs; for each of them another is forked, while they do. */
  #serve(): void {
    for (let wanted = this.#wanted[0]; wanted !== undefined; wanted = this.#wanted[0]) {
      const child = this.#waiting.shift()
      if (child === undefined) break
      const left = handOver(child, wanted.order)
      if (left === null) {
        // It was killed while it waited: another will do.
        letGo(child)
        continue
      }
      this.#wanted.shift()
      wanted.resolve(this.#started(child, wanted.order, left))
    }
    this.#ask()
  }

  #ask(): void {
    const missing = this.#wanted.length + waitingCount - this.#waiting.length - this.#asked
    if (missing <= 0 || this.#isOver) return
    this.#asked += missing
    this.#orders.write(`prepare ${missing}\n`)
  }

  #linesOf(text: string): readonly string[] {
    const lines = (this.#said + text).split('\n')
    this.#said = lines.pop() ?? ''
    return lines
  }

  #hear(line: string): void {
    const [verb, ...rest] = line.split(' ')
    const pid = Number(rest[0])
    if (verb === 'waits') this.#take(pid, rest.slice(1).map(Number))
    else if (pid === 0) this.#refuse(rest.slice(1).join(' '))
    else this.#ended(pid, verb === 'ended' ? endOf(Number(rest[1])) : unstartable(rest.slice(1).join(' ')))
    this.#hold()
  }

  /** One waits: its pipes are opened before anybody needs it. */
  #take(pid: number, descriptors: readonly number[]): void {
    const child = this.#opened(pid, descriptors)
    this.#orders.write(`opened ${pid}\n`)
    if (typeof child === 'string') return this.#refuse(child)
    this.#asked -= 1
    if (this.#isOver) return letGo(child)
    this.#waiting.push(child)
    this.#serve()
  }

  /** A text says why its pipes could not be opened: nobody holds its input then, and it goes. */
  #opened(pid: number, [input = -1, output = -1, errors = -1]: readonly number[]): Waiting | string {
    const opened: number[] = []
    const open = (descriptor: number, flags: number): number => {
      const fd = openSync(`/proc/${this.#pid}/fd/${descriptor}`, flags | constants.O_NONBLOCK)
      opened.push(fd)
      return fd
    }
    try {
      return {
        pid,
        input: open(input, constants.O_WRONLY),
        output: open(output, constants.O_RDONLY),
        errors: open(errors, constants.O_RDONLY),
      }
    } catch (error) {
      for (const fd of opened) closeSync(fd)
      return `its pipes could not be opened: ${String(error)}`
    }
  }

  /** One that was asked for does not come. */
  #refuse(detail: string): void {
    this.#asked -= 1
    this.#wanted.shift()?.resolve(unstartable(detail))
  }

  #ended(pid: number, end: ProcessEnd): void {
    const running = this.#running.get(pid)
    this.#running.delete(pid)
    running?.(end)
    const index = this.#waiting.findIndex((one) => one.pid === pid)
    for (const one of index === -1 ? [] : this.#waiting.splice(index, 1)) letGo(one)
  }

  /** `left`: what its input did not take of its order. */
  #started(child: Waiting, { hasInput }: ProcessOrder, left: Uint8Array): Started {
    const { pid } = child
    const end = new Promise<ProcessEnd>((resolve) => void this.#running.set(pid, resolve))
    const stdout = new Socket({ fd: child.output, readable: true, writable: false })
    const stderr = new Socket({ fd: child.errors, readable: true, writable: false })
    const stdin = inputOf(child, left, hasInput ? 'goes on' : 'ends')
    return { kind: 'started', pid, stdin, stdout, stderr, end }
  }

  /** This process goes on while one runs that was started here, as it does for one of `spawn`. */
  #hold(): void {
    const isWaiting = this.#wanted.length + this.#running.size > 0
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
    for (const one of this.#waiting.splice(0)) letGo(one)
    for (const { resolve } of this.#wanted.splice(0)) resolve(lost)
    for (const resolve of this.#running.values()) resolve({ kind: 'lost', detail: lost.detail })
    this.#running.clear()
  }
}

/** Null where Node throws instead of telling it later: without memory. Nobody may have asked for it yet. */
const perlOf = ({ perl, graceMs }: ForkServerOptions): ChildProcess | null => {
  try {
    const child = spawn(perl, ['-e', forkScript, String(graceMs)], {
      detached: true,
      cwd: '/',
      env: { LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    child.on('error', () => {})
    child.unref()
    return child
  } catch {
    return null
  }
}

/** Writes to a child what it is to become; gives what its input did not take at once, null when it is gone. */
const handOver = (child: Waiting, order: ProcessOrder): Uint8Array | null => {
  const bytes = bytesOf(order)
  try {
    return bytes.subarray(writeSync(child.input, bytes))
  } catch (error) {
    // More than the pipe holds, at its first byte: nothing was taken yet.
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return bytes
    return null
  }
}

const bytesOf = ({ hasInput, directory, program, argv, env }: ProcessOrder): Uint8Array => {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const fields = [hasInput ? 1 : 0, directory, program, argv.length, ...argv, ...variables]
  const text = fields.map((field) => `${field}\0`).join('')
  const bytes = Buffer.allocUnsafe(4 + Buffer.byteLength(text))
  bytes.writeUInt32BE(bytes.length - 4)
  bytes.write(text, 4)
  return bytes
}

/** What is written to a program's input, once the child has all of its order; null for one that has nothing to read. */
const inputOf = ({ input }: Waiting, left: Uint8Array, then: 'goes on' | 'ends'): Writable | null => {
  if (then === 'ends' && left.length === 0) {
    closeSync(input)
    return null
  }
  const stdin = new Socket({ fd: input, readable: false, writable: true })
  if (left.length > 0) stdin.write(left)
  if (then === 'goes on') return stdin
  stdin.on('error', () => {})
  stdin.end()
  return null
}

/** Without its input it goes. */
const letGo = ({ input, output, errors }: Waiting): void => {
  for (const fd of [input, output, errors]) closeSync(fd)
}

const unstartable = (detail: string): Unstartable => ({ kind: 'unstartable', detail })

const lost: Unstartable = unstartable('the process that starts others has ended')

/** Source: wait(2). */
const endOf = (status: number): ProcessEnd => {
  const signal = status & 127
  if (signal === 0) return { kind: 'exited', code: status >> 8 }
  return { kind: 'signalled', signal: signalNames.get(signal) ?? String(signal) }
}

const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(system.signals).map(([name, number]) => [number, name]),
)
