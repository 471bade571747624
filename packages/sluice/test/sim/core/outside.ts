/** Who is asked from outside in the simulators: a source of one metric and an external judge, both of which may be silent, old, or begin anew. */
import type { Directive, MetricReading, OutsideReadings } from '../../../src/core/judge/outside/types.ts'
import type { RolloutPlan } from '../../../src/core/rollout/types.ts'
import { faults } from './faults.ts'
import { slotOf } from './releases.ts'
import type { Setting } from './setting.ts'

/** One unit each so many milliseconds. */
const unitMs = 20

/** What the source gives now, from true counts; faults make it old, or begin anew. Null for silence. */
export const countsOf = (setting: Setting, to: number): Extract<MetricReading, { kind: 'counted' }> | null => {
  if (setting.strikes(faults.metrics_missing)) return null
  const { world, badResponses } = setting
  const ageMs = setting.strikes(faults.metrics_stale) ? 1_600 + setting.random.below(10_000) : 0
  const units = Math.max(0, Math.floor((world.now - ageMs) / unitMs))
  const isAnew = setting.strikes(faults.metrics_without_evidence)
  return {
    kind: 'counted',
    metric: 'checkout',
    era: isAnew ? `anew ${world.now}` : 'since the beginning',
    candidate: { units, badUnits: badResponses[to] === true ? units : 0 },
    stable: { units: 10 * units, badUnits: 0 },
    observedAt: world.wall() - ageMs,
  }
}

/** What the external judge says now; null for silence. */
export const wordOf = (setting: Setting, to: number): Directive | null => {
  if (setting.strikes(faults.metrics_missing)) return null
  if (setting.badResponses[to] === true && (setting.random.next() & 1) === 0) return 'abort'
  return setting.strikes(faults.metrics_stale) ? 'wait' : 'continue'
}

/** Everything that a plan's environment asks from outside; nothing where it asks nobody. */
export const readingsOf = (setting: Setting, plan: RolloutPlan | null): { readonly outside?: OutsideReadings } => {
  if (plan === null || plan.spec.metrics === undefined) return {}
  const to = slotOf(plan.to)
  const counts = countsOf(setting, to)
  const word = wordOf(setting, to)
  const detail = 'nobody answers'
  return {
    outside: {
      metrics: [counts ?? { kind: 'silent', metric: 'checkout', detail }],
      external:
        word === null ? { kind: 'silent', detail } : { kind: 'answered', directive: word, reason: 'as it seems' },
    },
  }
}
