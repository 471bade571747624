/**
 * A job's log on disk: frames, each a head of 33 bytes and whole lines of text as they came (but masked). Lines that came together share the time and the
 * stream in their head, so that storing a log costs little more than copying it, and `grep -a` reads it. A head:
 *
 *     ␞o 1767225600000 0000812 0000014⏎     record separator, stream (o, e, s), epoch ms, bytes and lines that follow
 *
 * Beside it, `<log>.index` has a line for about each half megabyte: lines before a frame, and its offset. It only saves reading; a log without it is whole.
 */
import { readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { LogLine } from '../../ports/runner.ts'

/** Where a line came from; `sluice` is the runner itself. */
export type LogStream = LogLine['stream']

/** Lines of one stream and one moment. */
export type Frame = {
  readonly stream: LogStream
  /** Epoch ms. */
  readonly at: number
  /** Lines of the log before this frame. */
  readonly before: number
  readonly lines: number
  /** The lines, each with its line feed. */
  readonly text: Buffer
  /** Where the frame begins in the file, and whether all of it is there. */
  readonly offset: number
  readonly isWhole: boolean
}

/** A place in a log from which it can be read: lines before it, and its offset. */
export type Place = { readonly line: number; readonly offset: number }

/** Bytes of a frame's head. */
export const headBytes = 33
/** Largest frame, head included, bytes. */
export const frameBytesMax = 262_144
const readBytes = 524_288
const recordSeparator = 0x1e
const lineFeed = 0x0a
const letters: Readonly<Record<LogStream, string>> = { stdout: 'o', stderr: 'e', sluice: 's' }

/** The path of a log's index. */
export const indexPathOf = (path: string): string => `${path}.index`

/** The head of a frame. */
export const headOf = ({
  stream,
  at,
  bytes,
  lines,
}: {
  readonly stream: LogStream
  readonly at: number
  readonly bytes: number
  readonly lines: number
}): string => `\u001E${letters[stream]} ${digits(at, 13)} ${digits(bytes, 7)} ${digits(lines, 7)}\n`

/** One line of the index. */
export const indexLineOf = ({ line, offset }: Place): string => `${digits(line, 12)} ${digits(offset, 12)}\n`

const digits = (value: number, width: number): string => String(value).padStart(width, '0')

/** The last place of the index that has at most `line` lines before it and at which there is a frame; else the beginning. */
export const placeBefore = async (file: FileHandle, path: string, line: number): Promise<Place> => {
  const text = await readFile(indexPathOf(path), 'latin1').catch(() => '')
  const places = [...text.matchAll(/^(\d{12}) (\d{12})$/gm)].map(([, before, offset]) => ({
    line: Number(before),
    offset: Number(offset),
  }))
  const place = places.findLast((one) => one.line <= line)
  const head = Buffer.alloc(headBytes)
  if (place !== undefined) await file.read(head, 0, headBytes, place.offset)
  return place === undefined || readHead(head, 0) === null ? { line: 0, offset: 0 } : place
}

/**
 * The frames of a log from a place on. Of a frame that is torn (a crash, a full disk, a writer that is just writing) the whole lines that are there are the
 * last frame; what is no frame ends the log. A frame's text is good until the next one is asked for.
 */
export async function* framesOf(file: FileHandle, from: Place): AsyncGenerator<Frame, void> {
  const memory = Buffer.allocUnsafe(readBytes)
  let { line, offset } = from
  let window = memory.subarray(0, 0)
  let at = 0
  for (;;) {
    let head = readHead(window, at)
    if (head === null || at + headBytes + head.bytes > window.length) {
      const { bytesRead } = await file.read(memory, 0, readBytes, offset)
      window = memory.subarray(0, bytesRead)
      at = 0
      head = readHead(window, at)
    }
    if (head === null) return
    const end = at + headBytes + head.bytes
    const isWhole = end <= window.length && window[end - 1] === lineFeed
    const text = wholeLines(window.subarray(at + headBytes, end))
    const lines = isWhole ? head.lines : countLines(text)
    if (lines > 0) yield { stream: head.stream, at: head.at, before: line, lines, text, offset, isWhole }
    if (!isWhole) return
    line += lines
    offset += end - at
    at = end
  }
}

type Head = { readonly stream: LogStream; readonly at: number; readonly bytes: number; readonly lines: number }

const readHead = (window: Buffer, at: number): Head | null => {
  if (at + headBytes > window.length || window[at] !== recordSeparator) return null
  const match = /^.([oes]) (\d{13}) (\d{7}) (\d{7})\n$/s.exec(window.toString('latin1', at, at + headBytes))
  if (match === null) return null
  const [, letter, time, bytes, lines] = match
  const stream = letter === 'o' ? 'stdout' : letter === 'e' ? 'stderr' : 'sluice'
  return Number(bytes) + headBytes > frameBytesMax
    ? null
    : { stream, at: Number(time), bytes: Number(bytes), lines: Number(lines) }
}

const wholeLines = (text: Buffer): Buffer => text.subarray(0, text.lastIndexOf(lineFeed) + 1)

/** Line feeds of a text. */
export const countLines = (text: Buffer): number => {
  let lines = 0
  for (let at = text.indexOf(lineFeed); at !== -1; at = text.indexOf(lineFeed, at + 1)) lines += 1
  return lines
}
