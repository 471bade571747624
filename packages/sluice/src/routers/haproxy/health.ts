/** What changed in the health of servers between two looks, as the control plane is told of it. Pure. */
import type { GatewayNotice, Route } from '../../core/routing.ts'
import type { ServerState } from './requests.ts'
import { serverName } from './settings.ts'

/** Which servers were healthy at the last look. */
export type HealthSeen = ReadonlyMap<string, boolean>

/** A server that was not seen before counts as healthy: none gets traffic that has not passed its probes. */
export const healthChanges = (
  { service, environment, arms }: Route,
  servers: readonly ServerState[],
  seen: HealthSeen,
): { readonly notices: readonly GatewayNotice[]; readonly now: HealthSeen } => {
  const now = new Map<string, boolean>()
  const notices: GatewayNotice[] = []
  for (const { release, upstreams } of arms) {
    for (const upstream of upstreams) {
      const name = serverName(upstream)
      const healthy = servers.find((one) => one.name === name && !one.isInMaintenance)?.isHealthy
      if (healthy === undefined || now.has(name)) continue
      now.set(name, healthy)
      if ((seen.get(name) ?? true) === healthy) continue
      notices.push({
        kind: 'upstream_health',
        service,
        environment,
        instance: upstream.instance,
        release,
        healthy,
      })
    }
  }
  return { notices, now }
}
