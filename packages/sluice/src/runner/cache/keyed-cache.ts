/**
 * Caches under a key that a person chose: folders kept from run to run. What is found is only a start, so that a cache that was made for another key is welcome; what it
 * may hold is bounded by scopes, as for tasks.
 */
import { basename, dirname, join, posix } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type CacheEntry, contentDigest } from '../../core/pipeline/cache/entry.ts'
import { exactPrefix, keyedGroup, keyedKey, keyedName, keyPrefix } from '../../core/pipeline/cache/keyed.ts'
import type { KeyedCachePlan } from '../../core/pipeline/job-plan.ts'
import { collect, type Collected } from './collect.ts'
import { findFiles, readGlobs } from './globs.ts'
import { type InputReader, sha256 } from './inputs.ts'
import { makePacker, type Packer } from './pack.ts'
import { restoreFiles } from './restore.ts'
import { openShelf, type Shelf, type ShelfOptions } from './shelf.ts'

/** What keyed caches are opened with. */
export type KeyedCachesOptions = ShelfOptions & {
  readonly now: () => number
  readonly madeBy: string
  /** The home folder of jobs, absolute; what `~` stands for. */
  readonly home: string
}

/** What to look for, and where it goes. */
export type KeyedRestore = {
  readonly key: string
  /** Beginnings of other keys that will do, in order. */
  readonly restoreKeys: readonly string[]
  readonly paths: readonly string[]
  /** Keys are whole names, and what is under one comes back wherever it was (GitLab); else beginnings of keys will do, for these very paths. */
  readonly isExact?: boolean
  /** What relative paths are relative to; `~` is the home folder. */
  readonly directory: string
  /** Whether only the key is wanted, and no file is put anywhere; absent: no. */
  readonly isLookup?: boolean
}

/** What to keep. */
export type KeyedSave = Omit<KeyedRestore, 'restoreKeys' | 'isLookup' | 'isExact'> & {
  /** What another save under the same key means: keep what is there (GitHub), or a newer one that is found first from then on (GitLab, Sluice). */
  readonly onPresent: 'keep' | 'renew'
}

/** What became of keeping folders. */
export type SaveOutcome =
  | { readonly kind: 'saved' | 'unchanged' | 'present' }
  | { readonly kind: 'not_saved'; readonly because: string }

/** Keyed caches of a run. */
export type KeyedCaches = {
  /** Gives the key that was found, null for none. Never rejects but when the signal falls. */
  readonly restore: (request: KeyedRestore, signal: AbortSignal) => Promise<string | null>
  /** Never rejects but when the signal falls. */
  readonly save: (request: KeyedSave, signal: AbortSignal) => Promise<SaveOutcome>
  readonly settle: () => Promise<void>
}

/** The key of a plan, with the digest of its key files in it. `config_invalid` for key files that lead out of the checkout. */
export const resolveKeyed = async (plan: KeyedCachePlan, inputs: InputReader, signal: AbortSignal): Promise<string> =>
  keyedKey(plan, plan.keyFiles.length === 0 ? '' : (await inputs(plan.keyFiles, signal)).digest)

/** Opens keyed caches; reads nothing yet. */
export const openKeyedCaches = (options: KeyedCachesOptions): KeyedCaches => {
  const tools = { ...options, shelf: openShelf(options) }
  return {
    restore: (request, signal) => orNothing(tools, signal, () => restore(tools, request, signal)),
    save: async (request, signal) => {
      const outcome = await orNothing(tools, signal, () => save(tools, request, signal))
      return outcome ?? { kind: 'not_saved', because: 'the cache failed' }
    },
    settle: () => tools.shelf.settle(),
  }
}

type Tools = KeyedCachesOptions & { readonly shelf: Shelf }

/** A cache is a help: what goes wrong with it is reported. */
const orNothing = async <Result>(
  { report }: Tools,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result | null> => {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    report({ kind: 'not_stored', text: error instanceof SluiceError ? error.detail : String(error) })
    return null
  }
}

