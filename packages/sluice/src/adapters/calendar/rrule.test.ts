import { deepStrictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { WindowRule } from '../../core/governance/types.ts'
import { isoTime } from '../../core/iso-time.ts'
import { timesOf } from './rrule.ts'

const weekend: WindowRule = {
  effect: 'deny',
  start: '2026-01-02T18:00:00',
  zone: 'Europe/Berlin',
  repeat: 'FREQ=WEEKLY;BYDAY=FR',
  lastsDays: 2,
  lastsMs: 14 * 3_600_000,
  reason: 'weekend',
}

const told = (rule: WindowRule, from: string, until: string): readonly string[] =>
  timesOf(rule, { from: Date.parse(from), until: Date.parse(until) }).map(
    (span) => `${isoTime(span.from)} ${isoTime(span.until)}`,
  )

test('a window begins and ends at the same local time, whatever the clocks of its zone did meanwhile', () => {
  // Central European clocks went back on 25 October 2026, and forward on 29 March.
  deepStrictEqual(told(weekend, '2026-10-20T00:00:00Z', '2026-11-02T12:00:00Z'), [
    '2026-10-23T16:00:00Z 2026-10-26T07:00:00Z',
    '2026-10-30T17:00:00Z 2026-11-02T07:00:00Z',
  ])
  deepStrictEqual(told(weekend, '2026-03-24T00:00:00Z', '2026-03-31T00:00:00Z'), [
    '2026-03-27T17:00:00Z 2026-03-30T06:00:00Z',
  ])
})

test('hours are exact and days are days of the calendar', () => {
  const hours = { ...weekend, repeat: null, start: '2026-10-24T12:00:00', lastsDays: 0, lastsMs: 24 * 3_600_000 }
  const day = { ...hours, lastsDays: 1, lastsMs: 0 }
  const [from, until] = ['2026-10-24T00:00:00Z', '2026-10-26T00:00:00Z']
  deepStrictEqual(told(hours, from, until), ['2026-10-24T10:00:00Z 2026-10-25T10:00:00Z'])
  deepStrictEqual(told(day, from, until), ['2026-10-24T10:00:00Z 2026-10-25T11:00:00Z'])
})

test('a window that began before the span is told whole, and one without a rule happens once', () => {
  deepStrictEqual(told(weekend, '2026-06-07T00:00:00Z', '2026-06-07T01:00:00Z'), [
    '2026-06-05T16:00:00Z 2026-06-08T06:00:00Z',
  ])
  deepStrictEqual(told({ ...weekend, repeat: null }, '2026-01-09T00:00:00Z', '2026-02-01T00:00:00Z'), [])
})

test('a rule of two hemispheres keeps to each: New York is not Berlin', () => {
  const standup = {
    ...weekend,
    zone: 'America/New_York',
    start: '2026-01-05T09:00:00',
    lastsDays: 0,
    lastsMs: 3_600_000,
  }
  const weekly = { ...standup, repeat: 'FREQ=WEEKLY;BYDAY=MO' }
  // New York's clocks went forward three weeks before Berlin's.
  deepStrictEqual(told(weekly, '2026-03-02T00:00:00Z', '2026-03-17T00:00:00Z'), [
    '2026-03-02T14:00:00Z 2026-03-02T15:00:00Z',
    '2026-03-09T13:00:00Z 2026-03-09T14:00:00Z',
    '2026-03-16T13:00:00Z 2026-03-16T14:00:00Z',
  ])
})

test('a rule that cannot be read is an error of the config, and says which', () => {
  throws(() => told({ ...weekend, repeat: 'FREQ=WEEKLY;BYDAY=XX' }, '2026-06-01T00:00:00Z', '2026-06-02T00:00:00Z'), {
    code: 'config_invalid',
  })
})
