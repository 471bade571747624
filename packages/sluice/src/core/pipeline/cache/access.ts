/** What a job touched beside what it declares: each is a way in which a cached result can be wrong. */
import { limits } from '../../limits.ts'

/** What was seen, as paths relative to the workspace. */
export type SeenAccess = {
  /** Files that were read and are no work of the job; null when nobody looked. */
  readonly reads: readonly string[] | null
  readonly written: readonly string[]
  readonly removed: readonly string[]
}

/** What a job may touch. */
export type DeclaredAccess = {
  readonly isInput: (path: string) => boolean
  readonly isOutput: (path: string) => boolean
  /** What needs left in the workspace: it is part of the key by its digest. */
  readonly isProvided: (path: string) => boolean
  /** Whether a lockfile is among the inputs, which stands for the packages installed from it. */
  readonly hasLockfile: boolean
}

/** What is not declared, one sentence each; and inputs that the job changed itself, after which its result belongs to no key. */
export type UndeclaredAccess = {
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly changedInputs: readonly string[]
}

/** Compares what a job did with what it says it does. */
export const undeclaredAccess = (seen: SeenAccess, declared: DeclaredAccess): UndeclaredAccess => {
  const { isInput, isOutput, isProvided, hasLockfile } = declared
  const isInstalled = (path: string): boolean => hasLockfile && /(?:^|\/)node_modules\//.test(path)
  const changed = [...seen.written, ...seen.removed]
  const own = new Set(changed)
  const reads = (seen.reads ?? []).filter(
    (path) => !own.has(path) && !isInput(path) && !isOutput(path) && !isProvided(path) && !isInstalled(path),
  )
  const others = changed.filter((path) => !isInput(path) && !isOutput(path) && !isInstalled(path))
  return {
    reads: grouped(reads),
    writes: grouped(others),
    changedInputs: grouped(changed.filter((path) => isInput(path) && !isOutput(path))),
  }
}

/** Paths; of many, the folders that they are in with their number. `.git` is one thing: the commit and its history. */
const grouped = (paths: readonly string[]): readonly string[] => {
  const known = [...new Set(paths.map((path) => (path.startsWith('.git/') ? '.git' : path)))].toSorted()
  if (known.length <= limits.cacheReasonsMax) return known
  const folders = Map.groupBy(known, (path) => path.slice(0, path.indexOf('/') + 1) || path)
  return [...folders].map(([folder, inside]) =>
    inside.length === 1 ? (inside[0] ?? folder) : `${folder} (${inside.length} files)`,
  )
}

/** Sentences about it for a job's log. */
export const tellAccess = ({ reads, writes, changedInputs }: UndeclaredAccess): readonly string[] => [
  ...reads.map((path) => `read ${path}, which is not among its inputs`),
  ...writes.map((path) => `wrote ${path}, which is not among its outputs`),
  ...changedInputs.map((path) => `changed its input ${path}`),
]
