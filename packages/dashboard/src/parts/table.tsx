import type { ComponentChildren, VNode } from 'preact'

/** A column by its name; `figure` where numbers stand, which are read from the right. */
export type Column = string | { readonly figure: string }

/** A table that scrolls by itself where a screen is narrow; `children` are its body. */
export const Table = ({
  label,
  columns,
  kind,
  children,
}: {
  readonly label: string
  readonly columns: readonly Column[]
  /** A class of its own, where its cells look otherwise. */
  readonly kind?: string
  readonly children: ComponentChildren
}): VNode => (
  <div class="scroll" role="region" aria-label={label} tabIndex={0}>
    <table class={kind}>
      <thead>
        <tr>
          {columns.map((column) => {
            const name = typeof column === 'string' ? column : column.figure
            return (
              <th key={name} scope="col" class={typeof column === 'string' ? undefined : 'figure'}>
                {name}
              </th>
            )
          })}
        </tr>
      </thead>
      {children}
    </table>
  </div>
)
