/** Lowering as a function: what it gives, that it can be kept, and that nothing of GitHub's schema or of our tables is forgotten. The semantics are in the corpus (test/workflows/github). */
import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { SluiceError } from '../../../core/errors.ts'
import { builtInActions } from './builtin/names.ts'
import { builtIns } from './builtin/table.ts'
import { builtInRemarks, conformance } from './conformance.ts'
import { definitionOf } from './definition.ts'
import { eventFrom, usualEvent, type EventFacts } from './event.ts'
import { passes } from './filter-patterns.ts'
import { cachedLowering } from './lowering-cache.ts'
import { loweringRequest, pushEvent } from '../../../../test/workflows/github/request.ts'
import { lowerWorkflow, type LoweringRequest } from './lower.ts'
import { expandMatrix } from './matrix.ts'
import { parseKeyValues } from './run/file-commands.ts'
import { readSchema } from './schema.ts'
import { selectJobs } from './select-jobs.ts'

const workflow = (jobs: string): string => `on: push\njobs:\n${jobs}`

test('a job becomes a plan with its limits, secrets, environment, group and services', () => {
  const { jobs, notes } = lowerWorkflow(
    loweringRequest(
      workflow(`  ship:
    runs-on: ubuntu-latest
    timeout-minutes: 2.5
    continue-on-error: true
    environment: { name: 'prod-\${{ github.ref_name }}', url: 'https://x.example' }
    concurrency: { group: 'g-\${{ github.ref }}', cancel-in-progress: true }
    services: { redis: { image: 'redis:7', ports: [6379], options: '--health-cmd "redis-cli ping"' } }
    env: { T: '\${{ secrets.TOKEN }}' }
    steps: [{ name: Ship, run: './ship \${{ secrets[''KEY''] }} \${{ secrets.GITHUB_TOKEN }}' }]
`),
    ),
  )
  deepStrictEqual(notes, [])
  const [job] = jobs
  ok(job !== undefined)
  const { name, timeoutMs, mayFail, environment, concurrency, services, secrets, condition, dialect } = job
  deepStrictEqual(
    { name, timeoutMs, mayFail, environment, concurrency, services, secrets, condition, dialect },
    {
      name: 'ship',
      timeoutMs: 150_000,
      mayFail: { exitCodes: [] },
      environment: { name: 'prod-main', url: 'https://x.example' },
      concurrency: { group: 'g-refs/heads/main', onConflict: 'cancel_running' },
      services: [
        {
          name: 'redis',
          image: 'redis:7',
          command: null,
          env: {},
          exports: { REDIS_HOST: '{host}', REDIS_PORT: '{port}' },
          ports: [6379],
          healthCommand: 'redis-cli ping',
          startTimeoutMs: 120_000,
        },
      ],
      secrets: ['KEY', 'TOKEN'],
      condition: 'success',
      dialect: 'github',
    },
  )
})

test('a lowered workflow is plain JSON, and the same each time', () => {
  const asked = loweringRequest(
    workflow('  a: { runs-on: x, strategy: { matrix: { n: [1, 2] } }, steps: [{ run: echo }] }\n'),
  )
  const lowered = lowerWorkflow(asked)
  deepStrictEqual(JSON.parse(JSON.stringify(lowered)), lowered)
  deepStrictEqual(lowerWorkflow(asked), lowered)
})

test('a document that unfolds without end, or nests without end, is refused', () => {
  const laughs = Array.from(
    { length: 12 },
    (_, index) => `${'abcdefghijkl'[index] ?? ''}: &${index} [${`*${index - 1}, `.repeat(index === 0 ? 0 : 9)}x]`,
  )
  const deep = `x: ${'['.repeat(2_000)}${']'.repeat(2_000)}`
  for (const text of [`${laughs.join('\n')}\n`, deep, `x: ${'y'.repeat(1_100_000)}`, 'x: &a [*a]', 'x: !!set {a}']) {
    const { jobs, notes } = lowerWorkflow(loweringRequest(text))
    deepStrictEqual(jobs, [])
    strictEqual(notes[0]?.level, 'error')
  }
})

test('any text is lowered or refused with a place, and never throws', () => {
  const keys = fc.constantFrom(
    'on',
    'jobs',
    'runs-on',
    'steps',
    'run',
    'uses',
    'matrix',
    'strategy',
    'needs',
    'if',
    'env',
    'with',
    'x',
  )
  const leaves = fc.oneof(
    fc.constantFrom('push', 'ubuntu-latest', '${{ github.sha }}', '${{ }}', '${{ fromJSON(1) }}', 'a', './x'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaves,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.dictionary(keys, tree, { maxKeys: 5 }), (on, job) => {
      const { notes } = lowerWorkflow(
        loweringRequest(JSON.stringify({ on, jobs: { a: { 'runs-on': 'x', steps: [{ run: 'y' }], ...job } } })),
      )
      ok(notes.every(({ level, line }) => level === 'warning' || line !== null))
    }),
    { numRuns: 150 },
  )
})

