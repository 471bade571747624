import { deepStrictEqual, ok } from 'node:assert/strict'
import { it } from 'node:test'
import { z } from 'zod'
import { branchSchema, commitSchema, releaseSchema } from './schema-conventions.ts'
import {
  auditSchema,
  licenceSchema,
  manifestSchema,
  provenanceSchema,
  sastSchema,
  sbomSchema,
  secretScanSchema,
} from './schema-security.ts'

const schemas = {
  auditSchema,
  branchSchema,
  commitSchema,
  licenceSchema,
  manifestSchema,
  provenanceSchema,
  releaseSchema,
  sastSchema,
  sbomSchema,
  secretScanSchema,
}

it('every option of a job is described and has a default, but for the command of a scanner', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
    for (const [option, shape] of Object.entries(properties))
      ok(typeof shape === 'object' && (shape.description ?? '') !== '', `${name}: ${option} is not described`)
    deepStrictEqual(required, name === 'sastSchema' ? ['command', 'output'] : [], name)
  }
})

it('options become what jobs take: days in milliseconds, types of commits as bumps', () => {
  deepStrictEqual(auditSchema.parse({ databaseAgeDaysMax: 2 }), {
    lockfile: null,
    database: null,
    registry: 'ask',
    development: 'include',
    failOn: 'high',
    allow: [],
    databaseAgeMaxMs: 172_800_000,
  })
  const { bumps } = releaseSchema.parse({ types: { feat: 'minor', docs: 'patch' } })
  deepStrictEqual(bumps, { types: { feat: 'minor', docs: 'patch' }, breakingBeforeOne: 'minor' })
  const allow = [{ rule: 'generic-secret', until: '2027-01-31', reason: 'made-up' }]
  deepStrictEqual(secretScanSchema.parse({ allow }).allow, [
    {
      rule: 'generic-secret',
      path: null,
      fingerprint: null,
      commit: null,
      reason: 'made-up',
      untilMs: Date.UTC(2027, 1, 1) - 1,
      origin: 'sluice.config.ts',
    },
  ])
})
