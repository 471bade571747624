/** Digests of files. */
import { createHash, hash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import type { CacheBlob } from '../../core/pipeline/cache/entry.ts'

/** What is read of a file at a time, bytes. */
export const chunkBytes = 1_048_576

/** SHA-256 and size of a file, read a megabyte at a time; a small one at once. */
export const hashFile = async (path: string, signal: AbortSignal): Promise<CacheBlob> => {
  if (statSync(path).size <= chunkBytes) {
    const content = readFileSync(path)
    return { sha256: hash('sha256', content), bytes: content.length }
  }
  const sum = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, signal })) {
    if (!(chunk instanceof Uint8Array)) continue
    sum.update(chunk)
    bytes += chunk.length
  }
  return { sha256: sum.digest('hex'), bytes }
}

/** Holds a file to a digest: `artifact_mismatch` when its content is another. */
export const verifyFile = async (path: string, sha256: string, signal: AbortSignal): Promise<void> => {
  if ((await hashFile(path, signal)).sha256 === sha256) return
  throw new SluiceError('artifact_mismatch', { detail: `${path} does not have the digest ${sha256}` })
}
