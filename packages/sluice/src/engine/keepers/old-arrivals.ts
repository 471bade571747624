/**
 * Arrivals that were over long ago: what was told, with all the sender's words, is forgotten, so that a repository that is pushed to all day does not fill the disk. Replays stay harmless: whoever tells
 * of commits is held to the ledger's rows, which are never taken out, and to where each ref of the remote was seen.
 */
import { limits } from '../../core/limits.ts'
import type { Store } from '../../ports/store.ts'

/** Forgets those that were over before a moment (epoch ms), portion by portion, so that nobody's commit waits long; gives how many. */
export const forgetArrivals = async (store: Pick<Store, 'forget'>, before: number): Promise<number> => {
  let [all, portion] = [0, 0]
  do {
    portion = await store.forget({ kind: 'arrival', before, limit: limits.arrivalsPortion })
    all += portion
  } while (portion === limits.arrivalsPortion)
  return all
}
