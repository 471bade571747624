import type { Commit } from '../core/model.ts'

/** Where commits come from. */
export interface Source {
  /** The commit a ref names (`HEAD`, a branch, a tag, an id). `not_found`, `tool_missing`. */
  resolve(ref: string, signal: AbortSignal): Promise<Commit>
  /** A clean checkout of the commit in `directory` (made, or taken up if it is already that commit's). Safe to repeat. */
  checkout(commit: Commit['id'], directory: string, signal: AbortSignal): Promise<void>
  /** Removes a checkout; no error when there is none. */
  remove(directory: string, signal: AbortSignal): Promise<void>
  /**
   * Commits that a commit can be compared with, the nearest first: where it left the default branch and that commit's first parents; of a commit on that
   * branch, its own first parents. None without a default branch, or for the first commit.
   */
  bases(commit: Commit['id'], limit: number, signal: AbortSignal): Promise<readonly Commit['id'][]>
  /** What changed from one commit to the other, as a unified diff without context. */
  diff(from: Commit['id'], to: Commit['id'], signal: AbortSignal): Promise<string>
  /** Commits reachable from `to` but not from `from`, newest first; all of them (bounded by `limit`) when `from` is null. */
  commitsBetween(
    from: Commit['id'] | null,
    to: Commit['id'],
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Commit[]>
}
