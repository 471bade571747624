/** Digests of files without holding them. */
import { createHash, hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** What is read at a time, bytes; two such pieces are in memory. */
const chunkBytes = 1_048_576

/** Hex SHA-256 and size of a file: the next piece is read while the last one is hashed; a small file is read at once. */
export const hashFile = async (
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  if (statSync(path).size > chunkBytes) return hashPieces(path, signal)
  const content = readFileSync(path)
  return { sha256: hash('sha256', content), bytes: content.length }
}

const hashPieces = async (
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  const sum = createHash('sha256')
  const buffers = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)] as const
  const file = await open(path, 'r')
  let [turn, bytes]: [0 | 1, number] = [0, 0]
  try {
    let reading = file.read(buffers[turn], 0, chunkBytes)
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return { sha256: sum.digest('hex'), bytes }
      signal.throwIfAborted()
      const piece = buffers[turn].subarray(0, bytesRead)
      bytes += bytesRead
      turn = turn === 0 ? 1 : 0
      reading = file.read(buffers[turn], 0, chunkBytes)
      sum.update(piece)
    }
  } finally {
    await file.close()
  }
}
