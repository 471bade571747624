/** Why a command for a route is refused: something newer was seen, or its rollout was cut. */
import { SluiceError } from '../../core/errors.ts'
import type { Fence } from '../../core/model.ts'
import { compareFence } from '../../core/model.ts'
import { isForbiddenByTrip, shareOf } from '../../core/routing-pick.ts'
import type { Route } from '../../core/routing.ts'
import type { RouteRecord } from './route-file.ts'

/** Throws `fence_stale` when the record has seen a newer fence. */
export const checkFence = (record: RouteRecord, fence: Fence): void => {
  if (compareFence(fence, record.fence) >= 0) return
  throw new SluiceError('fence_stale', {
    detail: `${record.service} in ${record.environment}: fence (${fence.token}, ${fence.sequence}) is older than (${record.fence.token}, ${record.fence.sequence})`,
  })
}

/** Throws `fence_stale` when a newer word about maintenance was heard. */
export const checkMaintenance = (record: RouteRecord, sequence: number): void => {
  const seen = record.maintenance?.sequence ?? 0
  if (sequence >= seen) return
  throw new SluiceError('fence_stale', {
    detail: `${record.service} in ${record.environment}: maintenance ${sequence} is older than ${seen}`,
  })
}

/** Throws `gateway_tripped` when the route gives traffic to a candidate that a tripwire has cut. */
export const checkTripped = (record: RouteRecord, route: Route): void => {
  const isNamed =
    route.tripwire !== null && shareOf(route, 'candidate') > 0 && record.tripped.includes(route.tripwire.rollout)
  if (!isNamed && !isForbiddenByTrip(record.route, record.trip, route)) return
  const rollout = route.tripwire?.rollout ?? record.trip?.rollout
  throw new SluiceError('gateway_tripped', {
    detail: `the tripwire has cut ${rollout} in ${route.environment}; its candidate gets no more traffic`,
  })
}
