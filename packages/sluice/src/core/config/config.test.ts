import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { distance } from 'fastest-levenshtein'
import fc from 'fast-check'
import { SluiceError } from '../errors.ts'
import { commitId } from '../model.ts'
import { order } from './graph.ts'
import { parseConfig } from './parse.ts'
import { resolveEnvironments } from './resolve.ts'
import { configSchema } from './schema.ts'
import type { Settings } from './settings.ts'
import { alternatives, configShape, type Shape } from './shape.ts'
import { parseDuration, parseShare, renderDuration, renderShare } from './units.ts'
import { checkoutVersion, isSemver, releaseVersion } from './version.ts'

const file = 'sluice.config.json'
const parse = (value: unknown, text = ''): Settings => parseConfig(value, { file, text, distance })

const refusal = (value: unknown, text = ''): SluiceError => {
  try {
    parse(value, text)
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
  throw new Error('the config was taken')
}

const minimal = {
  service: 'shop',
  pipeline: { jobs: { build: { steps: 'npm run build', artifacts: { app: 'dist' } } } },
  start: { command: 'node dist/server.js' },
  environments: { production: { listen: 8080 } },
}

const withProduction = (rest: object): unknown => ({
  ...minimal,
  environments: { production: { listen: 8080, ...rest } },
})
const production = (rest: object): Settings['environments'][string] | undefined =>
  parse(withProduction(rest)).environments['production']

test('a config of four keys gets every default', () => {
  const [spec] = resolveEnvironments(parse(minimal), {})
  deepStrictEqual(spec, {
    name: 'production',
    after: null,
    listen: { host: '127.0.0.1', port: 8080 },
    instances: 1,
    config: {},
    secretVersions: {},
    strategy: { kind: 'rolling', batchSize: 1, pauseMs: 0, maxFailurePercent: 0 },
    health: {
      path: '/health',
      intervalMs: 1_000,
      timeoutMs: 2_000,
      healthyAfter: 2,
      unhealthyAfter: 3,
      startTimeoutMs: 30_000,
    },
    judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0.0005, intervalMs: 1_000, staleAfterMs: 10_000 },
    sticky: { kind: 'none' },
    drainTimeoutMs: 30_000,
    stopGraceMs: 10_000,
    progressDeadlineMs: 600_000,
    approvals: 0,
    freeze: [],
  })
})

test('an environment inherits variables, secrets and health from the service, and wins where it says otherwise', () => {
  const settings = parse({
    ...minimal,
    config: { LOG_LEVEL: 'info', REGION: 'eu' },
    secrets: ['KEY'],
    health: { path: '/up', interval: '5s', warmup: { requests: 20 } },
    environments: {
      staging: {
        listen: 1,
        config: { LOG_LEVEL: 'debug', DEBUG: true },
        secrets: ['EXTRA'],
        health: { interval: '1s' },
      },
      production: { listen: 2, health: { warmup: { requests: 0 } } },
    },
  })
  const [spec, last] = resolveEnvironments(settings, { staging: { KEY: '3', EXTRA: '1' }, production: { KEY: '3' } })
  deepStrictEqual(spec?.config, { LOG_LEVEL: 'debug', REGION: 'eu', DEBUG: 'true' })
  deepStrictEqual(spec?.secretVersions, { KEY: '3', EXTRA: '1' })
  deepStrictEqual([spec?.health.path, spec?.health.intervalMs], ['/up', 1_000])
  deepStrictEqual(spec?.health.warmup, { path: '/', requests: 20, timeoutMs: 10_000 })
  strictEqual('warmup' in (last?.health ?? {}), false)
})

test('environments come after the one written before them, unless they say otherwise', () => {
  const environments = {
    edge: { listen: 1, after: 'staging' },
    staging: { listen: 2, after: null },
    production: { listen: 3 },
  }
  deepStrictEqual(
    resolveEnvironments(parse({ ...minimal, environments }), {}).map(({ name, after }) => [name, after]),
    [
      ['staging', null],
      ['edge', 'staging'],
      ['production', 'staging'],
    ],
  )
})

