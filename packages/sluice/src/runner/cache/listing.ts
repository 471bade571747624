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

/** The files of a checkout, paths relative to it, sorted by code units. */
export type Listing = {
  readonly directory: string
  readonly files: ReadonlyMap<string, ListedFile>
  readonly paths: readonly string[]
  /** How this repository names content. */
  readonly algorithm: 'sha1' | 'sha256'
}

/** Lists a checkout, or a folder inside of one. `tool_missing` without git, `not_found` outside of a repository. */
export const listCheckout = async (directory: string, signal: AbortSignal): Promise<Listing> => {
  const [staged, status, prefix] = await Promise.all([
    askGit(directory, ['ls-files', '-s', '-v', '-z'], signal),
    askGit(directory, ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames', '--', '.'], signal),
    askGit(directory, ['rev-parse', '--show-prefix'], signal),
  ])
  const files = new Map<string, ListedFile>()
  for (const record of staged.split('\0')) if (record !== '') addStaged(files, record)
  for (const record of status.split('\0')) addStatus({ files, directory, prefix: prefix.trimEnd() }, record)
  const paths = [...files.keys()].toSorted(byCode)
  const [first] = files.values()
  return { directory, files, paths, algorithm: first?.blob?.length === 64 ? 'sha256' : 'sha1' }
}

/** `H 100644 <id> 0\t<path>`. A lower-case tag says that Git was told not to look, `S` that the file is left out of the checkout. */
const addStaged = (files: Map<string, ListedFile>, record: string): void => {
  const tab = record.indexOf('\t')
  const [tag = '', mode = '', blob = '', stage = ''] = record.slice(0, tab).split(' ')
  const isKnown = tag === 'H' && stage === '0'
  files.set(record.slice(tab + 1), { mode, blob: isKnown ? blob : null })
}

type StatusPlace = { readonly files: Map<string, ListedFile>; readonly directory: string; readonly prefix: string }

/** `XY <path>` from the top of the repository: the second letter says how the file differs from the index. */
const addStatus = ({ files, directory, prefix }: StatusPlace, record: string): void => {
  const [worktree = ' ', path] = [record[1], record.slice(3 + prefix.length)]
  if (path === '' || (worktree === ' ' && record[0] !== 'U')) return
  if (worktree === 'D') files.delete(path)
  // A repository inside of this one, or a submodule that changed: by what lies in it.
  else if (path.endsWith('/') || files.get(path)?.mode === submodule) {
    const folder = path.replace(/\/$/, '')
    files.delete(folder)
    for (const inner of filesBelow(join(directory, folder)))
      files.set(`${folder}/${inner}`, { mode: unknown, blob: null })
  } else files.set(path, { mode: unknown, blob: null })
}

const submodule = '160000'
/** The mode is read together with the content. */
const unknown = ''

const filesBelow = (folder: string, below = ''): readonly string[] => {
  const entries: readonly Dirent[] = readdirSync(join(folder, below), { withFileTypes: true })
  return entries.flatMap((entry) => {
    if (entry.name === '.git') return []
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    return entry.isDirectory() ? filesBelow(folder, path) : [path]
  })
}
