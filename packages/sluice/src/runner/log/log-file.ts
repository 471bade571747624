/** Appends frames to a log, in batches: what comes while a batch is being written goes into the next one, so that a slow disk costs memory, which is bounded, and never the loop. */
import { closeSync, fstatSync } from 'node:fs'
import { limits } from '../../core/limits.ts'
import { assert } from '../../core/machine.ts'
import { appendQuietly, cutQuietly, openAppending, writeFully, writeFullySync } from './append-file.ts'
import { type Batch, emptyBatch, giveBack, piecesOf } from './batch.ts'
import { frameBytesMax, headBytes, headOf, indexLineOf, indexPathOf, type LogStream } from './frames.ts'
import { type LogEnd, repairLog } from './repair-log.ts'

/** Whole lines to append. */
export type Entry = { readonly stream: LogStream; readonly at: number; readonly text: Buffer; readonly count: number }

/** What a log file is opened with. */
export type LogFileOptions = {
  readonly path: string
  readonly now: () => number
  /** Called when a batch could not be written, once for each series of failures. */
  readonly onFailure: (error: Error) => void
}

/** Bytes of log from one line of the index to the next, at least: what a page costs beyond its own lines. */
const indexEveryBytes = 524_288
/** How long lines are gathered, milliseconds; who follows a log sees them soon enough. */
const gatherMs = 10
/** Pause between a write that failed and the next try, milliseconds. */
const retryDelayMs = 1_000

type OpenFrame = {
  readonly stream: LogStream
  readonly at: number
  readonly offset: number
  bytes: number
  lines: number
}

/** An open log file. A write that fails is tried again later with what comes then; what was lost is counted. */
export class LogFile {
  readonly #file: number
  readonly #options: LogFileOptions
  readonly #full: Batch[] = []
  #batch: Batch
  #frame: OpenFrame | null = null
  /** Lines and bytes in the file, as far as they are on their way. */
  #lines: number
  #size: number
  #indexedAt = 0
  #writing: Promise<void> | null = null
  #drained: (() => void)[] = []
  #failedAt: number | null = null
  #lostBytes = 0
  #isClosed = false
  /** Ends the time in which lines are gathered; null when none are. */
  #gathered: (() => void) | null = null

  private constructor(file: number, options: LogFileOptions, end: LogEnd) {
    this.#file = file
    this.#options = options
    this.#lines = end.lines
    this.#size = end.size
    this.#indexedAt = end.size
    this.#batch = emptyBatch(this.#lines)
  }

  /** Opens for appending. What a crash left of a last frame is repaired first: its whole lines stay, the rest goes. */
  static async open(options: LogFileOptions): Promise<LogFile> {
    const { path } = options
    const file = openAppending(path)
    const status = fstatSync(file)
    // A log that is no file (a device) is left alone.
    const isNew = status.size === 0 || !status.isFile()
    return new LogFile(file, options, isNew ? { lines: 0, size: 0 } : await repairLog(path, status.size))
  }

  /** Lines in the log. */
  get lines(): number {
    return this.#lines
  }

  /** Bytes of text that the disk did not take, since last asked. */
  takeLostBytes(): number {
    const lost = this.#lostBytes
    this.#lostBytes = 0
    return lost
  }

  /** Whether what is appended now has a place: writes do not fail, and few wait. */
  get isKeepingUp(): boolean {
    return this.#failedAt === null && this.#full.length < limits.jobLogBatchesMax / 2
  }

