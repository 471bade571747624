/** Ends every HAProxy of a state directory, as `sluice down` does with what serves. */
import { placeOf } from './place.ts'
import { endHaproxy, workerOf } from './process.ts'
import { allRecords } from './record.ts'

/** Softly: they listen no more, and go when what they have is served. Gives how many there were. Their routes are not forgotten: the next control plane starts them. */
export const shutdownHaproxies = async (stateDir: string): Promise<number> => {
  let ended = 0
  for (const record of await allRecords(stateDir)) {
    const place = placeOf(stateDir, record)
    if ((await workerOf(place)) === null) continue
    await endHaproxy(place)
    ended += 1
  }
  return ended
}
