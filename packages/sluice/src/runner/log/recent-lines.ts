/** The last lines of a log in memory, for error messages and for the end of a log that grew too large. */
import { countLines, type LogStream } from './frames.ts'

/** Lines of one stream and one moment. */
export type Remembered = {
  readonly stream: LogStream
  readonly at: number
  readonly text: Buffer
  readonly count: number
}

const lineFeed = 0x0a

/** Keeps the last lines: at most so many, in at most so many bytes. */
export class RecentLines {
  readonly #linesMax: number
  readonly #bytesMax: number
  #parts: Remembered[] = []
  #lines = 0
  #bytes = 0

  constructor({ linesMax, bytesMax }: { readonly linesMax: number; readonly bytesMax: number }) {
    this.#linesMax = linesMax
    this.#bytesMax = bytesMax
  }

  /** Copies what it keeps. */
  push({ stream, at, text, count }: Remembered): void {
    const kept = lastOf(text, this.#linesMax, this.#bytesMax)
    const lines = kept.length === text.length ? count : countLines(kept)
    this.#parts.push({ stream, at, text: Buffer.from(kept), count: lines })
    this.#lines += lines
    this.#bytes += kept.length
    for (let first = this.#parts[0]; first !== undefined && this.#isTooMuch(first); first = this.#parts[0]) {
      this.#parts.shift()
      this.#lines -= first.count
      this.#bytes -= first.text.length
    }
  }

  /** What is kept, oldest first; nothing is kept any more. */
  take(): readonly Remembered[] {
    const parts = this.#parts
    this.#parts = []
    this.#lines = 0
    this.#bytes = 0
    return parts
  }

  /** The lines as text. */
  texts(): readonly string[] {
    return this.#parts.flatMap(({ text }) => text.toString('utf8').slice(0, -1).split('\n')).slice(-this.#linesMax)
  }

  /** Whether there is enough without the first part, or too much with it. */
  #isTooMuch(first: Remembered): boolean {
    return this.#lines - first.count >= this.#linesMax || this.#bytes > this.#bytesMax
  }
}

const lastOf = (text: Buffer, linesMax: number, bytesMax: number): Buffer => {
  let from = text.length
  for (let lines = 0; lines < linesMax && from > 0; lines += 1) {
    const begin = from < 2 ? 0 : text.lastIndexOf(lineFeed, from - 2) + 1
    if (text.length - begin > bytesMax) break
    from = begin
  }
  return text.subarray(from)
}
