/** What of the evidence stays: that of the last runs, of runs under way, and of releases that may still serve again. */
import type { Digest } from '../model.ts'

/** How much is kept, by the project's config. */
export type RetentionSettings = {
  /** Last runs whose evidence is kept. */
  readonly runs: number
  /** Last commits whose numbers are kept, for others to be compared with. */
  readonly baselines: number
}

/** Where nothing else is said. Insights look at 100 runs, and a base commit is looked for among 50: with either there is room for more than one branch. */
export const standardRetention: RetentionSettings = { runs: 200, baselines: 1_000 }

/** What a sweep leaves, besides the files that this evidence names. */
export type RetainedEvidence = {
  readonly digests: ReadonlySet<Digest>
  /** Whatever was written or wanted since stays as well, epoch ms: somebody may be about to name it. */
  readonly since: number
  readonly baselinesMax: number
}

/** What a sweep took away. */
export type EvidenceSwept = { readonly filesRemoved: number; readonly bytesRemoved: number }
