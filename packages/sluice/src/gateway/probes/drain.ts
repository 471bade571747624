/** Waits until nothing is in flight to upstreams that are about to be stopped. */
import { SluiceError } from '../../core/errors.ts'
import type { Upstream } from '../../core/routing.ts'
import type { UpstreamPool } from '../data/upstream-pool.ts'
import { upstreamKey } from '../data/upstream-pool.ts'
import type { LiveRoute } from '../routes/live-route.ts'

/** What is to be drained, and for how long it may take. */
export type DrainRequest = {
  readonly upstreams: readonly Upstream[]
  readonly deadlineMs: number
  readonly now: number
  /** After the deadline, what lasts has this long to be told of its end. */
  readonly graceMs: number
}

/**
 * Gives what is still in flight: 0, or what is left at the deadline. From now on these upstreams get no request, not even as a fallback, until
 * a route names them again. Throws `retire_refused` when one is still in an arm with a share.
 */
export const drain = (route: LiveRoute, request: DrainRequest): Promise<number> => {
  const keys = new Set(request.upstreams.map(upstreamKey))
  const pools = [...route.pools.values()].filter((pool) => keys.has(pool.key))
  const serving = route.arms.find((arm) => arm.shareBp > 0 && arm.pools.some((pool) => keys.has(pool.key)))
  if (serving) {
    throw new SluiceError('retire_refused', {
      detail: `${route.route.service} in ${route.route.environment}: arm ${serving.name} still has ${serving.shareBp / 100} % of the traffic`,
    })
  }
  for (const pool of pools) {
    pool.drainingSince ??= request.now
    pool.drainUntil = request.now + request.deadlineMs
    pool.closeIdle()
  }
  return settled(pools, request.deadlineMs + request.graceMs)
}

const inFlight = (pools: readonly UpstreamPool[]): number => pools.reduce((sum, pool) => sum + pool.inFlight, 0)

const settled = (pools: readonly UpstreamPool[], deadlineMs: number): Promise<number> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      for (const pool of pools) pool.onIdle.delete(check)
      resolve(inFlight(pools))
    }
    const check = (): void => {
      if (inFlight(pools) === 0) finish()
    }
    const timer = setTimeout(finish, deadlineMs)
    for (const pool of pools) pool.onIdle.add(check)
    check()
  })
