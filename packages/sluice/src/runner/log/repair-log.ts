/** Makes a log whole again that a crash has torn at its end. */
import { open } from 'node:fs/promises'
import { framesOf, headBytes, headOf, placeBefore } from './frames.ts'

/** Lines and bytes of a log. */
export type LogEnd = { readonly lines: number; readonly size: number }

/** Keeps the whole lines of a last frame, and cuts off the rest; gives where the log ends then. */
export const repairLog = async (path: string, size: number): Promise<LogEnd> => {
  const file = await open(path, 'r+')
  try {
    const from = await placeBefore(file, path, Number.POSITIVE_INFINITY)
    let end = { lines: from.line, size: from.offset }
    for await (const { stream, at, text, lines, offset, isWhole } of framesOf(file, from)) {
      end = { lines: end.lines + lines, size: offset + headBytes + text.length }
      if (!isWhole) await file.write(headOf({ stream, at, bytes: text.length, lines }), offset, 'latin1')
    }
    if (end.size < size) await file.truncate(end.size)
    return end
  } finally {
    await file.close()
  }
}
