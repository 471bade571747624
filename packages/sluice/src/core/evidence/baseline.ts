/** What a commit's evidence came to, kept for the commits after it: small enough for the state, enough to compare with. */
import { type CollectedReport, contentsOf } from './collected.ts'
import { coverageTotals, mergeFiles } from './coverage.ts'
import type { CoverageTotals, FileSize, Ratio } from './types.ts'

/** A commit's numbers. Plain data; lists of pairs instead of maps. */
export type Baseline = {
  readonly commit: string
  /** Null without a coverage report. `files`: covered lines by path. */
  readonly coverage: {
    readonly totals: CoverageTotals
    readonly files: readonly (readonly [path: string, lines: Ratio])[]
  } | null
  /** How often each finding was there, by its fingerprint; absent when no scanner reported. */
  readonly fingerprints?: readonly (readonly [fingerprint: string, count: number])[]
  readonly measurements: readonly (readonly [name: string, value: number])[]
  readonly sizes: readonly FileSize[]
}

/** The baseline that a commit's reports make for later ones. */
export const baselineOf = (commit: string, reports: readonly CollectedReport[]): Baseline => {
  const coverage = contentsOf(reports, 'coverage')
  const files = mergeFiles(coverage.flatMap((content) => content.files))
  const scans = contentsOf(reports, 'findings')
  const counts = new Map<string, number>()
  for (const { findings } of scans)
    for (const { fingerprint } of findings) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1)
  return {
    commit,
    coverage:
      coverage.length === 0
        ? null
        : {
            totals: coverageTotals(files),
            files: files.flatMap(({ path, totals: { lines } }) => (lines === null ? [] : [[path, lines] as const])),
          },
    ...(scans.length === 0 ? {} : { fingerprints: [...counts] }),
    measurements: contentsOf(reports, 'measurements').flatMap(({ measurements }) =>
      measurements.map(({ name, value }) => [name, value] as const),
    ),
    sizes: contentsOf(reports, 'sizes').flatMap((content) => content.files),
  }
}
