/**
 * From counts that only grow to evidence, purely. HAProxy counts each answer in a row of its own for the generation (the split in force when the
 * request was given to an arm) and the arm, so that a bad answer is weighed with the share that was in force for it, however late it is read.
 */
import { addBad, type ArmSeen, type JudgeStatistics, noStatistics, wholeBp } from '../../core/judge/statistics.ts'
import type { ReleaseId, RolloutId } from '../../core/model.ts'
import { shareOf } from '../../core/routing-pick.ts'
import type { ArmCounters, ArmName, Route } from '../../core/routing.ts'
import { latencyBucketsMs } from '../../core/routing.ts'

/** What one row counts. `latency`: answers within each bound of `latencyBucketsMs`, those within a lower one included. */
export type Count = {
  readonly requests: number
  readonly bad: number
  readonly units: number
  readonly badUnits: number
  readonly latency: readonly number[]
}

/** A row as HAProxy has it now. */
export type Row = { readonly generation: number; readonly arm: ArmName; readonly count: Count }

/** A split that is or was in force. `seen`: what was already folded of its rows in the process `process`. */
export type Generation = {
  readonly number: number
  readonly rollout: RolloutId | null
  readonly shareBp: number
  readonly releases: Readonly<Partial<Record<ArmName, ReleaseId>>>
  readonly seen: Readonly<Partial<Record<ArmName, Count>>>
}

/** Everything counted of a route. */
export type Counted = {
  /** The process whose rows were read last: in another one they begin at 0 again. */
  readonly process: string
  readonly generations: readonly Generation[]
  readonly totals: Readonly<Record<string, Count>>
  /** What the judge needs of the rollout that is on, whatever its policy. It knows errors only, and no twins of the stable arm. */
  readonly evidence: { readonly rollout: RolloutId; readonly statistics: JudgeStatistics } | null
}

/** Nothing counted. */
export const nothingCounted: Counted = { process: '', generations: [], totals: {}, evidence: null }

const zero: Count = { requests: 0, bad: 0, units: 0, badUnits: 0, latency: latencyBucketsMs.map(() => 0) }

/** Splits whose late answers are still told apart; an answer that is later than so many shifts is counted nowhere. */
const generationsMax = 32

const nobody = { requests: 0, units: 0 }

/** A new split begins. The same rollout keeps its evidence; a release that is routed no more is forgotten. */
export const beginGeneration = (
  counted: Counted,
  route: Route,
  { number, at }: { readonly number: number; readonly at: number },
): Counted => {
  const { tripwire } = route
  const rollout = tripwire?.rollout ?? null
  const generation: Generation = {
    number,
    rollout,
    shareBp: shareOf(route, 'candidate'),
    releases: Object.fromEntries(route.arms.map(({ name, release }) => [name, release])),
    seen: {},
  }
  const routed = new Set<string>(route.arms.map(({ release }) => release))
  return {
    ...counted,
    generations: [...counted.generations, generation].slice(-generationsMax),
    totals: Object.fromEntries(Object.entries(counted.totals).filter(([release]) => routed.has(release))),
    evidence:
      rollout === null
        ? null
        : counted.evidence?.rollout === rollout
          ? counted.evidence
          : {
              rollout,
              statistics: {
                since: at,
                candidate: nobody,
                stable: nobody,
                alone: nobody,
                metrics: [noStatistics('errors')],
              },
            },
  }
}

/** Takes in what was counted since the rows were read last. */
export const foldRows = (before: Counted, process: string, rows: readonly Row[]): Counted => {
  const counted = before.process === process ? before : { ...before, process, generations: unseen(before.generations) }
  return rows.reduce(foldRow, counted)
}

/** The counts of a route's releases, in the order of its arms; `inFlight` by release. */
export const countersOf = (
  route: Route,
  { totals }: Counted,
  inFlight: Readonly<Record<string, number>>,
): readonly ArmCounters[] =>
  [...new Set(route.arms.map(({ release }) => release))].map((release) => {
    const { requests, bad, units, badUnits, latency } = totals[release] ?? zero
    const buckets = latency.map((within, index) => within - (latency[index - 1] ?? 0))
    const slower = requests - (latency.at(-1) ?? 0)
    return {
      release,
      requests,
      bad,
      units,
      badUnits,
      inFlight: inFlight[release] ?? 0,
      latency: [...buckets, slower],
    }
  })

const unseen = (generations: readonly Generation[]): readonly Generation[] =>
  generations.map((generation) => ({ ...generation, seen: {} }))

const foldRow = (counted: Counted, { generation: number, arm, count }: Row): Counted => {
  const generation = counted.generations.find((one) => one.number === number)
  const release = generation?.releases[arm]
  if (generation === undefined || release === undefined) return counted
  const gained = differenceOf(generation.seen[arm] ?? zero, count)
  const next = { ...generation, seen: { ...generation.seen, [arm]: count } }
  return {
    ...counted,
    generations: counted.generations.map((one) => (one === generation ? next : one)),
    totals: { ...counted.totals, [release]: sumOf(counted.totals[release] ?? zero, gained) },
    evidence: seenMore(counted.evidence, generation, { arm, gained }),
  }
}

const seenMore = (
  evidence: Counted['evidence'],
  { rollout, shareBp }: Generation,
  { arm, gained }: { readonly arm: ArmName; readonly gained: Count },
): Counted['evidence'] => {
  if (evidence === null || evidence.rollout !== rollout) return evidence
  // The holdback runs the same release as the stable arm.
  const side = arm === 'candidate' ? 'candidate' : 'stable'
  const isAlone = side === 'candidate' && shareBp === wholeBp
  const more = ({ requests, units }: ArmSeen): ArmSeen => ({
    requests: requests + gained.requests,
    units: units + gained.units,
  })
  const bad = { shareBp, candidate: 0, stable: 0, [side]: gained.badUnits }
  const statistics = {
    ...evidence.statistics,
    [side]: more(evidence.statistics[side]),
    ...(isAlone && { alone: more(evidence.statistics.alone) }),
    metrics: evidence.statistics.metrics.map((metric) => addBad(metric, bad)),
  }
  return { ...evidence, statistics }
}

/** A row that is smaller than before began anew. */
const differenceOf = (before: Count, now: Count): Count => {
  const from = now.requests < before.requests ? zero : before
  return combine(now, from, (a, b) => Math.max(0, a - b))
}

const sumOf = (a: Count, b: Count): Count => combine(a, b, (left, right) => left + right)

const combine = (a: Count, b: Count, how: (left: number, right: number) => number): Count => ({
  requests: how(a.requests, b.requests),
  bad: how(a.bad, b.bad),
  units: how(a.units, b.units),
  badUnits: how(a.badUnits, b.badUnits),
  latency: a.latency.map((each, index) => how(each, b.latency[index] ?? 0)),
})