test('each strategy is written as a name or with its settings', () => {
  deepStrictEqual(production({ strategy: 'recreate' })?.strategy, { kind: 'recreate' })
  deepStrictEqual(production({ strategy: 'blueGreen' })?.strategy, {
    kind: 'blueGreen',
    bakeMs: 60_000,
    keepPrevious: true,
  })
  deepStrictEqual(
    production({ strategy: { kind: 'rolling', batchSize: 2, pause: '10s', maxFailurePercent: 25 } })?.strategy,
    {
      kind: 'rolling',
      batchSize: 2,
      pauseMs: 10_000,
      maxFailurePercent: 25,
    },
  )
  const steps = ['0.5%', { share: '10%', bake: '2m', unitsMin: 1_000 }, { share: '50%', approve: true }]
  deepStrictEqual(production({ strategy: { kind: 'canary', steps, bake: '0s', keepPrevious: false } })?.strategy, {
    kind: 'canary',
    steps: [
      { kind: 'bake', shareBp: 50, bakeMs: 60_000, unitsMin: 100 },
      { kind: 'bake', shareBp: 1_000, bakeMs: 120_000, unitsMin: 1_000 },
      { kind: 'approve', shareBp: 5_000 },
    ],
    bakeMs: 0,
    keepPrevious: false,
  })
})

test('where a service listens is a port on loopback, or host and port', () => {
  deepStrictEqual(production({ listen: '0.0.0.0:80' })?.listen, { host: '0.0.0.0', port: 80 })
  deepStrictEqual(production({ listen: '[::1]:8080' })?.listen, { host: '[::1]', port: 8080 })
  for (const listen of [0, 65_536, 1.5, '8080', 'host:', 'host:99999', true])
    strictEqual(refusal(withProduction({ listen })).code, 'config_invalid')
})

test('traffic besides the split is a part of the environment only where something is said', () => {
  strictEqual('routing' in (production({}) ?? {}), false)
  strictEqual('routing' in (production({ routing: {} }) ?? {}), false)
  const equals = { kind: 'equals', text: 'candidate' } as const
  const said = production({
    sticky: { cookie: 'arm' },
    routing: {
      force: { header: 'X-Arm' },
      rules: [{ arm: 'candidate', when: [{ cookie: 'beta' }, { header: 'X-Region', startsWith: 'eu-' }] }],
      skew: { maxAge: '2h' },
      assets: ['/assets/'],
      bypass: { cookie: 'crew', equals: 'secret' },
    },
    drain: { idle: '30s' },
  })?.routing
  deepStrictEqual(
    said?.rules?.find(({ arm }) => arm === 'candidate'),
    { arm: 'candidate', all: [{ kind: 'header', name: 'x-arm', value: equals }] },
  )
  deepStrictEqual(said?.rules?.at(-1), {
    arm: 'candidate',
    all: [
      { kind: 'cookie', name: 'beta', value: null },
      { kind: 'header', name: 'x-region', value: { kind: 'startsWith', text: 'eu-' } },
    ],
  })
  strictEqual(said?.rules?.length, 4)
  deepStrictEqual(
    { ...said, rules: [] },
    {
      rules: [],
      skew: { cookie: 'sluice-release', maxAgeMs: 7_200_000 },
      assets: ['/assets/'],
      bypass: [{ kind: 'cookie', name: 'crew', value: { kind: 'equals', text: 'secret' } }],
      drain: { idleMs: 30_000, maxAgeMs: 300_000 },
    },
  )
  const [spec] = resolveEnvironments(parse(withProduction({ routing: { assets: ['/a'] } })), {})
  deepStrictEqual(spec?.routing, { assets: ['/a'] })
})

