/** Counters of many series as one that never goes back: what a process that starts again does to its counters is undone here. */

/** One series at one moment. `key` names it: its labels. */
export type SeriesValue = { readonly key: string; readonly value: number }

/** What is remembered of each series: its newest value, and what it had counted before it began again. */
export type SeriesMemory = ReadonlyMap<string, { readonly value: number; readonly before: number }>

/** Nothing seen yet. */
export const noSeries: SeriesMemory = new Map()

/**
 * The sum of all series that were ever seen, and what to remember. A value smaller than before is a counter that began again at 0; a series
 * that is gone (its process was stopped) keeps what it had. So the sum never falls, and what was counted between two looks is its difference,
 * but for what a series counted after the look before it was reset.
 */
export const accumulate = (
  memory: SeriesMemory,
  series: readonly SeriesValue[],
): { readonly memory: SeriesMemory; readonly total: number } => {
  const next = new Map(memory)
  for (const { key, value } of series) {
    const known = memory.get(key) ?? { value: 0, before: 0 }
    next.set(key, { value, before: value < known.value ? known.before + known.value : known.before })
  }
  let total = 0
  for (const { value, before } of next.values()) total += value + before
  return { memory: next, total }
}
