/** Gathers the reports of a job after its steps, also when they failed. */
import { constants } from 'node:fs'
import { type FileHandle, glob, open, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { CollectedReport } from '../../core/evidence/collected.ts'
import { unreadable } from '../../core/evidence/told.ts'
import { limits } from '../../core/limits.ts'
import type { PlannedReport } from '../../core/pipeline/job-plan.ts'
import { type AttachmentKeeper, attachmentKeeper, type AttachmentSource } from './attachments.ts'
import { isZip } from './decode.ts'
import { readReport, traceContent } from './read.ts'

/** Where reports lie. */
export type ReportFolder = {
  readonly directory: string
  /** Where the job worked, when that is elsewhere: absolute paths in reports are cut there. */
  readonly checkout?: string
  /** Who keeps the files that reports name; without it they are only told of. */
  readonly attachments?: AttachmentSource
}

/**
 * Reads every file that the plan's reports name (globs below `directory`), in the order of the plan, one at a time. Never rejects for what a job left: a report
 * that is missing or cannot be read is in the result as what it is. Files outside of the directory, also by symbolic links, are not read. Rejects only when the signal falls.
 */
export const collectEvidence = async (
  reports: readonly PlannedReport[],
  { directory, checkout, attachments }: ReportFolder,
  signal: AbortSignal,
): Promise<readonly CollectedReport[]> => {
  const root = await realpath(directory)
  const keeper = attachments === undefined ? null : attachmentKeeper(attachments, signal)
  const collected: CollectedReport[] = []
  for (const { format, paths } of reports) {
    for (const pattern of paths) {
      signal.throwIfAborted()
      const files = await filesOf(pattern, root, signal)
      if (files.length === 0) collected.push({ status: 'missing', format, path: pattern })
      for (const path of files) {
        signal.throwIfAborted()
        collected.push(
          collected.length >= limits.reportsMax
            ? tooMany(format, path)
            : await collectOne({ format, path, root, checkout: checkout ?? root, keeper }),
        )
        if (collected.length > limits.reportsMax) return collected
      }
    }
  }
  return collected
}

type Wanted = {
  readonly format: string
  readonly path: string
  readonly root: string
  readonly checkout: string
  readonly keeper: AttachmentKeeper | null
}

const filesOf = async (pattern: string, root: string, signal: AbortSignal): Promise<readonly string[]> => {
  if (!/[*?{[]/.test(pattern)) return (await exists(join(root, pattern))) ? [pattern] : []
  const found: string[] = []
  for await (const entry of glob(pattern, {
    cwd: root,
    withFileTypes: true,
    exclude: ({ name }) => name === 'node_modules' || name === '.git',
  })) {
    signal.throwIfAborted()
    if (entry.isDirectory()) continue
    found.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    if (found.length > limits.reportsMax) break
  }
  return found.toSorted()
}

const exists = async (path: string): Promise<boolean> =>
  realpath(path).then(
    () => true,
    () => false,
  )

const collectOne = async (wanted: Wanted): Promise<CollectedReport> => {
  const { format, path, root } = wanted
  try {
    const file = await openReport(path, root)
    try {
      return await collectOpened(wanted, file)
    } finally {
      await file.close()
    }
  } catch (error) {
    // No room left, or called off: not what the job left is wrong.
    if (error instanceof SluiceError ? error.code === 'store_full' : isAbort(error)) throw error
    const why =
      error instanceof SluiceError
        ? error
        : unreadable({ path, root }, error instanceof Error ? error.message : 'it cannot be opened', { cause: error })
    return { status: 'unreadable', format, path, detail: why.detail }
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

const collectOpened = async (wanted: Wanted, file: FileHandle): Promise<CollectedReport> => {
  const { format, path, root, checkout, keeper } = wanted
  const { size } = await file.stat()
  if (keeper !== null && (format === 'auto' || format === 'playwright-trace') && (await beginsZip(file)))
    return collectTrace({ ...wanted, keeper }, { file, bytes: size })
  if (size > limits.reportBytesMax)
    throw unreadable({ path, root }, `the report has ${size} bytes, at most ${limits.reportBytesMax} are read`)
  const evidence = await readReport(format, { bytes: await readAll(file, size), path, root: checkout })
  const named = (await keeper?.keepNamed(evidence)) ?? null
  const contents = named === null ? evidence.contents : [...evidence.contents, named]
  return { status: 'read', format, path, evidence: { ...evidence, contents } }
}

type Opened = { readonly file: FileHandle; readonly bytes: number }

/** A trace is the evidence itself, and may be far larger than a report that is read. */
const collectTrace = async (
  { path, root, checkout, keeper }: Wanted & { readonly keeper: AttachmentKeeper },
  opened: Opened,
): Promise<CollectedReport> => {
  const format = 'playwright-trace'
  const keeping = await keeper.keepOpened(path, opened)
  if (keeping.kind === 'refused')
    return { status: 'unreadable', format, path, detail: unreadable({ path, root }, keeping.because).detail }
  const { file: kept } = keeping
  return {
    status: 'read',
    format,
    path,
    evidence: { source: { path, format, ...kept }, contents: [traceContent({ path, root: checkout }, kept)] },
  }
}

const beginsZip = async (file: FileHandle): Promise<boolean> => {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
  return isZip(buffer)
}

const tooMany = (format: string, path: string): CollectedReport => ({
  status: 'unreadable',
  format,
  path,
  detail: `${path}: more than ${limits.reportsMax} reports of one job`,
})

const openReport = async (path: string, root: string): Promise<FileHandle> => {
  const context = { path, root }
  const real = await realpath(join(root, path))
  if (!real.startsWith(`${root}${sep}`)) throw unreadable(context, 'the file lies outside of the checkout')
  // Without waiting for a writer, should it be a pipe.
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw unreadable(context, 'this is no file')
}

/** Exactly the bytes that the file had when it was measured: whatever still writes to it does not make it grow without bound. */
const readAll = async (file: FileHandle, size: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}
