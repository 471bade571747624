/** The API takes releases that ask others, and verdicts that came from outside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdict } from '../../src/http/schemas/fields.ts'
import { environmentSpec } from '../../src/http/schemas/specs.ts'
import { Catalogue, variants } from '../sim/core/releases.ts'

test('an environment that asks a metric source and an external judge is told as it is', () => {
  const catalogue = new Catalogue()
  const specs = variants.flatMap((_, variant) => catalogue.release(variant, 1).content.environments)
  assert.ok(specs.some(({ metrics, externalJudge }) => metrics !== undefined && externalJudge !== undefined))
  for (const spec of specs) assert.deepEqual(environmentSpec.parse(spec), spec)
})

test('a verdict says what came from outside, and only then', () => {
  const units = { units: 1, badUnits: 0 }
  const own = { verdict: 'fail', at: 1, logE: 1, shareBp: 1, candidate: units, stable: units, detail: 'd' } as const
  assert.deepEqual(verdict.parse(own), own)
  assert.deepEqual(verdict.parse({ ...own, outside: 'checkout' }), { ...own, outside: 'checkout' })
})
