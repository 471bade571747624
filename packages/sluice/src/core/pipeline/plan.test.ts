import { deepStrictEqual, strictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../config/types.ts'
import { parseConfig } from '../config/parse.ts'
import { SluiceError } from '../errors.ts'
import { commitId } from '../model.ts'
import { jobPlan, step } from '../../../test/pipeline/jobs.ts'
import type { JobPlan } from './job-plan.ts'
import { type Occasion, startsRun } from './triggers.ts'
import { linkJobs } from './links.ts'
import { standardShell } from './lower-config.ts'
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
    plan.jobs.map(({ name, needs }) => ({ name, needs })),
    [
      { name: 'lint', needs: [] },
      { name: 'test', needs: [] },
      { name: 'build', needs: ['test', 'lint'] },
    ],
  )
  const steps = [step('npm ci'), step('npm test', { name: 'unit tests' })]
  deepStrictEqual(
    plan.jobs[1],
    jobPlan('test', [], { steps, shell: standardShell, env: { CI: 'true' }, timeoutMs: 300_000 }),
  )
  deepStrictEqual(
    plan.jobs[2]?.artifacts.map(({ name, paths }) => ({ name, paths })),
    [{ name: 'app', paths: ['dist'] }],
  )
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

test('the flags that the code reads are part of the release, in order and once; where none are named it is the release that it was', () => {
  deepStrictEqual(planRun(requestOf({ ...shop, flags: ['search.v2', 'new-checkout', 'search.v2'] })).draft?.flags, [
    'new-checkout',
    'search.v2',
  ])
  strictEqual('flags' in (planRun(requestOf({ ...shop, flags: [] })).draft ?? {}), false)
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

test('in every plan each job comes after its needs, and is lower than what it needs', () => {
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
      const { needs, heights } = linkJobs(plan.jobs)
      for (const [index, mine] of needs.entries())
        strictEqual(
          mine.every((need) => need < index && (heights[need] ?? 0) > (heights[index] ?? 0)),
          true,
        )
    }),
  )
})

const piped = (jobs: Config['pipeline']['jobs']): readonly JobPlan[] =>
  planRun(requestOf({ service: 's', pipeline: { jobs } })).jobs

test('a matrix becomes a job without work and its legs, named by their values, which are their environment', () => {
  const jobs = piped({
    test: {
      steps: 'npm test',
      artifacts: { report: 'out' },
      matrix: { axes: { NODE: [22, 24], OS: ['linux'] }, exclude: [{ NODE: 22 }], include: [{ NODE: 26, OS: 'mac' }] },
    },
  })
  deepStrictEqual(
    jobs.map(({ name, partOf, work, env }) => ({ name, partOf, work: work.kind, env })),
    [
      { name: 'test', partOf: null, work: 'none', env: {} },
      { name: 'test (24, linux)', partOf: 'test', work: 'steps', env: { NODE: '24', OS: 'linux' } },
      { name: 'test (26, mac)', partOf: 'test', work: 'steps', env: { NODE: '26', OS: 'mac' } },
    ],
  )
  deepStrictEqual(
    jobs.flatMap(({ artifacts }) => artifacts.map(({ name }) => name)),
    ['report-24-linux', 'report-26-mac'],
  )
})

test('a job that is not for this branch is left out, and holds nobody up', () => {
  const config: Config = {
    service: 's',
    pipeline: {
      jobs: { publish: { steps: 'true', only: { branches: ['main'] } }, tell: { steps: 'true', needs: ['publish'] } },
    },
  }
  const occasion = (branch: string): Occasion => ({
    trigger: { event: 'push', name: branch, inputs: {} },
    branch,
    tag: null,
    base: null,
    changed: null,
  })
  const planOn = (branch: string) => planRun({ ...requestOf(config), occasion: occasion(branch) })
  const planned = (branch: string): readonly string[] =>
    planOn(branch).jobs.map(({ name, needs }) => `${name} ${needs.join()}`)
  deepStrictEqual(planOn('topic').left, [{ job: 'publish', because: 'it runs for main, and this is topic' }])
  deepStrictEqual(planned('main'), ['publish ', 'tell publish'])
  deepStrictEqual(planned('topic'), ['tell '])
  const part = (areAffected: boolean) =>
    planRun({ ...requestOf(config), occasion: occasion('topic'), only: ['publish', 'tell'], areAffected })
  deepStrictEqual(
    part(true).jobs.map(({ name }) => name),
    ['tell'],
  )
  deepStrictEqual(part(true).left, planOn('topic').left)
  deepStrictEqual(
    part(false).jobs.map(({ name }) => name),
    ['publish', 'tell'],
  )
})

test('without a release there is nothing to deploy, and nothing for what comes after', () => {
  deepStrictEqual(
    piped({
      test: { steps: 'true' },
      stage: { deploy: 'staging', needs: ['test'] },
      smoke: { steps: 'true', needs: ['stage'] },
    }).map(({ name }) => name),
    ['test'],
  )
})

test('the budget of a stage is shown, and bounds the job only where it is enforced', () => {
  const jobs: Config['pipeline']['jobs'] = { unit: { steps: 'true', stage: 'test', timeout: '30m' } }
  const planned = (enforce: boolean): JobPlan | undefined =>
    planRun(requestOf({ service: 's', pipeline: { jobs, stages: { test: { budget: '1m', enforce } } } })).jobs[0]
  deepStrictEqual([planned(false)?.budget, planned(false)?.timeoutMs], [{ ms: 60_000, enforce: false }, 1_800_000])
  deepStrictEqual([planned(true)?.budget, planned(true)?.timeoutMs], [{ ms: 60_000, enforce: true }, 60_000])
})

