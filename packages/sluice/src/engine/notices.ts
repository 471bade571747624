import type { RolloutEvent } from '../core/rollout/types.ts'
import type { GatewayNotice } from '../core/routing.ts'

/** What the data plane tells by itself, as an event of the live rollout. A notice for another rollout changes nothing there. */
export const noticeEvent = (notice: GatewayNotice, at: number): RolloutEvent => {
  if (notice.kind === 'upstream_health') {
    const { instance, release, healthy } = notice
    return { type: 'instance_health_changed', at, instance, release, healthy }
  }
  const { trip } = notice
  const { candidate, stable, logE, shareBp } = trip
  const detail = `the tripwire cut the candidate at ${shareBp / 100} %: ${candidate.badUnits} of ${candidate.units} bad, stable ${stable.badUnits} of ${stable.units}`
  return { type: 'tripped', at, verdict: { verdict: 'fail', at: trip.at, logE, shareBp, candidate, stable, detail } }
}