const restore = async (tools: Tools, request: KeyedRestore, signal: AbortSignal): Promise<string | null> => {
  const { shelf, local, home } = tools
  const { key, restoreKeys, paths, directory, isExact = false } = request
  const keys = [key, ...restoreKeys]
  const whole = (name: string): Wanted => ({
    prefix: exactPrefix(name, sha256),
    fits: (entry) => entry.key === name && (isExact || sameTexts(entry.roots, paths)),
  })
  const begun = (start: string): Wanted => ({
    prefix: keyPrefix(start),
    fits: (entry) => entry.key.startsWith(start) && sameTexts(entry.roots, paths),
  })
  for (const one of isExact ? keys.map(whole) : [whole(key), ...keys.map(begun)]) {
    const entry = await newest(tools, one, signal)
    if (entry === null) continue
    if (request.isLookup === true) return entry.key
    try {
      for (const [index, { root }] of locationsOf({ paths: entry.roots, directory, home }).entries()) {
        const files = entry.files.flatMap((file) => {
          const [number = '', ...rest] = file.path.split('/')
          return number === String(index) ? [{ ...file, path: rest.join('/') }] : []
        })
        await restoreFiles(
          { cache: local, scope: entry.place.scope, blobs: entry.blobs, files, directory: root },
          signal,
        )
      }
      return entry.key
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      await shelf.drop(entry, error)
    }
  }
  return null
}

type Wanted = { readonly prefix: string; readonly fits: (entry: CacheEntry) => boolean }

/** The newest entry that fits, of this run's own scope first. */
const newest = async (
  { shelf, access }: Tools,
  { prefix, fits }: Wanted,
  signal: AbortSignal,
): Promise<CacheEntry | null> => {
  for (const scope of access.reads) {
    const request = { scope, group: keyedGroup, prefix, limit: limits.cacheCandidatesMax }
    for (const name of await shelf.names(request, signal)) {
      const found = await shelf.find({ scope, group: keyedGroup, name }, signal)
      if (found !== null && fits(found.entry)) return found.entry
    }
  }
  return null
}

const save = async (tools: Tools, request: KeyedSave, signal: AbortSignal): Promise<SaveOutcome> => {
  const { access, local, shelf, now, madeBy, home } = tools
  const { key, paths, directory, onPresent } = request
  const scope = access.writes
  if (scope === null) return { kind: 'not_saved', because: 'this run may not write the cache' }
  const prefix = exactPrefix(key, sha256)
  const [latest] = await shelf.names({ scope, group: keyedGroup, prefix, limit: 1 }, signal)
  if (latest !== undefined && onPresent === 'keep') return { kind: 'present' }
  const packer = makePacker(local, scope)
  const { files, rows } = await collectRoots({ paths, directory, home, packer }, signal)
  if (files.length === 0) return { kind: 'not_saved', because: `there is nothing at ${paths.join(', ')}` }
  const digest = contentDigest(rows, {}, sha256)
  const name = keyedName(key, digest, sha256)
  if (name === latest) return { kind: 'unchanged' }
  const entry: CacheEntry = {
    schema: 1,
    place: { scope, group: keyedGroup, name },
    key,
    createdAt: now(),
    madeBy,
    digest,
    outputs: {},
    log: null,
    document: null,
    roots: paths,
    blobs: await packer.finish(signal),
    files,
  }
  if ((await shelf.put(entry, signal)) === 'stored') return { kind: 'saved' }
  return { kind: 'not_saved', because: 'this machine has no key to sign cache entries with' }
}

type Places = { readonly paths: readonly string[]; readonly directory: string; readonly home: string }

type Location = { readonly root: string; readonly glob: string }

/** Relative paths are below the workspace; others below the folder that they are in, because they may be files. */
const locationsOf = ({ paths, directory, home }: Places): readonly Location[] =>
  paths.map((path) => {
    const full = path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path
    if (!full.startsWith('/')) return { root: directory, glob: full }
    const parts = posix.normalize(full).split('/')
    const first = parts.findIndex((part) => /[*?[{!]/.test(part))
    const fixed = first < 0 ? full : parts.slice(0, first).join('/')
    if (first < 0) return { root: dirname(fixed), glob: basename(fixed) }
    return { root: fixed === '' ? '/' : fixed, glob: parts.slice(first).join('/') }
  })

type Roots = Places & { readonly packer: Packer }

/** Files of all paths; those of a path that begins with `!` are left out of those of the workspace. */
const collectRoots = async ({ packer, ...places }: Roots, signal: AbortSignal): Promise<Collected> => {
  const { paths, directory } = places
  const not = paths.filter((path) => path.startsWith('!'))
  const files: Collected['files'][number][] = []
  const rows: Collected['rows'][number][] = []
  for (const [index, { root, glob }] of locationsOf(places).entries()) {
    if (glob.startsWith('!')) continue
    const found = findFiles(root, readGlobs([glob, ...(root === directory ? not : [])]))
    const named = (path: string): string => `${index}/${path}`
    const collected = await collect({ directory: root, paths: found, packer, named }, signal)
    for (const file of collected.files) files.push(file)
    for (const row of collected.rows) rows.push(row)
  }
  return { files, rows }
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean => JSON.stringify(a) === JSON.stringify(b)
