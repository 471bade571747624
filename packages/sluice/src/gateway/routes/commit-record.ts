/** Changes what is on record of a route. A cut goes before whatever else is being written. */
import { SluiceError } from '../../core/errors.ts'
import type { World } from '../world.ts'
import type { RouteRecord } from './route-file.ts'
import { writeRoute, writeRouteNow } from './route-file.ts'

/**
 * Writes the changed record, then makes it the entry's. A trip that comes while the disk is busy changes the record and wins: what was being
 * written does not take its place, and the change is made again on top of it. A change that is refused leaves the file as the entry's record
 * says. Throws `store_full` or `store_failed`, and what `change` throws.
 */
export const commitRecord = async (
  folder: string,
  entry: { record: RouteRecord },
  change: (record: RouteRecord) => RouteRecord,
): Promise<void> => {
  for (let attempt = 0; ; attempt += 1) {
    const base = entry.record
    const isCurrent = (): boolean => entry.record === base
    try {
      const next = change(base)
      if (!(await write(folder, next, isCurrent)) || !isCurrent()) continue
      entry.record = next
      return
    } catch (error) {
      // Only if writing the trip failed does the file say anything else by now.
      if (attempt > 0) await write(folder, base, isCurrent)
      throw error
    }
  }
}

/** Writes a record that holds a trip, before it returns. A disk that refuses it does not keep the cut from being made. */
export const commitTrip = (folder: string, record: RouteRecord, world: World): void => {
  const failed = (error: unknown): void =>
    world.log('error', 'trip_not_written', { rollout: record.trip?.rollout, reason: String(error) })
  try {
    writeRouteNow(folder, record).catch(failed)
  } catch (error) {
    failed(error)
  }
}

const write = async (folder: string, record: RouteRecord, wanted: () => boolean): Promise<boolean> => {
  try {
    return await writeRoute(folder, record, wanted)
  } catch (error) {
    const full = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    throw new SluiceError(full ? 'store_full' : 'store_failed', {
      detail: `the route of ${record.service} in ${record.environment} could not be written to ${folder}: ${String(error)}`,
      hint: 'traffic stays where it was; make room or mend the disk, then try again',
      cause: error,
    })
  }
}
