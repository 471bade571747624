/** Makes whole lines of bytes that come in pieces. */
import { limits } from '../../core/limits.ts'
import { countLines } from './frames.ts'

/** Whole lines, each with its line feed. */
export type Lines = { readonly text: Buffer; readonly count: number }

const lineFeed = 0x0a
const carriageReturn = 0x0d
const endOfLine = Buffer.from('\n')
const lineMax = limits.jobLogLineMax

/**
 * Splits one stream; the lines are the same however it was cut. A line longer than `limits.jobLogLineMax` is cut into several, between characters. What a
 * carriage return overwrites (a progress bar) is left out, as on a terminal.
 */
export class LineSplitter {
  /** The beginning of a line whose end has not come. */
  #rest: Buffer = Buffer.allocUnsafe(256)
  #restLength = 0
  /** Whether a carriage return came after the rest: whatever follows but a line feed overwrites it. */
  #isReturned = false

  /** The lines that are whole now, in order. Their text may lie in the chunk's own memory. */
  push(chunk: Buffer): readonly Lines[] {
    const isPlain = !this.#isReturned && chunk.indexOf(carriageReturn) === -1
    return (isPlain ? this.#plain(chunk) : null) ?? this.#careful(chunk)
  }

  /** The rest, as a line. */
  end(): readonly Lines[] {
    return this.#restLength === 0 ? [] : this.#careful(endOfLine)
  }

  /** A chunk without carriage returns; null when a line is too long. */
  #plain(chunk: Buffer): readonly Lines[] | null {
    const end = chunk.lastIndexOf(lineFeed) + 1
    const firstEnd = this.#restLength === 0 ? 0 : chunk.indexOf(lineFeed) + 1
    const count = countShortLines(chunk.subarray(firstEnd, end))
    const isLong = this.#restLength + firstEnd - 1 > lineMax || chunk.length - end > lineMax
    if (count === null || isLong || (end === 0 && this.#restLength + chunk.length > lineMax)) return null
    const ready: Lines[] = []
    if (firstEnd > 0) {
      const text = Buffer.concat([this.#rest.subarray(0, this.#restLength), chunk.subarray(0, firstEnd)])
      ready.push({ text, count: 1 })
      this.#restLength = 0
    }
    if (end > firstEnd) ready.push({ text: chunk.subarray(firstEnd, end), count })
    this.#keep(chunk.subarray(end))
    return ready
  }

  /** Any chunk, piece by piece between its carriage returns and line feeds. */
  #careful(chunk: Buffer): readonly Lines[] {
    const text = Buffer.allocUnsafe(
      this.#restLength + chunk.length + Math.ceil((this.#restLength + chunk.length) / lineMax) + 1,
    )
    let length = 0
    const say = (end: number): void => {
      length += this.#rest.copy(text, length, 0, end)
      text[length++] = lineFeed
      this.#rest.copyWithin(0, end, this.#restLength)
      this.#restLength -= end
    }
    const add = (piece: Buffer): void => {
      if (piece.length === 0) return
      if (this.#isReturned) this.#restLength = 0
      this.#isReturned = false
      this.#keep(piece)
      while (this.#restLength > lineMax) say(characterBefore(this.#rest, lineMax))
    }
    let from = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (byte !== lineFeed && byte !== carriageReturn) continue
      add(chunk.subarray(from, at))
      from = at + 1
      if (byte === lineFeed) say(this.#restLength)
      this.#isReturned = byte === carriageReturn
    }
    add(chunk.subarray(from))
    const said = text.subarray(0, length)
    return length === 0 ? [] : [{ text: said, count: countLines(said) }]
  }

  #keep(bytes: Buffer): void {
    const length = this.#restLength + bytes.length
    if (length > this.#rest.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#rest.length))
      this.#rest.copy(larger, 0, 0, this.#restLength)
      this.#rest = larger
    }
    bytes.copy(this.#rest, this.#restLength)
    this.#restLength = length
  }
}

/** How many lines there are; null when one is too long. */
const countShortLines = (text: Buffer): number | null => {
  let count = 0
  for (let at = 0; at < text.length; count += 1) {
    const end = text.indexOf(lineFeed, at)
    if (end - at > lineMax) return null
    at = end + 1
  }
  return count
}

/** The last place up to `at` that is not inside of a character of UTF-8; `at` itself where there are no characters. */
const characterBefore = (text: Buffer, at: number): number => {
  let place = at
  while (place > at - 4 && ((text[place] ?? 0) & 0xc0) === 0x80) place -= 1
  return place > at - 4 ? place : at
}
