import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readEnv } from '../src/env.js'

test('an empty environment gives the defaults', () => {
  assert.deepEqual(readEnv({}), {
    host: '127.0.0.1',
    port: 3000,
    storeName: 'Spoke & Chain',
    taxPercent: 19,
    freeShippingFromCents: 10_000,
    shutdownGraceMs: 10_000,
    log: 'json',
  })
})

test('every variable that is off is named, in one go', () => {
  assert.throws(() => readEnv({ PORT: '80a', TAX_PERCENT: '51', LOG: 'loud' }), {
    message:
      'PORT="80a" must be a whole number from 0 to 65535\n' +
      'TAX_PERCENT="51" must be a whole number from 0 to 50\n' +
      'LOG="loud" must be one of json, silent',
  })
})
