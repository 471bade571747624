import type { ComponentChildren, VNode } from 'preact'

/** A column by its name; `figure` where numbers stand, which are read from the right; `href` where its name leads somewhere. */
export type Column = string | { readonly figure: string } | { readonly name: string; readonly href: string }

/** A table that scrolls by itself where a screen is narrow; `children` are its body. */
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
    <table class={kind} aria-rowcount={rowCount}>
      <thead>
        <tr>
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

const nameOf = (column: Column): string => {
  if (typeof column === 'string') return column
  return 'figure' in column ? column.figure : column.name
}

const Head = ({ column }: { readonly column: Column }): VNode => {
  const isFigure = typeof column !== 'string' && 'figure' in column
  const name = nameOf(column)
  return (
    <th scope="col" class={isFigure ? 'figure' : undefined}>
      {typeof column !== 'string' && 'href' in column ? <a href={column.href}>{name}</a> : name}
    </th>
  )
}
