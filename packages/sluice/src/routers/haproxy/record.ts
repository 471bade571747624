/**
 * What is in force for one route, and under which fence: one file, written whole and synced, and read back before every change. HAProxy itself has no
 * compare-and-set; this file is the fence, and the only writer is the control plane that holds the state directory.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Fence, compareFence } from '../../core/model.ts'
import type { Route } from '../../core/routing.ts'
import { writeWhole } from '../../lib/files.ts'
import type { RouteKey } from '../../ports/router.ts'
import { type Counted, nothingCounted } from './evidence.ts'
import type { Place } from './place.ts'
import { placesIn } from './places.ts'
import { emptySlots, type Slots } from './plan.ts'

/** The content of the file. After a removal the fence stays, so that a late command does not bring the route back. */
export type RouteRecord = RouteKey & {
  readonly version: 1
  readonly fence: Fence
  readonly routeFence: Fence | null
  readonly route: Route | null
  readonly slots: Slots
  /** Number of the split in force; grows by one with each. */
  readonly generation: number
  readonly counted: Counted
}

/** A route that nobody gave. */
export const noRecord = ({ service, environment }: RouteKey): RouteRecord => ({
  version: 1,
  service,
  environment,
  fence: { token: -1, sequence: -1 },
  routeFence: null,
  route: null,
  slots: emptySlots,
  generation: 0,
  counted: nothingCounted,
})

/** What the file says; a file that says nothing readable is `store_corrupt`, never "no route". */
export const readRecord = async ({ recordFile }: Place): Promise<RouteRecord | null> => {
  const text = await readFile(recordFile, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  return text === null ? null : parseRecord(text, recordFile)
}

/** Writes the file; on disk when it is fulfilled. */
export const writeRecord = async ({ folder, recordFile }: Place, record: RouteRecord): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeWhole(recordFile, JSON.stringify(record))
}

/** Refuses a fence that is older than the newest seen. */
export const refuseStale = ({ service, environment, fence: seen }: RouteRecord, fence: Fence): void => {
  if (compareFence(fence, seen) >= 0) return
  throw new SluiceError('fence_stale', {
    detail: `${service} in ${environment}: fence (${fence.token}, ${fence.sequence}) is older than (${seen.token}, ${seen.sequence})`,
  })
}

/** Every route that has a file in this state directory. */
export const allRecords = async (stateDir: string): Promise<readonly RouteRecord[]> => {
  const names = await readdir(placesIn(stateDir)).catch(() => [])
  const records = await Promise.all(
    names.map((name) => readRecordIn(join(placesIn(stateDir), name, 'route.json')).catch(() => null)),
  )
  return records.flatMap((record) => record ?? [])
}

const readRecordIn = async (file: string): Promise<RouteRecord> => parseRecord(await readFile(file, 'utf8'), file)

/** Documented parser: the file is this router's own; only its version is looked at. */
const parseRecord = (text: string, file: string): RouteRecord => {
  try {
    const record = JSON.parse(text) as RouteRecord
    if (record.version === 1) return record
  } catch {
    // Said below.
  }
  throw new SluiceError('store_corrupt', {
    detail: `${file} does not read back`,
    hint: 'HAProxy serves on as it is; take the file away only when no HAProxy of that route runs any more',
  })
}
