import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { observeProbe, unknownHealth } from './health.ts'

const policy = { healthyAfter: 2, unhealthyAfter: 3 }
const after = (probes: string, rules = policy) =>
  [...probes].reduce((health, probe) => observeProbe(health, probe === '+' ? 'good' : 'bad', rules), unknownHealth)

test('an instance becomes healthy after enough good probes in a row, and not before', () => {
  deepStrictEqual(
    ['', '+', '++', '+-+', '+-++'].map((probes) => after(probes).status),
    ['unknown', 'unknown', 'healthy', 'unknown', 'healthy'],
  )
})

test('a healthy instance survives bad probes until there were enough in a row', () => {
  deepStrictEqual(
    ['++--', '++--+--', '++---', '++---+', '++---++'].map((probes) => after(probes).status),
    ['healthy', 'healthy', 'unhealthy', 'unhealthy', 'healthy'],
  )
})

const answers = fc.array(fc.constantFrom('+', '-'), { maxLength: 60 }).map((probes) => probes.join(''))
const rules = fc.record({
  healthyAfter: fc.integer({ min: 1, max: 5 }),
  unhealthyAfter: fc.integer({ min: 1, max: 5 }),
})

test('the status is that of the last streak that was long enough', () => {
  fc.assert(
    fc.property(answers, rules, (probes, rule) => {
      const good = probes.lastIndexOf('+'.repeat(rule.healthyAfter))
      const bad = probes.lastIndexOf('-'.repeat(rule.unhealthyAfter))
      const expected = good < 0 && bad < 0 ? 'unknown' : good > bad ? 'healthy' : 'unhealthy'
      strictEqual(after(probes, rule).status, expected)
    }),
  )
})

test('the state stays bounded however long an instance lives', () => {
  fc.assert(
    fc.property(
      answers,
      rules,
      (probes, rule) => after(probes, rule).streak <= Math.max(rule.healthyAfter, rule.unhealthyAfter),
    ),
  )
})
