/**
 * Evidence in files of the state directory: `evidence/sha256/<hex>.json` is what was collected of a job, by the hash of its text; `evidence/files/<hex>` a file that it names;
 * `evidence/commits/<id>.json` what a commit came to. Each is there whole or not at all.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Baseline } from '../../core/evidence/baseline.ts'
import type { CollectedReport } from '../../core/evidence/collected.ts'
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
      if (!(await isThere(pathOf(key)))) await writeWhole(pathOf(key), text)
      return key
    },
    read: async (key) => {
      const text = await textAt(pathOf(key))
      if (text === null)
        throw new SluiceError('artifact_missing', { detail: `evidence ${key} is missing`, hint: again })
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
        throw new SluiceError('artifact_missing', { detail: `the file ${kept.digest} is missing`, hint: again })
      if (found.size !== kept.bytes) throw changed(kept)
      return checkedPieces(path, kept)
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

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const textAt = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
