/** Keeps the files that reports of a job name for people to look at: traces, screenshots, videos. They are streamed, and bounded each and together. */
import type { FileHandle } from 'node:fs/promises'
import { posix } from 'node:path'
import { mediaTypeOf } from '../../core/evidence/media-types.ts'
import type { Attachment, AttachmentContent, Evidence, KeptFile } from '../../core/evidence/types.ts'
import { limits } from '../../core/limits.ts'
import { openInside, piecesOf } from '../../lib/open-inside.ts'
import type { EvidenceStore } from '../../ports/evidence.ts'

/** Where the files of a job lie, and who keeps them. */
export type AttachmentSource = {
  /** Where the job worked. No link below it is followed. */
  readonly directory: string
  readonly store: Pick<EvidenceStore, 'keepFile'>
}

/** What became of one file. */
export type Keeping =
  | { readonly kind: 'kept'; readonly file: KeptFile }
  | { readonly kind: 'refused'; readonly because: string }

/** Keeps files of one job within the job's bounds. */
export type AttachmentKeeper = {
  /** A file that is open already, under its path below the checkout. */
  readonly keepOpened: (path: string, opened: { readonly file: FileHandle; readonly bytes: number }) => Promise<Keeping>
  /** The files that the test cases of a report name, and why some of them are not kept; null when it names none. */
  readonly keepNamed: (evidence: Evidence) => Promise<AttachmentContent | null>
}

/** Makes a keeper; each path is kept once. Rejects with `store_full`, and when the signal falls. */
export const attachmentKeeper = ({ directory, store }: AttachmentSource, signal: AbortSignal): AttachmentKeeper => {
  const known = new Map<string, Keeping>()
  let bytesKept = 0
  const keepOpened: AttachmentKeeper['keepOpened'] = async (path, { file, bytes }) => {
    const because = refusalOf({ bytes, bytesKept, filesKept: known.size })
    if (because !== null) return { kind: 'refused', because }
    bytesKept += bytes
    const kept = await store.keepFile(untilCalledOff(file, bytes, signal))
    known.set(path, { kind: 'kept', file: kept })
    return { kind: 'kept', file: kept }
  }
  const keepAt = async (path: string): Promise<Keeping | null> => {
    const earlier = known.get(path)
    if (earlier !== undefined) return earlier
    const found = await openInside(directory, path)
    if (found.kind === 'missing') return null
    if (found.kind !== 'file') return { kind: 'refused', because: refusals[found.kind] }
    try {
      return await keepOpened(path, found)
    } finally {
      await found.file.close()
    }
  }
  const keepNamed: AttachmentKeeper['keepNamed'] = async ({ source, contents }) => {
    const attachments: Attachment[] = []
    const gaps: string[] = []
    for (const { title, path } of namedIn(contents)) {
      const { at, keeping } = await firstOf(placesOf(path, source.path), { keepAt, told: path })
      const told = { path: at, mediaType: mediaTypeOf(at), title }
      if (attachments.length < limits.attachmentsMax)
        attachments.push(keeping.kind === 'kept' ? { ...told, kept: keeping.file } : told)
      if (keeping.kind === 'refused') gaps.push(`${at}: ${keeping.because}`)
    }
    if (attachments.length === 0) return null
    return { kind: 'attachments', attachments, gaps: boundedGaps(gaps) }
  }
  return { keepOpened, keepNamed }
}

const refusals = {
  outside: 'the file lies outside of the checkout, or behind a symbolic link',
  other: 'this is no file that can be read',
} as const

type Asked = { readonly bytes: number; readonly bytesKept: number; readonly filesKept: number }

const refusalOf = ({ bytes, bytesKept, filesKept }: Asked): string | null => {
  if (bytes > limits.attachmentBytesMax)
    return `the file has ${bytes} bytes, at most ${limits.attachmentBytesMax} are kept`
  if (filesKept >= limits.attachmentsMax) return `more than ${limits.attachmentsMax} files of one job`
  return bytesKept + bytes > limits.jobAttachmentBytesMax
    ? `the files of the job have more than ${limits.jobAttachmentBytesMax} bytes together`
    : null
}

async function* untilCalledOff(
  file: FileHandle,
  bytes: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of piecesOf(file, bytes)) {
    signal.throwIfAborted()
    yield piece
  }
}

/** Each file once, under the first test that names it. */
const namedIn = (contents: Evidence['contents']): readonly { readonly title: string; readonly path: string }[] => {
  const named = new Map<string, string>()
  for (const content of contents) {
    if (content.kind !== 'tests') continue
    for (const { id, attachments } of content.cases)
      for (const path of attachments) if (!named.has(path)) named.set(path, id)
  }
  return [...named].map(([path, title]) => ({ title, path }))
}

/** Where a named file may lie below the checkout: Playwright names it from the report's folder, GitLab from the checkout. None for a path that leads out. */
const placesOf = (path: string, report: string): readonly string[] => {
  if (path.startsWith('/') || /^[A-Za-z]:\//.test(path)) return []
  const places = [posix.join(posix.dirname(report), path), posix.normalize(path)]
  return [...new Set(places)].filter((one) => one !== '..' && !one.startsWith('../'))
}

const firstOf = async (
  places: readonly string[],
  { keepAt, told }: { readonly keepAt: (path: string) => Promise<Keeping | null>; readonly told: string },
): Promise<{ readonly at: string; readonly keeping: Keeping }> => {
  for (const at of places) {
    const keeping = await keepAt(at)
    if (keeping !== null) return { at, keeping }
  }
  const [at] = places
  return at === undefined
    ? { at: told, keeping: { kind: 'refused', because: refusals.outside } }
    : { at, keeping: { kind: 'refused', because: 'nothing is there' } }
}

const boundedGaps = (gaps: readonly string[]): readonly string[] => {
  const rest = gaps.length - limits.reportGapsMax
  return rest <= 0 ? gaps : [...gaps.slice(0, limits.reportGapsMax - 1), `and ${rest + 1} more files that are not kept`]
}
