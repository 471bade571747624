/** Drawing with uPlot. Loaded with the first chart. */
import uPlot from 'uplot'
import { timeOf } from '../../words.ts'
import type { Plot } from './plot-data.ts'

/** A drawn chart. */
export type Drawn = { readonly update: (plot: Plot) => void; readonly end: () => void }

const heightPx = 168
/** The axis of rates goes up to this at least: 0.1 %. */
const smallestRate = 0.001
/** Room for `1.5e12` and `12.50 %`, pixels. */
const labelPx = 62

/** Draws into a box and keeps to its width. */
export const draw = (box: HTMLElement, plot: Plot): Drawn => {
  const chart = new uPlot(optionsOf(box, plot), dataOf(plot), box)
  const observer = new ResizeObserver(() => chart.setSize({ width: widthOf(box), height: heightPx }))
  observer.observe(box)
  return {
    update: (next) => chart.setData(dataOf(next)),
    end: () => {
      observer.disconnect()
      chart.destroy()
    },
  }
}

/** A chart shows at least this much time, milliseconds. */
const shortestMs = 5_000

const widthOf = (box: HTMLElement): number => Math.max(200, Math.floor(box.clientWidth))

const dataOf = ({ times, series, scale, span }: Plot): uPlot.AlignedData => {
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const from = Math.min(first, span?.[0] ?? first)
  const to = Math.max(last, span?.[1] ?? last, from + shortestMs)
  return [
    [from, ...times, to].map((at) => at / 1_000),
    ...series.map(({ values, isLimit }) => [
      isLimit === true ? (values[0] ?? null) : null,
      ...values.map((value) => (scale === 'log' && value !== null && value <= 0 ? null : value)),
      isLimit === true ? (values.at(-1) ?? null) : null,
    ]),
  ]
}

const optionsOf = (box: HTMLElement, { series, scale, tell }: Plot): uPlot.Options => {
  const style = getComputedStyle(box)
  const colour = (name: string): string => style.getPropertyValue(`--plot-${name}`).trim()
  const [ink, grid] = [colour('ink'), colour('grid')]
  const font = `11px ${style.fontFamily}`
  const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } }
  return {
    width: widthOf(box),
    height: heightPx,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    padding: [10, 10, 0, 0],
    scales: {
      x: { time: true },
      y:
        scale === 'log'
          ? { distr: 3, log: 10, range: logRange }
          : { range: (_, __, max) => [0, Math.max(smallestRate, max * 1.15)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 26,
        values: (_, splits) => splits.map((at) => timeOf(at * 1_000)),
      },
      {
        ...axis,
        grid: { stroke: grid, width: 1, ...(scale === 'log' ? { filter: powersOfTen } : {}) },
        ...(scale === 'log' ? { filter: powersOfTen } : {}),
        size: labelPx,
        space: 30,
        values: (_, splits) => splits.map((value) => (value === null ? '' : tell(value))),
      },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.name,
        stroke: colour(one.colour),
        width: one.isLimit === true ? 1 : 2,
        ...(one.isLimit === true ? { dash: [5, 4] } : {}),
        // A line of one point would not be seen.
        points: { show: one.isLimit === true ? false : isShort, size: 7 },
        spanGaps: true,
      })),
    ],
  }
}

const isShort = (chart: uPlot, index: number): boolean =>
  (chart.data[index] ?? []).filter((value) => value !== null).length < 3

const powersOfTen = (_: uPlot, splits: readonly number[]): (number | null)[] =>
  splits.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6 ? value : null))

/** Whole powers of ten around what there is. */
const logRange = (_: uPlot, min: number, max: number): [number, number] => [
  10 ** Math.floor(Math.log10(Math.max(1e-6, min))),
  10 ** Math.ceil(Math.log10(Math.max(10, max)) + 0.01),
]
