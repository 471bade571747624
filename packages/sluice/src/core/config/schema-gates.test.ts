import { deepStrictEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { gatesSchema } from './schema-gates.ts'
import type { GatesConfig } from './types-gates.ts'

const until = '2026-12-24T00:00:00Z'
const issues = (value: unknown): readonly string[] => {
  const result = gatesSchema.safeParse(value)
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('what is not written is not demanded, and defaults are strict', () => {
  const none = {
    tests: null,
    coverage: null,
    vulnerabilities: null,
    findings: null,
    securityScore: null,
    performance: [],
    size: [],
    time: null,
    licences: null,
    reviews: null,
  }
  deepStrictEqual(gatesSchema.parse({}), none)
  deepStrictEqual(gatesSchema.parse({ tests: {}, vulnerabilities: {}, reviews: {} }), {
    ...none,
    tests: { minimum: 1, failOnFlaky: false, quarantine: [], waiver: null },
    vulnerabilities: { severity: 'high', maximum: 0, onlyNew: false, allow: [], waiver: null },
    reviews: { approvals: 1, from: [], waiver: null },
  })
})

test('a whole set of gates becomes settings', () => {
  const config: GatesConfig = {
    coverage: { lines: '80%', changedLines: '90.5%', maxDrop: '0.5%', paths: { 'src/core/**': { branches: '95%' } } },
    securityScore: { minimum: 80, weights: { critical: 50 } },
    performance: { p95: { maximum: 250, maxRegression: '10%' } },
    size: { 'dist/*.js': { maximum: '1.5kB', compressed: true }, 'dist/*.css': { maximum: '2KiB', maxGrowth: '5%' } },
    time: { total: '10m', jobs: { test: '90s' } },
    licences: { allow: ['MIT'], exceptions: [{ package: 'x', reason: 'data', until }] },
  }
  const empty = { linesBp: null, branchesBp: null, functionsBp: null, changedLinesBp: null }
  deepStrictEqual(gatesSchema.parse(config), {
    tests: null,
    coverage: {
      ...empty,
      linesBp: 8_000,
      changedLinesBp: 9_050,
      maxDropBp: 50,
      paths: [{ ...empty, glob: 'src/core/**', branchesBp: 9_500 }],
      waiver: null,
    },
    vulnerabilities: null,
    findings: null,
    securityScore: { minimum: 80, weights: { critical: 50, high: 15, medium: 4, low: 1 }, allow: [], waiver: null },
    performance: [{ name: 'p95', minimum: null, maximum: 250, maxRegressionBp: 1_000, better: null, waiver: null }],
    size: [
      { glob: 'dist/*.js', maximumBytes: 1_500, maxGrowthBp: null, compressed: true, waiver: null },
      { glob: 'dist/*.css', maximumBytes: 2_048, maxGrowthBp: 500, compressed: false, waiver: null },
    ],
    time: { totalMs: 600_000, jobs: { test: 90_000 }, waiver: null },
    licences: {
      allow: ['MIT'],
      deny: [],
      exceptions: [{ package: 'x', reason: 'data', until: Date.parse(until) }],
      waiver: null,
    },
    reviews: null,
  })
})

test('an excuse without an end or a reason is refused, and so is a gate that demands nothing', () => {
  deepStrictEqual(
    [
      { tests: { quarantine: [{ test: 'a', reason: 'slow' }] } },
      { tests: { waive: { reason: ' ', until } } },
      { coverage: { lines: '101%' } },
      { performance: { p95: {} } },
      { size: { 'a.js': { maximum: '10 KB' } } },
      { licences: {} },
      { vulnerabilities: { severity: 'terrible' } },
      { covrage: {} },
    ].flatMap(issues),
    [
      "tests.quarantine.0.until: expected a moment such as '2026-12-24T00:00:00Z'",
      'tests.waive.reason: expected a reason',
      "coverage.lines: expected a share such as '5%' or '0.25%', at most 100%, at most two decimals",
      'performance.p95: expected a minimum, a maximum or maxRegression',
      "size.a.js.maximum: expected a size such as '200kB', '1.5MB' or '64KiB'",
      'licences: expected licences to allow or to deny',
      'vulnerabilities.severity: expected one of critical, high, medium, low, info',
      ": expected gates: { coverage: { lines: '80%' } }",
    ],
  )
})

test('every key has prose and an example that the schema takes, and the types say the same', () => {
  const types = readFileSync(new URL('types-gates.ts', import.meta.url), 'utf8')
  const shape = z.toJSONSchema(gatesSchema, { io: 'input', unrepresentable: 'any' })
  const missing: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node && typeof node.properties === 'object' && node.properties !== null) {
      for (const [name, value] of Object.entries(node.properties)) {
        const { description, samples } = z
          .object({ description: z.string(), samples: z.array(z.unknown()).min(1) })
          .parse(value)
        if (!types.includes(`/** ${description} */`) && !types.includes(description))
          missing.push(`${path}.${name}: ${description}`)
        ok(samples.length > 0)
        walk(value, `${path}.${name}`)
      }
    }
    if ('additionalProperties' in node) walk(node.additionalProperties, `${path}.*`)
    if ('items' in node) walk(node.items, `${path}[]`)
  }
  walk(shape, '')
  deepStrictEqual(missing, [])
  const { properties } = z
    .object({ properties: z.record(z.string(), z.object({ samples: z.array(z.unknown()) })) })
    .parse(shape)
  for (const [name, { samples }] of Object.entries(properties))
    for (const sample of samples) deepStrictEqual(issues({ [name]: sample }), [], name)
})
