/**
 * What was fetched and is no longer asked about: pull requests that nobody has told of for long, and branches and tags that are gone from the remote. Only the refs here go. What tells one delivery from
 * another (the ledger's rows of arrivals, and where each ref of the remote was seen) stays, so that an old webhook that is sent once more starts nothing; and whoever redelivers an arrival has its ref fetched anew.
 */
import { limits } from '../../core/limits.ts'
import type { Remote } from '../../ports/source.ts'
import type { Reading } from '../reading/reading.ts'

/** What it works with. */
export type FetchedRefs = {
  readonly reading: Pick<Reading, 'arrivals' | 'unsettledRuns' | 'remoteState'>
  readonly remote: Pick<Remote, 'letGo'>
}

/** Lets go of refs of which nobody has told since a moment (epoch ms), unless a run that is under way is of their commit; gives how many went. */
export const letGoOfFetched = (
  { reading, remote }: FetchedRefs,
  before: number,
  signal: AbortSignal,
): Promise<number> =>
  remote.letGo(async (fetched) => {
    const { refs: seen } = await reading.remoteState()
    // A pull request that was closed looks as one that waits does; a branch that is gone is known to be.
    const idle = Object.keys(fetched).filter(
      (ref) => ref.split('/').length > 2 && (!isListed(ref) || !Object.hasOwn(seen, ref)),
    )
    if (idle.length === 0) return []
    const told = await toldSince(reading, before)
    const commits = new Set<string>((await reading.unsettledRuns()).map(({ plan }) => plan.commit.id))
    return idle.filter((ref) => !told.has(ref) && !commits.has(fetched[ref] ?? '')).slice(0, limits.fetchedDroppedMax)
  }, signal)

const isListed = (ref: string): boolean => ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')

/** Refs of arrivals that are under way, or were over no earlier. */
const toldSince = async (reading: FetchedRefs['reading'], before: number): Promise<ReadonlySet<string>> => {
  const told = new Set<string>()
  let cursor: string | null = null
  do {
    const limit = limits.pageItemsMax
    const page: Awaited<ReturnType<Reading['arrivals']>> = await reading.arrivals(
      cursor === null ? { limit } : { limit, cursor },
    )
    let isOld = false
    for (const arrival of page.items) {
      isOld = 'settledAt' in arrival && arrival.settledAt < before
      if (!isOld) told.add(arrival.hint.ref)
      if (!isOld && arrival.hint.pullRequest !== null) told.add(`refs/heads/${arrival.hint.pullRequest.base}`)
    }
    // Those that changed last come first.
    cursor = isOld ? null : page.next
  } while (cursor !== null)
  return told
}
