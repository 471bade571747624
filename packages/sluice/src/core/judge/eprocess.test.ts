import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crosses, logE, noEvidence, rateRatios, weigh } from './eprocess.ts'
import type { Evidence } from './eprocess.ts'

type Event = { readonly share: number; readonly candidate: boolean }
type Case = {
  readonly tolerance: number
  readonly events: readonly Event[]
  readonly logE: readonly number[]
  readonly stopsAtEvent: number | null
}
type Vectors = { readonly rateRatios: readonly number[]; readonly cases: readonly Case[] }

const vectors = JSON.parse(readFileSync(new URL('eprocess-vectors.json', import.meta.url), 'utf8')) as Vectors

const event = fc.record({ share: fc.double({ min: 0.001, max: 0.999, noNaN: true }), candidate: fc.boolean() })
const events = fc.array(event, { maxLength: 40 })
const tolerance = fc.double({ min: 1, max: 4, noNaN: true })
const after = (seen: readonly Event[], tol: number): Evidence =>
  seen.reduce((evidence, each) => weigh(evidence, each, tol), noEvidence)
const close = (left: number, right: number): boolean =>
  Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right))

describe('the bad-event e-process', () => {
  it('gives the values of an independent implementation after each event, and stops where it stops', () => {
    assert.deepEqual(rateRatios, vectors.rateRatios)
    for (const [index, { tolerance: tol, events: seen, logE: expected, stopsAtEvent }] of vectors.cases.entries()) {
      let evidence = noEvidence
      let stop: number | null = null
      for (const [at, each] of seen.entries()) {
        evidence = weigh(evidence, each, tol)
        assert.ok(
          close(logE(evidence), expected[at] ?? Number.NaN),
          `case ${index}, event ${at}: ${logE(evidence)} is not ${expected[at]}`,
        )
        if (stop === null && crosses(evidence, 0.01)) stop = at + 1
      }
      assert.equal(stop, stopsAtEvent, `case ${index} stops at another event`)
    }
  })

  it('begins with an e-value of 1', () => {
    assert.equal(logE(noEvidence), 0)
  })

  it('is a martingale at the edge of the null: the expected e-value after one more event is the e-value now', () => {
    fc.assert(
      fc.property(events, event, tolerance, (seen, { share }, tol) => {
        const evidence = after(seen, tol)
        const theta = (tol * share) / (tol * share + 1 - share)
        const e = (candidate: boolean): number =>
          Math.exp(logE(weigh(evidence, { share, candidate }, tol)) - logE(evidence))
        assert.ok(close(theta * e(true) + (1 - theta) * e(false), 1))
      }),
    )
  })

  it('expects no growth for any rate the tolerance allows', () => {
    const better = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(events, event, tolerance, better, (seen, { share }, tol, part) => {
        const evidence = after(seen, tol)
        const ratio = tol * part
        const theta = (ratio * share) / (ratio * share + 1 - share)
        const e = (candidate: boolean): number =>
          Math.exp(logE(weigh(evidence, { share, candidate }, tol)) - logE(evidence))
        assert.ok(theta * e(true) + (1 - theta) * e(false) <= 1 + 1e-9)
      }),
    )
  })

  it('does not care in which order the events came', () => {
    fc.assert(
      fc.property(events, tolerance, (seen, tol) => {
        assert.ok(close(logE(after(seen, tol)), logE(after(seen.toReversed(), tol))))
      }),
    )
  })

  it('grows with a bad event of the candidate and shrinks with one of the stable arm', () => {
    fc.assert(
      fc.property(events, event, tolerance, (seen, { share }, tol) => {
        const evidence = after(seen, tol)
        assert.ok(logE(weigh(evidence, { share, candidate: true }, tol)) > logE(evidence))
        assert.ok(logE(weigh(evidence, { share, candidate: false }, tol)) < logE(evidence))
      }),
    )
  })

  it('weighs nothing where there is nothing to compare with: a share of 0 or 1', () => {
    for (const share of [0, 1]) {
      for (const candidate of [true, false]) assert.deepEqual(weigh(noEvidence, { share, candidate }, 1), noEvidence)
    }
  })

  it('stays finite over many events', () => {
    let evidence = noEvidence
    for (let count = 0; count < 20_000; count += 1)
      evidence = weigh(evidence, { share: 0.05, candidate: count % 2 === 0 }, 1)
    assert.ok(Number.isFinite(logE(evidence)))
  })
})
