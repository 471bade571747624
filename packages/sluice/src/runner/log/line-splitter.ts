/** Makes whole lines of bytes that come in pieces. */
import { limits } from '../../core/limits.ts'

/** Whole lines, each with its line feed. */
export type Lines = { readonly text: Buffer; readonly count: number }

const lineFeed = 0x0a
const carriageReturn = 0x0d
const endOfLine = Buffer.from('\n')

/**
 * Splits one stream. A line longer than `limits.jobLogLineMax` is cut into several, between characters; of one that overwrites itself (a progress bar and its
 * carriage returns) only what a terminal would still show is kept.
 */
export class LineSplitter {
  /** The beginning of a line whose end has not come. */
  #rest = Buffer.alloc(256)
  #restLength = 0

  /** The lines that are whole now, in order. Their text may lie in the chunk's own memory. */
  push(chunk: Buffer): readonly Lines[] {
    const first = this.#restLength === 0 ? -1 : chunk.indexOf(lineFeed)
    if (this.#restLength > 0 && first === -1) return this.#keep(chunk)
    const ready: Lines[] = []
    if (first !== -1) {
      const line = Buffer.concat([this.#rest.subarray(0, this.#restLength), chunk.subarray(0, first + 1)])
      ready.push(...cut(line))
      this.#restLength = 0
    }
    const last = chunk.lastIndexOf(lineFeed)
    if (last > first) ready.push(...cut(chunk.subarray(first + 1, last + 1)))
    return [...ready, ...this.#keep(chunk.subarray(last + 1))]
  }

  /** The rest, as a line. */
  end(): readonly Lines[] {
    if (this.#restLength === 0) return []
    const text = Buffer.concat([this.#rest.subarray(0, this.#restLength), endOfLine])
    this.#restLength = 0
    return cut(text)
  }

  /** Adds to the rest, and gives what of it is too long to wait any longer. */
  #keep(bytes: Buffer): readonly Lines[] {
    const length = this.#restLength + bytes.length
    if (length > this.#rest.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#rest.length))
      this.#rest.copy(larger, 0, 0, this.#restLength)
      this.#rest = larger
    }
    bytes.copy(this.#rest, this.#restLength)
    this.#restLength = length
    if (length <= limits.jobLogLineMax) return []
    const rest = shown(this.#rest.subarray(0, length))
    const ready: Lines[] = []
    let at = 0
    while (rest.length - at > limits.jobLogLineMax) {
      const end = characterBefore(rest, at + limits.jobLogLineMax)
      ready.push({ text: Buffer.concat([rest.subarray(at, end), endOfLine]), count: 1 })
      at = end
    }
    this.#rest = Buffer.from(rest.subarray(at))
    this.#restLength = this.#rest.length
    return ready
  }
}

/** Whole lines with those that are too long cut. */
const cut = (text: Buffer): readonly Lines[] => {
  const ready: Lines[] = []
  let begin = 0
  let count = 0
  let at = 0
  while (at < text.length) {
    const end = text.indexOf(lineFeed, at) + 1
    if (end - at - 1 > limits.jobLogLineMax) {
      if (count > 0) ready.push({ text: text.subarray(begin, at), count })
      ready.push(...cutLine(shown(text.subarray(at, end - 1))))
      begin = end
      count = 0
    } else count += 1
    at = end
  }
  if (count > 0) ready.push({ text: text.subarray(begin), count })
  return ready
}

const cutLine = (line: Buffer): readonly Lines[] => {
  const ready: Lines[] = []
  for (let at = 0; at < line.length || at === 0;) {
    const end = line.length - at > limits.jobLogLineMax ? characterBefore(line, at + limits.jobLogLineMax) : line.length
    ready.push({ text: Buffer.concat([line.subarray(at, end), endOfLine]), count: 1 })
    at = Math.max(end, 1)
  }
  return ready
}

/** What a terminal still shows of a line: what follows the last carriage return that something follows. */
const shown = (line: Buffer): Buffer => {
  let end = line.length
  while (end > 0 && line[end - 1] === carriageReturn) end -= 1
  return line.subarray(line.subarray(0, end).lastIndexOf(carriageReturn) + 1)
}

/** The last place up to `at` that is not inside of a character of UTF-8. */
const characterBefore = (text: Buffer, at: number): number => {
  let place = at
  while (place > at - 4 && ((text[place] ?? 0) & 0xc0) === 0x80) place -= 1
  return place > at - 4 ? place : at
}
