import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { admit, type AdmissionInput, type Refusal } from './admission.ts'
import { emptyEnvironment, type EnvironmentState } from './environment.ts'
import {
  commitId,
  digest,
  type EnvironmentSpec,
  type Release,
  type ReleaseId,
  releaseId,
  rolloutId,
  runId,
} from './model.ts'

const ada = { kind: 'person', name: 'ada' } as const
const bob = { kind: 'person', name: 'bob' } as const
const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const noon = Date.UTC(2026, 10, 21, 12)
const hour = 3_600_000

const spec: EnvironmentSpec = {
  name: 'production',
  after: 'staging',
  listen: { host: '127.0.0.1', port: 8080 },
  instances: 2,
  config: {},
  secretVersions: {},
  strategy: { kind: 'recreate' },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
  sticky: { kind: 'none' },
  drainTimeoutMs: 1,
  stopGraceMs: 1,
  progressDeadlineMs: 1,
  approvals: 1,
  freeze: [{ from: noon - hour, until: noon + hour, reason: 'the launch' }],
}

const release: Release = {
  id: idOf('b'),
  cutBy: runId('run_1'),
  cutAt: 1,
  content: {
    schema: 1,
    service: 'shop',
    version: '2.0.0',
    commit: { id: commitId('0'.repeat(40)), subject: 's', author: 'a', committedAt: 1 },
    artifacts: [{ name: 'app', digest: digest(`sha256:${'0'.repeat(64)}`), bytes: 1 }],
    start: { command: 'node server.js', artifact: 'app' },
    environments: [spec],
    migrations: [],
  },
}

const production = (change: Partial<EnvironmentState> = {}): EnvironmentState => ({
  ...emptyEnvironment('shop', 'production'),
  serving: idOf('a'),
  approvals: [{ release: release.id, by: ada, at: 1, reason: null }],
  ...change,
})

const staging = (verified: readonly ReleaseId[]): EnvironmentState => ({
  ...emptyEnvironment('shop', 'staging'),
  verified,
})

/** Everything as it must be, but for `change`; two hours past the freeze. */
const refusalsOf = (change: Partial<AdmissionInput> = {}): readonly Refusal[] => {
  const admission = admit({
    purpose: 'promote',
    release,
    spec,
    environment: production(),
    before: staging([release.id]),
    now: noon + 2 * hour,
    ...change,
  })
  return admission.kind === 'refused' ? admission.refusals : []
}

const kinds = (refusals: readonly Refusal[]): readonly string[] => refusals.map(({ kind }) => kind)

test('a verified, approved release enters an environment that is free', () => {
  deepStrictEqual(refusalsOf(), [])
})

test('a live rollout refuses everybody, a rollback too, and says which it is', () => {
  const environment = production({ live: rolloutId('rol_7') })
  for (const purpose of ['deploy', 'promote', 'rollback'] as const) {
    const [refusal] = refusalsOf({ environment, purpose })
    deepStrictEqual([refusal?.kind, refusal?.who], ['live_rollout', 'rol_7'])
    match(refusal?.hint ?? '', /sluice rollout abort rol_7/)
  }
})

test('a lock says whose it is and until when, and one that ran out refuses nobody', () => {
  const lock = { by: bob, reason: 'incident 12', at: 1, until: noon + 3 * hour }
  const [refusal] = refusalsOf({ environment: production({ lock }) })
  deepStrictEqual([refusal?.kind, refusal?.who, refusal?.until], ['locked', 'bob', lock.until])
  match(refusal?.detail ?? '', /bob since .*, until 2026-11-21T15:00.*incident 12/)
  deepStrictEqual(refusalsOf({ environment: production({ lock: { ...lock, until: noon + 2 * hour } }) }), [])
  strictEqual(refusalsOf({ environment: production({ lock: { ...lock, until: null } }) })[0]?.until, null)
})

test('a freeze refuses from its first moment until its end, whoever set it', () => {
  const [refusal] = refusalsOf({ now: noon })
  deepStrictEqual([refusal?.kind, refusal?.who, refusal?.until], ['frozen', 'sluice.config.ts', noon + hour])
  deepStrictEqual(kinds(refusalsOf({ now: noon - hour })), ['frozen'])
  deepStrictEqual(refusalsOf({ now: noon + hour }), [])
  const freezes = [{ from: noon, until: noon + 9 * hour, reason: 'holidays', by: ada }]
  strictEqual(refusalsOf({ environment: production({ freezes }) })[0]?.who, 'ada')
})

test('a release that the environment before has not verified does not come in', () => {
  deepStrictEqual(kinds(refusalsOf({ before: staging([idOf('c')]) })), ['not_verified'])
  deepStrictEqual(kinds(refusalsOf({ before: null })), ['not_verified'])
  deepStrictEqual(refusalsOf({ before: null, spec: { ...spec, after: null } }), [])
})

test('missing approvals are counted for exactly this release, and who gave one is named', () => {
  const [refusal] = refusalsOf({ spec: { ...spec, approvals: 2 } })
  deepStrictEqual([refusal?.kind, refusal?.who], ['approval_missing', 'ada'])
  const other = [{ release: idOf('c'), by: ada, at: 1, reason: null }]
  strictEqual(refusalsOf({ environment: production({ approvals: other }) })[0]?.who, 'nobody yet')
})

test('what serves already need not come in', () => {
  deepStrictEqual(kinds(refusalsOf({ environment: production({ serving: release.id }) })), ['already_serving'])
})