test('clients cannot stay with their release where nothing tells them apart', () => {
  for (const sticky of ['none', { header: 'x-user' }])
    strictEqual(refusal(withProduction({ sticky, routing: { skew: {} } })).code, 'config_invalid')
  strictEqual(
    production({ sticky: { user: { cookie: 'uid' } }, routing: { skew: {} } })?.routing?.skew?.maxAgeMs,
    3_600_000,
  )
})

test('clients stick by cookie or header; header names are case-insensitive', () => {
  deepStrictEqual(production({ sticky: { cookie: 'arm' } })?.sticky, { kind: 'cookie', name: 'arm' })
  deepStrictEqual(production({ sticky: { header: 'X-User' } })?.sticky, { kind: 'header', name: 'x-user' })
  deepStrictEqual(production({ sticky: { user: { header: 'X-User' }, cookie: 'c' } })?.sticky, {
    kind: 'user',
    from: 'header',
    name: 'x-user',
    fallback: 'c',
  })
})

test('an unknown key is refused with file, line, column and the nearest key', () => {
  const text =
    "import { defineConfig } from 'sluice'\n\nexport default defineConfig({\n  service: 'shop', // servce: no\n  environments: {\n    production: { listn: 8080 },\n  },\n})\n"
  const error = refusal({ ...minimal, environments: { production: { listn: 8080 } } }, text)
  strictEqual(error.code, 'config_invalid')
  strictEqual(error.detail, 'environments.production.listn: this key is not known here (sluice.config.json:6:19).')
  strictEqual(error.hint, 'Did you mean "listen"?')
  deepStrictEqual(error.evidence, [
    'sluice.config.json:6:19  environments.production.listn: this key is not known here. Did you mean "listen"?',
    '  6 |     production: { listn: 8080 },',
    '                        ^',
  ])
})

test('an unknown key that is near none is refused with the keys that there are', () => {
  const error = refusal({ ...minimal, start: { command: 'x', zzz: 1 } })
  strictEqual(error.hint, 'Known keys: command, artifact.')
})

test('every mistake is told at once, unknown keys first, and a mistyped key is not also told as missing', () => {
  const error = refusal({ servce: 'shop', pipeline: { jobs: { build: { steps: [], timeout: 5 } } }, version: 'one' })
  deepStrictEqual(error.evidence, [
    'sluice.config.json  servce: this key is not known here. Did you mean "service"?',
    "sluice.config.json  version: expected 'package.json' or a version such as '1.4.0', got \"one\"",
    'sluice.config.json  pipeline.jobs.build.steps: expected at least one step, got a list',
    "sluice.config.json  pipeline.jobs.build.timeout: expected a duration such as '30s', '5m' or '250ms', got 5",
  ])
})

