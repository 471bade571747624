import type { Baseline } from '../core/evidence/baseline.ts'
import type { CollectedReport } from '../core/evidence/collected.ts'
import type { EvidenceSwept, RetainedEvidence } from '../core/evidence/retention.ts'
import type { KeptFile } from '../core/evidence/types.ts'
import type { Digest } from '../core/model.ts'

/** Where the evidence of jobs is kept, by content, with the files that it names, and what commits came to. */
export interface EvidenceStore {
  /** Keeps what was collected of a job; durable when it resolves, safe to repeat. `store_full`. */
  put(reports: readonly CollectedReport[]): Promise<Digest>
  /** What was kept under a digest. `artifact_missing` when nothing is, `artifact_mismatch` when it is something else. */
  read(digest: Digest): Promise<readonly CollectedReport[]>
  /** Keeps a file that reports name, as it comes; durable when it resolves. Rejects as its source does, and with `store_full`. */
  keepFile(pieces: AsyncIterable<Uint8Array>): Promise<KeptFile>
  /** A file that was kept, as a stream whose last piece comes only when all of them have the digest: it breaks off with `artifact_mismatch` otherwise. `artifact_missing` when nothing is there. */
  openFile(kept: KeptFile): Promise<AsyncIterable<Uint8Array>>
  /** Keeps what a commit came to, instead of what was kept of it before. `store_full`. */
  keepBaseline(baseline: Baseline): Promise<void>
  /** Takes away what need not stay, the files that no evidence names any more included. Safe beside every other method, and to repeat after a crash. */
  sweep(retained: RetainedEvidence): Promise<EvidenceSwept>
  /** When a sweep was last over, or the first evidence was kept, epoch ms; null without any evidence. */
  sweptAt(): Promise<number | null>
  /** What a commit came to; null when nothing is kept of it. */
  baseline(commit: string): Promise<Baseline | null>
}
