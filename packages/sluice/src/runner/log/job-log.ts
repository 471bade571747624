/** A job's log while it is written: masked before anything else, in whole lines with time and stream, bounded in size; with its marks. */
import type { Readable } from 'node:stream'
import { limits } from '../../core/limits.ts'
import { Masker, MaskSet, maskText } from '../../lib/mask.ts'
import type { Annotation } from '../../ports/dialect.ts'
import type { StepOutcome } from '../../ports/runner.ts'
import type { LogStream } from './frames.ts'
import { type Lines, LineSplitter } from './line-splitter.ts'
import { LogFile } from './log-file.ts'
import { type Mark, MarkFile } from './marks.ts'
import { RecentLines } from './recent-lines.ts'

/** What a log is opened with. */
export type JobLogOptions = {
  readonly path: string
  /** Values to mask from the first byte on. */
  readonly secrets: readonly string[]
  /** Epoch ms. */
  readonly now: () => number
  /** Bytes of output that are kept, but for the end of each step; the limit's when absent. */
  readonly bytesMax?: number
}

/** Bytes that are taken in one go; what becomes of them fits into a frame. */
const portionBytes = 65_536

type Unplaced<One> = One extends { readonly line: number } ? Omit<One, 'at' | 'line'> : never

type OutputStream = Exclude<LogStream, 'sluice'>
type Source = { readonly masker: Masker; readonly splitter: LineSplitter }

/**
 * An open log. Whatever happens to the file (a full disk) never decides how a job ends: it is said in the last lines instead. When a job says more than
 * `bytesMax`, the first bytes are kept and of every step the last lines, with a line between them that says how much was dropped.
 */
export class JobLog {
  /** What is masked here, and must be in what is kept beside the log. */
  readonly masks: MaskSet
  readonly #file: LogFile
  readonly #marks: MarkFile
  readonly #now: () => number
  readonly #bytesMax: number
  readonly #sources: Readonly<Record<OutputStream, Source>>
  readonly #recent: RecentLines
  /** The last lines of what the limit shut out. */
  readonly #shutOut = new RecentLines({ linesMax: Number.POSITIVE_INFINITY, bytesMax: limits.jobLogEndBytesMax })
  #bytes = 0
  #droppedBytes = 0
  #marksCount = 0
  #summaryBytes = 0

  private constructor(
    files: { readonly log: LogFile; readonly marks: MarkFile; readonly recent: RecentLines },
    { secrets, now, bytesMax = limits.jobLogBytesMax }: JobLogOptions,
  ) {
    this.#file = files.log
    this.#marks = files.marks
    this.#recent = files.recent
    this.#now = now
    this.#bytesMax = bytesMax
    this.masks = new MaskSet(secrets)
    const source = (): Source => ({ masker: new Masker(this.masks), splitter: new LineSplitter() })
    this.#sources = { stdout: source(), stderr: source() }
  }

  /** Opens for appending: a second attempt goes on where the first ended. */
  static async open(options: JobLogOptions): Promise<JobLog> {
    const { path, now } = options
    const recent = new RecentLines({ linesMax: limits.evidenceLinesMax, bytesMax: limits.jobLogEndBytesMax })
    const onFailure = (error: Error): void => {
      const text = Buffer.from(`the log could not be written: ${error.message}\n`)
      recent.push({ stream: 'sluice', at: now(), text, count: 1 })
    }
    const log = await LogFile.open({ path, now, onFailure })
    const marks = new MarkFile(path)
    if (log.lines > 0) marks.append({ kind: 'opened', at: now(), line: log.lines })
    return new JobLog({ log, marks, recent }, options)
  }

  /** Takes bytes as they come. False when the disk does not keep up: wait until `drained`, or what does not fit into memory is lost (and counted). */
  write(stream: OutputStream, chunk: Uint8Array): boolean {
    const { masker, splitter } = this.#sources[stream]
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let mayGoOn = true
    for (let at = 0; at < bytes.length; at += portionBytes) {
      const ready = splitter.push(masker.push(bytes.subarray(at, at + portionBytes)))
      for (const lines of ready) mayGoOn = this.#store(stream, lines) && mayGoOn
    }
    return mayGoOn
  }

  /** Resolves when more may be written. */
  drained(): Promise<void> {
    return this.#file.drained()
  }

  /** Takes all that a stream gives, and no faster than the disk does. */
  take(stream: OutputStream, readable: Readable): void {
    readable.on('data', (chunk: Uint8Array) => {
      if (this.write(stream, chunk)) return
      readable.pause()
      void this.drained().then(() => readable.resume())
    })
  }

  /** A line of the runner's own (or several). Not bounded by the log's limit: there are few. */
  note(text: string): void {
    const splitter = new LineSplitter()
    const bytes = Buffer.from(`${maskText(this.masks, text)}\n`)
    for (let at = 0; at < bytes.length; at += portionBytes)
      for (const lines of splitter.push(bytes.subarray(at, at + portionBytes))) this.#put('sluice', lines)
  }

