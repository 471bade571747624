/** What is kept of a job that succeeded: its files aside while its workspace is still there, and what it said besides its log in a file among them. */
import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskCachePlan } from '../core/pipeline/job-plan.ts'
import type { Annotation } from '../ports/dialect.ts'
import type { JobRequest } from '../ports/runner.ts'
import { type AccessFindings, checkAccess, type WriteSource } from './cache/access-check.ts'
import { findFiles, readGlobs } from './cache/globs.ts'
import type { RunCache, RunCaches } from './cache/run-caches.ts'
import type { TaskMiss } from './cache/task-cache.ts'
import { findTracer } from './cache/tracer.ts'
import { markBeginning } from './cache/written.ts'
import type { JobEnd } from './job.ts'
import { type Mark, marksPathOf } from './log/marks.ts'
import type { JobLog } from './log/job-log.ts'
import { copyFiles } from './run-files.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Name of that file among the job's. */
export const capturedPath = '.sluice-result.json'

/** What a job left besides files, outputs and log. */
export type CapturedResult = {
  /** Where it worked; what reports tell of files begins with it. */
  readonly directory: string
  readonly tookMs: number
  readonly annotations: readonly Annotation[]
  readonly summary: string
  /** Evidence that the steps named, relative to the workspace. */
  readonly reports: readonly { readonly format: string; readonly path: string }[]
  readonly marks: readonly Mark[]
}

/** Parser of the file; trusted, because its digest is under the project's signature. */
export const readCaptured = (bytes: Uint8Array | null): CapturedResult =>
  bytes === null
    ? { directory: '/', tookMs: 0, annotations: [], summary: '', reports: [], marks: [] }
    : (JSON.parse(Buffer.from(bytes).toString('utf8')) as CapturedResult)

/** Files of a job that its evidence needs besides those that its plan declares, relative to the workspace. */
export type LeftEvidence = {
  /** Those that its steps named. */
  readonly reports: CapturedResult['reports']
  /** Those that its reports name. */
  readonly attachments: readonly string[]
}

/** Watches one job that was not found in the cache. */
export type Capture = {
  /** Before the first step. `tool_missing` where strict cannot see what is read. */
  readonly begin: (workspace: Workspace) => Promise<void>
  /** The words that run a step's command, told what it opens where that is wanted. */
  readonly wrap: (argv: readonly string[], directory: string | null) => readonly string[]
  /** After the last step, while the workspace is there. A strict job that touched what it does not declare has failed. */
  readonly end: (end: JobEnd, left: LeftEvidence, signal: AbortSignal) => Promise<JobEnd>
  /** Once the log is closed: keeps the result in the background. */
  readonly store: () => void
}

/** What a capture is made with. */
export type CaptureOptions = {
  readonly request: JobRequest
  readonly caches: RunCaches
  readonly cache: RunCache
  readonly miss: TaskMiss
  readonly plan: TaskCachePlan
  readonly log: JobLog
  readonly logPath: string
  readonly stateDir: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folders of unpacked artifacts. */
  readonly provided: readonly string[]
  readonly now: () => number
}

type Watch = {
  readonly workspace: Workspace
  readonly startedAt: number
  readonly beginning: Awaited<ReturnType<typeof markBeginning>> | null
  readonly tracer: Awaited<ReturnType<typeof findTracer>> | null
  readonly traces: { readonly file: string; readonly directory: string }[]
}

type Kept = {
  readonly directory: string
  readonly findings: AccessFindings
  readonly end: JobEnd
  readonly result: Omit<CapturedResult, 'marks'>
}

/** Folder of results that are about to be kept; what a crash leaves in it goes with the next process. */
export const stagingOf = (stateDir: string): string => join(stateDir, 'cache', 'staging')

