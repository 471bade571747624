/** A chart over time with its limit. uPlot draws it; a table of the same numbers is below it for who does not see it, or wants them exactly. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Drawn } from './plot.ts'
import type { Plot } from './plot-data.ts'
import { themeTurn } from '../../live/theme.ts'
import { Table } from '../../parts/table.tsx'
import { timeOf } from '../../words.ts'

/** What a chart shows. */
export type ChartProps = {
  readonly title: string
  /** One sentence: what it shows now, with the numbers. */
  readonly summary: string
  readonly plot: Plot
}

const rowsMax = 200

/** The chart, drawn once its library is loaded. */
export const Chart = ({ title, summary, plot }: ChartProps): VNode => {
  const box = useRef<HTMLDivElement>(null)
  const drawn = useRef<Drawn | null>(null)
  const hasTable = useSignal(false)
  const turn = themeTurn.value
  useEffect(() => {
    let isWanted = true
    void import('./plot.ts').then(({ draw }) => {
      if (!isWanted || box.current === null) return
      drawn.current = draw(box.current, plot)
    })
    return () => {
      isWanted = false
      drawn.current?.end()
      drawn.current = null
    }
  }, [turn])
  useEffect(() => drawn.current?.update(plot), [plot])
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b>
        <span class="keys">
          {plot.series.map(({ name, colour, isLimit }) => (
            <span key={name} class={`key ${colour} ${isLimit === true ? 'limit' : ''}`}>
              {name}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} class="plot" role="img" aria-label={`${title}: ${summary}`} />
      <p class="summary">{summary}</p>
      <details onToggle={({ currentTarget }) => (hasTable.value = currentTarget.open)}>
        <summary>Numbers</summary>
        {hasTable.value && <Numbers plot={plot} title={title} />}
      </details>
    </figure>
  )
}

const Numbers = ({ plot, title }: { readonly plot: Plot; readonly title: string }): VNode => {
  const first = Math.max(0, plot.times.length - rowsMax)
  return (
    <Table
      label={`${title}, numbers`}
      frame="numbers"
      columns={['Time', ...plot.series.map(({ name }) => ({ figure: name }))]}
      note={
        first > 0 && (
          <p class="none">
            The last {rowsMax} of {plot.times.length}; all of them: sluice why --json
          </p>
        )
      }
    >
      <tbody role="rowgroup">
        {plot.times.slice(first).map((at, index) => (
          <tr role="row" key={first + index}>
            <th role="rowheader" scope="row">
              {timeOf(at)}
            </th>
            {plot.series.map(({ name, values }) => {
              const value = values[first + index]
              return (
                <td role="cell" class="figure" key={name}>
                  {value === null || value === undefined ? '—' : plot.tell(value)}
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