test('nothing but a live rollout stands in the way of a rollback to what served before', () => {
  const served: readonly Partial<EnvironmentState>[] = [
    { previous: release.id },
    { kept: [release.id] },
    { verified: [idOf('a'), release.id] },
  ]
  for (const before of served) {
    const lock = { by: bob, reason: 'x', at: 1, until: null }
    const environment = production({ lock, approvals: [], ...before })
    deepStrictEqual(refusalsOf({ purpose: 'rollback', environment, before: null, now: noon }), [])
  }
})

test('a release that never served an environment does not come in as a rollback, tried and taken back included', () => {
  const history = [{ rollout: rolloutId('rol_1'), release: release.id, outcome: 'rolled_back', at: 1 }] as const
  const [refusal, ...more] = refusalsOf({ purpose: 'rollback', environment: production({ history }) })
  deepStrictEqual([refusal?.kind, refusal?.who, more], ['not_verified', 'production', []])
  match(refusal?.hint ?? '', /sluice deploy production/)
})

test('every reason is given at once', () => {
  const environment = production({ lock: { by: bob, reason: 'x', at: 1, until: null }, approvals: [] })
  deepStrictEqual(kinds(refusalsOf({ environment, before: staging([]), now: noon })), [
    'locked',
    'frozen',
    'not_verified',
    'approval_missing',
  ])
})

const soaking: EnvironmentSpec = { ...spec, approvals: 0, freeze: [], promotion: { soakMs: 30 * 60_000, auto: true } }
const soak = (servedMs: number): Partial<EnvironmentState> => ({
  soaks: [{ release: release.id, servedMs, countedAt: 1, onward: { soakMs: 30 * 60_000, to: [] } }],
})
const kindsOf = (change: Partial<AdmissionInput>): readonly string[] => {
  const before = { ...emptyEnvironment('shop', 'staging'), verified: [release.id], ...soak(30 * 60_000) }
  const input = { purpose: 'promote', release, spec: soaking, environment: production(), before, now: noon } as const
  const answer = admit({ ...input, ...change })
  return answer.kind === 'admitted' ? [] : answer.refusals.map(({ kind }) => kind)
}

test('a release that has not served for as long as is asked for before is not promoted, whoever asks', () => {
  const before = { ...emptyEnvironment('shop', 'staging'), verified: [release.id] }
  deepStrictEqual(kindsOf({}), [])
  deepStrictEqual(kindsOf({ before }), ['soaking'])
  deepStrictEqual(kindsOf({ before: { ...before, ...soak(29 * 60_000) } }), ['soaking'])
  deepStrictEqual(kindsOf({ before: { ...before, verified: [], ...soak(30 * 60_000) } }), ['not_verified'])
})

test('an approval counts for as long as the config says, and not a moment longer', () => {
  const asks = { ...soaking, approvals: 1, approvalsExpireAfterMs: hour }
  const environment = production({ approvals: [{ release: release.id, by: ada, at: noon, reason: null }] })
  deepStrictEqual(kindsOf({ spec: asks, environment, now: noon + hour - 1 }), [])
  deepStrictEqual(kindsOf({ spec: asks, environment, now: noon + hour }), ['approval_missing'])
})

test('automation does not go back, does not bring again what was here, and does not go past what a person chose', () => {
  const serving: Release = { ...release, id: idOf('a'), cutAt: 0 }
  const newer: Release = { ...serving, cutAt: 2 }
  const pinned = production({ pin: { release: idOf('a'), by: bob, at: 1 } })
  const failed = production({
    history: [{ rollout: rolloutId('rol_1'), release: release.id, outcome: 'rolled_back', at: 1 }],
  })
  deepStrictEqual(kindsOf({ automatic: { serving } }), [])
  deepStrictEqual(kindsOf({ automatic: { serving: newer } }), ['not_onward'])
  deepStrictEqual(kindsOf({ automatic: { serving }, environment: failed }), ['not_onward'])
  deepStrictEqual(kindsOf({ automatic: { serving }, environment: production({ verified: [release.id] }) }), [
    'not_onward',
  ])
  deepStrictEqual(kindsOf({ automatic: { serving }, environment: pinned }), ['pinned'])
  const gone = { rollout: rolloutId('rol_1'), release: release.id, at: 1 } as const
  const left = [
    { ...gone, outcome: 'succeeded' },
    { ...gone, outcome: 'rolled_back', superseded: true },
  ] as const
  for (const passage of left)
    deepStrictEqual(
      kindsOf({ automatic: { serving }, environment: production({ history: [passage] }) }),
      ['not_onward'],
      'what was here and left, whatever for',
    )
  deepStrictEqual(kindsOf({ environment: pinned }), [], 'a person goes past it')
})

test('who comes later waits behind those whose turn was not asked yet, and not behind those that wait for something else', () => {
  const first = { id: 'rol_9', release: idOf('c'), purpose: 'promote', by: bob, reason: null, at: 1 } as const
  const waits = { at: 1, why: ['approval_missing'], detail: 'x', lookAt: null } as const
  deepStrictEqual(kindsOf({ environment: production({ queue: [first] }) }), ['queue_ahead'])
  deepStrictEqual(kindsOf({ environment: production({ queue: [first] }), turnOf: 'rol_1' }), [])
  deepStrictEqual(kindsOf({ environment: production({ queue: [{ ...first, waits }] }) }), [])
  deepStrictEqual(kindsOf({ environment: production({ queue: [first] }), purpose: 'rollback' }), ['not_verified'])
})