const refusals: readonly (readonly [string, unknown, RegExp])[] = [
  ['nothing at all', undefined, /the config: expected an object/],
  ['a list', [], /the config: expected an object/],
  ['no jobs', { ...minimal, pipeline: { jobs: {} } }, /pipeline\.jobs: expected at least one job/],
  [
    'a name with capitals',
    { ...minimal, environments: { Production: { listen: 1 } } },
    /environments\.Production: expected a name of lower-case.*got "Production"/,
  ],
  [
    'a flag whose name is a sentence',
    { ...minimal, flags: ['new checkout'] },
    /flags\[0\]: expected the name of a feature flag.*got "new checkout"/,
  ],
  ['a name that is too long', { ...minimal, service: 'a'.repeat(41) }, /service: expected a name of at most 40/],
  [
    'a strategy that there is not',
    withProduction({ strategy: 'canry' }),
    /expected a strategy.*"canry"[^]*Did you mean 'canary'\?/,
  ],
  [
    'a kind of strategy that there is not',
    withProduction({ strategy: { kind: 'x' } }),
    /strategy\.kind: expected kind to be one of/,
  ],
  [
    "another strategy's key",
    withProduction({ strategy: { kind: 'rolling', steps: ['5%'] } }),
    /strategy\.steps: this key is not known here/,
  ],
  [
    'a share above 100',
    withProduction({ strategy: { kind: 'canary', steps: ['500%'] } }),
    /strategy\.steps\[0\]: expected a share.*got "500%"/,
  ],
  ['a share of 100', withProduction({ strategy: { kind: 'canary', steps: ['100%'] } }), /above 0% and below 100%/],
  [
    'shares that do not grow',
    withProduction({ strategy: { kind: 'canary', steps: ['10%', '5%'] } }),
    /expected growing shares/,
  ],
  ['a duration without a unit', withProduction({ stopGrace: '10' }), /stopGrace: expected a duration/],
  [
    'a duration of zero where time must pass',
    withProduction({ drainTimeout: '0s' }),
    /drainTimeout: expected a duration above zero/,
  ],
  ['a duration beyond a week', withProduction({ drainTimeout: '8d' }), /at most 7 days/],
  [
    'a freeze that ends before it begins',
    withProduction({ freeze: [{ from: '2026-12-27T00:00:00Z', until: '2026-12-24T00:00:00Z', reason: 'x' }] }),
    /freeze\[0\]\.until: expected until to be after from/,
  ],
  [
    'a moment without a zone',
    withProduction({ freeze: [{ from: '2026-12-24T00:00:00', until: '2026-12-25T00:00:00Z', reason: 'x' }] }),
    /freeze\[0\]\.from: expected a moment/,
  ],
  [
    'an artifact outside the checkout',
    { ...minimal, pipeline: { jobs: { build: { steps: 'x', artifacts: { app: '../x' } } } } },
    /artifacts\.app: expected a path inside the checkout/,
  ],
  [
    'two jobs with one artifact',
    {
      ...minimal,
      pipeline: { jobs: { a: { steps: 'x', artifacts: { app: 'x' } }, b: { steps: 'x', artifacts: { app: 'x' } } } },
    },
    /jobs\.b\.artifacts\.app: job "a" already makes/,
  ],
  [
    'a need that there is not',
    { ...minimal, pipeline: { jobs: { ...minimal.pipeline.jobs, test: { steps: 'x', needs: ['biuld'] } } } },
    /test\.needs\[0\]: there is no job "biuld"[^]*Did you mean "build"\?/,
  ],
  ['environments and no start', { ...minimal, start: undefined }, /start: this key is missing: there are environments/],
  [
    'a start without an artifact',
    { ...minimal, pipeline: { jobs: { build: { steps: 'x' } } } },
    /start: no job makes an artifact/,
  ],
  [
    'a start of an artifact that there is not',
    { ...minimal, start: { command: 'x', artifact: 'ap' } },
    /start\.artifact: no job makes an artifact "ap"[^]*Did you mean "app"\?/,
  ],
  [
    'two artifacts and no word which',
    { ...minimal, pipeline: { jobs: { build: { steps: 'x', artifacts: { app: 'x', docs: 'y' } } } } },
    /start\.artifact: this key is missing.*app, docs/,
  ],
  [
    'an environment after one that there is not',
    withProduction({ after: 'staging' }),
    /production\.after: there is no environment "staging"/,
  ],
  [
    'environments in a circle',
    { ...minimal, environments: { a: { listen: 1, after: 'b' }, b: { listen: 2 } } },
    /circle: a → b → a/,
  ],
  [
    'a matrix with one leg twice',
    { ...minimal, pipeline: { jobs: { t: { steps: 'x', matrix: { axes: { n: ['1', 1] } } } } } },
    /jobs\.t\.matrix: two legs of this matrix are called t \(1\)/,
  ],
  [
    'two environments on one port',
    { ...minimal, environments: { a: { listen: 1 }, b: { listen: 1 } } },
    /b\.listen: environment "a" already listens on 127\.0\.0\.1:1/,
  ],
  [
    'a preview address that an environment listens on',
    {
      ...minimal,
      environments: { a: { listen: 1, strategy: { kind: 'blueGreen', preview: { listen: 2 } } }, b: { listen: 2 } },
    },
    /a\.strategy\.preview\.listen: environment "b" already listens on 127\.0\.0\.1:2/,
  ],
  [
    'a preview address of HAProxy',
    {
      ...minimal,
      environments: { a: { listen: 1, router: 'haproxy', strategy: { kind: 'blueGreen', preview: { listen: 2 } } } },
    },
    /a\.strategy\.preview\.listen: the HAProxy router has no preview address/,
  ],
  ['a variable that Sluice gives', { ...minimal, config: { PORT: 1 } }, /config\.PORT: Sluice itself gives PORT/],
  [
    'a secret that is a variable',
    { ...minimal, config: { KEY: 'x' }, secrets: ['KEY'] },
    /secrets\[0\]: KEY is already a variable/,
  ],
  [
    'a variable that is a list',
    { ...minimal, config: { KEY: ['hunter2'] } },
    /config\.KEY: expected text, a number or true or false, got a list/,
  ],
]

