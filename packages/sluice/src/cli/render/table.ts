/** Columns of text. */
import { pad, widthOf, type Style } from './style.ts'

/** A head and rows as lines, each column as wide as its widest cell; no lines drawn, so that `cut` and `awk` work on it. */
export const tableLines = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): readonly string[] => {
  const widths = head.map((title, column) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))))
  const line = (cells: readonly string[]): string =>
    cells
      // A row is one line, whatever its cells are made of.
      .map((cell) => cell.replaceAll(/\s*\n\s*/g, ' '))
      .map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [style.dim(line(head)), ...rows.map(line)]
}
