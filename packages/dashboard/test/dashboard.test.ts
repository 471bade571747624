/** What of the dashboard can be right or wrong without a browser, and how the control plane hands it out. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { commitId } from '../../sluice/src/core/model.ts'
import { dashboardAnswer } from '../../sluice/src/http/page.ts'
import { matching } from '../src/find.ts'
import { exportPath, filterOf, searchOf } from '../src/pages/ledger/filter.ts'
import { attentionBeside, attentionOf, sorted } from '../src/pages/overview/attention.ts'
import { differencesOf } from '../src/pages/release/difference.ts'
import { curveWith, evidencePlot, ratePlot } from '../src/pages/rollout/curve.ts'
import { spansOf } from '../src/pages/run/ansi.ts'
import { sightOf } from '../src/parts/sight.ts'
import { ageOf, jobTold, rateOf, rolloutTold } from '../src/words.ts'
import { barOf } from '../src/powers.ts'
import type { EnvironmentView } from '../../sluice/src/http/client/environment-views.ts'
import type { ReleaseDetailView } from '../../sluice/src/http/client/release-views.ts'
import type { RolloutView } from '../../sluice/src/http/client/views.ts'

const release = (version: string): { readonly id: string; readonly version: string } => ({
  id: `rel_${version}`,
  version,
})

const rollout: RolloutView = {
  id: 'rol_1',
  service: 'shop',
  environment: 'production',
  status: 'advancing',
  purpose: 'deploy',
  strategy: 'canary',
  from: release('1.0.0'),
  to: release('1.1.0'),
  commit: null,
  by: { kind: 'person', name: 'ana' },
  hotfix: null,
  startedAt: 1_000,
  settledAt: null,
  paused: null,
  cause: null,
  stage: null,
  lastVerdict: null,
  limitLogE: Math.log(100),
  unhealthy: [],
}

const environment: EnvironmentView = {
  service: 'shop',
  name: 'production',
  after: null,
  serving: {
    ...release('1.0.0'),
    commit: { id: commitId('a'.repeat(40)), subject: 'feat: open', author: 'Ana', committedAt: 1 },
    since: 500,
  },
  previous: null,
  live: null,
  lock: null,
  freezes: [],
  approvals: [],
  rejections: [],
  brokenGlass: [],
  observed: { traffic: null, instances: [] },
  verification: null,
  history: [],
  queue: [],
  soak: null,
  pin: null,
}

const line = { status: 'running', by: null, at: null, reason: null, rollouts: [] } as const
const of = (...environments: readonly EnvironmentView[]) => ({ service: 'shop', environments, line, now: 0 })

test('what somebody may not do is said with who may, there; and nothing is barred before it is known who asks', () => {
  const asker = {
    kind: 'person',
    name: 'ada',
    groups: [],
    grants: [],
    scope: null,
    by: 'session',
    id: 'ses_1',
    expiresAt: null,
    may: ['view', 'plan', 'run'],
    environments: [
      { name: 'staging', may: ['view', 'plan', 'run', 'deploy', 'maintain'] },
      { name: 'production', may: ['view', 'plan', 'run'] },
    ],
  } as const
  strictEqual(barOf(asker, { permission: 'deploy', environment: 'staging' }), null)
  strictEqual(
    barOf(asker, { permission: 'deploy', environment: 'production' }),
    'takes deployer or admin in production',
  )
  strictEqual(barOf(asker, { permission: 'run', environment: null }), null)
  // A hold is of no environment: a role in one is not enough.
  strictEqual(barOf(asker, { permission: 'maintain', environment: null }), 'takes deployer or admin everywhere')
  strictEqual(barOf(asker, { permission: 'admin', environment: null }), 'takes admin')
  strictEqual(barOf(null, { permission: 'admin', environment: null }), null)
})

test('every page is served with a policy that lets no other script, style or frame in, and nothing outside of it', async () => {
  for (const path of ['/', '/rollouts/rol_1', '/services/a%20b', '/system']) {
    const answer = await dashboardAnswer(path, 'br, gzip')
    strictEqual(answer?.status, 200, path)
    const policy = answer.headers.get('content-security-policy') ?? ''
    for (const words of ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"])
      ok(policy.includes(words), `${path} lacks ${words}`)
    ok(!policy.includes('unsafe'), policy)
    match(answer.headers.get('content-type') ?? '', /^text\/html/)
    strictEqual(answer.headers.get('cache-control'), 'no-cache')
    ok((await answer.arrayBuffer()).byteLength > 0)
  }
  const outside = [
    '/v1/nothing',
    '/openapi.json',
    '/runsx',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/none.js',
  ]
  for (const path of outside) strictEqual(await dashboardAnswer(path, ''), null, path)
})

test('what waits for a person, and what failed, is found in what the API says, most urgent first', () => {
  const settled = { rollout: 'rol_0', release: release('0.9.0'), outcome: 'rolled_back', at: 900 } as const
  const awaiting: RolloutView = {
    ...rollout,
    stage: { kind: 'awaiting', text: 'waits for approval (given by: nobody yet)', attempt: null, until: null },
  }
  deepStrictEqual(attentionOf(of(environment)), [])
  const stopped = {
    status: 'stopped',
    by: { kind: 'person', name: 'Ana' },
    at: 7,
    reason: 'the shop is down',
    rollouts: [],
  } as const
  deepStrictEqual(
    attentionOf({ ...of(environment), line: stopped }).map(({ kind, text }) => [kind, text]),
    [['stopped', 'by Ana: the shop is down']],
  )
  const both = attentionOf(of({ ...environment, live: awaiting, history: [settled] }), [
    { ...rollout, id: 'rol_0', cause: { kind: 'tripped', text: '2 of 2 bad', code: null, evidence: [] } },
  ])
  deepStrictEqual(
    both.map(({ kind, text, href }) => [kind, text, href]),
    [
      ['approve', 'waits for approval (given by: nobody yet)', '/rollouts/rol_1'],
      ['rolled_back', 'rolled back: 2 of 2 bad', '/rollouts/rol_0'],
    ],
  )
  const kindsOf = (view: EnvironmentView): readonly string[] => attentionOf(of(view)).map(({ kind }) => kind)
  deepStrictEqual(kindsOf({ ...environment, live: { ...awaiting, status: 'parked' } }), ['stuck'])
  deepStrictEqual(kindsOf({ ...environment, observed: { traffic: null, instances: null } }), ['unseen'])
  const ended = {
    id: 'i-0',
    release: release('1.0.0'),
    index: 0,
    host: 'h',
    port: 1,
    status: 'exited',
    restarts: 3,
  } as const
  deepStrictEqual(kindsOf({ ...environment, observed: { traffic: null, instances: [ended] } }), ['instances'])
  const run = {
    id: 'run_1',
    service: 'shop',
    version: '1.1.0',
    by: rollout.by,
    startedAt: 1,
    settledAt: 2,
    release: null,
  } as const
  const commit = { id: commitId('b'.repeat(40)), subject: 'fix', author: 'Ana', committedAt: 1 }
  const failed = { ...run, commit, status: 'failed' } as const
  deepStrictEqual(
    sorted(attentionBeside([failed], [])).map(({ kind }) => kind),
    ['run_failed'],
  )
  deepStrictEqual(attentionBeside([{ ...failed, status: 'succeeded' }, failed], []), [])
})

test('a release train that could not be taken back whole wants to be looked at, and one on its way does not', () => {
  const stranded = {
    id: 'tra_1',
    status: 'parked',
    order: 'ordered',
    by: rollout.by,
    startedAt: 7,
    settledAt: null,
    cause: 'web/production: it does not start',
    members: [
      {
        service: 'api',
        environment: 'production',
        release: release('1.1.0'),
        status: 'stranded',
        rollout: 'rol_0',
        detail: 'before the point of no return',
      },
    ],
  } as const
  deepStrictEqual(
    attentionOf({ ...of(environment), trains: [stranded, { ...stranded, status: 'advancing' }] }).map(
      ({ kind, text }) => [kind, text],
    ),
    [
      [
        'train',
        'could not be taken back whole: api/production: before the point of no return (sluice train retry tra_1)',
      ],
    ],
  )
})

test('a state has a word besides its colour, and a paused rollout is not told as one that goes on', () => {
  deepStrictEqual(rolloutTold(rollout), { tone: 'live', word: 'rolling out' })
  const paused = { kind: 'paused', text: '', code: null, evidence: [] }
  deepStrictEqual(rolloutTold({ ...rollout, paused }), { tone: 'warn', word: 'paused' })
  deepStrictEqual(jobTold({ status: 'failed', isTolerated: true }), { tone: 'warn', word: 'failed, tolerated' })
  strictEqual(rateOf({ units: 0, badUnits: 0 }), '—')
  strictEqual(rateOf({ units: 200, badUnits: 1 }), '0.50 %')
  deepStrictEqual([900, 59_000, 61_000, 7_200_000, 200_000_000].map(ageOf), ['now', '59 s', '1 min', '2 h', '2 d'])
})

test('a curve goes on with what was measured since, and each value is drawn once', () => {
  const point = (at: number, badUnits: number) => ({
    verdict: 'hold' as const,
    at,
    logE: badUnits,
    shareBp: 500,
    candidate: { units: 10, badUnits },
    stable: { units: 0, badUnits: 0 },
    detail: '',
    seq: at,
  })
  const points = curveWith([point(1, 0), point(2, 1)], [point(2, 1), point(3, 2)])
  deepStrictEqual(
    points.map(({ at }) => at),
    [1, 2, 3],
  )
  const plot = evidencePlot(points, Math.log(100))
  deepStrictEqual(plot.series[0]?.values, [1, Math.E, Math.exp(2)])
  strictEqual(plot.tell(100), '100')
  const policy = { alpha: 0.01, tolerance: 2, ignoreBelow: 0.001, intervalMs: 500, staleAfterMs: 10_000 }
  const rates = ratePlot(points, policy)
  deepStrictEqual(
    rates.series.map(({ values }) => values),
    [
      [0, 0.1, 0.2],
      [null, null, null],
      [null, null, null],
    ],
  )
  const seen = ratePlot([{ ...point(1, 0), stable: { units: 100, badUnits: 1 } }], policy)
  deepStrictEqual(seen.series.at(-1)?.values, [0.02])
})

test('only the rows in sight are made, and the space of the others is kept', () => {
  const sight = sightOf(100_000, { rowPx: 20, top: 1_000_000, heightPx: 800, extra: 10 })
  deepStrictEqual(sight, { from: 49_990, to: 50_050, above: 999_800, below: 999_000 })
  deepStrictEqual(sightOf(0, { rowPx: 20, top: 0, heightPx: 800, extra: 10 }), { from: 0, to: 0, above: 0, below: 0 })
  const end = sightOf(30, { rowPx: 20, top: 99_999, heightPx: 800, extra: 10 })
  ok(end.from < 30 && end.to === 30 && end.below === 0)
})

test('colours of a terminal become looks, and nothing else of it is shown', () => {
  const escape = String.fromCharCode(27)
  deepStrictEqual(spansOf('plain'), [{ text: 'plain', look: '' }])
  deepStrictEqual(spansOf(`${escape}[1;31mbad${escape}[0m end${escape}[2K`), [
    { text: 'bad', look: 'bold ink-red' },
    { text: ' end', look: '' },
  ])
  deepStrictEqual(spansOf(`${escape}[38;5;31mx${escape}[39m`), [{ text: 'x', look: '' }])
})

test('two releases are compared by everything that a person can read of them', () => {
  const detail = (version: string, tax: string, migrations: readonly string[]): ReleaseDetailView => ({
    ...release(version),
    service: 'shop',
    commit: { id: commitId(version.padEnd(40, 'c')), subject: version, author: 'Ana', committedAt: 1 },
    cutAt: 1,
    cutBy: 'run_1',
    artifacts: [],
    environments: ['production'],
    serves: [],
    hold: null,
    start: { command: 'node .', artifact: 'app' },
    migrations,
    flags: migrations.map((name) => `reads-${name}`),
    gates: [],
    // Trusted: the comparison reads whatever a spec holds.
    specs: [{ name: 'production', config: { TAX: tax } } as unknown as ReleaseDetailView['specs'][number]],
  })
  const found = differencesOf(detail('1', '7', []), detail('2', '19', ['0001_add']))
  deepStrictEqual(found.map(({ what, name, from, to }) => [what, name, from, to]).slice(1), [
    ['migration', '0001_add', null, 'in it'],
    ['flag', 'reads-0001_add', null, 'in it'],
    ['production', 'config.TAX', '7', '19'],
  ])
  deepStrictEqual(differencesOf(detail('1', '7', []), detail('1', '7', [])), [])
})

test('which rows of the ledger are meant is read from the address and written to it; an export has the same ones', () => {
  const whole = { kind: 'rollout', who: 'ada & co', environment: 'production', from: '5', to: '9' } as const
  const filter = filterOf(whole)
  deepStrictEqual(filter, { ...whole, from: 5, to: 9 })
  deepStrictEqual(filterOf(Object.fromEntries(new URLSearchParams(searchOf(filter)))), filter)
  // An id without a kind names nothing, and what is not understood is left out.
  deepStrictEqual(filterOf({ id: 'rol_1', kind: 'nothing', from: 'soon', who: ' ' }), {})
  strictEqual(
    exportPath({ ...filter, id: 'rol_1' }, 'csv'),
    '/v1/ledger/export?format=csv&kind=rollout&who=ada+%26+co&environment=production&from=5&to=9',
  )
  strictEqual(exportPath({}, 'jsonl'), '/v1/ledger/export?format=jsonl')
})

test('things are found by any of their words', () => {
  const all = [
    { text: '1.4.0', about: 'release · feat: open the shop', href: '/a' },
    { text: 'rol_1', about: 'rollout · 1.4.0 → production', href: '/b' },
  ]
  deepStrictEqual(
    matching(all, '1.4 prod', 9).map(({ href }) => href),
    ['/b'],
  )
  strictEqual(matching(all, '', 1).length, 1)
})