test('stars of a pattern stop at slashes, and many of them take no longer', () => {
  const starts = (pattern: string, branch: string): boolean =>
    startsRun({ branches: [pattern], tags: null, paths: null, schedule: [] }, { branch, tag: null, changed: null })
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['release/*', 'release/1.2', true],
    ['release/*', 'release/a/b', false],
    ['release/**', 'release/a/b', true],
    ['**/fix', 'fix', true],
    ['**/fix', 'a/b/fix', true],
    ['**/fix', 'a/bfix', false],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/b', 'a/xb', false],
    ['**', 'any/thing', true],
    ['v?.*', 'v1.2', true],
    ['v?', 'v/', false],
    ['a.b', 'axb', false],
    ['(x)+', '(x)+', true],
    ['*a*b', 'xaayb', true],
    ['', '', true],
    [`${'*a'.repeat(40)}b`, 'a'.repeat(200), false],
    [`${'**/a'.repeat(20)}b`, 'a/'.repeat(200), false],
  ]
  deepStrictEqual(
    rows.map(([pattern, branch]) => [pattern, branch, starts(pattern, branch)]),
    rows,
  )
})

test('inputs of the pipeline are in the plan and over the variables of every job, but under the values of a matrix', () => {
  const config: Config = {
    service: 's',
    pipeline: {
      env: { LEVEL: 'patch' },
      on: { manual: { inputs: { LEVEL: { type: 'choice', choices: ['patch', 'minor'], required: true }, NOTE: {} } } },
      jobs: {
        plain: { steps: 'true', env: { LEVEL: 'patch', OWN: '1' } },
        legs: { steps: 'true', matrix: { axes: { NODE: ['22'] } } },
      },
    },
  }
  const plan = planRun(requestOf(config, { given: { LEVEL: 'minor' } }))
  deepStrictEqual(plan.trigger.inputs, { LEVEL: 'minor' })
  deepStrictEqual(
    plan.jobs.map(({ name, env }) => [name, env]),
    [
      ['plain', { LEVEL: 'minor', OWN: '1' }],
      ['legs', { LEVEL: 'minor' }],
      ['legs (22)', { LEVEL: 'minor', NODE: '22' }],
    ],
  )
  const refused = (detail: string) => (error: unknown) =>
    error instanceof SluiceError && error.code === 'usage_invalid' && error.detail === detail
  throws(() => planRun(requestOf(config)), refused('input LEVEL must be given: one of patch, minor'))
  throws(
    () => planRun(requestOf(config, { given: { LEVEL: 'minor', NOTES: 'x' } })),
    refused('there is no input NOTES; inputs: LEVEL, NOTE'),
  )
})

test('inputs that could not be asked for, or mean two things, are mistakes of the config', () => {
  const mistakes = (on: object, more: object = {}): readonly string[] => {
    const jobs = {
      test: { steps: 'true', secrets: ['TOKEN'] },
      legs: { steps: 'true', matrix: { axes: { NODE: ['22'] } } },
      'by-hand': { steps: 'true', manual: { inputs: { HOW: { type: 'number', default: 'a' } } } },
    }
    try {
      parseConfig({ service: 's', pipeline: { on, jobs }, ...more }, { file: 'f', text: '', distance: () => 99 })
    } catch (error) {
      if (error instanceof SluiceError) return error.evidence
    }
    return []
  }
  deepStrictEqual(mistakes({}), [
    'f  pipeline.jobs.by-hand.manual.inputs.HOW.default: input HOW is "a", which is no number',
  ])
  const inputs = {
    LEVEL: { type: 'choice', choices: ['a'], default: 'b' },
    NONE: { type: 'choice' },
    TOKEN: {},
    NODE: {},
  }
  deepStrictEqual(
    mistakes({ manual: { inputs } })
      .filter((text) => text.includes('pipeline.on.'))
      .map((text) => text.replace('f  pipeline.on.manual.inputs.', '')),
    [
      'LEVEL.default: input LEVEL is "b"; choices: a',
      'NONE.choices: expected at least one choice',
      'TOKEN: job "test" has a secret of this name. Give one of them another name.',
      'NODE: job "legs" has a matrix value of this name. Give one of them another name.',
    ],
  )
  const needy = { manual: { inputs: { WHO: { required: true }, WHY: { required: true, default: 'so' } } } }
  const source = { source: { remote: '/srv/git/shop.git' } }
  for (const [on, more, starter] of [
    [{ branches: ['main'] }, {}, 'a push'],
    [{ tags: ['v*'] }, {}, 'a push'],
    [{ schedule: ['0 3 * * *'] }, {}, 'a schedule'],
    [{}, source, 'a push'],
    [{ branches: ['!**'] }, source, 'a pull request'],
    [{ branches: ['!**'], pullRequests: [] }, source, null],
    [{}, {}, null],
  ] as const) {
    const starters = mistakes({ ...needy, ...on }, more).flatMap(
      (text) => /WHO\.required: (.*) starts runs of this pipeline with nobody to ask/.exec(text)?.[1] ?? [],
    )
    deepStrictEqual(starters, starter === null ? [] : [starter])
  }
})
