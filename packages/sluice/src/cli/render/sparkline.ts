/** A curve in one line of text. */
import type { Style } from './style.ts'

const unicodeCells = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
const asciiCells = ['_', '.', '-', '=', '+', '*', '%', '#'] as const

/** Shares from 0 to 1 as a curve of at most `width` cells. Where several fall into a cell it shows the highest: a peak is what is looked for. What is beyond 1 is drawn as 1. */
export const sparkline = (shares: readonly number[], width: number, style: Pick<Style, 'unicode'>): string => {
  const cells = style.unicode ? unicodeCells : asciiCells
  const count = Math.max(0, Math.min(Math.floor(width), shares.length))
  return Array.from({ length: count }, (_, cell) => {
    const first = Math.floor((cell * shares.length) / count)
    const after = Math.floor(((cell + 1) * shares.length) / count)
    const peak = Math.max(0, ...shares.slice(first, after).filter((share) => !Number.isNaN(share)))
    // Only what has reached the limit is drawn full.
    const level = peak >= 1 ? cells.length - 1 : Math.min(cells.length - 2, Math.floor(peak * (cells.length - 1)))
    return cells[level] ?? ''
  }).join('')
}
