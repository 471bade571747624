/** What a job leaves: outputs from files, artifacts, evidence. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { attachmentsOf, type CollectedReport } from '../core/evidence/collected.ts'
import { isReportFormat, namedFormat } from '../core/evidence/types.ts'
import type { Artifact, Commit, Digest } from '../core/model.ts'
import type { JobPlan, KeyedCachePlan, PlannedArtifact, PlannedReport, Texts } from '../core/pipeline/job-plan.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import { evidenceToKeep } from './disclosed.ts'
import type { Said } from './job-shell.ts'
import type { JobLog } from './log/job-log.ts'
import { copyFiles, selectFiles } from './run-files.ts'
import { parseDotenv, readBounded } from './step-files.ts'

/** Whether something that depends on how the steps ended is wanted. */
export const isDue = (when: 'success' | 'failure' | 'always', hasSucceeded: boolean): boolean =>
  when === 'always' || (when === 'success') === hasSucceeded

/** Outputs from the job's own files of `NAME=value` lines. One that is not there says nothing; one that cannot be read is a note. */
export const outputsOf = async (plan: JobPlan, directory: string, log: JobLog): Promise<Texts> => {
  const outputs: Record<string, string> = {}
  for (const path of plan.outputFiles) {
    for (const name of await selectFiles({ directory, paths: [path], exclude: [], glob: true })) {
      const text = await readBounded(join(directory, name)).catch(() => null)
      const { values, fault } = text === null ? { values: {}, fault: 'it cannot be read' } : parseDotenv(text)
      if (fault !== null) log.noteShort(`${name}: ${fault}`)
      Object.assign(outputs, values)
    }
  }
  return outputs
}

/** What keeping a job's artifacts takes. */
export type Keeping = {
  readonly plan: JobPlan
  readonly directory: string
  /** Files are gathered here first: a store may want paths that `realpath` can follow. */
  readonly staging: string
  readonly store: Pick<ArtifactStore, 'put'>
  readonly commit: Commit
  readonly version: string
  readonly inputs: readonly Artifact[]
  readonly log: Pick<JobLog, 'note'>
  readonly hasSucceeded: boolean
  /** Files that git does not know, ignored ones too. */
  readonly untracked: () => Promise<readonly string[]>
}

/** Keeps what the plan says, in its order. `artifact_missing` for one that must be there. */
export const keepArtifacts = async (keeping: Keeping, signal: AbortSignal): Promise<readonly Artifact[]> => {
  const { plan, store, commit, version, inputs, hasSucceeded } = keeping
  const kept: Artifact[] = []
  for (const [nth, artifact] of plan.artifacts.entries()) {
    if (!isDue(artifact.when, hasSucceeded)) continue
    const names = await filesOf(artifact, keeping)
    if (names.length === 0) continue
    const directory = join(keeping.staging, String(nth))
    await copyFiles({ from: keeping.directory, to: directory, names }, signal)
    const paths = [...new Set(names.map((name) => name.split('/')[0] ?? name))]
    kept.push(await store.put({ name: artifact.name, directory, paths, commit, version, inputs }, signal))
  }
  return kept
}

const filesOf = async (
  artifact: PlannedArtifact,
  { directory, log, untracked }: Keeping,
): Promise<readonly string[]> => {
  const { name, paths, exclude, glob, ifMissing, excludesExactly: takesAwayExactly = false } = artifact
  const unknown = artifact.untracked === true ? await untracked() : []
  const found = [...(await selectFiles({ directory, paths: unknown, exclude, glob: false, takesAwayExactly }))]
  const missing: string[] = []
  const away = paths.filter((path) => path.startsWith('!')).map((path) => path.slice(1))
  for (const path of paths.filter((one) => !one.startsWith('!'))) {
    const names = await selectFiles({
      directory,
      paths: [path],
      exclude: [...exclude, ...away],
      glob,
      takesAwayExactly,
    })
    if (names.length === 0) missing.push(path)
    found.push(...names)
  }
  const isMissing = glob ? found.length === 0 : missing.length > 0
  if (!isMissing || ifMissing === 'ignore') return [...new Set(found)].toSorted()
  const detail = `artifact ${name}: nothing is at ${missing.length === 0 ? 'places that git does not know' : missing.join(', ')}`
  if (ifMissing === 'fail')
    throw new SluiceError('artifact_missing', { detail, hint: 'have a step make it, or correct the path' })
  log.note(detail)
  return [...new Set(found)].toSorted()
}

