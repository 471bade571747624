/** Response times through the gateway's own route: three metrics under one α, each response looked at as it comes. */
import type { JudgePolicy } from '../../packages/sluice/src/core/model.ts'
import { releaseId, rolloutId } from '../../packages/sluice/src/core/model.ts'
import type { Route } from '../../packages/sluice/src/core/routing.ts'
import { LiveRoute } from '../../packages/sluice/src/gateway/routes/live-route.ts'
import { defaultSettings } from '../../packages/sluice/src/gateway/settings.ts'
import { normal, randomOf } from './random.ts'
import { policy as base } from './tripwire.ts'

const policy: JudgePolicy = { ...base, latency: { quantiles: [0.95, 0.99], tolerance: 1.25, warmupMs: 0 } }
const upstream = (instance: string) => ({ instance, host: '127.0.0.1', port: 9 })
const routeAt = (shareBp: number): Route => ({
  service: 'bench',
  environment: 'bench',
  listen: { host: '127.0.0.1', port: 1 },
  fence: { token: 1, sequence: 1 },
  arms: [
    {
      name: 'stable',
      release: releaseId(`rel_${'a'.repeat(64)}`),
      shareBp: 10_000 - shareBp,
      upstreams: [upstream('a')],
    },
    { name: 'candidate', release: releaseId(`rel_${'b'.repeat(64)}`), shareBp, upstreams: [upstream('b')] },
  ],
  sticky: { kind: 'none' },
  salt: 'bench',
  tripwire: { rollout: rolloutId('rol_bench'), policy },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

/** Requests of a candidate `factor` times as slow until it is stopped; null when it is not within so many requests of all. Response times are lognormal. */
export const slowUntilStop = (
  { factor, shareBp, requests }: { readonly factor: number; readonly shareBp: number; readonly requests: number },
  seed: number,
): number | null => {
  const random = randomOf(seed)
  const world = { now: () => 0, monotonic: () => 0, random, token: () => '', log: () => {} }
  const live = new LiveRoute(routeAt(shareBp), {
    world,
    settings: defaultSettings,
    listener: { tripped: () => {}, healthChanged: () => {} },
  })
  for (let request = 0; request < requests; request += 1) {
    const choice = live.choose('')
    if (choice === null) continue
    const latencyMs = 20 * Math.exp(0.6 * normal(random))
    live.count(choice.arm, null, choice.arm.name === 'candidate' ? latencyMs * factor : latencyMs)
    if (live.trip !== null) return live.trip.candidate.units
  }
  return null
}