/** Begins to watch. */
export const captureJob = (options: CaptureOptions): Capture => {
  const { plan, log, now } = options
  let watch: Watch | null = null
  let kept: Kept | null = null
  return {
    begin: async (workspace) => {
      const tracer = plan.strict ? await findTracer(options.environment) : null
      const beginning = workspace.written() === null ? await markBeginning(workspace.directory) : null
      watch = { workspace, startedAt: now(), beginning, tracer, traces: [] }
    },
    wrap: (argv, directory) => {
      if (watch === null || watch.tracer === null) return argv
      const file = join(watch.workspace.temporary, `.opened-${watch.traces.length}`)
      watch.traces.push({ file, directory: kernelPath(directory ?? watch.workspace.directory, watch.workspace) })
      return watch.tracer.wrap(argv, file)
    },
    end: async (end, left, signal) => {
      if (watch === null || end.outcome !== 'succeeded') return end
      const findings = await findingsOf(options, watch)
      for (const sentence of findings.sentences) log.note(`cache: the job ${sentence}`)
      const [first] = findings.sentences
      if (plan.strict && first !== undefined) return undeclared(end, first)
      if (findings.changedInputs.length > 0) {
        log.note('cache: the result is not kept, because it belongs to no inputs')
        return end
      }
      const directory = join(stagingOf(options.stateDir), randomBytes(8).toString('hex'))
      const needed = [...left.reports.map(({ path }) => path), ...left.attachments]
      const globs = [...plan.outputs, ...needed.map(literal)]
      const names = findFiles(watch.workspace.directory, readGlobs(globs))
      await mkdir(directory, { recursive: true })
      await copyFiles({ from: watch.workspace.directory, to: directory, names }, signal)
      const { annotations, summary } = end
      const result = {
        directory: watch.workspace.directory,
        tookMs: now() - watch.startedAt,
        annotations,
        summary,
        reports: left.reports,
      }
      kept = { directory, findings, end, result }
      return end
    },
    store: () => {
      if (kept !== null) keep(options, kept)
    },
  }
}

const undeclared = (end: JobEnd, sentence: string): JobEnd => ({
  ...end,
  outcome: 'failed',
  reason: { kind: 'script_failure' },
  problem: {
    code: 'run_failed',
    detail: `the job ${sentence}, and its cache is strict`,
    hint: 'declare it in cache.inputs or cache.outputs, or set cache.strict to false',
  },
})

const keep = (options: CaptureOptions, { directory, findings, end, result }: Kept): void => {
  const { request, caches, cache, miss, plan, logPath } = options
  const signal = AbortSignal.any([])
  caches.store(request, async () => {
    try {
      const captured: CapturedResult = { ...result, marks: await marksOf(logPath) }
      await writeFile(join(directory, capturedPath), JSON.stringify(captured))
      const whole = { ...plan, outputs: ['**'] }
      await cache.tasks.store(miss, { plan: whole, directory, outputs: end.outputs, logPath, findings }, signal)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
}

/** Parser of the log's marks, which this program wrote. */
const marksOf = async (logPath: string): Promise<readonly Mark[]> => {
  const text = await readFile(marksPathOf(logPath), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Mark)
}

const findingsOf = async ({ cache, plan, provided }: CaptureOptions, watch: Watch): Promise<AccessFindings> => {
  const { workspace, beginning } = watch
  const listing = await cache.listing()
  const layers = workspace.written()
  const writes: WriteSource =
    beginning === null ? { kind: 'overlay', ...changesIn(layers ?? [], listing.paths) } : { kind: 'times', beginning }
  const traces = watch.traces.filter(({ file }) => existsSync(file))
  const directory = kernelPath(workspace.directory, workspace)
  return checkAccess({
    plan,
    directory,
    listing,
    writes,
    traces,
    provided: traces.length === 0 ? [] : filesOf(provided),
  })
}

/** The name of a path of the workspace as the job's processes see it, without links. */
const kernelPath = (path: string, { directory, namespace }: Workspace): string => {
  const root = realpathSync(join(directory, '..', '..'))
  const inside = path.startsWith(directory) ? path.slice(directory.length) : ''
  return namespace === null ? realpathSync(path) : `${join(root, 'w', 'checkout')}${inside}`
}

const filesOf = (folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) => findFiles(join(folder, 'checkout'), readGlobs(['**']))).map(literal)

/** A path as a glob that means it alone. */
const literal = (path: string): string => path.replaceAll(/[*?[\]{}()!+@\\]/g, (one) => `\\${one}`)

/** What the layers say was written and removed: a file that is gone is a device without a number there. `.git` is not looked into. */
const changesIn = (
  layers: readonly string[],
  paths: readonly string[],
): { readonly written: readonly string[]; readonly removed: readonly string[] } => {
  const written = new Set<string>()
  const gone: string[] = []
  for (const layer of layers) {
    const root = join(layer, 'checkout')
    const folders = existsSync(root) ? [''] : []
    for (const folder of folders) {
      for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
        if (folder === '' && entry.name === '.git') continue
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (entry.isDirectory()) folders.push(path)
        else if (entry.isCharacterDevice() && lstatSync(join(root, path)).rdev === 0) gone.push(path)
        else written.add(path)
      }
    }
  }
  const removed = paths.filter(
    (path) => !written.has(path) && gone.some((one) => path === one || path.startsWith(`${one}/`)),
  )
  return { written: [...written].toSorted(), removed }
}
