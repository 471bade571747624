import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { badOf, countOf, evidenceOf, percentOf, spanOf } from './words.ts'

test('shares, spans, counts and evidence are written as people read them', () => {
  deepStrictEqual([0, 25, 500, 10_000].map(percentOf), ['0 %', '0.25 %', '5 %', '100 %'])
  deepStrictEqual([350, 2_500, 59_400, 60_000, 200_000, 7_500_000, 273_600_000].map(spanOf), [
    '350 ms',
    '2.5 s',
    '59 s',
    '1 min',
    '3 min 20 s',
    '2 h 5 min',
    '3 d 4 h',
  ])
  deepStrictEqual(
    [0, 1, 2].map((count) => countOf(count, 'step')),
    ['0 steps', '1 step', '2 steps'],
  )
  deepStrictEqual([0, Math.log(0.42), Math.log(37), Math.log(1.2e9), 2_000].map(evidenceOf), [
    '1.0',
    '0.42',
    '37',
    '1.2e9',
    'e^2000',
  ])
  deepStrictEqual(badOf({ units: 0, badUnits: 0 }), 'nothing measured')
})