  /** Takes whole lines (copied), at most `frameBytesMax` less a head at once. False when the writer should wait until `drained`; beyond the limit of what waits, lines are lost and counted. */
  append({ stream, at, text, count }: Entry): boolean {
    assert(headBytes + text.length <= frameBytesMax, 'what is appended at once fits into a frame')
    if (this.#isClosed) {
      this.#lostBytes += text.length
      return true
    }
    if (this.#frame?.stream !== stream || this.#frame.at !== at || this.#batch.used + text.length > frameBytesMax) {
      if (!this.#beginFrame({ stream, at, needed: text.length })) {
        this.#lostBytes += text.length
        return false
      }
    }
    const { used } = this.#batch
    text.copy(this.#batch.memory, used)
    this.#batch.used = used + text.length
    this.#batch.textBytes += text.length
    this.#batch.lines += count
    if (this.#frame !== null) {
      this.#frame.bytes += text.length
      this.#frame.lines += count
    }
    this.#lines += count
    this.#writing ??= this.#writeAll()
    return this.#full.length < limits.jobLogBatchesMax / 2
  }

  /** Resolves when the writer may go on. */
  drained(): Promise<void> {
    return this.#full.length < limits.jobLogBatchesMax / 2
      ? Promise.resolve()
      : new Promise((resolve) => void this.#drained.push(resolve))
  }

  /** Waits for what is on its way. */
  async settled(): Promise<void> {
    if (this.#gathered !== null) this.#writeNow()
    while (this.#writing !== null) await this.#writing
  }

  /** Waits for what is on its way, and closes; what comes after that is lost. */
  async close(): Promise<void> {
    await this.settled()
    if (this.#isClosed) return
    this.#isClosed = true
    giveBack(this.#batch)
    closeSync(this.#file)
  }

  #beginFrame({
    stream,
    at,
    needed,
  }: {
    readonly stream: LogStream
    readonly at: number
    readonly needed: number
  }): boolean {
    this.#endFrame()
    if (this.#batch.used + headBytes + needed > frameBytesMax) {
      if (this.#full.length >= limits.jobLogBatchesMax) return false
      this.#full.push(this.#batch)
      this.#batch = emptyBatch(this.#lines)
      this.#gathered?.()
    }
    this.#frame = { stream, at, offset: this.#batch.used, bytes: 0, lines: 0 }
    this.#batch.used += headBytes
    return true
  }

  #endFrame(): void {
    if (this.#frame === null) return
    this.#batch.memory.write(headOf(this.#frame), this.#frame.offset, 'latin1')
    this.#frame = null
  }

  async #writeAll(): Promise<void> {
    await this.#gather()
    for (let batches = this.#nextBatches(); batches.length > 0; batches = this.#nextBatches()) {
      await this.#write(batches)
      for (const batch of batches) giveBack(batch)
      if (this.#full.length < limits.jobLogBatchesMax / 2) for (const resolve of this.#drained.splice(0)) resolve()
    }
    this.#writing = null
  }

  /** Lets what is said within a moment become one batch: a short job says all of it then. */
  async #gather(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#gathered?.(), gatherMs)
      this.#gathered = () => {
        clearTimeout(timer)
        this.#gathered = null
        resolve()
      }
    })
  }

  /** What was gathered, at once: handing so little to another thread takes longer than writing it. */
  #writeNow(): void {
    if (this.#full.length === 0) {
      const batches = this.#nextBatches()
      if (this.#isTrying(batches))
        try {
          writeFullySync(this.#file, piecesOf(batches))
          this.#written(batches)
        } catch (error) {
          this.#failed(error, batches)
          cutQuietly(this.#file, this.#size)
        }
      for (const batch of batches) giveBack(batch)
    }
    this.#gathered?.()
  }

  /** All that are full, else the one that is being filled. */
  #nextBatches(): readonly Batch[] {
    if (this.#full.length > 0) return this.#full.splice(0)
    if (this.#batch.used === 0) return []
    this.#endFrame()
    const batch = this.#batch
    this.#batch = emptyBatch(this.#lines)
    return [batch]
  }

  async #write(batches: readonly Batch[]): Promise<void> {
    if (!this.#isTrying(batches)) return
    try {
      await writeFully(this.#file, piecesOf(batches))
      this.#written(batches)
    } catch (error) {
      this.#failed(error, batches)
      cutQuietly(this.#file, this.#size)
    }
  }

  /** Whether it is time for the next try, should one have failed. */
  #isTrying(batches: readonly Batch[]): boolean {
    if (this.#failedAt === null || Math.abs(this.#options.now() - this.#failedAt) >= retryDelayMs) return true
    this.#lose(batches)
    return false
  }

  #failed(error: unknown, batches: readonly Batch[]): void {
    if (this.#failedAt === null) this.#options.onFailure(error instanceof Error ? error : new Error(String(error)))
    this.#failedAt = this.#options.now()
    this.#lose(batches)
  }

  #written(batches: readonly Batch[]): void {
    this.#failedAt = null
    let places = ''
    for (const { firstLine, used } of batches) {
      if (this.#size - this.#indexedAt >= indexEveryBytes) {
        places += indexLineOf({ line: firstLine, offset: this.#size })
        this.#indexedAt = this.#size
      }
      this.#size += used
    }
    if (places !== '') appendQuietly(indexPathOf(this.#options.path), places)
  }

  /** Lines that are not in the file must not count, or no later line would be found under its number. */
  #lose(batches: readonly Batch[]): void {
    const lines = batches.reduce((sum, batch) => sum + batch.lines, 0)
    this.#lostBytes += batches.reduce((sum, { textBytes }) => sum + textBytes, 0)
    this.#lines -= lines
    for (const later of [...this.#full, this.#batch]) later.firstLine -= lines
  }
}