/** The reports that are read. Elsewhere there are some that nothing here reads (`terraform`); of our own config, a form that nobody knows is a mistake, which reading it tells. */
const wantedReports = (reports: readonly PlannedReport[], whose: 'ours' | 'foreign'): readonly PlannedReport[] =>
  reports.flatMap((report) => {
    const format = namedFormat(report.format)
    if (format !== null) return [{ ...report, format }]
    return whose === 'ours' ? [report] : []
  })

/** All reports of a job: those of its plan, and those that its steps named. */
export const reportsOf = (
  { reports, dialect }: JobPlan,
  said: readonly { readonly format: string; readonly path: string }[],
): readonly PlannedReport[] => [
  ...wantedReports(reports, dialect === 'sluice' ? 'ours' : 'foreign'),
  ...wantedReports(
    said.map(({ format, path }) => ({ format, paths: [path] })),
    'foreign',
  ),
]

/** What keeping a job's evidence takes. `staging` is emptied first. */
export type KeepingEvidence = {
  readonly reports: readonly PlannedReport[]
  /** Reports of built-in steps, absolute, below `folder`; of a form that is no evidence, none. */
  readonly provided: Said['provided']
  readonly folder: string
  readonly directory: string
  /** Where the job worked, when that was elsewhere. */
  readonly checkout?: string
  /** Files that the job had besides those in `directory`. */
  readonly paths?: readonly string[]
  readonly staging: string
  readonly store: Pick<EvidenceStore, 'put' | 'keepFile'>
  readonly log: Pick<JobLog, 'note' | 'masks'>
}

/** What was kept: the evidence, null for a job that declares no reports, and the paths of the files that its reports name and that were kept with it. */
export type KeptEvidence = { readonly digest: Digest | null; readonly attachments: readonly string[] }

/**
 * Reads the reports that a job declared and keeps what they say, also that some are missing, with the files that they name. Reports are copied first: where the job works, `realpath`
 * may have no meaning.
 */
export const keepEvidence = async (
  {
    reports: declared,
    provided,
    folder,
    directory,
    checkout = directory,
    paths: others = [],
    staging,
    store,
    log,
  }: KeepingEvidence,
  signal: AbortSignal,
): Promise<KeptEvidence> => {
  const own = provided
    .filter(({ format }) => isReportFormat(format))
    .map(({ format, path }) => ({ format, paths: [relative(folder, path)] }))
  const reports = [...declared, ...own]
  if (reports.length === 0) return { digest: null, attachments: [] }
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true })
  await copyFiles({ from: folder, to: staging, names: own.flatMap(({ paths }) => paths) }, signal)
  for (const { paths } of declared) {
    const names = await selectFiles({ directory, paths, exclude: [], glob: true })
    await copyFiles({ from: directory, to: staging, names }, signal)
  }
  // The readers of all formats are loaded by the first job that has a report.
  const { collectEvidence } = await import('./reports/collect.ts')
  const place = { directory: staging, checkout, attachments: { directory, store } }
  const read = await collectEvidence(reports, place, signal)
  const isThere = (path: string): boolean => others.includes(path) || existsSync(join(directory, path))
  const collected = await evidenceToKeep(read, { masks: log.masks, staging, isThere })
  for (const sentence of collected.flatMap(troubles)) log.note(sentence)
  const attachments = attachmentsOf(read).filter(({ kept }) => kept !== undefined)
  return { digest: await store.put(collected), attachments: attachments.map(({ path }) => path) }
}

const troubles = (report: CollectedReport): readonly string[] => {
  if (report.status === 'missing') return [`report ${report.path}: nothing is there`]
  if (report.status === 'unreadable') return [`report ${report.path} cannot be read: ${report.detail}`]
  const unkept = report.evidence.contents.filter(({ kind }) => kind === 'attachments').flatMap(({ gaps }) => gaps)
  return unkept.map((gap) => `report ${report.path}: not kept: ${gap}`)
}

/** The key of a cache with the content of its key files in it, where it names any; `default` stands for them where none is there. */
export const keyOf = async ({ key, keyFiles }: KeyedCachePlan, directory: string): Promise<string> => {
  if (keyFiles.length === 0) return key
  const names = await selectFiles({ directory, paths: keyFiles, exclude: [], glob: true })
  if (names.length === 0) return `${key}-default`
  const hash = createHash('sha256')
  for (const name of names) {
    hash.update(`${name}\0`)
    hash.update(await readFile(join(directory, name)))
  }
  return `${key}-${hash.digest('hex').slice(0, 40)}`
}