test('legs of a matrix are the product without what is excluded, at most 256', () => {
  const vector = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(vector, vector, fc.array(fc.record({ a: fc.integer({ min: 0, max: 9 }) })), (a, b, exclude) => {
      const gone = new Set(exclude.map((one) => one.a))
      const wanted = a.filter((x) => !gone.has(x)).flatMap((x) => b.map((y) => ({ a: x, b: y })))
      const expansion = expandMatrix({ a, b, exclude })
      const got = expansion.kind === 'legs' ? expansion.legs.map(({ matrix }) => matrix) : []
      deepStrictEqual(got, wanted)
    }),
    { numRuns: 200 },
  )
  const many = Array.from({ length: 17 }, (_, index) => index)
  deepStrictEqual(expandMatrix({ a: many, b: many.slice(1) }), {
    kind: 'invalid',
    message: 'Strategy expansion exceeded 256 results',
  })
  deepStrictEqual(expandMatrix({ a: many.slice(1), b: many.slice(1) }).kind, 'legs')
})

test('patterns of branches and paths are those of the cheat sheet', () => {
  const rows: readonly (readonly [patterns: readonly string[], value: string, passes: boolean])[] = [
    [['feature/*'], 'feature/my-branch', true],
    [['feature/*'], 'feature/beta/a', false],
    [['feature/**'], 'feature/beta-a/my-branch', true],
    [['*'], 'releases', true],
    [['*'], 'all/the', false],
    [['**'], 'all/the/branches', true],
    [['*feature'], 'mona-feature', true],
    [['v2*'], 'v2.0', true],
    [['v[12].[0-9]+.[0-9]+'], 'v1.10.1', true],
    [['v[12].[0-9]+.[0-9]+'], 'v3.0.0', false],
    [['*.jsx?'], 'page.js', true],
    [['*.jsx?'], 'page.jsx', true],
    [['**.js'], 'src/js/app.js', true],
    [['*.js'], 'src/app.js', false],
    [['docs/**/*.md'], 'docs/hello.md', true],
    [['**/docs/**'], 'dir/docs/my-file.txt', true],
    [['**/README.md'], 'README.md', true],
    [['**/*src/**'], 'my-src/code/js/app.js', true],
    [['**/*-post.md'], 'path/their-post.md', true],
    [['**/migrate-*.sql'], 'db/sept/migrate-v1.sql', true],
    [['*.md', '!README.md'], 'README.md', false],
    [['*.md', '!README.md', 'README*'], 'README.md', true],
    [['a.b'], 'axb', false],
    [['\\*'], '*', true],
  ]
  deepStrictEqual(
    rows.map(([patterns, value]) => [patterns, value, passes(patterns, value)]),
    rows,
  )
})

test('whatever is written into a command file comes back', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
  const value = fc
    .array(fc.string().filter((line) => !line.includes('\n') && line !== 'END'))
    .map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (entries) => {
      const text = entries.map(([key, one]) => `${key}<<END\n${one === '' ? '' : `${one}\n`}END\n`).join('')
      deepStrictEqual(parseKeyValues(text), entries)
    }),
    { numRuns: 100 },
  )
})