for (const [what, value, expected] of refusals) {
  test(`${what} is refused in words`, () => {
    const error = refusal(value)
    strictEqual(error.code, 'config_invalid')
    ok(expected.test([error.detail, ...error.evidence].join('\n')), [error.detail, ...error.evidence].join('\n'))
  })
}

test('what has the wrong form is told once, without all that follows from it', () => {
  const { detail } = refusal(withProduction({ strategy: { kind: 'canary', steps: ['500%'] } }))
  ok(detail.startsWith('environments.production.strategy.steps[0]: expected a share such as'), detail)
})

test('jobs that need each other in a circle are refused with the circle', () => {
  const jobs = {
    a: { steps: 'x', needs: ['c'] },
    b: { steps: 'x', needs: ['a'] },
    c: { steps: 'x', needs: ['b'] },
    d: { steps: 'x', needs: ['a'] },
  }
  const error = refusal({ ...minimal, start: undefined, environments: {}, pipeline: { jobs } })
  strictEqual(error.code, 'needs_cycle')
  strictEqual(error.detail, 'Jobs need each other in a circle: a → c → b → a (sluice.config.json).')
})

test('a job that needs itself is a circle of one', () => {
  const error = refusal({ service: 'shop', pipeline: { jobs: { a: { steps: 'x', needs: ['a'] } } } })
  strictEqual(error.detail, 'Jobs need each other in a circle: a → a (sluice.config.json).')
})

test('the value of a variable never appears in an error', () => {
  const error = refusal({
    ...minimal,
    pipeline: { jobs: { build: { steps: 'x', env: 'hunter2', artifacts: { app: 'x' } } } },
  })
  ok(!JSON.stringify([error.detail, error.evidence]).includes('hunter2'))
})

test('an order puts each node after what it depends on, and a cycle is one that really goes round', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 }), (edges) => {
      const names = Array.from({ length: 8 }, (_, index) => `n${index}`)
      const graph = new Map(
        names.map((name, index) => [name, edges.filter(([a]) => a === index).map(([, b]) => `n${b}`)]),
      )
      const sorted = order(graph)
      if (sorted.kind === 'ordered') {
        const rank = new Map(sorted.nodes.map((node, index) => [node, index]))
        for (const [node, needs] of graph) for (const need of needs) ok((rank.get(need) ?? 99) < (rank.get(node) ?? -1))
      } else {
        strictEqual(sorted.nodes[0], sorted.nodes.at(-1))
        for (const [index, node] of sorted.nodes.slice(0, -1).entries())
          ok(graph.get(node)?.includes(sorted.nodes[index + 1] ?? ''))
      }
    }),
  )
})

