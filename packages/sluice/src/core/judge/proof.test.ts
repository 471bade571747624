import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { inverseRatios, logEAbove, logEBelow } from './one-sample.ts'
import { stepOf } from './eprocess.ts'
import { prove, rateUpper, ratioUpper } from './proof.ts'

const close = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })
const edge = fc.double({ min: 0.1, max: 10, noNaN: true })

/** A seeded generator (mulberry32, public domain), so that a failing case can be run again. */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

describe('one sample', () => {
  it('is a martingale at the limit: the expected evidence after one more unit is the evidence now', () => {
    const counts = fc
      .nat(2_000)
      .chain((units) => fc.record({ units: fc.constant(units), badUnits: fc.nat(Math.min(20, units)) }))
    const limit = fc.double({ min: 0.001, max: 0.5, noNaN: true })
    fc.assert(
      fc.property(counts, limit, ({ units, badUnits }, rate) => {
        for (const evidence of [logEAbove, logEBelow]) {
          const now = evidence({ units, badUnits }, rate)
          const bad = evidence({ units: units + 1, badUnits: badUnits + 1 }, rate)
          const good = evidence({ units: units + 1, badUnits }, rate)
          assert.ok(close(rate * Math.exp(bad - now) + (1 - rate) * Math.exp(good - now), 1))
        }
      }),
    )
  })

  it('speaks against "at most" when much is bad, against "at least" when nothing is, and begins with nothing', () => {
    assert.equal(logEAbove({ units: 0, badUnits: 0 }, 0.01), 0)
    assert.ok(logEAbove({ units: 100, badUnits: 10 }, 0.01) > Math.log(100))
    assert.ok(logEAbove({ units: 100, badUnits: 0 }, 0.01) < 0)
    assert.ok(logEBelow({ units: 2_000, badUnits: 0 }, 0.01) > Math.log(100))
    assert.ok(logEBelow({ units: 100, badUnits: 10 }, 0.01) < 0)
  })

  it('false alarms of a release at its limit stay under α, looked at after every unit', () => {
    let alarms = 0
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const next = random(seed)
      let badUnits = 0
      for (let units = 1; units <= 1_000; units += 1) {
        if (next() >= 0.02) continue
        badUnits += 1
        if (logEAbove({ units, badUnits }, 0.02) < Math.log(20)) continue
        alarms += 1
        break
      }
    }
    assert.ok(alarms <= 50, `${alarms} of 1000 at α = 5 %`)
  })
})

describe('proving good', () => {
  it('is a martingale at the edge of "at least", and none of its alternatives', () => {
    fc.assert(
      fc.property(share, edge, (w, ratio) => {
        const step = stepOf(w, ratio, inverseRatios)
        assert.ok(step !== null)
        const theta = (ratio * w) / (ratio * w + 1 - w)
        for (const [index, candidate] of step.candidate.entries())
          assert.ok(close(theta * Math.exp(candidate) + (1 - theta) * Math.exp(step.stable[index] ?? 0), 1))
      }),
    )
  })

  it('the bound on the ratio is above the true ratio as often as its level says, at every moment and across changing shares', () => {
    const ratio = 1.5
    let missed = 0
    for (let seed = 1; seed <= 300; seed += 1) {
      const next = random(seed)
      let isBelow = false
      let strata = [500, 2_500, 5_000].map((shareBp) => ({ shareBp, candidate: 0, stable: 0 }))
      for (let event = 0; event < 240; event += 1) {
        const at = Math.floor(event / 80)
        const w = (strata[at]?.shareBp ?? 0) / 10_000
        const isCandidate = next() < (ratio * w) / (ratio * w + 1 - w)
        strata = strata.map((one, index) =>
          index === at
            ? { ...one, candidate: one.candidate + (isCandidate ? 1 : 0), stable: one.stable + (isCandidate ? 0 : 1) }
            : one,
        )
        if (event % 8 === 7) isBelow ||= (ratioUpper(strata, 0.1) ?? Infinity) < ratio
      }
      if (isBelow) missed += 1
    }
    assert.ok(missed <= 30, `${missed} of 300 at level 10 %`)
  })

  it('nothing seen proves nothing', () => {
    assert.equal(ratioUpper([], 0.05), null)
    assert.equal(rateUpper({ units: 0, badUnits: 0 }, 0.05), 1)
    assert.deepEqual(prove([], { units: 0, badUnits: 0 }, { margin: 100, ignoreBelow: 1, alpha: 0.05 }).isGood, false)
  })

  it('a release as good as stable is proven by the ratio, and one without any error by its own rate', () => {
    const equal = [{ shareBp: 5_000, candidate: 200, stable: 200 }]
    const claim = { margin: 1.5, ignoreBelow: 0.0005, alpha: 0.05 }
    const byRatio = prove(equal, { units: 20_000, badUnits: 200 }, claim)
    assert.ok(byRatio.isGood && byRatio.ratioUpper !== null && byRatio.ratioUpper > 1 && byRatio.ratioUpper < 1.5)
    assert.equal(
      prove([{ shareBp: 5_000, candidate: 20, stable: 20 }], { units: 2_000, badUnits: 20 }, claim).isGood,
      false,
    )
    assert.equal(prove([], { units: 5_000, badUnits: 0 }, claim).isGood, false)
    assert.equal(prove([], { units: 15_000, badUnits: 0 }, claim).isGood, true)
  })

  it('more bad events of the candidate never lower the bounds', () => {
    const counts = fc.record({ candidate: fc.nat(50), stable: fc.nat(50), more: fc.nat(20) })
    fc.assert(
      fc.property(counts, ({ candidate, stable, more }) => {
        const at = (extra: number): number =>
          ratioUpper([{ shareBp: 2_000, candidate: candidate + extra, stable }], 0.05) ?? Infinity
        assert.ok(at(more) >= at(0))
        const rate = (extra: number): number => rateUpper({ units: 500, badUnits: candidate + extra }, 0.05)
        assert.ok(rate(more) >= rate(0))
      }),
      { numRuns: 40 },
    )
  })
})
