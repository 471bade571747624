import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logE, noEvidence, weigh } from '../../core/judge/eprocess.ts'
import { releaseId, rolloutId } from '../../core/model.ts'
import type { Route } from '../../core/routing.ts'
import { latencyBucketsMs } from '../../core/routing.ts'
import { assess } from '../../core/judge/assess.ts'
import { beginGeneration, type Count, type Counted, countersOf, foldRows, nothingCounted } from './evidence.ts'

const old = releaseId(`rel_${'a'.repeat(64)}`)
const fresh = releaseId(`rel_${'b'.repeat(64)}`)
const policy = { alpha: 0.01, tolerance: 1.5, ignoreBelow: 0, intervalMs: 100, staleAfterMs: 1_000 }

const routeAt = (shareBp: number, rollout: string = 'rol_one'): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 1 },
  fence: { token: 1, sequence: 1 },
  arms: [
    { name: 'stable', release: old, shareBp: 10_000 - shareBp, upstreams: [] },
    { name: 'candidate', release: fresh, shareBp, upstreams: [] },
  ],
  sticky: { kind: 'none' },
  salt: '',
  tripwire: { rollout: rolloutId(rollout), policy },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

const countOf = (requests: number, bad: number): Count => ({
  requests,
  bad,
  units: requests,
  badUnits: bad,
  latency: latencyBucketsMs.map((_, index) => (index < 2 ? 0 : requests)),
})

const evidenceOf = ({ evidence }: Counted): number =>
  evidence === null ? Number.NaN : assess(evidence.statistics, policy).logE
const strataOf = ({ evidence }: Counted) => evidence?.statistics.metrics[0]?.strata
const bad = (counted: Counted, route: Route): readonly number[] =>
  countersOf(route, counted, {}).map(({ badUnits }) => badUnits)

test('counts that are read in any number of portions come to the same evidence, that of the events one by one', () => {
  const looks = fc.array(fc.record({ stable: fc.nat(5), candidate: fc.nat(5) }), { maxLength: 8 })
  fc.assert(
    fc.property(looks, fc.integer({ min: 1, max: 9_999 }), (portions, shareBp) => {
      let counted = beginGeneration(nothingCounted, routeAt(shareBp), { number: 1, at: 5 })
      let expected = noEvidence
      const sums = { stable: 0, candidate: 0 }
      for (const portion of portions) {
        sums.stable += portion.stable
        sums.candidate += portion.candidate
        for (const arm of ['stable', 'candidate'] as const)
          for (let left = portion[arm]; left > 0; left -= 1)
            expected = weigh(expected, { share: shareBp / 10_000, candidate: arm === 'candidate' }, policy.tolerance)
        const rows = (['stable', 'candidate'] as const).map((arm) => ({
          generation: 1,
          arm,
          count: countOf(2 * sums[arm], sums[arm]),
        }))
        counted = foldRows(counted, 'one', rows)
        deepStrictEqual(foldRows(counted, 'one', rows), counted, 'the same rows again say nothing new')
      }
      ok(Math.abs(evidenceOf(counted) - logE(expected)) < 1e-6)
      deepStrictEqual(bad(counted, routeAt(shareBp)), [sums.stable, sums.candidate])
    }),
  )
})

test('a late answer is weighed with the share that was in force when its request was given to an arm', () => {
  const before = beginGeneration(nothingCounted, routeAt(500), { number: 1, at: 5 })
  const after = beginGeneration(before, routeAt(5_000), { number: 2, at: 5 })
  const counted = foldRows(after, 'one', [{ generation: 1, arm: 'candidate', count: countOf(1, 1) }])
  deepStrictEqual(strataOf(counted), [{ shareBp: 500, candidate: 1, stable: 0 }])
  strictEqual(counted.evidence?.statistics.since, 5)
  deepStrictEqual(counted.evidence?.statistics.candidate, { requests: 1, units: 1 })
})

test('what the candidate answers while it has no control is seen apart', () => {
  const counted = foldRows(beginGeneration(nothingCounted, routeAt(10_000), { number: 1, at: 5 }), 'one', [
    { generation: 1, arm: 'candidate', count: countOf(9, 2) },
  ])
  deepStrictEqual(strataOf(counted), [{ shareBp: 10_000, candidate: 2, stable: 0 }])
  const { candidate, alone } = counted.evidence?.statistics ?? {}
  deepStrictEqual(
    [candidate, alone],
    [
      { requests: 9, units: 9 },
      { requests: 9, units: 9 },
    ],
  )
  strictEqual(evidenceOf(counted), 0)
})

test('another process begins at 0: what was counted before stays, what it counts comes on top', () => {
  const route = routeAt(500)
  const rows = [{ generation: 1, arm: 'candidate', count: countOf(4, 2) } as const]
  const once = foldRows(beginGeneration(nothingCounted, route, { number: 1, at: 5 }), 'one', rows)
  const again = foldRows(once, 'two', rows)
  deepStrictEqual(bad(again, route), [0, 4])
  deepStrictEqual(strataOf(again), [{ shareBp: 500, candidate: 4, stable: 0 }])
})

test('another rollout begins without evidence; answers of the one before are still counted, not weighed', () => {
  const first = foldRows(beginGeneration(nothingCounted, routeAt(500), { number: 1, at: 5 }), 'one', [
    { generation: 1, arm: 'candidate', count: countOf(4, 2) },
  ])
  const second = beginGeneration(first, routeAt(500, 'rol_two'), { number: 2, at: 5 })
  strictEqual(evidenceOf(second), 0)
  const late = foldRows(second, 'one', [{ generation: 1, arm: 'candidate', count: countOf(6, 3) }])
  strictEqual(evidenceOf(late), 0)
  deepStrictEqual(bad(late, routeAt(500)), [0, 3])
})

test('rows of a split that nobody remembers, and of an arm that it had not, say nothing', () => {
  const counted = beginGeneration(nothingCounted, routeAt(500), { number: 7, at: 5 })
  const count = countOf(4, 4)
  const folded = foldRows(counted, 'one', [
    { generation: 6, arm: 'candidate', count },
    { generation: 7, arm: 'holdback', count },
  ])
  deepStrictEqual(folded, { ...counted, process: 'one' })
})

test('latency comes in buckets of its own, the slower ones in the last', () => {
  const route = routeAt(500)
  const count = { ...countOf(5, 0), latency: latencyBucketsMs.map((_, index) => (index < 2 ? 0 : index < 4 ? 3 : 4)) }
  const counted = foldRows(beginGeneration(nothingCounted, route, { number: 1, at: 5 }), 'one', [
    { generation: 1, arm: 'stable', count },
  ])
  const [stable] = countersOf(route, counted, {})
  deepStrictEqual(stable?.latency, [0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
})
