/**
 * A disk that can lose its power. Only what was synced is sure to be there afterwards; of the rest each write may have reached the disk, may
 * not have, or may have in part (whole sectors, in any order), and names that were made, moved or removed since the directory was synced
 * hold up to some point in time. Sectors are written whole, as SQLite and every file system assume.
 */
import type { Operation } from './log.ts'

/** What becomes of writes that were not synced: all lost, or each by chance kept, lost or torn. */
export type Loss = 'all' | 'some'

/** A number from 0 up to, not including, `below`. */
export type Chance = (below: number) => number

type Change = { readonly offset: number; readonly data: Buffer } | { readonly size: number }
type File = { durable: Buffer; size: number; pending: Change[] }
type Rename = { readonly from: string | null; readonly to: string | null; readonly file: File }

const sectorBytes = 512

/** A disk to which operations are applied in order; `cut` shows what a power cut would leave, without cutting it. */
export class DiskModel {
  readonly #now = new Map<string, File>()
  readonly #durableNames = new Map<string, File>()
  #pendingNames: Rename[] = []

  apply(operation: Operation): void {
    if (operation.kind === 'sync' && operation.path === '.') {
      for (const rename of this.#pendingNames) move(this.#durableNames, rename)
      this.#pendingNames = []
      return
    }
    if (operation.kind === 'create') {
      this.#rename({ from: null, to: operation.path, file: { durable: Buffer.alloc(0), size: 0, pending: [] } })
      return
    }
    const file = this.#now.get(operation.path)
    if (file === undefined) throw new Error(`the log has no making of ${operation.path}`)
    if (operation.kind === 'sync') sync(file)
    else if (operation.kind === 'write') file.pending.push({ offset: operation.offset, data: operation.data })
    else if (operation.kind === 'truncate') file.pending.push({ size: operation.size })
    else this.#rename({ from: operation.path, to: operation.kind === 'rename' ? operation.to : null, file })
  }

  /** The files as they are for the running process. */
  live(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#now].map(([path, file]) => [path, contentOf(file, file.pending)]))
  }

  /** The files as a power cut might leave them. */
  cut(loss: Loss, chance: Chance): ReadonlyMap<string, Buffer> {
    const names = new Map(this.#durableNames)
    const kept = loss === 'all' ? 0 : chance(this.#pendingNames.length + 1)
    for (const rename of this.#pendingNames.slice(0, kept)) move(names, rename)
    return new Map(
      [...names].map(([path, file]) => [
        path,
        contentOf(file, loss === 'all' ? [] : file.pending.flatMap((change) => survivors(change, chance))),
      ]),
    )
  }

  #rename(rename: Rename): void {
    move(this.#now, rename)
    this.#pendingNames.push(rename)
  }
}

const move = (names: Map<string, File>, { from, to, file }: Rename): void => {
  if (from !== null) names.delete(from)
  if (to !== null) names.set(to, file)
}

const sync = (file: File): void => {
  file.durable = Buffer.from(contentOf(file, file.pending))
  file.pending = []
}

const contentOf = (file: File, changes: readonly Change[]): Buffer => {
  if (changes.length === 0) return file.durable
  let content: Buffer = Buffer.from(file.durable)
  for (const change of changes) {
    const size = 'size' in change ? change.size : Math.max(content.length, change.offset + change.data.length)
    if (size !== content.length) content = size < content.length ? content.subarray(0, size) : grown(content, size)
    if ('data' in change) change.data.copy(content, change.offset)
  }
  return content
}

const grown = (content: Buffer, size: number): Buffer => Buffer.concat([content, Buffer.alloc(size - content.length)])

const survivors = (change: Change, chance: Chance): readonly Change[] => {
  const fate = chance(3)
  if (fate === 0) return []
  if (fate === 1 || 'size' in change) return [change]
  const sectors: Change[] = []
  for (let at = 0; at < change.data.length;) {
    const offset = change.offset + at
    const length = Math.min(sectorBytes - (offset % sectorBytes), change.data.length - at)
    if (chance(2) === 1) sectors.push({ offset, data: change.data.subarray(at, at + length) })
    at += length
  }
  return sectors
}