test('a lowered workflow is taken from the cache until something that it was made from changes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lowering-'))
  try {
    const cache = { directory, version: '1' }
    const caller = loweringRequest(
      workflow(
        '  c: { uses: ./.github/workflows/w.yml }\n  d: { runs-on: x, steps: [{ run: "echo ${{ github.sha }}" }] }\n',
      ),
    )
    const called = (run: string): string =>
      `on: workflow_call\njobs: { t: { runs-on: ubuntu-latest, steps: [{ run: ${run} }] } }\n`
    const lower = async (change: Partial<LoweringRequest>) => {
      let reads = 0
      const asked = { ...caller, read: () => called('one'), ...change }
      const lowered = await cachedLowering(cache, { ...asked, read: (path) => ((reads += 1), asked.read(path)) })
      deepStrictEqual(lowered, lowerWorkflow(asked))
      return { reads, entries: readdirSync(directory).length }
    }
    await lower({})
    // Each file that was read is read once more, to be compared.
    deepStrictEqual(await lower({}), { reads: 1, entries: 1 })
    deepStrictEqual(await lower({ event: { ...pushEvent, sha: 'b'.repeat(40) } }), { reads: 1, entries: 1 })
    strictEqual((await lower({ read: () => called('two') })).entries, 1)
    strictEqual((await lower({ vars: { X: '1' } })).entries, 2)
    const early = workflow('  d: { runs-on: x, name: "${{ github.sha }}", steps: [{ run: echo }] }\n')
    await lower({ text: early })
    await lower({ text: early, event: { ...pushEvent, sha: 'c'.repeat(40) } })
    for (const name of readdirSync(directory)) writeFileSync(join(directory, name), '{"reads":')
    await lower({})
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('the plan of a job keeps the event, so that nothing else is needed to run it', () => {
  const [job] = lowerWorkflow(loweringRequest(workflow('  a: { runs-on: x, steps: [{ run: echo }] }\n'))).jobs
  ok(job !== undefined)
  deepStrictEqual(definitionOf(job).event, pushEvent)
})

test('an event gets the refs that GitHub would give it', () => {
  const facts: EventFacts = {
    name: 'push',
    sha: pushEvent.sha,
    before: null,
    repository: 'octo/shop',
    actor: 'ada',
    defaultBranch: 'main',
    changedFiles: null,
    inputs: {},
    payload: null,
    head: null,
    branch: 'topic',
    tag: null,
    crons: ['5 4 * * *', '0 0 * * *'],
    activities: [],
  }
  const refs = (change: Partial<EventFacts>) => {
    const { name, action, ref, headRef, baseRef, cron } = eventFrom({ ...facts, ...change })
    return [name, action, ref, headRef, baseRef, cron]
  }
  deepStrictEqual(
    [
      refs({}),
      refs({ tag: 'v1' }),
      refs({ name: 'pull_request' }),
      refs({ name: 'pull_request_target' }),
      refs({ name: 'schedule' }),
      refs({ name: 'workflow_dispatch', branch: null }),
      refs({ name: 'pull_request', activities: ['opened', 'labeled'] }),
      refs({ name: 'release', activities: ['published'], tag: 'v1' }),
      refs({
        name: 'pull_request',
        payload: { action: 'closed', number: 7, pull_request: { head: { ref: 'fix' }, base: { ref: 'next' } } },
      }),
      refs({ payload: { ref: 'refs/tags/v2' } }),
    ],
    [
      ['push', null, 'refs/heads/topic', null, null, null],
      ['push', null, 'refs/tags/v1', null, null, null],
      ['pull_request', 'synchronize', 'refs/pull/1/merge', 'topic', 'main', null],
      ['pull_request_target', 'synchronize', 'refs/heads/main', 'topic', 'main', null],
      ['schedule', null, 'refs/heads/main', null, null, '5 4 * * *'],
      ['workflow_dispatch', null, 'refs/heads/main', null, null, null],
      ['pull_request', 'opened', 'refs/pull/1/merge', 'topic', 'main', null],
      ['release', 'published', 'refs/tags/v1', null, null, null],
      ['pull_request', 'closed', 'refs/pull/7/merge', 'fix', 'next', null],
      ['push', null, 'refs/tags/v2', null, null, null],
    ],
  )
  deepStrictEqual(
    [
      usualEvent(['schedule', 'push']),
      usualEvent(['release', 'workflow_dispatch']),
      usualEvent(['release']),
      usualEvent([]),
    ],
    ['push', 'workflow_dispatch', 'release', 'push'],
  )
})

test('a named job runs with its legs and everything that it needs', () => {
  const { jobs } = lowerWorkflow(
    loweringRequest(
      workflow(`  a: { runs-on: x, strategy: { matrix: { n: [1, 2] } }, steps: [{ run: echo }] }
  b: { runs-on: x, needs: a, steps: [{ run: echo }] }
  c: { runs-on: x, steps: [{ run: echo }] }
`),
    ),
  )
  const names = (...wanted: readonly string[]) => selectJobs(jobs, wanted).map(({ name }) => name)
  deepStrictEqual(names('b'), ['a', 'a (1)', 'a (2)', 'b'])
  deepStrictEqual(names('a (2)', 'c'), ['a', 'a (2)', 'c'])
  throws(() => names('bb'), { code: 'not_found', detail: "The pipeline has no job bb; did you mean 'b'?" })
})

test('every key of GitHub’s schema has its row in the table of what is honoured, and every built-in action its remark', () => {
  const schema = readSchema('workflow')
  const keysOf = (...names: readonly string[]): readonly string[] =>
    names.flatMap((name) => Object.keys(schema[name]?.mapping?.properties ?? {}))
  const steps = schema['steps-item']?.['one-of'] ?? []
  const wanted = [
    ...keysOf('workflow-root-strict'),
    ...keysOf('job-factory', 'workflow-job').map((key) => `jobs.<job>.${key}`),
    ...keysOf(...steps).map((key) => `steps.${key}`),
  ]
  const rows = new Set(conformance.map(({ key }) => key))
  deepStrictEqual(
    [...new Set(wanted)].filter((key) => !rows.has(key)),
    [],
  )
  deepStrictEqual(
    [...rows].filter((key) => !wanted.includes(key) && !key.startsWith('on.')),
    [],
  )
  deepStrictEqual(Object.keys(builtIns).toSorted(), [...builtInActions].toSorted())
  deepStrictEqual(Object.keys(builtInRemarks).toSorted(), Object.keys(builtIns).toSorted())
})

test('a pattern of branches with many stars is refused, and holds up nobody', () => {
  throws(
    () => passes([`${'*a'.repeat(40)}b`], 'a'.repeat(200)),
    (error) => error instanceof SluiceError && error.code === 'config_invalid',
  )
})
