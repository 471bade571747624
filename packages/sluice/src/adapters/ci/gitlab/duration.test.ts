import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { durationMs } from './duration.ts'

test('durations are read as GitLab reads them', () => {
  const rows: readonly (readonly [string, number | null])[] = [
    ['42', 42_000],
    ['42 seconds', 42_000],
    ['3 mins 4 sec', 184_000],
    ['2 hrs 20 min', 8_400_000],
    ['2h20min', 8_400_000],
    ['1h 30m', 5_400_000],
    ['1.5 hours', 5_400_000],
    ['6 mos 1 day', 15_638_400_000],
    ['3 weeks and 2 days', 1_987_200_000],
    ['1 year', 31_557_600_000],
    ['1:30:00', 5_400_000],
    ['2:30', 150_000],
    ['never', null],
    ['tomorrow', null],
    ['5 parsecs', null],
    ['', null],
    ['1 hour ago', null],
  ]
  deepStrictEqual(
    rows.map(([text]) => [text, durationMs(text)]),
    rows,
  )
})
