/** What the demo claims, each claim with what was wanted and what was seen. Pure. */
import type { RolloutDetailView } from '../../http/client/views.ts'
import type { TrafficReport } from './traffic-shape.ts'

/** One claim. */
export type Outcome = { readonly name: string; readonly wanted: string; readonly seen: string; readonly ok: boolean }

/** The bad release's visit to production, as the load generator and the control plane saw it. */
export type Incident = {
  /** Responses that the bad release answered badly. */
  readonly badResponses: number
  readonly candidateResponses: number
  /** From the first bad response to the cut, milliseconds. */
  readonly detectMs: number
  /** From the cut to the last request sent that the bad release still answered, milliseconds; 0 when none was. */
  readonly cutMs: number
  /** From the cut until the rollout had cleared up and settled, milliseconds. */
  readonly restoreMs: number
  readonly shareBp: number
  readonly logE: number
}

/** Figures of the incident from what was seen outside (`traffic`) and the verdict inside. */
export const incidentOf = (traffic: TrafficReport, badVersion: string, rollout: RolloutDetailView): Incident => {
  const bad = traffic.bad.filter(({ version }) => version === badVersion)
  const tally = traffic.versions.find(({ version }) => version === badVersion)
  const cutAt = rollout.lastVerdict?.at ?? rollout.settledAt ?? rollout.now
  const firstBadAt = bad.reduce((first, { endedAt }) => Math.min(first, endedAt), cutAt)
  return {
    badResponses: bad.length,
    candidateResponses: tally?.responses ?? 0,
    detectMs: cutAt - firstBadAt,
    cutMs: Math.max(0, (tally?.lastSentAt ?? 0) - cutAt),
    restoreMs: (rollout.settledAt ?? rollout.now) - cutAt,
    shareBp: rollout.lastVerdict?.shareBp ?? 0,
    logE: rollout.lastVerdict?.logE ?? 0,
  }
}

/** Requests that failed other than those that the buggy release itself answered badly. */
export const failedRequests = (traffic: TrafficReport, badVersion: string): number =>
  traffic.bad.filter(({ version, status }) => version !== badVersion || status === null).length

/** A claim about a number that may be at most `limit`. */
export const atMost = (
  name: string,
  value: number,
  { limit, unit }: { readonly limit: number; readonly unit: string },
): Outcome => ({
  name,
  wanted: `≤ ${limit} ${unit}`,
  seen: `${value} ${unit}`,
  ok: value <= limit,
})

/** A claim that two texts are the same. */
export const same = (name: string, wanted: string, seen: string): Outcome => ({
  name,
  wanted,
  seen,
  ok: wanted === seen,
})
