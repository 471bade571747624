/** A job whose result is known: it comes out of the cache instead of being run, with log, outputs, artifacts and evidence. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MaskSet } from '../lib/mask.ts'
import type { RunId } from '../core/model.ts'
import { runId } from '../core/model.ts'
import type { JobPlan, TaskCachePlan } from '../core/pipeline/job-plan.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import type { JobOutcome, JobRequest } from '../ports/runner.ts'
import type { RunCache, RunCaches } from './cache/run-caches.ts'
import type { TaskHit, TaskMiss } from './cache/task-cache.ts'
import { type CapturedResult, capturedPath, readCaptured } from './captured.ts'
import { headOf } from './log/frames.ts'
import { marksPathOf } from './log/marks.ts'
import { nothingRan } from './refusals.ts'
import { keepArtifacts, keepEvidence, reportsOf } from './results.ts'

/** Where a job's result may go. */
export type RecallOptions = {
  readonly request: JobRequest
  readonly caches: RunCaches
  /** The job's folder. */
  readonly folder: string
  readonly logPath: string
  readonly store: Pick<ArtifactStore, 'put'> | null
  readonly evidence: Pick<EvidenceStore, 'put' | 'keepFile'> | null
  readonly now: () => number
}

/** What the cache says of a job. */
export type Recalled =
  /** Nothing: the job or the run does not use it. */
  | { readonly kind: 'none' }
  | { readonly kind: 'known'; readonly outcome: JobOutcome }
  | { readonly kind: 'miss'; readonly miss: TaskMiss; readonly cache: RunCache; readonly plan: TaskCachePlan }

const none: Recalled = { kind: 'none' }

/** Tries, when an entry turns out to be damaged: it is gone afterwards, and another scope may have one. */
const triesMax = 3

/** Looks a job up. A job that begins in its middle, or in a folder that was given, is not looked up. */
export const recallJob = async (options: RecallOptions, signal: AbortSignal): Promise<Recalled> => {
  const { request, caches } = options
  const { job, from, directory, secrets } = request
  if (job.cache === null || from !== undefined || directory !== undefined || job.artifacts.some(isUntracked))
    return none
  const cache = caches.of(request)
  if (cache === null) return none
  const upstream = await caches.upstream(request, signal)
  const plan = { ...job.cache, outputs: keptGlobs(job, job.cache) }
  for (let tries = 0; tries < triesMax; tries += 1) {
    const found = await cache.tasks.lookup({ job, upstream, secrets }, signal)
    if (found.kind === 'miss') return { kind: 'miss', miss: found, cache, plan }
    const outcome = await giveBack(options, { cache, hit: found, plan }, signal)
    if (outcome !== null) return { kind: 'known', outcome }
  }
  return none
}

const isUntracked = ({ untracked }: JobPlan['artifacts'][number]): boolean => untracked === true

/** Everything that is to come back: outputs, and the files of artifacts and evidence. */
const keptGlobs = ({ artifacts, reports }: JobPlan, { outputs }: TaskCachePlan): readonly string[] => [
  ...outputs,
  ...[...artifacts, ...reports].flatMap(({ paths }) => paths.filter((path) => !path.startsWith('!'))),
]

type Hit = { readonly cache: RunCache; readonly hit: TaskHit; readonly plan: TaskCachePlan }

/** Null when the cache does not hold what it says. */
const giveBack = async (options: RecallOptions, found: Hit, signal: AbortSignal): Promise<JobOutcome | null> => {
  const { request, store, evidence, folder } = options
  const { cache, hit, plan } = found
  const peeked = await cache.tasks.peek(hit, capturedPath)
  if (peeked === null) return null
  const captured = readCaptured(peeked.file)
  const { job, commit, version, inputs = [] } = request
  const reports = evidence === null ? [] : reportsOf(job, captured.reports)
  const hasFiles = (store !== null && job.artifacts.length > 0) || reports.length > 0
  const directory = join(folder, 'restored')
  if (hasFiles && (await cache.tasks.restore(hit, { plan, directory, logPath: null }, signal)) === 'damaged')
    return null
  writeLog(options, { because: hit.because, log: peeked.log, marks: captured.marks })
  const log = { note: () => {}, masks: new MaskSet(Object.values(request.secrets)) }
  const staging = join(folder, 'a')
  // Jobs that keep what git does not know are not cached.
  const untracked = (): Promise<readonly string[]> => Promise.resolve([])
  const keeping = { plan: job, directory, staging, commit, version, inputs, log, hasSucceeded: true, untracked }
  const artifacts = store === null || !hasFiles ? [] : await keepArtifacts({ ...keeping, store }, signal)
  const { directory: checkout } = captured
  const { paths } = await cache.listing()
  const told = { reports, provided: [], folder, directory, checkout, paths, staging: join(folder, 'reports'), log }
  const kept = evidence === null ? null : (await keepEvidence({ ...told, store: evidence }, signal)).digest
  const run = runOf(hit.entry.madeBy)
  return {
    ...nothingRan(job),
    outcome: 'succeeded',
    reason: null,
    problem: null,
    tail: [],
    outputs: hit.entry.outputs,
    artifacts,
    annotations: captured.annotations,
    summary: captured.summary,
    evidence: kept,
    isolation: 'nothing ran: the result is from the cache',
    cache: { key: hit.key, run, savedMs: captured.tookMs },
  }
}

const runOf = (madeBy: string): RunId | null => {
  const [, id] = /^(run_\w+)/.exec(madeBy) ?? []
  return id === undefined ? null : runId(id)
}

type LogParts = {
  readonly because: readonly string[]
  readonly log: Uint8Array | null
  readonly marks: CapturedResult['marks']
}

/** Why it is not run, and what it said when it was: frames as they were kept, in one write, because there may be hundreds of jobs at once. */
const writeLog = ({ logPath, now, request: { job } }: RecallOptions, { because, log, marks }: LogParts): void => {
  const lines = because.map((line) => `from the cache: ${line.replaceAll('\n', ' ')}`)
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const head = headOf({ stream: 'sluice', at: now(), bytes: text.length, lines: lines.length })
  const whole = Buffer.concat([Buffer.from(head, 'latin1'), text, log ?? Buffer.alloc(0)])
  append(logPath, whole)
  // A log of one step and nothing else in it needs no marks; two files a job are twice as slow as one.
  if (job.steps.length <= 1 && marks.every(({ kind }) => kind === 'step' || kind === 'step_ended')) return
  const shifted = marks.map((mark) => ('line' in mark ? { ...mark, line: mark.line + lines.length } : mark))
  append(marksPathOf(logPath), Buffer.from(shifted.map((mark) => `\n${JSON.stringify(mark)}`).join('')))
}

const append = (path: string, bytes: Uint8Array): void => {
  try {
    appendFileSync(path, bytes, { mode: 0o600 })
  } catch {
    mkdirSync(dirname(path), { recursive: true })
    appendFileSync(path, bytes, { mode: 0o600 })
  }
}
