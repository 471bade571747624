import type { ReviewRecord } from '../core/evidence/gates/types.ts'
import type { CommitId } from '../core/model.ts'

/** Who reviewed a commit; or why that is not known, which is never the same as nobody. */
export type Reviewed =
  | { readonly status: 'known'; readonly reviews: readonly ReviewRecord[] }
  | { readonly status: 'unknown'; readonly why: string }

/** Asks code hosts who reviewed a commit. */
export interface Reviews {
  /** Reviews of the pull or merge requests that the commit is in, without those of their own authors. Rejects for nothing that a host does. */
  of(commit: CommitId, signal: AbortSignal): Promise<Reviewed>
}
