/**
 * Evidence in files of the state directory: `evidence/sha256/<hex>.json` is what was collected of a job, by the hash of its text; `evidence/files/<hex>` a file that it names, and
 * `evidence/sha256/<hex>.files` the names of those; `evidence/commits/<id>.json` what a commit came to; `evidence/swept` says when old ones were taken away. Each is there whole or not at all.
 */
import { createHash, randomBytes } from 'node:crypto'
import { utimesSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Baseline } from '../../core/evidence/baseline.ts'
import { attachmentsOf, type CollectedReport } from '../../core/evidence/collected.ts'
import { digest, type Digest } from '../../core/model.ts'
import type { KeptFile } from '../../core/evidence/types.ts'
import { diskError, syncFolder, writeWhole } from '../../lib/files.ts'
import { piecesOf } from '../../lib/open-inside.ts'
import type { EvidenceStore } from '../../ports/evidence.ts'

/** The store in a state directory. */
export const localEvidence = (stateDir: string): EvidenceStore => {
  const folder = join(stateDir, 'evidence')
  const pathOf = (of: Digest): string => join(folder, 'sha256', `${of.slice('sha256:'.length)}.json`)
  const commitPath = (commit: string): string => join(folder, 'commits', `${commit}.json`)
  return {
    put: async (reports) => {
      const text = canonicalJson(reports)
      const key = digestOf(text)
      if (isRenewed(pathOf(key))) return key
      const files = filesOf(reports)
      // Before the evidence, so that there is none whose files a sweep does not know.
      if (files.length > 0) await writeWhole(pathOf(key).replace(/\.json$/, '.files'), files.join('\n'))
      await writeWhole(pathOf(key), text)
      return key
    },
    read: async (key) => {
      const text = await textAt(pathOf(key))
      if (text === null)
        throw new SluiceError('artifact_missing', { detail: `evidence ${key} is missing${mayBeOld}`, hint: again })
      if (digestOf(text) !== key)
        throw new SluiceError('artifact_mismatch', {
          detail: `evidence ${key} is not what its digest says`,
          hint: again,
        })
      // Documented parser: the text is what `put` wrote, as its digest says.
      return JSON.parse(text) as readonly CollectedReport[]
    },
    keepFile: (pieces) => keepFile(join(folder, 'files'), pieces),
    openFile: async (kept) => {
      const path = join(folder, 'files', kept.digest.slice('sha256:'.length))
      const found = await stat(path).catch(() => null)
      if (found === null)
        throw new SluiceError('artifact_missing', {
          detail: `the file ${kept.digest} is missing${mayBeOld}`,
          hint: again,
        })
      if (found.size !== kept.bytes) throw changed(kept)
      return checkedPieces(path, kept)
    },
    sweep: async (retained) => {
      const { sweepEvidence } = await import('./sweep.ts')
      const swept = await sweepEvidence(folder, retained)
      await writeWhole(join(folder, 'swept'), '')
      return swept
    },
    // A folder that was never swept is as old as what was made in it first.
    sweptAt: async () => {
      const found = await stat(join(folder, 'swept')).catch(() => stat(folder).catch(() => null))
      return found?.mtimeMs ?? null
    },
    keepBaseline: (baseline) => writeWhole(commitPath(baseline.commit), canonicalJson(baseline)),
    baseline: async (commit) => {
      const text = await textAt(commitPath(commit))
      // Documented parser: only `keepBaseline` writes there.
      return text === null ? null : (JSON.parse(text) as Baseline)
    },
  }
}

const again = 'sluice run'
const mayBeOld = ' (what is older than pipeline.evidence says is taken away)'

/** The name is known when the last piece is; until then the file has one of its own. */
const keepFile = async (folder: string, pieces: AsyncIterable<Uint8Array>): Promise<KeptFile> => {
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}`)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    await mkdir(folder, { recursive: true })
    const file = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of pieces) {
        hash.update(piece)
        bytes += piece.length
        await file.appendFile(piece)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    const hex = hash.digest('hex')
    await rename(temporary, join(folder, hex))
    await syncFolder(folder)
    return { digest: digest(`sha256:${hex}`), bytes }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw diskError(error, folder)
  }
}

async function* checkedPieces(path: string, kept: KeptFile): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, 'r')
  try {
    const hash = createHash('sha256')
    let held: Uint8Array | null = null
    for await (const piece of piecesOf(file, kept.bytes)) {
      if (held !== null) yield held
      hash.update(piece)
      held = piece
    }
    if (`sha256:${hash.digest('hex')}` !== kept.digest) throw changed(kept)
    if (held !== null) yield held
  } finally {
    await file.close()
  }
}

const changed = (kept: KeptFile): SluiceError =>
  new SluiceError('artifact_mismatch', {
    detail: `the file ${kept.digest} is not what its digest says`,
    hint: again,
  })

const digestOf = (text: string): Digest => digest(`sha256:${createHash('sha256').update(text).digest('hex')}`)

/** Whether a file is there, which makes it as young as a new one. At once, so that no sweep comes in between. */
const isRenewed = (path: string): boolean => {
  const now = new Date()
  try {
    utimesSync(path, now, now)
    return true
  } catch {
    return false
  }
}

/** Names of the files that reports name, each once. */
const filesOf = (reports: readonly CollectedReport[]): readonly string[] => [
  ...new Set(
    attachmentsOf(reports).flatMap(({ kept }) => (kept === undefined ? [] : [kept.digest.slice('sha256:'.length)])),
  ),
]

const textAt = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
