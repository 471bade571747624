import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { JudgePolicy } from '../model.ts'
import { dependentMetric, logETwins, twinHalf } from './independence.ts'
import { badUntilStop, exposureAt, nextShare } from './next-share.ts'
import { addBad, type JudgeStatistics, noStatistics } from './statistics.ts'

const policy: JudgePolicy = {
  alpha: 0.01,
  tolerance: 1,
  ignoreBelow: 0.0005,
  intervalMs: 1_000,
  staleAfterMs: 10_000,
  prove: { margin: 1.5, alpha: 0.05 },
}
const seen = (units: number) => ({ requests: units, units })
const after = (candidateUnits: number, candidate = 0, stable = 0): JudgeStatistics => ({
  since: 0,
  candidate: seen(candidateUnits),
  stable: seen(19 * candidateUnits),
  alone: seen(0),
  metrics: [addBad(noStatistics('errors'), { shareBp: 500, candidate, stable })],
})
const allowed = [1_000, 2_500, 5_000, 9_000].map((shareBp) => ({ shareBp, horizonMs: 60_000 }))
const chosen = (statistics: JudgeStatistics, exposureBudget: number, requestsPerMs = 1): number | null =>
  nextShare({ statistics, policy: { ...policy, exposureBudget }, allowed, requestsPerMs })

it('without a budget the largest planned share comes next, and without a planned share none', () => {
  assert.equal(nextShare({ statistics: after(0), policy, allowed, requestsPerMs: 1 }), 9_000)
  assert.equal(nextShare({ statistics: after(0), policy, allowed: [], requestsPerMs: 1 }), null)
})

it('a budget that is spent allows no further share', () => {
  assert.equal(chosen(after(1_000, 12, 2), 12), null)
})

it('more evidence that the candidate is good allows larger shares', () => {
  const shares = [100, 2_000, 20_000, 200_000].map((units) => chosen(after(units), 25) ?? 0)
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  )
  assert.equal(shares.at(-1), 9_000)
  assert.ok((shares[0] ?? 0) < 9_000)
})

it('a larger budget never allows less', () => {
  const budgets = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), fc.nat(5_000), fc.nat(5))
  fc.assert(
    fc.property(budgets, ([budget, more, units, bad]) => {
      const [less, least] = [
        chosen(after(units, bad, 3 * bad), budget + more),
        chosen(after(units, bad, 3 * bad), budget),
      ]
      assert.ok((less ?? 0) >= (least ?? 0))
    }),
    { numRuns: 50 },
  )
})

it('what is expected of a share is bounded by its requests, and by what the tripwire lets through', () => {
  const statistics = after(1_000, 0, 20)
  const at = (requestsPerMs: number): number =>
    exposureAt({ shareBp: 500, horizonMs: 1_000 }, { statistics, policy, requestsPerMs })
  assert.ok(at(0.001) <= 1)
  // However many requests come: a release so much worse than stable is stopped after some bad responses.
  assert.ok(badUntilStop(1_000, 0.05, policy) < 5)
  assert.ok(badUntilStop(10, 0.05, policy) < 12)
  assert.equal(badUntilStop(1, 0.05, policy), Infinity)
  assert.equal(badUntilStop(2, 1, policy), Infinity)
})

it('the stable arm against itself: halves alike are independent, a lopsided one is not, whichever side', () => {
  assert.ok(logETwins([500, 520]) < 0)
  assert.ok(logETwins([80, 20]) > Math.log(100))
  assert.equal(logETwins([80, 20]), logETwins([20, 80]))
  const twins = (left: number, right: number) => ({
    ...after(100),
    metrics: [{ ...noStatistics('errors'), twins: [left, right] as const }],
  })
  assert.equal(dependentMetric(twins(80, 20), 0.01), 'errors')
  assert.equal(dependentMetric(twins(52, 48), 0.01), null)
})

it('errors in bursts of one user, counted by request, are found out; counted once a user, they are not', () => {
  let seed = 7
  const next = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed
  }
  const alarms = { byRequest: 0, byUser: 0 }
  for (let trial = 0; trial < 200; trial += 1) {
    let [byRequest, byUser] = [
      [0, 0],
      [0, 0],
    ]
    for (let user = 0; user < 300; user += 1) {
      const half = twinHalf(next())
      const errors = 1 + (next() >>> 26)
      byRequest = byRequest.map((count, index) => count + (index === half ? errors : 0))
      byUser = byUser.map((count, index) => count + (index === half ? 1 : 0))
    }
    if (logETwins([byRequest[0] ?? 0, byRequest[1] ?? 0]) >= Math.log(100)) alarms.byRequest += 1
    if (logETwins([byUser[0] ?? 0, byUser[1] ?? 0]) >= Math.log(100)) alarms.byUser += 1
  }
  assert.ok(alarms.byRequest > 20, `only ${alarms.byRequest} of 200 found`)
  assert.ok(alarms.byUser <= 4, `${alarms.byUser} of 200 false`)
})
