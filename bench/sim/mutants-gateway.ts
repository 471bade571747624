/** Seeded bugs of the gateway's logic: shares, fences, trips, evidence; see `mutants.ts`. */
import { routingMutants } from './mutants-routing.ts'
import type { Killer, Mutant, MutantRow } from './mutant.ts'

const gateway = (...[file, find, replace, why]: MutantRow): Mutant => ({
  file,
  find,
  replace,
  why,
  killers: killersOf(file),
})

const killersOf = (file: string): readonly Killer[] => {
  if (file === 'core/maintenance.ts') return ['engineSim', 'coreTests']
  if (file === 'core/routing-spec.ts') return ['coreTests']
  if (file.startsWith('core/routing')) return ['engineSim', 'gatewayTests']
  return file.startsWith('core/judge') ? ['coreTests', 'gatewayTests'] : ['gatewayTests']
}

/** One after the other. */
export const gatewayMutants: readonly Mutant[] = [
  gateway(
    'core/routing-pick.ts',
    'return cut !== undefined && reaches(next, cut)',
    'return false',
    'the shift to 100 % that was already on its way undoes a trip',
  ),
  gateway(
    'core/routing-pick.ts',
    'next.fence.token !== current.fence.token',
    'next.fence.token === current.fence.token',
    'a trip forbids the next rollout instead of its own',
  ),
  gateway(
    'core/routing-pick.ts',
    'return arm.name === heir.name ? { ...arm, shareBp: arm.shareBp + share } : arm',
    'return arm',
    'the share that was cut goes to nobody',
  ),
  gateway(
    'core/routing-pick.ts',
    'if (candidate && point < candidate.shareBp) return candidate',
    'if (candidate && point <= candidate.shareBp) return candidate',
    'the candidate gets a point too many',
  ),
  gateway(
    'core/routing-pick.ts',
    'if (total !== 0 && total !== routingPoints) return',
    'if (total > routingPoints) return',
    'shares that do not sum to all of it are taken',
  ),
  gateway(
    'core/judge/eprocess.ts',
    'logE(evidence) >= -Math.log(alpha)',
    'logE(evidence) >= -Math.log(alpha) / 2',
    'the bound is the square root of what was promised',
  ),
  gateway(
    'core/judge/eprocess.ts',
    'return odds / (odds + 1 - share)',
    'return odds / (odds + 1)',
    'the alternatives forget the share of the stable arm',
  ),
  gateway(
    'gateway/routes/metric-watch.ts',
    'if (unit !== null && !this.marks.mark(unit)) return false',
    '',
    'one unlucky user counts as often as they reload',
  ),
  gateway(
    'gateway/routes/tripwire.ts',
    'if (average(all, floor) < limit) return null',
    'return null',
    'the tripwire never cuts',
  ),
  gateway(
    'gateway/routes/refusals.ts',
    'if (compareFence(fence, record.fence) >= 0) return',
    'return',
    'the gateway takes what comes',
  ),
  gateway(
    'gateway/routes/refusals.ts',
    'if (!isNamed && !isForbiddenByTrip(record.route, record.trip, route)) return',
    'if (!isForbiddenByTrip(record.route, record.trip, route)) return',
    'a rollout that was cut comes back under a later route',
  ),
  gateway(
    'gateway/routes/refusals.ts',
    'if (!isNamed && !isForbiddenByTrip(record.route, record.trip, route)) return',
    'if (!isNamed) return',
    'a rollout that was cut comes back as the only arm',
  ),
  gateway(
    'gateway/routes/trip-news.ts',
    'commitTrip(this.parts.folder, record, this.parts.world)\n    this.parts.notify',
    'this.parts.notify',
    'a kill right after the cut undoes it',
  ),
  gateway(
    'gateway/routes/route-file.ts',
    'if (!wanted()) return false',
    '',
    'what was being written takes the place of a cut, for a moment',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    'return arm.apart === null && arm.rollout === (this.watch.tripwire?.rollout ?? null)',
    'return true',
    'late failures of one rollout cut the candidate of the next',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    'this.watch = rearmed(this.watch, route.tripwire)',
    'this.watch = armedWatch(route.tripwire, freshCounts(0))',
    'each step of a canary forgets the evidence of the one before',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    "if (arm.name !== 'candidate') window?.learn(latencyMs)",
    'window?.learn(latencyMs)',
    'what is slow is learnt from the candidate, too',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    'if (weighed) this.judge(arm)',
    '',
    'a slow candidate is cut at its next error only',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    "if (warmupMs === 0 || arm.name !== 'candidate' || arm.apart !== null) return false",
    'if (warmupMs === 0) return false',
    'a stable arm that warms up is forgiven, which makes the candidate look worse',
  ),
  gateway(
    'gateway/routes/metric-watch.ts',
    'if (shareBp !== this.open.shareBp) this.openAt(shareBp)',
    'if (this.open.shareBp === 0) this.openAt(shareBp)',
    'every bad event is weighed at the first share',
  ),
  gateway(
    'gateway/routes/live-route.ts',
    'if (trip) this.cut(trip)',
    'if (trip) queueMicrotask(() => setTimeout(() => this.cut(trip), 50))',
    'the cut is made soon, not in this turn',
  ),
  ...routingMutants.map((row) => gateway(...row)),
]
