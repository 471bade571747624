/** Reading a job's log, also while it is written: pages of lines by number, and search. A page costs what it holds, not what the log holds. */
import { type FileHandle, open } from 'node:fs/promises'
import { limits } from '../../core/limits.ts'
import type { LogLine, LogPage } from '../../ports/runner.ts'
import { countLines, type Frame, framesOf, placeBefore } from './frames.ts'

/** Which lines: those after line `after` (0: from the first), at most `limit`. */
export type Page = { readonly after: number; readonly limit: number }

const lineFeed = 0x0a

/** Lines of a log. Fewer than `limit` when there are no more, or when they would be more than `limits.logPageBytesMax`; of a log that is not there, none. */
export const readLog = async (path: string, { after, limit }: Page): Promise<readonly LogLine[]> => {
  const lines: LogLine[] = []
  let bytes = 0
  for await (const frame of framesAfter(path, after)) {
    for (const line of linesOf(frame, after)) {
      if (lines.length >= limit || bytes > limits.logPageBytesMax) return lines
      lines.push(line)
      bytes += line.text.length
    }
  }
  return lines
}

/** Lines that contain a text (letter by letter), and up to where was looked: ask again with `after: next` for more, until nothing is found and `next` stays. */
export const searchLog = async (path: string, text: string, { after, limit }: Page): Promise<LogPage> => {
  const needle = Buffer.from(text, 'utf8')
  const lines: LogLine[] = []
  let next = after
  let bytes = 0
  for await (const frame of framesAfter(path, after)) {
    for (const line of hitsOf(frame, needle)) {
      if (line.number <= after) continue
      lines.push(line)
      next = line.number
      bytes += line.text.length
      if (lines.length >= limit || bytes > limits.logPageBytesMax) return { lines, next }
    }
    next = frame.before + frame.lines
  }
  return { lines, next: Math.max(next, after) }
}

/** The frames that have lines after line `after`. */
async function* framesAfter(path: string, after: number): AsyncGenerator<Frame, void> {
  const file = await openLog(path)
  if (file === null) return
  try {
    for await (const frame of framesOf(file, await placeBefore(file, path, after)))
      if (frame.before + frame.lines > after) yield frame
  } finally {
    await file.close()
  }
}

const openLog = async (path: string): Promise<FileHandle | null> => {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function* linesOf({ stream, at, before, text }: Frame, after: number): Generator<LogLine, void> {
  let number = before
  for (let begin = 0; begin < text.length;) {
    const end = text.indexOf(lineFeed, begin)
    number += 1
    if (number > after) yield { number, at, stream, text: text.toString('utf8', begin, end) }
    begin = end + 1
  }
}

/** The lines of a frame whose bytes hold the needle. */
function* hitsOf({ stream, at, before, text }: Frame, needle: Buffer): Generator<LogLine, void> {
  let number = before
  let counted = 0
  for (let hit = text.indexOf(needle); hit !== -1; hit = text.indexOf(needle, counted)) {
    const begin = text.lastIndexOf(lineFeed, hit) + 1
    const end = text.indexOf(lineFeed, hit)
    number += countLines(text.subarray(counted, begin)) + 1
    yield { number, at, stream, text: text.toString('utf8', begin, end) }
    counted = end + 1
  }
}
