import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { type Hold, holdAfter, rollbackReasons } from './hold.ts'
import { commitId, digest, type Release, releaseId, runId } from './model.ts'
import { contractsBeyond, migrationClass } from './point-of-no-return.ts'
import { absentRelease, holdOf, releaseMachine, type ReleaseEvent } from './release-machine.ts'
import { bundleChanges, migrationsBetween } from './bundle.ts'

const ada = { kind: 'person', name: 'ada' } as const

const releaseWith = (fill: string, migrations: readonly string[] = []): Release => ({
  id: releaseId(`rel_${fill.repeat(64)}`),
  cutBy: runId('run_1'),
  cutAt: 1,
  content: {
    schema: 1,
    service: 'shop',
    version: `1.${fill.charCodeAt(0)}.0`,
    commit: { id: commitId('0'.repeat(40)), subject: 's', author: 'a', committedAt: 1 },
    artifacts: [{ name: 'app', digest: digest(`sha256:${fill.repeat(64)}`), bytes: 1 }],
    start: { command: 'node server.js', artifact: 'app' },
    environments: [],
    migrations,
  },
})

const hold: Hold = { reason: 'performance', detail: 'slow', by: ada, at: 5, environment: 'production' }
const cut: ReleaseEvent = { type: 'release_cut', at: 1, release: releaseWith('a') }
const heldEvent: ReleaseEvent = { type: 'release_held', at: 5, hold }

test('a release is held and let go; of two holds the first stays; cutting it again takes no hold off', () => {
  const after = (events: readonly ReleaseEvent[]) =>
    events.reduce((state, event) => releaseMachine.decide(state, event).state, absentRelease)
  strictEqual(holdOf(after([cut])), null)
  deepStrictEqual(holdOf(after([cut, heldEvent])), hold)
  const held = after([cut, heldEvent])
  strictEqual(releaseMachine.decide(held, { ...heldEvent, hold: { ...hold, detail: 'other' } }).state, held)
  strictEqual(releaseMachine.decide(held, cut).state, held)
  deepStrictEqual(after([cut, heldEvent, { type: 'release_unheld', at: 6, by: ada, reason: null }]), after([cut]))
})

test('a hold on a release that was never cut is no hold', () => {
  strictEqual(releaseMachine.decide(absentRelease, heldEvent).state, absentRelease)
})

test('the reasons are a closed list', () => {
  deepStrictEqual(rollbackReasons, [
    'critical_bug',
    'performance',
    'security',
    'data_corruption',
    'outage',
    'failed_deployment',
  ])
})

test('a rollout that came back holds its release; a person who aborted it said nothing about the release', () => {
  const deadline = { kind: 'deadline', step: 'probe', afterMs: 60_000 } as const
  strictEqual(holdAfter(deadline, 'production', 9)?.reason, 'failed_deployment')
  const abort = { kind: 'command', command: 'abort', by: ada, reason: null } as const
  strictEqual(holdAfter(abort, 'production', 9), null)
})

test('a migration says its class in its name, as a word of it', () => {
  deepStrictEqual(
    ['0007_contract_drop_total', '2026-11-02.backfill.sql', '0008_add_subcontractors', '0009.CONTRACT.sql'].map(
      migrationClass,
    ),
    ['contract', 'backfill', 'expand', 'contract'],
  )
})

test('a contract step that a release does not know is its point of no return, an expand step is not', () => {
  const before = releaseWith('a', ['0001_expand_total'])
  const after = releaseWith('b', ['0001_expand_total', '0002_expand_sum', '0003_contract_total'])
  deepStrictEqual(contractsBeyond(before, [after, after]), ['0003_contract_total'])
  deepStrictEqual(contractsBeyond(after, [before]), [])
  deepStrictEqual(migrationsBetween(before, after), [
    { name: '0002_expand_sum', class: 'expand' },
    { name: '0003_contract_total', class: 'contract' },
  ])
})

test('what changes with the code is told before it does: artifact, config, secret versions, flags, routes', () => {
  const spec = (change: object) =>
    ({
      name: 'production',
      listen: { host: '127.0.0.1', port: 8080 },
      instances: 2,
      config: { LOG: 'info', OLD: '1' },
      secretVersions: { KEY: 'v1' },
      sticky: { kind: 'none' },
      health: {},
      ...change,
    }) as unknown as Release['content']['environments'][number]
  type Part = Pick<Release['content'], 'flags'>
  const withSpec = (release: Release, change: object, { flags = [] }: Part): Release => ({
    ...release,
    content: { ...release.content, environments: [spec(change)], flags },
  })
  const from = withSpec(releaseWith('a'), {}, { flags: ['kept', 'old'] })
  const changed = {
    config: { LOG: 'debug' },
    secretVersions: { KEY: 'v2' },
    listen: { host: '127.0.0.1', port: 9090 },
  }
  const to = withSpec(releaseWith('b'), changed, { flags: ['kept', 'new'] })
  deepStrictEqual(bundleChanges(from, to, 'production'), [
    { what: 'artifact', name: 'app', from: `sha256:${'a'.repeat(64)}`, to: `sha256:${'b'.repeat(64)}` },
    { what: 'config', name: 'LOG', from: 'info', to: 'debug' },
    { what: 'config', name: 'OLD', from: '1', to: null },
    { what: 'secret', name: 'KEY', from: 'v1', to: 'v2' },
    { what: 'flag', name: 'new', from: null, to: 'read' },
    { what: 'flag', name: 'old', from: 'read', to: null },
    { what: 'listen', name: 'listen', from: '127.0.0.1:8080', to: '127.0.0.1:9090' },
  ])
  deepStrictEqual(bundleChanges(null, to, 'production'), [])
})
