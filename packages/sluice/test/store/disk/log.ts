/** The log that the shim writes: what was done to the files of a directory, in order. */
import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'

/** One operation. Paths are relative to the directory; the directory itself is `.`. */
export type Operation =
  | { readonly kind: 'create' | 'unlink' | 'sync'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }

const kinds = [null, 'create', 'write', 'truncate', 'sync', 'rename', 'unlink'] as const

/** Reads a log. The first thing that was done is taken to be the making of a file in the directory itself. */
export const parseLog = (log: Buffer): readonly Operation[] => {
  const operations: Operation[] = []
  const root = dirname(log.toString('utf8', 17, 17 + log.readUInt32LE(1)))
  const inside = (path: string): string => (path === root ? '.' : path.slice(root.length + 1))
  for (let at = 0; at < log.length;) {
    const kind = kinds[log.readUInt8(at)]
    const pathLength = log.readUInt32LE(at + 1)
    const dataLength = log.readUInt32LE(at + 5)
    const offset = Number(log.readBigUInt64LE(at + 9))
    const path = inside(log.toString('utf8', at + 17, at + 17 + pathLength))
    const data = log.subarray(at + 17 + pathLength, at + 17 + pathLength + dataLength)
    at += 17 + pathLength + dataLength
    switch (kind) {
      case 'write':
        operations.push({ kind, path, offset, data })
        break
      case 'truncate':
        operations.push({ kind, path, size: offset })
        break
      case 'rename':
        operations.push({ kind, path, to: inside(data.toString()) })
        break
      case 'create':
      case 'unlink':
      case 'sync':
        operations.push({ kind, path })
        break
      default:
        throw new Error(`not an operation: ${kind}`)
    }
  }
  return operations
}

/** Builds the shim into a directory and gives its path; null where there is no C compiler. */
export const buildShim = (directory: string): string | null => {
  if (process.platform !== 'linux' || spawnSync('cc', ['--version']).status !== 0) return null
  const path = join(directory, 'shim.so')
  execFileSync('cc', ['-O2', '-fPIC', '-shared', '-o', path, join(import.meta.dirname, 'shim.c'), '-ldl'])
  return path
}
