/** Puts contents into blobs: large files one by one, small ones behind each other, because opening a file costs more than reading it. */
import { limits } from '../../core/limits.ts'
import type { CacheBlob, CachePart } from '../../core/pipeline/cache/entry.ts'
import type { CacheScope } from '../../core/pipeline/cache/scope.ts'
import type { LocalCache } from '../../ports/cache.ts'

/** Takes contents and says where they will be; `finish` gives the blobs, all of them kept. */
export type Packer = {
  readonly add: (content: Uint8Array, signal: AbortSignal) => Promise<CachePart>
  /** A large file; its content's digest too. */
  readonly addFile: (path: string, signal: AbortSignal) => Promise<CachePart & { readonly sha256: string }>
  readonly finish: (signal: AbortSignal) => Promise<readonly CacheBlob[]>
}

/** Packs into a scope of the local cache. */
export const makePacker = (cache: LocalCache, scope: CacheScope): Packer => {
  const blobs: (CacheBlob | null)[] = []
  let open: { readonly blob: number; readonly chunks: Uint8Array[]; bytes: number } | null = null
  const flush = async (signal: AbortSignal): Promise<void> => {
    if (open === null) return
    const { blob, chunks } = open
    open = null
    blobs[blob] = await cache.addBlob(scope, inOnePiece(chunks), signal)
  }
  return {
    add: async (content, signal) => {
      if (open !== null && open.bytes + content.length > limits.cachePackBytesMax) await flush(signal)
      open ??= { blob: blobs.push(null) - 1, chunks: [], bytes: 0 }
      const part = { blob: open.blob, offset: open.bytes, bytes: content.length }
      open.chunks.push(content)
      open.bytes += content.length
      return part
    },
    addFile: async (path, signal) => {
      const added = await cache.addFile(scope, path, signal)
      return { blob: blobs.push(added) - 1, offset: 0, bytes: added.bytes, sha256: added.sha256 }
    },
    finish: async (signal) => {
      await flush(signal)
      return blobs.filter((blob) => blob !== null)
    },
  }
}

async function* inOnePiece(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield Buffer.concat(chunks)
}
