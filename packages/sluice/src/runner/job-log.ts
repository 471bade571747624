/** A job's log: one JSON object a line (`{at, stream, text}`), masked before it reaches the disk, bounded in size. */
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { StringDecoder } from 'node:string_decoder'
import { limits } from '../core/limits.ts'
import { Masker } from '../lib/mask.ts'
import type { Annotation } from '../ports/dialect.ts'
import type { StepOutcome } from '../ports/runner.ts'

/** Where a line came from; `sluice` is the runner itself. */
export type LogStream = 'stdout' | 'stderr' | 'sluice'

/** One line. */
export type LogLine = { readonly at: number; readonly stream: LogStream; readonly text: string }

/** What a log is opened with. */
export type JobLogOptions = { readonly path: string; readonly secrets: readonly string[]; readonly now: () => number }

type Source = { readonly decoder: StringDecoder; masker: Masker; rest: string }

/** An open log. A file that cannot be written (a full disk) never decides how a job ends: it is said in the last lines instead. Lines of each stream stay whole; a line longer than the limit is cut into several. */
export class JobLog {
  readonly #file: WriteStream
  readonly #now: () => number
  readonly #secrets: string[]
  readonly #sources: Record<LogStream, Source>
  readonly #tail: string[] = []
  #bytes = 0
  #droppedBytes = 0
  /** Why the file takes no more; the job goes on, and its last lines are still in memory. */
  #failure: Error | null = null

  private constructor(file: WriteStream, { secrets, now }: JobLogOptions) {
    const source = (): Source => ({ decoder: new StringDecoder('utf8'), masker: new Masker(secrets), rest: '' })
    this.#file = file
    file.on('error', (error) => {
      this.#failure ??= error
      this.#remember(`the log could not be written: ${error.message}`)
    })
    this.#now = now
    this.#secrets = [...secrets]
    this.#sources = { stdout: source(), stderr: source(), sluice: source() }
  }

  /** Opens for appending: a second attempt goes on where the first ended. */
  static async open(options: JobLogOptions): Promise<JobLog> {
    await mkdir(dirname(options.path), { recursive: true })
    return new JobLog(createWriteStream(options.path, { flags: 'a', mode: 0o600 }), options)
  }

  /** Takes bytes as they come. */
  write(stream: Exclude<LogStream, 'sluice'>, chunk: Uint8Array): void {
    const source = this.#sources[stream]
    this.#lines(stream, source.masker.push(source.decoder.write(Buffer.from(chunk))))
  }

  /** A line of the runner's own. */
  note(text: string): void {
    const { masker } = this.#sources.sluice
    this.#line('sluice', masker.push(text) + masker.end())
  }

  /** Begins a step, numbered from 0. */
  beginStep(_index: number, name: string): void {
    this.note(name)
  }

  /** Ends it. */
  endStep(_outcome: StepOutcome): void {
    this.#lines('stdout', '')
  }

  /** Begins a fold. */
  group(name: string): void {
    this.note(name)
  }

  /** Ends it. */
  endGroup(): void {
    this.#lines('stdout', '')
  }

  /** From now on this value is masked. */
  addMask(value: string): void {
    this.#secrets.push(value)
    for (const stream of ['stdout', 'stderr', 'sluice'] as const) {
      const source = this.#sources[stream]
      this.#lines(stream, source.masker.end())
      source.masker = new Masker(this.#secrets)
    }
  }

  /** Remembers a remark. */
  annotate({ level, title, message, file, line }: Annotation): void {
    this.note(
      [level, file === null ? null : `${file}:${line ?? 1}`, title, message].filter((one) => one !== null).join(' '),
    )
  }

  /** Adds Markdown to the job's summary. */
  summarize(_markdown: string): void {
    this.#lines('stdout', '')
  }

  /** The last lines, for error messages. */
  tail(): readonly string[] {
    return [...this.#tail]
  }

  /** Writes what is held back, and closes. */
  async close(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = this.#sources[stream]
      this.#lines(stream, source.masker.push(source.decoder.end()) + source.masker.end())
      if (source.rest !== '') this.#line(stream, source.rest)
    }
    if (this.#droppedBytes > 0)
      this.#put('sluice', `${this.#droppedBytes} bytes of log dropped: the limit is ${limits.jobLogBytesMax}`)
    await new Promise<void>((resolve) => {
      if (this.#file.closed) resolve()
      this.#file.once('close', resolve)
      this.#file.end()
    })
  }

  #lines(stream: LogStream, text: string): void {
    const source = this.#sources[stream]
    const parts = (source.rest + text).split('\n')
    source.rest = parts.pop() ?? ''
    for (const part of parts) this.#line(stream, part.endsWith('\r') ? part.slice(0, -1) : part)
    while (source.rest.length > limits.jobLogLineMax) {
      this.#line(stream, source.rest.slice(0, limits.jobLogLineMax))
      source.rest = source.rest.slice(limits.jobLogLineMax)
    }
  }

  #line(stream: LogStream, text: string): void {
    this.#remember(text)
    if (this.#bytes + text.length > limits.jobLogBytesMax) this.#droppedBytes += text.length
    else this.#put(stream, text)
  }

  #remember(text: string): void {
    this.#tail.push(text)
    if (this.#tail.length > limits.evidenceLinesMax) this.#tail.shift()
  }

  #put(stream: LogStream, text: string): void {
    this.#bytes += text.length
    if (this.#failure !== null) return
    this.#file.write(`${JSON.stringify({ at: this.#now(), stream, text })}\n`)
  }
}

/** Lines of a log from number `after` on (0 is the first); a log that is not there has none. A line cut by a crash is left out. */
export const readLog = async (
  path: string,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly LogLine[]> => {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return []
  const lines: LogLine[] = []
  let number = 0
  for await (const text of createInterface({
    input: file.createReadStream({ encoding: 'utf8' }),
    crlfDelay: Infinity,
  })) {
    if (number >= page.after) {
      const line = parseLine(text)
      if (line !== null) lines.push(line)
    }
    number += 1
    if (lines.length >= page.limit) break
  }
  return lines
}

const parseLine = (text: string): LogLine | null => {
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line !== 'object' || line === null || !('at' in line && 'stream' in line && 'text' in line)) return null
    const { at, stream, text: said } = line
    const from = (['stdout', 'stderr', 'sluice'] as const).find((name) => name === stream)
    return typeof at === 'number' && from !== undefined && typeof said === 'string'
      ? { at, stream: from, text: said }
      : null
  } catch {
    return null
  }
}
