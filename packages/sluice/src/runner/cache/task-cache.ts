/**
 * The task cache of one run: a job whose key was seen before is not run; its files, outputs and log come back instead. One for all jobs of a run, so that the checkout
 * is listed, tools are asked and files are hashed once.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { assert } from '../../core/machine.ts'
import { tellAccess, type UndeclaredAccess } from '../../core/pipeline/cache/access.ts'
import { type KeyDocument, taskKey, type UpstreamResult, valueDigest } from '../../core/pipeline/cache/document.ts'
import { type CacheEntry, contentDigest, taskGroup, taskPlace } from '../../core/pipeline/cache/entry.ts'
import { describeKey, explainMiss, nearest } from '../../core/pipeline/cache/explain.ts'
import type { Sha256 } from '../../core/model.ts'
import type { JobPlan, TaskCachePlan, Texts } from '../../core/pipeline/job-plan.ts'
import { collect } from './collect.ts'
import { findFiles, readGlobs } from './globs.ts'
import { type InputReader, inputReader, sha256 } from './inputs.ts'
import type { Listing } from './listing.ts'
import { makePacker } from './pack.ts'
import { partReader, restoreFiles } from './restore.ts'
import { openShelf, type Shelf, type ShelfOptions } from './shelf.ts'
import type { ToolVersions } from './tools.ts'

/** What a task cache is opened with. */
export type TaskCacheOptions = ShelfOptions & {
  /** All files of the commit's checkout, which does not change while the run lasts. */
  readonly listing: () => Promise<Listing>
  readonly tools: ToolVersions
  /** Variables that jobs may see, before their own. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** `linux-x64`. */
  readonly platform: string
  readonly now: () => number
  /** What makes entries: `run_1a2b, commit 3c4d…`. */
  readonly madeBy: string
}

/** A job to look for. */
export type LookupRequest = {
  readonly job: JobPlan
  /** What it gets from its needs; those without artifacts give none. */
  readonly upstream: readonly UpstreamResult[]
  /** The job's secrets by name; of those that the cache plan names the digest is part of the key. */
  readonly secrets: Texts
}

/** A result that is known: its digest and outputs are those of the job. `because` is for people. */
export type TaskHit = {
  readonly kind: 'hit'
  readonly key: string
  readonly entry: CacheEntry
  readonly because: readonly string[]
}

/** A result that is not: `because` says what changed since the nearest earlier one. */
export type TaskMiss = {
  readonly kind: 'miss'
  readonly key: string
  readonly document: KeyDocument
  readonly because: readonly string[]
}

/** Where a hit is to go. */
export type RestoreTarget = {
  readonly plan: TaskCachePlan
  readonly directory: string
  /** Becomes the job's log; null for none. */
  readonly logPath: string | null
}

/** What a job that succeeded left. */
export type StoreRequest = {
  readonly plan: TaskCachePlan
  readonly directory: string
  /** The job's outputs by name. */
  readonly outputs: Texts
  readonly logPath: string | null
  /** What it touched beside what it declares; null when nobody looked. A result of inputs that the job changed itself, or of a strict job with anything undeclared, is not kept. */
  readonly findings: UndeclaredAccess | null
}

/** What became of keeping a result; `digest` names its files and outputs, and is what jobs after it depend on. */
export type StoreOutcome =
  | { readonly kind: 'stored'; readonly digest: string }
  | { readonly kind: 'not_stored'; readonly because: string }

/** Parts of a result; null for what it does not have. */
export type Peeked = { readonly log: Uint8Array | null; readonly file: Uint8Array | null }

/** The cache of a run. */
export type TaskCache = {
  /** `config_invalid` for globs that lead out of the checkout; `tool_missing`, `not_found` where the checkout cannot be listed. */
  readonly lookup: (request: LookupRequest, signal: AbortSignal) => Promise<TaskHit | TaskMiss>
  /** Gives a result back into a workspace; `damaged` when the cache did not hold it after all, and the workspace is as it was. */
  readonly restore: (hit: TaskHit, target: RestoreTarget, signal: AbortSignal) => Promise<'restored' | 'damaged'>
  /** The log of a hit and one small file of it, without restoring anything; null when the cache does not hold them after all. */
  readonly peek: (hit: TaskHit, path: string) => Promise<Peeked | null>
  /** Keeps a result. Never rejects but when the signal falls: a cache that is full or broken is reported, and the job is done all the same. */
  readonly store: (miss: TaskMiss, request: StoreRequest, signal: AbortSignal) => Promise<StoreOutcome>
  /** Resolves when remote caches have got everything. */
  readonly settle: () => Promise<void>
}

