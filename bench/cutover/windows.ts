/** Latency around cutovers against latency far from them. */
import { type LoadReport, quantile } from './load/load.ts'

/** When traffic of a group was shifted, epoch ms. */
export type Shift = { readonly group: number; readonly at: number }

/** A stretch of time in which nothing was shifted, epoch ms. */
export type Calm = { readonly from: number; readonly until: number }

/** p99 of the plain requests, milliseconds, and how many each rests on. */
export type Comparison = {
  readonly steadyP99Ms: number
  readonly cutoverP99Ms: number
  readonly ratio: number
  readonly steadyRequests: number
  readonly cutoverRequests: number
  /** p99 around the shifts of each group alone; NaN where there were none. */
  readonly groupP99Ms: readonly number[]
}

/** Half of the second around a shift. */
const aroundMs = 500

/**
 * Compares the requests due in the second around each shift of their group with those due in calm times. What came before the first calm time is neither: the clients
 * had just begun then, and the first requests of a program that has just begun say nothing of a cutover.
 */
export const compare = (report: LoadReport, all: readonly Shift[], calms: readonly Calm[]): Comparison => {
  const begin = Math.min(...calms.map(({ from }) => from))
  const shifts = all.filter(({ at }) => at - aroundMs >= begin)
  const steady: number[] = []
  const around = report.groups.map((): number[] => [])
  for (const [group, { at, latencyMs }] of report.groups.entries()) {
    const mine = Float64Array.from(shifts.filter((shift) => shift.group === group).map((shift) => shift.at)).sort()
    for (const [index, dueAt] of at.entries()) {
      const latency = latencyMs[index] ?? Number.NaN
      if (isNear(mine, dueAt)) around[group]?.push(latency)
      else if (calms.some(({ from, until }) => dueAt >= from && dueAt < until)) steady.push(latency)
    }
  }
  const steadyP99Ms = quantile(steady, 0.99)
  const cutoverP99Ms = quantile(around.flat(), 0.99)
  return {
    steadyP99Ms,
    cutoverP99Ms,
    ratio: cutoverP99Ms / steadyP99Ms,
    steadyRequests: steady.length,
    cutoverRequests: around.flat().length,
    groupP99Ms: around.map((latencies) => quantile(latencies, 0.99)),
  }
}

/** Whether one of the sorted times is within half a second. */
const isNear = (times: Float64Array, at: number): boolean => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) < at - aroundMs) low = middle + 1
    else high = middle
  }
  return (times[low] ?? Number.POSITIVE_INFINITY) <= at + aroundMs
}
