/**
 * Evidence in files of the state directory: `evidence/sha256/<hex>.json` is what was collected of a job, by the hash of its text; `evidence/commits/<id>.json` what a
 * commit came to. Each is there whole or not at all.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Baseline } from '../../core/evidence/baseline.ts'
import type { CollectedReport } from '../../core/evidence/collected.ts'
import { digest, type Digest } from '../../core/model.ts'
import { writeWhole } from '../../lib/files.ts'
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
    keepBaseline: (baseline) => writeWhole(commitPath(baseline.commit), canonicalJson(baseline)),
    baseline: async (commit) => {
      const text = await textAt(commitPath(commit))
      // Documented parser: only `keepBaseline` writes there.
      return text === null ? null : (JSON.parse(text) as Baseline)
    },
  }
}

const again = 'sluice run'

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
