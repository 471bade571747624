/** Drawing with uPlot. Loaded with the first chart. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

/** One line of a chart. */
export type Series = {
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly colour: 'candidate' | 'stable' | 'limit'
  readonly isLimit?: boolean
}

/** The numbers of a chart; times in epoch ms. */
export type Plot = {
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly scale: 'linear' | 'log'
  /** A value in words. */
  readonly tell: (value: number) => string
}

/** A drawn chart. */
export type Drawn = { readonly update: (plot: Plot) => void; readonly end: () => void }

const heightPx = 168
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

const widthOf = (box: HTMLElement): number => Math.max(200, Math.floor(box.clientWidth))

const dataOf = ({ times, series, scale }: Plot): uPlot.AlignedData => [
  times.map((at) => at / 1_000),
  ...series.map(({ values }) => values.map((value) => (scale === 'log' && value !== null && value <= 0 ? null : value))),
]

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
      y: scale === 'log' ? { distr: 3, log: 10, range: logRange } : { range: (_, __, max) => [0, max <= 0 ? 1 : max * 1.15] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 80, size: 26 },
      {
        ...axis,
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
        points: { show: one.isLimit !== true && one.values.length < 2 },
        spanGaps: true,
      })),
    ],
  }
}

/** Whole powers of ten around what there is. */
const logRange = (_: uPlot, min: number, max: number): [number, number] => [
  10 ** Math.floor(Math.log10(Math.max(1e-6, min))),
  10 ** Math.ceil(Math.log10(Math.max(10, max)) + 0.01),
]
