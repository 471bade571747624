/** A part of the terminal that is painted again in place. */
import type { Output } from '../cli.ts'
import { stripAllButColours } from './plain.ts'
import { clip, widthOf } from './style.ts'

/** Shortest time between two paintings: 12 a second. */
const frameMs = 1_000 / 12

/** A place in the terminal. */
export type Live = {
  /** Paints these lines instead of the last ones, at most 12 times a second. */
  readonly paint: (lines: readonly string[]) => void
  /** Takes the place away; what is printed next comes where it was. */
  readonly clear: () => void
  /** Paints these lines in place of the last ones, and leaves them. */
  readonly leave: (lines: readonly string[]) => void
}

/** Makes a place at the cursor. `now` is a clock in milliseconds that does not jump. */
export const createLive = (output: Output, now: () => number): Live => {
  const fitting = (line: string): string =>
    clip(stripAllButColours(line.replaceAll('\n', ' '), true), Math.max(20, output.columns - 1))
  let painted: readonly string[] = []
  let paintedAt = -frameMs
  let text = ''
  // A terminal that was made narrower since has broken what no longer fits: each line takes as many rows as it now needs.
  const erase = (): string => {
    const rows = painted.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / output.columns)), 0)
    return rows === 0 ? '' : `\u001B[${rows}A\r\u001B[0J`
  }
  return {
    paint: (lines) => {
      if (now() - paintedAt < frameMs) return
      // More lines than the screen has could not be taken back.
      const visible = lines.slice(0, Math.max(1, output.rows - 1)).map(fitting)
      const next = visible.map((line) => `${line}\n`).join('')
      if (next === text) return
      output.write(`\u001B[?25l${erase()}${next}\u001B[?25h`)
      painted = visible
      text = next
      paintedAt = now()
    },
    clear: () => {
      if (painted.length > 0) output.write(erase())
      painted = []
      text = ''
    },
    leave: (lines) => {
      output.write(`${erase()}${lines.map((line) => `${fitting(line)}\n`).join('')}\n`)
      painted = []
      text = ''
    },
  }
}