test('durations and shares survive being written and read', () => {
  fc.assert(fc.property(fc.nat(604_800_000), (ms) => strictEqual(parseDuration(renderDuration(ms)), ms)))
  fc.assert(fc.property(fc.nat(10_000), (shareBp) => strictEqual(parseShare(renderShare(shareBp)), shareBp)))
  deepStrictEqual(['1.5s', '250ms', '2h', '1d', '5', 's', '-1s', '1e3s'].map(parseDuration), [
    1_500,
    250,
    7_200_000,
    86_400_000,
    null,
    null,
    null,
    null,
  ])
  deepStrictEqual(['0.25%', '100%', '100.01%', '0.001%', '5'].map(parseShare), [25, 10_000, null, null, null])
})

test("the version of a release is the package's, with the commit as build metadata", () => {
  const commit = commitId('3f2a1c9'.padEnd(40, '0'))
  strictEqual(releaseVersion(checkoutVersion('package.json', '{"version":"1.4.0-rc.1"}'), commit), '1.4.0-rc.1+3f2a1c9')
  strictEqual(releaseVersion(checkoutVersion('2.0.0+x', null), commit), '2.0.0+x.3f2a1c9')
  strictEqual(checkoutVersion('package.json', null), '0.0.0')
  strictEqual(checkoutVersion('package.json', '{}'), '0.0.0')
  for (const text of ['{', '{"version":"1.4"}', '{"version":7}']) {
    let code = ''
    try {
      checkoutVersion('package.json', text)
    } catch (error) {
      code = error instanceof SluiceError ? error.code : ''
    }
    strictEqual(code, 'config_invalid')
  }
})

test('SemVer is told from what only looks like it', () => {
  deepStrictEqual(['1.0.0', '1.0.0-a.1+b', '01.0.0', '1.0', '1.0.0-', '1.0.0-01', 'v1.0.0', ''].map(isSemver), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
    false,
  ])
})

test('every key of the schema has prose, which the types repeat, and examples that the schema takes', () => {
  const types = [
    'types.ts',
    'types-access.ts',
    'types-source.ts',
    'types-pipeline.ts',
    'types-gates.ts',
    'types-routing.ts',
    'types-metrics.ts',
    'types-metrics.ts',
    'types-strategy.ts',
    'types-verification.ts',
    'types-rollback.ts',
    'types-governance.ts',
    'types-notify.ts',
  ]
    .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
    .join('\n')
  const keys = documented(configShape(), '', (value) => ({ ...minimal, ...value }))
  ok(keys.length > 40)
  for (const { path, shape, wrap } of keys) {
    ok(
      shape.description !== undefined && shape.examples !== undefined && shape.examples.length > 0,
      `${path} has no prose or no example`,
    )
    const [sentence = ''] = shape.description.split(/(?<=\.) (?=[A-Z])/)
    // The types of a built-in step leave its options to the schema.
    ok(path.includes('.with.') || types.includes(sentence), `types.ts does not say of ${path}: ${sentence}`)
    for (const example of shape.examples) {
      const parsed = configSchema.safeParse(wrap(example))
      ok(parsed.success, `${path}: the example ${JSON.stringify(example)} is refused: ${parsed.error?.message}`)
    }
  }
})

type DocumentedKey = { readonly path: string; readonly shape: Shape; readonly wrap: (value: unknown) => unknown }

/** Where one of several keys must be there, one that is not `name`'s own alternative. */
const oneOf = (path: string, name: string): object => {
  if (path.endsWith('.jobs.*')) return ['steps', 'deploy', 'promote'].includes(name) ? {} : { steps: 'true' }
  if (/\.with\.(?:allow|exceptions)\[\]$/.test(path)) return name === 'path' ? {} : { path: 'test/**' }
  if (path === '.access' || path === 'access') return name === 'url' ? {} : { url: 'https://sluice.example.com' }
  if (path === 'source' || path === '.source')
    return name === 'report' ? { github: { repository: 'a/b', token: 'T' } } : {}
  if (path.endsWith('.judge.latency')) return name === 'limitShare' ? { limit: '1s' } : {}
  if (path.endsWith('.gates.licences')) return ['allow', 'deny'].includes(name) ? {} : { allow: ['MIT'] }
  const isBound = ['minimum', 'maximum', 'maxRegression', 'maxGrowth'].includes(name)
  if (path.endsWith('.performance.*')) return isBound ? {} : { maximum: 1 }
  if (path.startsWith('.notify.')) return {}
  if (/\.(?:routes|preview)(?:\[\])+$/.test(path)) return ['header', 'cookie'].includes(name) ? {} : { header: 'x-a' }
  if (path.endsWith('.hooks[]')) return ['url', 'command'].includes(name) ? {} : { command: 'true' }
  if (path.endsWith('.licences')) return ['allow', 'deny'].includes(name) ? {} : { deny: ['AGPL-*'] }
  if (path.endsWith('.size.*')) return isBound ? {} : { maximum: '1kB' }
  return path.endsWith('.services.*') && !['image', 'command'].includes(name) ? { image: 'postgres' } : {}
}

