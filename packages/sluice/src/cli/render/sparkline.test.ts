import { strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { sparkline } from './sparkline.ts'

const unicode = { unicode: true }

test('a curve rises from the ground to the limit, and only what reached it is full', () => {
  strictEqual(sparkline([0, 0.2, 0.4, 0.6, 0.8, 0.999, 1, 3], 40, unicode), '▁▂▃▅▆▇██')
  strictEqual(sparkline([0, 0.5, 1], 40, { unicode: false }), '_=#')
})

test('where there is less room than there are values, peaks stay', () => {
  strictEqual(sparkline([0, 0, 1, 0, 0, 0, 0, 0.5], 4, unicode), '▁█▁▄')
})

test('nothing, no room, and numbers that are none draw nothing or the ground', () => {
  strictEqual(sparkline([], 10, unicode), '')
  strictEqual(sparkline([1], 0, unicode), '')
  strictEqual(sparkline([Number.NaN, -5], 10, unicode), '▁▁')
})