/** Opens the task cache of a run; reads nothing yet. */
export const openTaskCache = (options: TaskCacheOptions): TaskCache => {
  const shelf = openShelf(options)
  let reader: Promise<InputReader> | null = null
  const inputs: InputReader = async (globs, signal) => {
    reader ??= options.listing().then(inputReader)
    return (await reader)(globs, signal)
  }
  const digest = rememberingDigest()
  return {
    lookup: (request, signal) => lookup({ ...options, shelf, inputs, digest }, request, signal),
    restore: (hit, target, signal) => restore({ ...options, shelf }, { hit, ...target }, signal),
    peek: (hit, path) => peek({ ...options, shelf }, hit, path),
    store: (miss, request, signal) => store({ ...options, shelf }, { miss, ...request }, signal),
    settle: () => shelf.settle(),
  }
}

type Tools = TaskCacheOptions & { readonly shelf: Shelf }

/** Jobs of a run have most of their settings in common, and those are short. */
const rememberingDigest = (): Sha256 => {
  const known = new Map<string, string>()
  return (text) => {
    if (text.length > rememberedLengthMax) return sha256(text)
    const digest = known.get(text) ?? sha256(text)
    if (known.size < rememberedMax) known.set(text, digest)
    return digest
  }
}

const rememberedLengthMax = 128
const rememberedMax = 4_096

const lookup = async (
  tools: Tools & { readonly inputs: InputReader; readonly digest: Sha256 },
  { job, upstream, secrets }: LookupRequest,
  signal: AbortSignal,
): Promise<TaskHit | TaskMiss> => {
  const { shelf, access, platform } = tools
  assert(job.cache !== null, `${job.name} has no task cache`)
  const [inputs, versions] = await Promise.all([tools.inputs(job.cache.inputs, signal), tools.tools(job.cache.tools)])
  const env = envDigests(tools, job.cache.env, secrets)
  const { key, document } = taskKey({ job, inputs, env, tools: versions, platform, upstream }, tools.digest)
  for (const scope of access.reads) {
    const found = await shelf.find(taskPlace({ scope, job: job.name, key }, sha256), signal)
    if (found === null) continue
    const { entry, from } = found
    const because = [`unchanged: ${describeKey(document)}`, `made by ${entry.madeBy} (${scope}), kept in ${from}`]
    return { kind: 'hit', key, entry, because }
  }
  return { kind: 'miss', key, document, because: await explain(tools, document, signal) }
}

/** What changed since the nearest earlier result that is here. */
const explain = async (tools: Tools, document: KeyDocument, signal: AbortSignal): Promise<readonly string[]> => {
  const { shelf, access, local } = tools
  const group = taskGroup(document.job, sha256)
  const earlier: { readonly entry: CacheEntry; readonly document: KeyDocument }[] = []
  for (const scope of access.reads) {
    const names = await local.listEntries({ scope, group, prefix: '', limit: limits.cacheCandidatesMax }, signal)
    for (const name of names) {
      const entry = await shelf.peek({ scope, group, name }, signal)
      const known = entry === null ? null : readDocument(tools, entry)
      if (entry !== null && known !== null) earlier.push({ entry, document: known })
    }
  }
  const best = nearest(
    document,
    earlier.map((one) => one.document),
  )
  if (best === null) return ['this job has no earlier result here']
  const lines = explainMiss(document, best)
  const from = earlier.find((one) => one.document === best)?.entry.madeBy ?? 'an earlier run'
  return lines.length === 0 ? [`the result of ${from} lost files`] : [...lines, `compared with ${from}`]
}

/** The document of an entry, read alone and held to its digest; null when it is not there. */
const readDocument = ({ local }: Tools, { place, blobs, document }: CacheEntry): KeyDocument | null => {
  const blob = document === null ? undefined : blobs[document.blob]
  if (document === null || blob === undefined) return null
  try {
    const content = Buffer.alloc(document.bytes)
    const file = openSync(local.blobPath({ scope: place.scope, sha256: blob.sha256 }), 'r')
    try {
      readSync(file, content, 0, document.bytes, document.offset)
    } finally {
      closeSync(file)
    }
    // A parser: the digest, and the signature over it, say that this program wrote the text.
    return sha256(content.toString('utf8')) === document.sha256
      ? (JSON.parse(content.toString('utf8')) as KeyDocument)
      : null
  } catch {
    return null
  }
}

const envDigests = (
  { env, seal }: Tools,
  names: readonly string[],
  secrets: Texts,
): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    names.map((name) => {
      const secret = secrets[name]
      if (secret !== undefined) return [name, seal.digestSecret(name, secret)]
      const value = env[name]
      return [name, value === undefined ? null : valueDigest(value, sha256)]
    }),
  )

