import type { ComponentChildren, VNode } from 'preact'

/** A column by its name; `figure` where numbers stand, which are read from the right; `href` where its name leads somewhere. */
export type Column = string | { readonly figure: string } | { readonly name: string; readonly href: string }

/**
 * A table; `children` are its body. Where a screen is narrow its rows are stacked, each cell beside the name of its column, and where that is not enough it
 * scrolls by itself. Its parts say their roles: some browsers take them from how a table is laid out. The names beside the cells are the style sheet's, and
 * for the eye alone; who hears the page is told the heads, as on a wide screen.
 */
export const Table = ({
  label,
  columns,
  kind,
  frame,
  rowCount,
  note,
  children,
}: {
  readonly label: string
  readonly columns: readonly Column[]
  /** A class of its own, where its cells look otherwise. */
  readonly kind?: string
  /** A class of what it scrolls in. */
  readonly frame?: string
  /** Its rows with that of the heads, where not all of them are made. */
  readonly rowCount?: number
  /** What is said below it, and scrolls with it. */
  readonly note?: ComponentChildren
  readonly children: ComponentChildren
}): VNode => (
  <div class={frame === undefined ? 'scroll' : `scroll ${frame}`} role="region" aria-label={label} tabIndex={0}>
    <table role="table" class={kind} aria-rowcount={rowCount} style={namesOf(columns)}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <Head key={nameOf(column)} column={column} />
          ))}
        </tr>
      </thead>
      {children}
    </table>
    {note}
  </div>
)

/** The name of a column as a text of CSS. */
export const columnText = (name: string): string => JSON.stringify(name)

/** What the style sheet calls the columns by: `--column-1`, … */
const namesOf = (columns: readonly Column[]): Readonly<Record<string, string>> =>
  Object.fromEntries(columns.map((column, index) => [`--column-${index + 1}`, columnText(nameOf(column))]))

const nameOf = (column: Column): string => {
  if (typeof column === 'string') return column
  return 'figure' in column ? column.figure : column.name
}

const Head = ({ column }: { readonly column: Column }): VNode => {
  const isFigure = typeof column !== 'string' && 'figure' in column
  const name = nameOf(column)
  return (
    <th role="columnheader" scope="col" class={isFigure ? 'figure' : undefined}>
      {typeof column !== 'string' && 'href' in column ? <a href={column.href}>{name}</a> : name}
    </th>
  )
}
