/**
 * The armed tripwire of one route: the bad-event e-process of one rollout, fed on every response, in the turn of the event loop in which
 * the response came.
 *
 * A sticky unit counts once in a rollout, in the arm where it first got a bad response. Once per release would break the bound: a share
 * that grows moves users to the candidate, and those already counted for stable would count again, for the candidate only.
 */
import type { Evidence } from '../../core/judge/eprocess.ts'
import { crosses, logE, noEvidence, weigh } from '../../core/judge/eprocess.ts'
import { routingPoints } from '../../core/routing-pick.ts'
import type { Trip, Tripwire } from '../../core/routing.ts'
import { unitsOf } from './tally.ts'
import { UnitMarks, UnitSketch } from './units.ts'

/** One side of the comparison, within this rollout. The holdback counts as stable: it runs the same release. */
export type Side = { keyless: number; readonly keys: UnitSketch; badUnits: number }

/** What the tripwire of one rollout has seen. Changed in place. */
export type Watch = {
  readonly tripwire: Tripwire | null
  evidence: Evidence
  readonly marks: UnitMarks
  readonly candidate: Side
  readonly stable: Side
}

/** Nothing seen yet. */
export const freshWatch = (tripwire: Tripwire | null): Watch => ({
  tripwire,
  evidence: noEvidence,
  marks: new UnitMarks(),
  candidate: { keyless: 0, keys: new UnitSketch(), badUnits: 0 },
  stable: { keyless: 0, keys: new UnitSketch(), badUnits: 0 },
})

/** Counts a response for the comparison; `unit` is the hash of the sticky key or null. */
export const watchResponse = (side: Side, unit: number | null): void => {
  if (unit === null) side.keyless += 1
  else side.keys.add(unit)
}

/** One bad response: whose, which unit, and the candidate's share (basis points) in force when its request was given to an arm. */
export type BadEvent = { readonly candidate: boolean; readonly unit: number | null; readonly shareBp: number }

/** Weighs a bad response; false when its unit had been counted before. */
export const watchBad = (watch: Watch, event: BadEvent): boolean => {
  if (event.unit !== null && !watch.marks.mark(event.unit)) return false
  const side = event.candidate ? watch.candidate : watch.stable
  side.badUnits += 1
  if (watch.tripwire) {
    const weighed = { share: event.shareBp / routingPoints, candidate: event.candidate }
    watch.evidence = weigh(watch.evidence, weighed, watch.tripwire.policy.tolerance)
  }
  return true
}

/** The trip, when the evidence suffices and the candidate's own bad rate is one that anybody would care about; else null. */
export const judgeWatch = (watch: Watch, shareBp: number, at: number): Trip | null => {
  const { tripwire } = watch
  if (!tripwire || shareBp === 0 || !crosses(watch.evidence, tripwire.policy.alpha)) return null
  const units = unitsOf(watch.candidate)
  if (watch.candidate.badUnits < tripwire.policy.ignoreBelow * units) return null
  return {
    rollout: tripwire.rollout,
    at,
    logE: logE(watch.evidence),
    candidate: { units, badUnits: watch.candidate.badUnits },
    stable: { units: unitsOf(watch.stable), badUnits: watch.stable.badUnits },
    shareBp,
  }
}
