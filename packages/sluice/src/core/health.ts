/**
 * Health with hysteresis: an instance becomes healthy after `healthyAfter` good probes in a row and unhealthy after `unhealthyAfter` bad ones, so that a
 * single odd answer moves nothing. The thresholds of Kubernetes probes and HAProxy's `rise` and `fall`.
 *
 * | status    | good probe                              | bad probe                                  |
 * |-----------|-----------------------------------------|--------------------------------------------|
 * | unknown   | count; healthy at `healthyAfter`        | count; unhealthy at `unhealthyAfter`        |
 * | healthy   | forget bad ones                         | count; unhealthy at `unhealthyAfter`        |
 * | unhealthy | count; healthy at `healthyAfter`        | forget good ones                           |
 */
import type { HealthPolicy } from './model.ts'

/** What is believed of an instance, and how many probes in a row speak against it (or, while unknown, for the last answer). */
export type Health = {
  readonly status: 'unknown' | 'healthy' | 'unhealthy'
  readonly last: 'good' | 'bad' | null
  /** Probes in a row with the answer `last`. */
  readonly streak: number
}

/** Nothing is known yet. */
export const unknownHealth: Health = { status: 'unknown', last: null, streak: 0 }

/** What is believed after one more probe. */
export const observeProbe = (
  health: Health,
  probe: 'good' | 'bad',
  policy: Pick<HealthPolicy, 'healthyAfter' | 'unhealthyAfter'>,
): Health => {
  const needed = probe === 'good' ? policy.healthyAfter : policy.unhealthyAfter
  // Invariant: the streak never grows past what is needed, so a long-lived instance keeps a bounded state.
  const streak = Math.min(probe === health.last ? health.streak + 1 : 1, needed)
  const status = streak < needed ? health.status : probe === 'good' ? 'healthy' : 'unhealthy'
  return { status, last: probe, streak }
}
