/** Counting: what each release answered, in memory and as the control plane reads it. */
import type { ArmCounters } from '../../core/routing.ts'
import { latencyBucketsMs } from '../../core/routing.ts'
import type { ReleaseId } from '../../core/model.ts'
import { UnitSketch } from './units.ts'

/** The counts of one release in one route. Changed in place on each response. */
export type Tally = {
  readonly release: ReleaseId
  requests: number
  bad: number
  /** Requests without a sticky key: each is a unit. */
  keyless: number
  readonly keys: UnitSketch
  badUnits: number
  inFlight: number
  readonly latency: number[]
}

/** A release nobody has asked yet. */
export const emptyTally = (release: ReleaseId): Tally => ({
  release,
  requests: 0,
  bad: 0,
  keyless: 0,
  keys: new UnitSketch(),
  badUnits: 0,
  inFlight: 0,
  latency: [...latencyBucketsMs.map(() => 0), 0],
})

/** Counts one response: how long its head took, and whose it was (null: no sticky key). */
export const countResponse = (tally: Tally, latencyMs: number, unit: number | null): void => {
  tally.requests += 1
  if (unit === null) tally.keyless += 1
  else tally.keys.add(unit)
  let bucket = 0
  while (bucket < latencyBucketsMs.length && latencyMs > (latencyBucketsMs[bucket] ?? 0)) bucket += 1
  tally.latency[bucket] = (tally.latency[bucket] ?? 0) + 1
}

/** Independent units seen: requests without a key, and about as many sticky keys as there were. */
export const unitsOf = (tally: { readonly keyless: number; readonly keys: UnitSketch }): number =>
  tally.keyless + tally.keys.estimate()

/** The counts as the wire has them. */
export const countersOf = (tally: Tally): ArmCounters => ({
  release: tally.release,
  requests: tally.requests,
  bad: tally.bad,
  units: unitsOf(tally),
  badUnits: tally.badUnits,
  inFlight: tally.inFlight,
  latency: [...tally.latency],
})
