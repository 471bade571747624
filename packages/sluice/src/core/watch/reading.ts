/** From what a data plane counted to what a watch weighs. */
import type { RollbackTriggers } from '../rollback-policy.ts'
import { type ArmCounters, latencyBucketsMs } from '../routing.ts'
import type { Pair, WatchReading } from './types.ts'

/** Answers that took longer than `aboveMs` for certain: those of the buckets that begin there. What lies in the bucket with the bound in it is given the benefit of the doubt. */
export const slowerThan = (latency: readonly number[], aboveMs: number): Pair => ({
  units: latency.reduce((sum, count) => sum + count, 0),
  badUnits: latency.reduce((sum, count, index) => sum + (lowerBoundMs(index) >= aboveMs ? count : 0), 0),
})

const lowerBoundMs = (bucket: number): number => (bucket === 0 ? 0 : (latencyBucketsMs[bucket - 1] ?? Infinity))

/** What was counted of a release, as a look; the health of its instances and other metrics come from elsewhere. */
export const readingOf = (
  counted: ArmCounters,
  triggers: RollbackTriggers,
  rest: Pick<WatchReading, 'observedAt' | 'unhealthy' | 'metrics'>,
): WatchReading => ({
  ...rest,
  requests: { units: counted.requests, badUnits: counted.bad },
  slow: triggers.latency === undefined ? null : slowerThan(counted.latency, triggers.latency.aboveMs),
})
