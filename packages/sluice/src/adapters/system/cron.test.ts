import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCronExpression } from '../../core/config/cron-expression.ts'
import { systemCron } from './cron.ts'

const moment = Date.UTC(2026, 10, 26, 12, 0, 30)

test('what a config may say as a schedule is what the scheduler can read', () => {
  const cron = systemCron()
  for (const text of [
    '0 3 * * *',
    '*/5 * * * *',
    '0 9-17 * * 1-5',
    '0,30 4 1,15 JAN-mar sun',
    '15 0 29 2 *',
    '0 0 * * 7',
    '@daily',
    '0-30/10 * * * *',
    '  0   3 * * * ',
  ]) {
    assert.ok(isCronExpression(text), text)
    assert.ok((cron.next(text, moment) ?? 0) > moment, text)
  }
  for (const text of [
    '',
    'x',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '1-2-3 * * * *',
    '1/ * * * *',
    '@never',
    'MON * * * *',
    '1,, * * * *',
  ])
    assert.ok(!isCronExpression(text), text)
})

test('the next minute is told in UTC', () => {
  assert.equal(systemCron().next('0 3 * * *', moment), Date.UTC(2026, 10, 27, 3))
  assert.equal(systemCron().next('0 3 30 2 *', moment), null)
})
