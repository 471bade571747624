/**
 * All files of a checkout with what they hold, made once for a run: Git's own blob ids for files that are as the index has them, nothing for the others, which are
 * read when a job wants them. Ignored files are not part of it.
 */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { askGit } from './git.ts'
import { byCode } from './globs.ts'

/** What is known of a file. `blob`: the id of its content in Git's form; null where only reading tells. */
export type ListedFile = { readonly mode: string; readonly blob: string | null }

/** The files of a checkout, paths relative to it, sorted by code units. Some may be gone from disk. */
export type Listing = {
  readonly directory: string
  readonly files: ReadonlyMap<string, ListedFile>
  readonly paths: readonly string[]
  /** How this repository names content. */
  readonly algorithm: 'sha1' | 'sha256'
}

/** One question for everything: what is in the index (`-c -s`), what differs from it on disk (`-m`), what is there besides (`-o`), with a tag each (`-v`). */
const question = ['ls-files', '-c', '-s', '-m', '-o', '--exclude-standard', '-v', '-z']

/** Lists a checkout, or a folder inside of one. `tool_missing` without git, `not_found` outside of a repository. */
export const listCheckout = async (directory: string, signal: AbortSignal): Promise<Listing> => {
  const files = new Map<string, ListedFile>()
  let algorithm: Listing['algorithm'] = 'sha1'
  for (const record of (await askGit(directory, question, signal)).split('\0')) {
    const { path, tag, mode, blob } = parseRecord(record)
    if (path === '') continue
    if (blob.length === 64) algorithm = 'sha256'
    if (path.endsWith('/') || mode === submodule) addFolder(files, { directory, path: path.replace(/\/$/, ''), blob })
    // A file that changed is told twice; the second time it is known that it did.
    else files.set(path, tag === 'H' && !files.has(path) ? { mode, blob } : { mode: '', blob: null })
  }
  return { directory, files, paths: [...files.keys()].toSorted(byCode), algorithm }
}

/**
 * Lists the files of a commit as they are in a fresh checkout of it, without one: Git's ids stand for everything. `repository` is a folder in it. `not_found` for a
 * commit that is not there.
 */
export const listCommit = async (repository: string, commit: string, signal: AbortSignal): Promise<Listing> => {
  const files = new Map<string, ListedFile>()
  for (const record of (await askGit(repository, ['ls-tree', '-r', '-z', '--full-tree', commit], signal)).split('\0')) {
    const tab = record.indexOf('\t')
    const [mode = '', , blob = ''] = record.slice(0, tab).split(' ')
    if (tab > 0) files.set(record.slice(tab + 1), { mode, blob })
  }
  const algorithm = commit.length === 64 ? 'sha256' : 'sha1'
  return { directory: repository, files, paths: [...files.keys()].toSorted(byCode), algorithm }
}

type Row = { readonly tag: string; readonly mode: string; readonly blob: string; readonly path: string }

/**
 * `H 100644 <id> 0\t<path>`, or `? <path>` for what git does not know. Other tags: changed (`C`), gone (`R`), in conflict (`M`), left out of the checkout (`S`); a
 * small letter where git was told to look away. In conflict, a path comes with several stages, and none of them is what is on disk.
 */
const parseRecord = (record: string): Row => {
  if (record.startsWith('? ')) return { tag: '?', mode: '', blob: '', path: record.slice(2) }
  const tab = record.indexOf('\t')
  const [tag = '', mode = '', blob = '', stage = ''] = record.slice(0, tab).split(' ')
  return { tag: stage === '0' ? tag : 'M', mode, blob, path: record.slice(tab + 1) }
}

const submodule = '160000'

type Folder = { readonly directory: string; readonly path: string; readonly blob: string }

/** A repository inside of this one counts by what lies in it; as a submodule that was not fetched, by its commit. */
const addFolder = (files: Map<string, ListedFile>, { directory, path, blob }: Folder): void => {
  const inner = filesBelow(join(directory, path))
  if (inner.length === 0 && blob !== '') files.set(path, { mode: submodule, blob })
  for (const name of inner) files.set(`${path}/${name}`, { mode: '', blob: null })
}

const filesBelow = (folder: string, below = ''): readonly string[] => {
  const entries = entriesOf(join(folder, below))
  return entries.flatMap((entry) => {
    if (entry.name === '.git') return []
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    return entry.isDirectory() ? filesBelow(folder, path) : [path]
  })
}

const entriesOf = (folder: string): readonly Dirent[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    // A submodule whose folder was removed.
    return []
  }
}
