/** Globs of files: `src/**`, `*.{json,lock}`, a file or folder by its name; a leading `!` takes away, wherever it stands. A dot is a letter like any other. */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { picomatch } from '../../lib/picomatch.ts'
import { staysBelow } from '../../lib/stays-below.ts'

/** Globs that were read. */
export type Globs = {
  /** Folders (`''`: the whole) below which everything lies that can match; a file may stand for itself. */
  readonly bases: readonly string[]
  readonly matches: (path: string) => boolean
}

/** Reads globs; `config_invalid` for one that leads out of the folder. */
export const readGlobs = (globs: readonly string[]): Globs => {
  const taken = globs.filter((glob) => glob.startsWith('!')).map((glob) => readGlob(glob.slice(1)))
  const given = globs.filter((glob) => !glob.startsWith('!')).map(readGlob)
  const bases = given.map(({ base }) => base)
  return {
    bases: bases.filter((base, index) => !bases.some((other, at) => covers(other, base, at < index))),
    matches: (path) => given.some(({ matches }) => matches(path)) && !taken.some(({ matches }) => matches(path)),
  }
}

/** Those of sorted paths that match, sorted. Looks only below the bases. */
export const select = (paths: readonly string[], { bases, matches }: Globs): readonly string[] => {
  const found = bases.flatMap((base) => {
    if (base === '') return paths.filter(matches)
    const own = paths[firstAt(paths, base)] === base ? [base] : []
    return [...own, ...paths.slice(firstAt(paths, `${base}/`), firstAt(paths, `${base}0`))].filter(matches)
  })
  return bases.length > 1 ? [...new Set(found)].toSorted(byCode) : found
}

/** Order of paths by code units: `/` comes right before `0`. */
export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Files and links on disk that match, sorted; folders called `.git` are not looked into, and links not followed, but on the way to where a glob begins, as long as they do not lead out. */
export const findFiles = (directory: string, globs: Globs): readonly string[] => {
  const found = new Set<string>()
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(directory, path), { withFileTypes: true })) {
      if (entry.name === '.git') continue
      const inner = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) walk(inner)
      else if ((entry.isFile() || entry.isSymbolicLink()) && globs.matches(inner)) found.add(inner)
    }
  }
  for (const base of globs.bases.filter((one) => staysBelow(directory, dirname(one)))) {
    const seen = statSync(join(directory, base), { throwIfNoEntry: false })
    if (seen?.isDirectory() === true && staysBelow(directory, base)) walk(base)
    else if (seen?.isFile() === true && globs.matches(base)) found.add(base)
  }
  return [...found].toSorted(byCode)
}

type Glob = { readonly base: string; readonly matches: (path: string) => boolean }

const readGlob = (glob: string): Glob => {
  const plain = glob.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
  if (plain.startsWith('/') || plain.split('/').includes('..'))
    throw new SluiceError('config_invalid', {
      detail: `the glob ${JSON.stringify(glob)} leads out of the checkout`,
      hint: 'inputs and outputs are relative to the checkout',
    })
  if (plain === '' || plain === '.' || plain === '**') return { base: '', matches: () => true }
  // Most globs are a folder and everything in it; hundreds of them are quicker compared than compiled.
  const folder = /^([^*?[\]{}()!+@\\]+)\/\*\*(?:\/\*)?$/.exec(plain)?.[1]
  if (folder !== undefined) return { base: folder, matches: (path) => path.startsWith(`${folder}/`) }
  const { base, isGlob } = picomatch().scan(plain)
  if (!isGlob) return { base: plain, matches: (path) => path === plain || path.startsWith(`${plain}/`) }
  const matches = picomatch()(plain, { dot: true })
  return { base: base === '.' ? '' : base, matches: (path) => matches(path) }
}

/** Whether everything below `inner` lies below `outer`; of equals only the first counts. */
const covers = (outer: string, inner: string, isBefore: boolean): boolean => {
  if (outer === inner) return isBefore
  return outer === '' || inner.startsWith(`${outer}/`)
}

/** Index of the first path that is not before `wanted`. */
const firstAt = (paths: readonly string[], wanted: string): number => {
  let [low, high] = [0, paths.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((paths[middle] ?? '') < wanted) low = middle + 1
    else high = middle
  }
  return low
}
