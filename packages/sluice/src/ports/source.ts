import type { Commit } from '../core/model.ts'
import type { RunOrigin } from '../core/pipeline/types.ts'

/** Where a commit stands, and the paths that differ from its `base`; null when there is none. */
export type CommitPlace = RunOrigin & { readonly changed: readonly string[] | null }

/** Where commits come from. */
export interface Source {
  /** Name of the folder that holds them, as a name of the config may be: what a project without a config is called. */
  readonly name: string
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
  /**
   * Where a commit stands. `branch`: the ref itself if it is one, HEAD's, or one that ends there. `base`: of a branch, where it left the default branch; on that itself the
   * first of `seen` (commits that were looked at, newest first) before it, or its parent.
   */
  place(
    request: { readonly ref: string; readonly commit: Commit['id']; readonly seen: readonly Commit['id'][] },
    signal: AbortSignal,
  ): Promise<CommitPlace>
  /** The working tree as a commit: uncommitted and untracked files too, ignored ones not. HEAD itself when nothing differs. Index, branches and stash stay as they are. */
  commitTree(signal: AbortSignal): Promise<Commit>
}
