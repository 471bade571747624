/** The control plane's end of the writer's thread: requests go out, outcomes come back, and a thread that dies is an unknown outcome. */
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import type { Worker } from 'node:worker_threads'
import type { Failed, FromWriter, ToWriter, WriteRequest, WriterStart, Written } from './messages.ts'

type Waiting = { readonly settle: (written: Written | null) => void; readonly fail: (error: SluiceError) => void }

/** A running writer. */
export class WriterLink {
  readonly #worker: Worker
  readonly #path: string
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  /** Why no further call is taken; null while all is well. */
  #ended: SluiceError | null = null
  #closed = false
  /** Whether the thread has ended. */
  #gone = false

  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers()

  /** Listens to a thread that was just started, and that opens nothing before it is told to. */
  constructor(worker: Worker, path: string) {
    this.#worker = worker
    this.#path = path
    // Whoever opens hears of it.
    this.#ready.promise.catch(() => {})
    worker.on('message', (line: FromWriter) => {
      if (line.kind === 'ready') this.#ready.resolve()
      else if (line.kind === 'refused') this.#ready.reject(errorOf(line.failed))
      else this.#take(line)
    })
    worker.on('error', (cause) => this.#fail(this.#died(cause)))
    worker.on('exit', () => this.#fail(this.#died()))
  }

  /** Has the writer open the database; resolves when it is ready. Rejects with what it met. */
  async open(start: WriterStart): Promise<void> {
    this.#worker.postMessage(start)
    await this.#ready.promise
    // Waiting for work keeps no process alive; waiting for an outcome does.
    this.#worker.unref()
  }

  /** Sends a request; resolves once it is durable. `overloaded` when too many wait. */
  async write(request: WriteRequest): Promise<Written> {
    this.assertOpen()
    if (this.#waiting.size >= limits.commitQueueMax) {
      throw new SluiceError('overloaded', {
        detail: `${this.#waiting.size} writes wait for the disk under ${this.#path}.`,
        hint: 'Try again later; if it lasts, look at the disk.',
      })
    }
    const written = await this.#send((id) => ({ kind: 'write', id, request }))
    if (written === null) throw new Error('bug: a write was answered with nothing')
    return written
  }

  /** Gives the ballast's room back. */
  async releaseBallast(): Promise<void> {
    this.assertOpen()
    await this.#send((id) => ({ kind: 'release_ballast', id }))
  }

  /** Takes no further calls; false when that was asked before. */
  end(): boolean {
    if (this.#closed) return false
    this.#closed = true
    this.#ended ??= new SluiceError('store_failed', { detail: `${this.#path} was closed.`, hint: 'Open it again.' })
    return true
  }

  /** Lets the writer finish what it has and ends its thread. */
  async close(): Promise<void> {
    if (this.#gone) return
    try {
      await this.#send((id) => ({ kind: 'close', id }))
    } catch {
      // The thread died on the way: closed all the same, and whoever waited for an outcome has been told.
    }
    await this.#worker.terminate()
  }

  /** Throws why no further call is taken. */
  assertOpen(): void {
    if (this.#ended !== null) throw this.#ended
  }

  #send(line: (id: number) => ToWriter): Promise<Written | null> {
    const id = this.#nextId
    this.#nextId += 1
    return new Promise((settle, fail) => {
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(id, { settle, fail })
      this.#worker.postMessage(line(id))
    })
  }

  #take(line: Extract<FromWriter, { kind: 'outcomes' | 'done' }>): void {
    if (line.kind === 'done') this.#settle(line.id)?.settle(null)
    else
      for (const { id, outcome } of line.outcomes) {
        const waiting = this.#settle(id)
        if (outcome.ok) waiting?.settle(outcome.written)
        else {
          const error = errorOf(outcome.failed)
          if (error.code === 'store_failed' || error.code === 'store_corrupt') this.#ended ??= error
          waiting?.fail(error)
        }
      }
    if (this.#waiting.size === 0) this.#worker.unref()
  }

  #settle(id: number): Waiting | null {
    const waiting = this.#waiting.get(id) ?? null
    this.#waiting.delete(id)
    return waiting
  }

  #fail(error: SluiceError): void {
    this.#gone = true
    this.#ended ??= error
    this.#ready.reject(error)
    for (const waiting of this.#waiting.values()) waiting.fail(error)
    this.#waiting.clear()
  }

  #died(cause?: unknown): SluiceError {
    return new SluiceError('store_failed', {
      detail: `The thread that writes ${this.#path} ended${cause instanceof Error ? `: ${cause.message}` : ''}.`,
      hint: 'Start the control plane again: it takes up what was written.',
      cause,
    })
  }
}

const errorOf = ({ code, detail, hint }: Failed): SluiceError =>
  new SluiceError(code, hint === null ? { detail } : { detail, hint })
