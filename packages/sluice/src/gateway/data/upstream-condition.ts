/** What the data path believes of an upstream's health, from probes and from connections that were refused. */
import { observeProbe } from '../../core/health.ts'
import type { LiveRoute } from '../routes/live-route.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** Notes one answer of an upstream; `reason` says what it was. The route's owner hears of it when the belief changed. */
export const noteAnswer = (route: LiveRoute, pool: UpstreamPool, answer: { good: boolean; reason: string }): void => {
  pool.health = observeProbe(pool.health, answer.good ? 'good' : 'bad', route.route.health)
  // Unknown counts as healthy: the control plane gives no upstream traffic that has not passed its probes.
  const healthy = pool.health.status !== 'unhealthy'
  if (healthy === pool.healthy) return
  pool.healthy = healthy
  route.healthChanged(pool, answer.reason)
}
