import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { afterJudgement, endsJudgement } from '../../src/core/rollout/ramp.ts'
import type { VerdictRecord } from '../../src/core/rollout/types.ts'
import { planOf } from './story.ts'

const verdict = (change: Partial<VerdictRecord>): VerdictRecord => ({
  verdict: 'hold',
  at: 1,
  logE: 0,
  shareBp: 100,
  candidate: { units: 500, badUnits: 0 },
  stable: { units: 9_000, badUnits: 0 },
  detail: '',
  ...change,
})

const { steps } = planOf({ strategy: { kind: 'canary', steps: ['1%', '10%', '50%'], ramp: 'evidence' } })
/** Where the judgements of the ladder are. */
const [first, second, third] = [3, 5, 7] as const
const proof = { kind: 'judge', bakeMs: 60_000, unitsMin: 100, until: 'proven' } as const
const bake = { kind: 'judge', bakeMs: 60_000, unitsMin: 100 } as const

test('only proof ends a judgement that asks for it: neither time, nor a pass, nor proof from too few', () => {
  const ends = (change: Partial<VerdictRecord>): boolean => endsJudgement(proof, verdict(change), { isBaked: true })
  strictEqual(ends({ proven: true }), true)
  strictEqual(ends({ verdict: 'pass', proven: true }), true)
  strictEqual(ends({ verdict: 'pass' }), false)
  strictEqual(ends({ proven: true, candidate: { units: 99, badUnits: 0 } }), false)
  strictEqual(ends({ verdict: 'broken', proven: true }), false)
  strictEqual(ends({ verdict: 'fail', proven: true }), false)
})

test('a pass ends a bake only once its time is over', () => {
  strictEqual(endsJudgement(bake, verdict({ verdict: 'pass' }), { isBaked: false }), false)
  strictEqual(endsJudgement(bake, verdict({ verdict: 'pass' }), { isBaked: true }), true)
  strictEqual(
    endsJudgement({ ...bake, unitsMin: 0 }, verdict({ verdict: 'pass', candidate: { units: 0, badUnits: 0 } }), {
      isBaked: true,
    }),
    false,
  )
})

test('what the budget allows is passed over, and what it does not allow is waited for', () => {
  const after = (index: number, nextShareBp?: number): number | null =>
    afterJudgement(steps, index, verdict(nextShareBp === undefined ? {} : { nextShareBp }))
  deepStrictEqual([after(first), after(second), after(third)], [4, 6, 8], 'without a budget, share by share')
  strictEqual(after(first, 999), null, 'not even the next share')
  strictEqual(after(first, 1_000), 4)
  strictEqual(after(first, 4_999), 4)
  strictEqual(after(first, 5_000), 6, 'over 10 %')
  strictEqual(after(first, 10_000), 8, 'over the whole ladder')
  strictEqual(after(third, 9_999), null, 'not all of the traffic')
})

test('whatever evidence says, the next share is one of the plan, and never more than is allowed', () => {
  fc.assert(
    fc.property(fc.constantFrom(first, second, third), fc.integer({ min: 0, max: 10_000 }), (index, nextShareBp) => {
      const next = afterJudgement(steps, index, verdict({ nextShareBp }))
      if (next === null) return true
      const step = steps[next]
      const shareBp =
        step?.kind === 'shift' ? (step.shares.find(({ arm }) => arm === 'candidate')?.shareBp ?? 10_000) : -1
      return next > index && shareBp > 0 && shareBp <= nextShareBp
    }),
  )
})