const peek = async ({ local, shelf }: Tools, { entry }: TaskHit, path: string): Promise<Peeked | null> => {
  const read = partReader({ cache: local, scope: entry.place.scope, blobs: entry.blobs })
  const file = entry.files.find((one) => one.path === path)
  try {
    return {
      log: entry.log === null ? null : read(entry.log),
      file: file?.kind === 'file' ? read(file.part) : null,
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    await shelf.drop(entry, error)
    return null
  }
}

const isDamage = (error: unknown): error is SluiceError =>
  error instanceof SluiceError && (error.code === 'artifact_mismatch' || error.code === 'artifact_missing')

const restore = async (
  { local, shelf }: Tools,
  { hit, plan, directory, logPath }: RestoreTarget & { readonly hit: TaskHit },
  signal: AbortSignal,
): Promise<'restored' | 'damaged'> => {
  const { entry } = hit
  const source = { cache: local, scope: entry.place.scope, blobs: entry.blobs }
  try {
    const log = entry.log === null || logPath === null ? null : partReader(source)(entry.log)
    // Looked for before: mostly nothing is there then, and thousands of files afterwards.
    const others = othersIn(directory, plan, entry)
    await restoreFiles({ ...source, files: entry.files, directory }, signal)
    for (const path of others) rmSync(join(directory, path), { force: true })
    if (log === null || logPath === null) return 'restored'
    mkdirSync(dirname(logPath), { recursive: true })
    writeFileSync(logPath, log, { mode: 0o600 })
    return 'restored'
  } catch (error) {
    if (!isDamage(error)) throw error
    await shelf.drop(entry, error)
    return 'damaged'
  }
}

/** Outputs of before that the job would not have left. */
const othersIn = (directory: string, plan: TaskCachePlan, { files }: CacheEntry): readonly string[] => {
  const found = findFiles(directory, readGlobs(plan.outputs))
  if (found.length === 0) return found
  const kept = new Set(files.map(({ path }) => path))
  return found.filter((path) => !kept.has(path))
}

const store = async (
  tools: Tools,
  request: StoreRequest & { readonly miss: TaskMiss },
  signal: AbortSignal,
): Promise<StoreOutcome> => {
  const { access, report, shelf } = tools
  const { job } = request.miss.document
  const unfit = request.findings === null ? null : unfitFor(request.plan, request.findings)
  if (unfit !== null) return { kind: 'not_stored', because: unfit }
  if (access.writes === null) return { kind: 'not_stored', because: 'this run may not write the cache' }
  try {
    const entry = await makeEntry(tools, { ...request, scope: access.writes }, signal)
    if ((await shelf.put(entry, signal)) === 'stored') return { kind: 'stored', digest: entry.digest }
    return { kind: 'not_stored', because: 'this machine has no key to sign cache entries with' }
  } catch (error) {
    signal.throwIfAborted()
    const because = error instanceof SluiceError ? error.detail : String(error)
    report({ kind: 'not_stored', text: `the result of ${job} is not kept: ${because}` })
    return { kind: 'not_stored', because }
  }
}

/** Why a result would be wrong for the next one who asks. */
const unfitFor = ({ strict }: TaskCachePlan, findings: UndeclaredAccess): string | null => {
  const [changed] = findings.changedInputs
  if (changed !== undefined) return `the job changed its input ${changed}`
  const [undeclared] = tellAccess(findings)
  return strict && undeclared !== undefined ? `the job ${undeclared}` : null
}

const makeEntry = async (
  { local, now, madeBy }: Tools,
  {
    miss,
    plan,
    directory,
    outputs,
    logPath,
    scope,
  }: StoreRequest & { readonly miss: TaskMiss; readonly scope: string },
  signal: AbortSignal,
): Promise<CacheEntry> => {
  const packer = makePacker(local, scope)
  const paths = findFiles(directory, readGlobs(plan.outputs))
  const { files, rows } = await collect({ directory, paths, packer, named: (path) => path }, signal)
  const text = JSON.stringify(miss.document)
  const document = { ...(await packer.add(Buffer.from(text), signal)), sha256: sha256(text) }
  const log = logPath === null || !isFile(logPath) ? null : await packer.add(readFileSync(logPath), signal)
  return {
    schema: 1,
    place: taskPlace({ scope, job: miss.document.job, key: miss.key }, sha256),
    key: miss.key,
    createdAt: now(),
    madeBy,
    digest: contentDigest(rows, outputs, sha256),
    outputs,
    log,
    document,
    roots: [],
    blobs: await packer.finish(signal),
    files,
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
