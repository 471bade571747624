import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../core/limits.ts'
import { RateLimit } from './rate-limit.ts'

const rated = (burst: number, perSecond: number) => {
  let now = 5_000
  return { limit: new RateLimit({ burst, perSecond }, () => now), pass: (ms: number) => (now += ms) }
}

test('a bucket gives what is in it, then as much as flows in, to each name its own', () => {
  const { limit, pass } = rated(3, 2)
  deepStrictEqual(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [0, 0, 0, 500],
  )
  strictEqual(limit.take('b'), 0)
  pass(499)
  strictEqual(limit.take('a') > 0, true)
  pass(1)
  deepStrictEqual([limit.take('a'), limit.take('a')], [0, 500])
  pass(60_000)
  deepStrictEqual(
    [1, 2, 3, 4].map(() => limit.take('a')),
    [0, 0, 0, 500],
  )
})

test('asking how long to wait takes nothing', () => {
  const { limit } = rated(1, 1)
  deepStrictEqual([limit.waitMs('a'), limit.waitMs('a'), limit.take('a'), limit.waitMs('a')], [0, 0, 0, 1_000])
})

test('names are bounded: who is forgotten begins anew, and nobody else is', () => {
  const { limit } = rated(1, 1)
  for (let index = 0; index <= limits.rateNamesMax; index += 1) limit.take(`n${index}`)
  strictEqual(limit.waitMs('n0'), 0)
  strictEqual(limit.waitMs(`n${limits.rateNamesMax}`), 1_000)
})
