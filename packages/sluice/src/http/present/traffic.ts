/** What the data plane and the driver show, as the API tells it. */
import type { Instance } from '../../core/model.ts'
import { latencyBucketsMs } from '../../core/routing.ts'
import type { Arm, ArmCounters, RouteObservation } from '../../core/routing.ts'
import type { ArmView, InstanceView, TrafficView } from '../client/views.ts'
import { refOf, type Known } from './releases.ts'

/** A route as it is in force, with what was counted. */
export const trafficView = (observation: RouteObservation, known: Known): TrafficView => {
  const { route, counters, logE, trip, paused, observedAt, apart } = observation
  const counted = new Map(counters.map((one) => [one.release, one]))
  return {
    listen: route.listen,
    arms: route.arms.map((arm) => armView(arm, counted.get(arm.release), known)),
    paused,
    logE,
    limitLogE: route.tripwire === null ? null : -Math.log(route.tripwire.policy.alpha),
    trip:
      trip === null
        ? null
        : {
            verdict: 'fail',
            at: trip.at,
            logE: trip.logE,
            shareBp: trip.shareBp,
            candidate: { units: trip.candidate.units, badUnits: trip.candidate.badUnits },
            stable: { units: trip.stable.units, badUnits: trip.stable.badUnits },
            detail: 'the tripwire cut the candidate',
            ...(trip.metric === undefined ? {} : { metric: trip.metric }),
            ...(trip.metrics === undefined ? {} : { metrics: trip.metrics }),
          },
    observedAt,
    ...(apart && { apart: apart.map((one) => ({ ...one, release: refOf(one.release, known) })) }),
  }
}

const armView = (arm: Arm, counters: ArmCounters | undefined, known: Known): ArmView => ({
  arm: arm.name,
  release: refOf(arm.release, known),
  shareBp: arm.shareBp,
  upstreams: arm.upstreams.length,
  requests: counters?.requests ?? 0,
  bad: counters?.bad ?? 0,
  units: counters?.units ?? 0,
  badUnits: counters?.badUnits ?? 0,
  inFlight: counters?.inFlight ?? 0,
  p50Ms: quantile(counters?.latency ?? [], 0.5),
  p99Ms: quantile(counters?.latency ?? [], 0.99),
})

/** Upper bound of the bucket in which the quantile lies; null without samples, and where it lies beyond the last bound. */
const quantile = (buckets: readonly number[], share: number): number | null => {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [index, count] of buckets.entries()) {
    seen += count
    if (total > 0 && seen >= share * total) return latencyBucketsMs[index] ?? null
  }
  return null
}

/** An instance as its driver observed it. */
export const instanceView = (instance: Instance, known: Known): InstanceView => ({
  id: instance.id,
  release: refOf(instance.release, known),
  index: instance.index,
  host: instance.host,
  port: instance.port,
  status: instance.status,
  restarts: instance.restarts,
})
