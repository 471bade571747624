import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../config/types.ts'
import { parseConfig } from '../config/parse.ts'
import { SluiceError } from '../errors.ts'
import { commitId } from '../model.ts'
import { planRun, type PlanRequest } from './plan.ts'

const commit = { id: commitId('3f2a1c9'.padEnd(40, '0')), subject: 'change', author: 'ada', committedAt: 1 }

const requestOf = (config: Config, rest: Partial<PlanRequest> = {}): PlanRequest => ({
  settings: parseConfig(config, { file: 'sluice.config.ts', text: '', distance: () => 99 }),
  commit,
  version: '1.4.0',
  secretVersions: {},
  cores: 2,
  ...rest,
})

const shop: Config = {
  service: 'shop',
  pipeline: {
    jobs: {
      lint: { steps: 'npm run lint' },
      test: { steps: ['npm ci', { name: 'unit tests', run: 'npm test' }], env: { CI: true }, timeout: '5m' },
      build: { needs: ['test', 'lint'], steps: 'npm run build', artifacts: { app: 'dist' } },
    },
  },
  start: { command: 'node dist/server.js' },
  environments: { staging: { listen: 8081 }, production: { listen: 8080 } },
}

test('a plan holds the jobs in order, with every default filled in', () => {
  const plan = planRun(requestOf(shop))
  deepStrictEqual(
    plan.jobs.map(({ name, level, height }) => ({ name, level, height })),
    [
      { name: 'lint', level: 0, height: 1 },
      { name: 'test', level: 0, height: 1 },
      { name: 'build', level: 1, height: 0 },
    ],
  )
  deepStrictEqual(plan.jobs[1], {
    name: 'test',
    needs: [],
    level: 0,
    height: 1,
    steps: [
      { name: 'npm ci', run: 'npm ci' },
      { name: 'unit tests', run: 'npm test' },
    ],
    env: { CI: 'true' },
    secrets: [],
    timeoutMs: 300_000,
    artifacts: [],
  })
  deepStrictEqual(plan.jobs[2]?.artifacts, [{ name: 'app', paths: ['dist'] }])
})

test('a plan drafts the release: version with the commit, the only artifact started, environments in order', () => {
  const { draft, version } = planRun(requestOf(shop))
  strictEqual(version, '1.4.0+3f2a1c9')
  deepStrictEqual(draft?.start, { command: 'node dist/server.js', artifact: 'app' })
  deepStrictEqual(
    draft?.environments.map(({ name, after }) => ({ name, after })),
    [
      { name: 'staging', after: null },
      { name: 'production', after: 'staging' },
    ],
  )
})

test('as many jobs run at once as the machine has cores, unless the config says how many', () => {
  strictEqual(planRun(requestOf(shop, { cores: 8 })).parallelMax, 8)
  strictEqual(planRun(requestOf({ ...shop, pipeline: { ...shop.pipeline, parallel: 3 } }, { cores: 8 })).parallelMax, 3)
})

test('a part of the pipeline brings what it needs and drafts no release', () => {
  const plan = planRun(requestOf(shop, { only: ['test'] }))
  deepStrictEqual(
    plan.jobs.map(({ name }) => name),
    ['test'],
  )
  strictEqual(plan.draft, null)
  deepStrictEqual(
    planRun(requestOf(shop, { only: ['build'] })).jobs.map(({ name }) => name),
    ['lint', 'test', 'build'],
  )
})

test('a job that there is not is refused with the jobs that there are', () => {
  throws(
    () => planRun(requestOf(shop, { only: ['biuld'] })),
    (error) => error instanceof SluiceError && error.code === 'not_found' && error.hint === 'Jobs: lint, test, build.',
  )
})

test('a config without environments cuts no release', () => {
  strictEqual(planRun(requestOf({ service: 'shop', pipeline: shop.pipeline })).draft, null)
})

test('a secret without a version in an environment is refused, one with a version travels as that version', () => {
  const config: Config = { ...shop, secrets: ['KEY'] }
  throws(
    () => planRun(requestOf(config, { secretVersions: { staging: { KEY: '1' } } })),
    (error) =>
      error instanceof SluiceError && error.code === 'not_found' && error.detail.includes('KEY for production'),
  )
  const secretVersions = { staging: { KEY: '1' }, production: { KEY: '2' } }
  deepStrictEqual(
    planRun(requestOf(config, { secretVersions })).draft?.environments.map((one) => one.secretVersions),
    [{ KEY: '1' }, { KEY: '2' }],
  )
})

test('in every plan each job comes after its needs, one level above the deepest and below no job that needs it', () => {
  const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 })
  fc.assert(
    fc.property(edges, (drawn) => {
      const names = Array.from({ length: 10 }, (_, index) => `j${index}`)
      const jobs = Object.fromEntries(
        names.map((name, index) => [
          name,
          { steps: 'true', needs: drawn.filter(([a, b]) => a === index && b < index).map(([, b]) => `j${b}`) },
        ]),
      )
      const plan = planRun(requestOf({ service: 's', pipeline: { jobs } }))
      const byName = new Map(plan.jobs.map((job, index) => [job.name, { ...job, index }]))
      for (const [index, job] of plan.jobs.entries()) {
        const needs = job.needs.map((need) => byName.get(need))
        strictEqual(job.level, Math.max(-1, ...needs.map((need) => need?.level ?? -1)) + 1)
        strictEqual(
          needs.every((need) => need !== undefined && need.index < index && need.height > job.height),
          true,
        )
      }
    }),
  )
})