/** A name that the record at a path takes. */
function anyName(path: string): string {
  return path.endsWith('.expect.json') ? '$.x' : 'x'
}

/** Every key under a shape, and how to put a value of it into a whole config. */
function documented(shape: Shape, path: string, wrap: (value: object) => unknown): readonly DocumentedKey[] {
  return alternatives(shape).flatMap((one) => {
    const required = Object.fromEntries(
      (one.required ?? []).map((name) => [
        name,
        one.properties?.[name]?.const ?? one.properties?.[name]?.examples?.[0],
      ]),
    )
    const { additionalProperties, items } = one
    const below = (inner: Shape, part: string, put: (value: unknown) => object): readonly DocumentedKey[] =>
      documented(inner, path + part, (value) => wrap(put(value)))
    return [
      ...Object.entries(one.properties ?? {})
        .filter(([name]) => name !== 'kind')
        .flatMap(([name, inner]) => {
          const put = (value: unknown): object => ({ ...required, ...oneOf(path, name), [name]: value })
          return [
            { path: `${path}.${name}`, shape: inner, wrap: (value: unknown) => wrap(put(value)) },
            ...below(inner, `.${name}`, put),
          ]
        }),
      ...(typeof additionalProperties === 'object'
        ? below(additionalProperties, '.*', (value) => ({ [anyName(path)]: value }))
        : []),
      ...(items === undefined ? [] : below(items, '[]', (value) => [value])),
    ]
  })
}

test('a built-in step is checked where it is written: its name, its options, their values', () => {
  const mistake = (...written: readonly string[]): readonly string[] => {
    const text = ["export default { service: 's', pipeline: { jobs: { a: { steps: [{", ...written, '}] } } } }'].join(
      '\n',
    )
    // Documented parser: the texts of this test are plain literals.
    const value: unknown = new Function(`return ${text.slice('export default'.length)}`)()
    try {
      parseConfig(value, { file: 'sluice.config.ts', text, distance })
    } catch (error) {
      return error instanceof SluiceError ? [error.detail, error.hint ?? ''] : [String(error)]
    }
    return []
  }
  deepStrictEqual(mistake("uses: 'sluice/secret-scam'"), [
    'pipeline.jobs.a.steps[0].uses: expected the name of a built-in step, for instance \'sluice/secret-scan\', got "sluice/secret-scam" (sluice.config.ts:2:1).',
    "Did you mean 'sluice/secret-scan'?",
  ])
  deepStrictEqual(mistake("uses: 'sluice/secret-scan',", "with: { scop: 'files' }"), [
    'pipeline.jobs.a.steps[0].with.scop: this key is not known here (sluice.config.ts:3:9).',
    'Did you mean "scope"?',
  ])
  deepStrictEqual(mistake("uses: 'sluice/dependency-audit',", "with: { failOn: 'hihg' }"), [
    'pipeline.jobs.a.steps[0].with.failOn: expected critical, high, medium or low, got "hihg" (sluice.config.ts:3:9).',
    "Did you mean 'high'?",
  ])
  deepStrictEqual(mistake("uses: 'sluice/licences'"), [])
})
