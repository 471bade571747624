/** What a route really does, as the control plane is told. */
import type { Maintenance, RouteObservation } from '../../core/routing.ts'
import type { LiveRoute } from './live-route.ts'
import { countersOf } from './tally.ts'
import { logEOf, statisticsOf } from './tripwire.ts'

/** The route as it is at `observedAt` (epoch ms), and the maintenance that is in force. */
export const observationOf = (
  live: LiveRoute,
  maintenance: Maintenance | null,
  observedAt: number,
): RouteObservation => {
  const apart = live.apartCounters()
  return {
    route: live.route,
    counters: live.route.arms
      .map((arm) => live.tallies.get(arm.release))
      .filter((tally, index, tallies) => tallies.indexOf(tally) === index)
      .flatMap((tally) => (tally ? [countersOf(tally)] : [])),
    logE: logEOf(live.watch),
    ...(live.watch.tripwire === null ? {} : { statistics: statisticsOf(live.watch) }),
    trip: live.trip,
    paused: live.gate.paused,
    observedAt,
    ...(apart === null ? {} : { apart }),
    ...(maintenance === null ? {} : { maintenance }),
  }
}
