import type { Commit } from '../core/model.ts'
import type { RunOrigin } from '../core/pipeline/types.ts'
import type { FetchedRef } from '../core/source/types.ts'

/** Where a commit stands, and the paths that differ from its `base`; null when there is none. */
export type CommitPlace = RunOrigin & { readonly changed: readonly string[] | null }

/** Where commits come from. */
export interface Source {
  /** Name of the folder that holds them, as a name of the config may be: what a project without a config is called. */
  readonly name: string
  /** The commit a ref names (`HEAD`, a branch, a tag, an id). `not_found`, `tool_missing`. */
  resolve(ref: string, signal: AbortSignal): Promise<Commit>
  /** Begins to look up what a run of a ref will ask: a command that knows early what it will do does not wait for it later. What was found is given once. */
  expect?(ref: string): void
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

/** Where commits come from outside: a repository that is fetched from. */
export type RemotePlace = {
  /** What git fetches from: an address, a path, the name of a remote. */
  readonly address: string
  /** What lets in over HTTPS; null: as git on this machine would be. */
  readonly login: { readonly user: string; readonly password: string } | null
}

/** What is to be fetched. `base`: a branch that it will be compared with. */
export type FetchWish = { readonly ref: string; readonly base: string | null }

/** A commit that was fetched: what is compared with, and the paths that differ; nulls when there is nothing to compare with. */
export type Standing = { readonly base: Commit['id'] | null; readonly changed: readonly string[] | null }

/** The repository that commits are fetched from. What is fetched stands under refs of Sluice's own; branches, index and working tree of the project stay as they are. */
export interface Remote {
  /** What the remote has under a ref, fetched; nulls when it is gone. `remote_unreachable`. Safe to repeat. */
  fetch(place: RemotePlace, wish: FetchWish, signal: AbortSignal): Promise<FetchedRef>
  /** Branches and tags of the remote with the objects that they stand at; nothing is fetched. `remote_unreachable`. */
  list(place: RemotePlace, signal: AbortSignal): Promise<Readonly<Record<string, string>>>
  /**
   * How a fetched commit differs from what was there `before` (an object name, where the repository has it), else from where it left `base`, else from where it left the remote's
   * default branch.
   */
  standing(
    of: { readonly commit: Commit['id']; readonly before: string | null; readonly base: string | null },
    signal: AbortSignal,
  ): Promise<Standing>
  /**
   * Lets go of what was fetched: `choose` is given the refs that stand here, by their names at the remote, with their objects, and gives those that go. No fetch comes in between. Commits stay until
   * git collects what nothing leads to. Gives how many went. Safe to repeat.
   */
  letGo(
    choose: (fetched: Readonly<Record<string, string>>) => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<number>
}

/** A push to a repository that Sluice serves; `body` is what `POST /v1/arrivals` would have got. */
export type Spooled = { readonly id: string; readonly body: unknown }

/** Pushes that no control plane could be told of yet, in order. */
export interface Spool {
  pending(signal: AbortSignal): Promise<readonly Spooled[]>
  /** It is on record. Safe to repeat. */
  done(id: string): Promise<void>
}
