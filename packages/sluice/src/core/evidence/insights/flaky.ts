/** Flaky tests, from the results of many runs. */
import { limits } from '../../limits.ts'
import type { TestOutcome } from '../types.ts'

/** Result of one test in one run. */
export type TestRecord = {
  readonly test: string
  readonly run: string
  readonly commit: string
  /** When the run started, epoch ms. */
  readonly at: number
  readonly outcome: TestOutcome
  readonly durationMs: number | null
  /** Attempts that failed before the last one, in the same run. */
  readonly failedAttempts: number
}

/** A test that fails and passes without the code being the reason. */
export type FlakyTest = {
  readonly test: string
  /** 0–1: share of its runs that contradict another of the same commit, contradict themselves, or differ from the run before and after them. */
  readonly score: number
  readonly runs: number
  readonly failures: number
  /** Commits at which it both failed and passed. */
  readonly contradictions: number
  /** Runs in which it passed only after a failed attempt. */
  readonly recoveries: number
  /** Changes from passed to failed or back, from run to run. */
  readonly flips: number
  readonly lastFailedAt: number
}

/** Changes of the verdict within the window that are not a bug coming and going any more: one that came, went, came back and went has four. */
const flipsMin = 3

/**
 * Tests that are flaky over their last `runsMax` runs, the worst first. Certain: failed and passed at the same commit, or in the same run. Likely: the verdict changed at least
 * three times. A test that broke and was mended (one change each) is not flaky.
 */
export const flakyTests = (
  records: readonly TestRecord[],
  runsMax: number = limits.insightRunsMax,
): readonly FlakyTest[] =>
  [...groupBy(records.filter(isResult), ({ test }) => test)]
    .flatMap(([test, all]) => flakyTest(test, all.toSorted((a, b) => a.at - b.at).slice(-runsMax)) ?? [])
    .toSorted((a, b) => b.score - a.score || b.failures - a.failures || (a.test < b.test ? -1 : 1))

const isResult = ({ outcome }: TestRecord): boolean => outcome === 'passed' || outcome === 'failed'

const flakyTest = (test: string, records: readonly TestRecord[]): FlakyTest | null => {
  const hasFailed = ({ outcome, failedAttempts }: TestRecord): boolean => outcome === 'failed' || failedAttempts > 0
  const contradicting = [...groupBy(records, ({ commit }) => commit).values()].filter(
    (some) => new Set(some.map(({ outcome }) => outcome)).size > 1,
  )
  const recovered = records.filter(({ outcome, failedAttempts }) => outcome === 'passed' && failedAttempts > 0)
  const flips = records.filter(({ outcome }, index) => index > 0 && records[index - 1]?.outcome !== outcome).length
  if (contradicting.length === 0 && recovered.length === 0 && flips < flipsMin) return null
  const isLone = ({ outcome }: TestRecord, index: number): boolean => {
    const around = [records[index - 1], records[index + 1]].flatMap((one) => (one === undefined ? [] : [one.outcome]))
    return around.length === 2 && around.every((one) => one !== outcome)
  }
  const suspect = new Set([...contradicting.flat(), ...recovered, ...records.filter(isLone)])
  return {
    test,
    score: suspect.size / records.length,
    runs: records.length,
    failures: records.filter(hasFailed).length,
    contradictions: contradicting.length,
    recoveries: recovered.length,
    flips,
    lastFailedAt: records.findLast(hasFailed)?.at ?? 0,
  }
}

/** Groups in the order in which their keys first appear. */
export const groupBy = <Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): ReadonlyMap<Key, readonly Item[]> => {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