  /** A line of the runner's own that quotes what a job wrote. Cut, but only after it was masked: half a secret is none that can be found. */
  noteShort(text: string): void {
    const masked = this.masked(text)
    this.note(masked.length > limits.evidenceLineMax ? `${masked.slice(0, limits.evidenceLineMax)}…` : masked)
  }

  /** Begins a step, numbered from 0. What an earlier one left open is over. */
  beginStep(index: number, name: string): void {
    this.#flush()
    this.#mark({ kind: 'step', index, name: maskText(this.masks, name) })
  }

  /** Ends the step, with all of its groups. */
  endStep(outcome: StepOutcome): void {
    this.#flush()
    this.#mark({ kind: 'step_ended', outcome })
  }

  /** Begins a fold inside of the open ones. */
  group(name: string): void {
    this.#mark({ kind: 'group', name: maskText(this.masks, name).slice(0, limits.evidenceLineMax) })
  }

  /** Ends the innermost group; nothing without one. */
  endGroup(): void {
    this.#mark({ kind: 'group_ended' })
  }

  /** From now on this value is masked. */
  addMask(value: string): void {
    this.masks.add(value)
  }

  /** A text as the log would have it: for what is kept beside it. */
  masked(text: string): string {
    return maskText(this.masks, text)
  }

  /** Remembers a remark, masked. */
  annotate({ level, title, message, file, line, column }: Annotation): void {
    const masked = (text: string): string => maskText(this.masks, text).slice(0, limits.reasonCharactersMax)
    const annotation = {
      level,
      title: title === null ? null : masked(title),
      message: masked(message),
      file: file === null ? null : masked(file),
      line,
      column,
    }
    this.#mark({ kind: 'annotation', annotation })
  }

  /** Adds Markdown to the job's summary. More than `limits.jobSummaryBytesMax` in all is left out, and a line says so. */
  summarize(markdown: string): void {
    const masked = maskText(this.masks, markdown)
    const bytes = Buffer.byteLength(masked)
    if (this.#summaryBytes + bytes > limits.jobSummaryBytesMax) {
      this.note(`${bytes} bytes of summary were left out: a job may write ${limits.jobSummaryBytesMax}`)
      return
    }
    this.#summaryBytes += bytes
    this.#marks.append({ kind: 'summary', at: this.#now(), markdown: masked })
  }

  /** The last lines, for error messages. */
  tail(): readonly string[] {
    return this.#recent.texts()
  }

  /** Writes what is held back, and closes. */
  async close(): Promise<void> {
    this.#flush()
    await this.#file.settled()
    this.#sayLost()
    await this.#file.close()
    await this.#marks.close()
  }

  /** Whatever a masker or an unfinished line holds back is let go: nothing follows it. */
  #flush(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { masker, splitter } = this.#sources[stream]
      for (const lines of [...splitter.push(masker.end()), ...splitter.end()]) this.#store(stream, lines)
    }
    if (this.#droppedBytes > 0) {
      const kept = this.#shutOut.take()
      const keptBytes = kept.reduce((sum, { text }) => sum + text.length, 0)
      if (this.#droppedBytes > keptBytes)
        this.note(
          `${this.#droppedBytes - keptBytes} bytes dropped: a log keeps ${this.#bytesMax} bytes, and the last ${limits.jobLogEndBytesMax} of each step after that`,
        )
      for (const entry of kept) this.#file.append(entry)
      this.#droppedBytes = 0
    }
    this.#sayLost()
  }

  #store(stream: OutputStream, { text, count }: Lines): boolean {
    // The first that does not fit shuts the log: what came later would seem to follow what came before.
    if (this.#droppedBytes === 0 && this.#bytes + text.length <= this.#bytesMax) {
      this.#bytes += text.length
      return this.#put(stream, { text, count })
    }
    const at = this.#now()
    this.#bytes = this.#bytesMax
    this.#droppedBytes += text.length
    this.#recent.push({ stream, at, text, count })
    this.#shutOut.push({ stream, at, text, count })
    return true
  }

  #put(stream: LogStream, { text, count }: Lines): boolean {
    const entry = { stream, at: this.#now(), text, count }
    this.#recent.push(entry)
    return this.#file.append(entry)
  }

  #sayLost(): void {
    if (!this.#file.isKeepingUp) return
    const lost = this.#file.takeLostBytes()
    if (lost > 0) this.note(`${lost} bytes of log were lost: the disk did not take them`)
  }

  #mark(mark: Unplaced<Mark>): void {
    this.#marksCount += 1
    if (this.#marksCount === limits.jobMarksMax)
      this.note(`more than ${limits.jobMarksMax} groups and annotations; the rest is left out`)
    const isBound = mark.kind !== 'step' && mark.kind !== 'step_ended'
    if (isBound && this.#marksCount >= limits.jobMarksMax) return
    this.#marks.append({ ...mark, at: this.#now(), line: this.#file.lines })
  }
}
