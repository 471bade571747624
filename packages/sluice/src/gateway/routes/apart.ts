/** Counts of what is no sample for the judge, kept apart from the arms' own, and the arms under which such requests are served. */
import type { ReleaseId } from '../../core/model.ts'
import type { ApartCounters } from '../../core/routing.ts'
import type { LiveArm } from './live-route.ts'
import type { Tally } from './tally.ts'
import { emptyTally } from './tally.ts'

/** Why a request is no sample, other than being a copy. */
export type Why = Exclude<ApartCounters['why'], 'mirror'>

/** The apart counts of one route; they outlive the route that is in force. */
export class ApartTallies {
  private readonly tallies: Map<string, { readonly why: Why; readonly tally: Tally }> = new Map()
  /** Shares of the candidate (basis points) that the rollout being watched has had. */
  readonly shares: Set<number> = new Set()

  /** The arm as it serves such requests: the same upstreams, other counts. */
  view(arm: LiveArm, why: Why): LiveArm {
    return { ...arm, apart: why, tally: this.tallyOf(arm.tally.release, why) }
  }

  /** Forgets the counts of releases that are gone. */
  keepOnly(releases: ReadonlySet<ReleaseId>): void {
    for (const [key, { tally }] of this.tallies) if (!releases.has(tally.release)) this.tallies.delete(key)
  }

  /** The counts as the wire has them; without those of which there were none. */
  counters(): readonly ApartCounters[] {
    return [...this.tallies.values()].flatMap(({ why, tally }) =>
      tally.requests === 0
        ? []
        : [{ why, release: tally.release, requests: tally.requests, bad: tally.bad, skipped: 0 }],
    )
  }

  private tallyOf(release: ReleaseId, why: Why): Tally {
    const key = `${why} ${release}`
    const known = this.tallies.get(key) ?? { why, tally: emptyTally(release) }
    this.tallies.set(key, known)
    return known.tally
  }
}
