import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EnvironmentSpec, Release, ReleaseId } from '../model.ts'
import type { Strategy } from '../strategy.ts'
import { commitId, digest, releaseId, runId } from '../model.ts'
import { planRollout } from './plan.ts'
import type { Purpose, RolloutPlan, Share, Step } from './types.ts'

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const old = idOf('a')
const fresh = idOf('b')
const third = idOf('c')

const specOf = (strategy: Strategy, instances: number): EnvironmentSpec => ({
  name: 'production',
  after: null,
  listen: { host: '127.0.0.1', port: 8080 },
  instances,
  config: {},
  secretVersions: {},
  strategy,
  health: { path: '/', intervalMs: 100, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 2_000 },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 500, staleAfterMs: 2_000 },
  sticky: { kind: 'none' },
  drainTimeoutMs: 500,
  stopGraceMs: 300,
  progressDeadlineMs: 60_000,
  approvals: 0,
  freeze: [],
})

const releaseOf = (id: ReleaseId, strategy: Strategy, instances: number): Release => ({
  id,
  cutBy: runId('run_1'),
  cutAt: 1,
  content: {
    schema: 1,
    service: 'shop',
    version: '1.0.0',
    commit: { id: commitId('0'.repeat(40)), subject: 's', author: 'a', committedAt: 1 },
    artifacts: [{ name: 'app', digest: digest(`sha256:${'0'.repeat(64)}`), bytes: 1 }],
    start: { command: 'node server.js', artifact: 'app' },
    environments: [specOf(strategy, instances)],
    migrations: [],
  },
})

type Case = {
  readonly purpose: Purpose
  readonly from: { readonly strategy: Strategy; readonly instances: number } | null
  readonly to: { readonly strategy: Strategy; readonly instances: number }
  readonly kept: readonly ReleaseId[]
}

const planOf = ({ purpose, from, to, kept }: Case): RolloutPlan =>
  planRollout({
    purpose,
    environment: 'production',
    from: from === null ? null : releaseOf(old, from.strategy, from.instances),
    to: releaseOf(fresh, to.strategy, to.instances),
    kept,
  })

/** A step in a few words, so that a whole plan can be read at a glance. */
const words = (step: Step): string => {
  const name = (release: ReleaseId): string => (release === old ? 'old' : release === fresh ? 'new' : 'third')
  switch (step.kind) {
    case 'start':
      return `start ${name(step.release)}×${step.count}`
    case 'probe':
      return `probe ${name(step.release)}×${step.count}${step.failuresMax === 0 ? '' : ` but ${step.failuresMax}`}`
    case 'shift':
      return step.shares.length === 0
        ? step.whenEmpty
        : step.shares
            .map(({ release, shareBp, count, arm }) => `${arm} ${name(release)}×${count} ${shareBp}`)
            .join(', ')
    case 'drain':
    case 'retire':
      return `${step.kind} ${name(step.release)} to ${step.keep}`
    case 'judge':
      return `judge ${step.bakeMs} ms, ${step.unitsMin} units`
    case 'wait':
      return `wait ${step.ms} ms`
    case 'approve':
      return `approve by ${step.approvals}`
    case 'verify':
      return `verify ${step.scope} ${name(step.release)}×${step.count}`
    case 'hook':
      return `hook ${step.name} ${step.moment} ${step.stage}`
  }
}

const told = (strategy: Strategy, change: Partial<Case> = {}): readonly string[] =>
  planOf({
    purpose: 'deploy',
    from: { strategy, instances: 2 },
    to: { strategy, instances: 2 },
    kept: [],
    ...change,
  }).steps.map(words)

const rolling: Strategy = { kind: 'rolling', batchSize: 1, pauseMs: 500, maxFailurePercent: 0 }
const recreate: Strategy = { kind: 'recreate' }
const canary: Strategy = {
  kind: 'canary',
  steps: [
    { kind: 'bake', shareBp: 500, bakeMs: 60_000, unitsMin: 200 },
    { kind: 'approve', shareBp: 5_000 },
  ],
  bakeMs: 30_000,
  keepPrevious: true,
}

test('rolling goes batch by batch: up, answering, its part of the traffic, and as many old ones down', () => {
  deepStrictEqual(told(rolling), [
    'start new×1',
    'probe new×1',
    'stable old×1 5000, candidate new×1 5000',
    'drain old to 1',
    'retire old to 1',
    'wait 500 ms',
    'start new×2',
    'probe new×2',
    'stable new×2 10000',
    'drain old to 0',
    'retire old to 0',
  ])
})

test('rolling tolerates the declared part of failures, and never a whole batch', () => {
  const plan = told(
    { kind: 'rolling', batchSize: 2, pauseMs: 0, maxFailurePercent: 60 },
    { to: { strategy: { kind: 'rolling', batchSize: 2, pauseMs: 0, maxFailurePercent: 60 }, instances: 4 } },
  )
  deepStrictEqual(
    plan.filter((step) => step.startsWith('probe')),
    ['probe new×2 but 1', 'probe new×4 but 2'],
  )
})

test('blue-green verifies green, switches once, bakes, and keeps blue only if asked', () => {
  deepStrictEqual(told({ kind: 'blueGreen', bakeMs: 1_000, keepPrevious: false }), [
    'start new×2',
    'probe new×2',
    'stable new×2 10000',
    'wait 1000 ms',
    'drain old to 0',
    'retire old to 0',
  ])
  deepStrictEqual(told({ kind: 'blueGreen', bakeMs: 0, keepPrevious: true }), [
    'start new×2',
    'probe new×2',
    'stable new×2 10000',
  ])
})

test('canary climbs step by step, on evidence or on a word', () => {
  deepStrictEqual(told(canary), [
    'start new×2',
    'probe new×2',
    'stable old×2 9500, candidate new×2 500',
    'judge 60000 ms, 200 units',
    'stable old×2 5000, candidate new×2 5000',
    'approve by 1',
    'stable new×2 10000',
    'wait 30000 ms',
  ])
})

test('recreate holds the requests while it stops the old one and starts the new one', () => {
  deepStrictEqual(told(recreate), [
    'hold',
    'drain old to 0',
    'retire old to 0',
    'start new×2',
    'probe new×2',
    'stable new×2 10000',
  ])
})

test('a first release has nobody to compare with and nobody to hurt, whatever the strategy', () => {
  for (const strategy of [rolling, recreate, canary])
    deepStrictEqual(told(strategy, { from: null }), ['start new×2', 'probe new×2', 'stable new×2 10000'])
})

test('a rollback waits for nothing: up, one answer, all traffic, the bad one down', () => {
  deepStrictEqual(told(canary, { purpose: 'rollback' }), [
    'start new×2',
    'probe new×2 but 1',
    'stable new×2 10000',
    'drain old to 0',
    'retire old to 0',
  ])
})

test('releases kept from earlier rollouts are taken down first, unless they are the two in question', () => {
  deepStrictEqual(told(recreate, { from: null, kept: [third, fresh, old] }).slice(0, 5), [
    'drain third to 0',
    'retire third to 0',
    'drain old to 0',
    'retire old to 0',
    'start new×2',
  ])
  ok(!told(rolling, { kept: [old, fresh] }).some((step) => step.includes('third')))
})

test('the way back brings the old release up before it moves traffic, and takes the new one down last', () => {
  const { warm, cold } = planOf({
    purpose: 'deploy',
    from: { strategy: rolling, instances: 3 },
    to: { strategy: rolling, instances: 2 },
    kept: [],
  }).revert
  const back = ['stable old×3 10000', 'drain new to 0', 'retire new to 0']
  deepStrictEqual(warm.map(words), ['probe old×3 but 2', ...back])
  deepStrictEqual(cold.map(words), ['start old×3', 'probe old×3 but 2', ...back])
})

test('where two releases may not run together, the way back and a rollback stop the one before they start the other', () => {
  const pair = { from: { strategy: recreate, instances: 1 }, to: { strategy: recreate, instances: 1 }, kept: [] }
  deepStrictEqual(planOf({ purpose: 'deploy', ...pair }).revert.cold.map(words), [
    'hold',
    'drain new to 0',
    'retire new to 0',
    'start old×1',
    'probe old×1',
    'stable old×1 10000',
  ])
  const mixed = { ...pair, to: { strategy: rolling, instances: 1 } }
  deepStrictEqual(planOf({ purpose: 'rollback', ...mixed }).steps.map(words), [
    'hold',
    'drain old to 0',
    'retire old to 0',
    'start new×1',
    'probe new×1',
    'stable new×1 10000',
  ])
})

const duration = fc.integer({ min: 0, max: 60_000 })
const step = fc.oneof(
  fc.record({
    kind: fc.constant('bake' as const),
    shareBp: fc.integer({ min: 1, max: 9_999 }),
    bakeMs: duration,
    unitsMin: fc.nat(1_000),
  }),
  fc.record({ kind: fc.constant('approve' as const), shareBp: fc.integer({ min: 1, max: 9_999 }) }),
)
const strategies: fc.Arbitrary<Strategy> = fc.oneof(
  fc.record({
    kind: fc.constant('rolling' as const),
    batchSize: fc.integer({ min: 1, max: 12 }),
    pauseMs: duration,
    maxFailurePercent: fc.integer({ min: 0, max: 100 }),
  }),
  fc.record({ kind: fc.constant('blueGreen' as const), bakeMs: duration, keepPrevious: fc.boolean() }),
  fc.record({
    kind: fc.constant('canary' as const),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    bakeMs: duration,
    keepPrevious: fc.boolean(),
  }),
  fc.constant({ kind: 'recreate' as const }),
)
const side = fc.record({ strategy: strategies, instances: fc.integer({ min: 1, max: 12 }) })
const cases: fc.Arbitrary<Case> = fc.record({
  purpose: fc.constantFrom<Purpose>('deploy', 'promote', 'rollback'),
  from: fc.option(side),
  to: side,
  kept: fc.subarray([third, old, fresh]),
})

/** What a sequence of steps leaves behind, checked on its way: shares, instances, what was probed. */
const walk = (steps: readonly Step[], before: { shares: readonly Share[]; up: Map<ReleaseId, number> }) => {
  let { shares } = before
  const up = new Map(before.up)
  const probed = new Map(before.up)
  for (const step of steps) {
    if (step.kind === 'start') up.set(step.release, Math.max(step.count, up.get(step.release) ?? 0))
    if (step.kind === 'probe') {
      ok((up.get(step.release) ?? 0) >= step.count, 'what is probed was started')
      ok(step.failuresMax < step.count, 'a probe asks for one good answer at least')
      probed.set(step.release, step.count)
    }
    if (step.kind === 'shift') {
      shares = step.shares
      if (shares.length > 0)
        strictEqual(
          shares.reduce((sum, { shareBp }) => sum + shareBp, 0),
          10_000,
        )
      for (const { release, shareBp, count } of shares) {
        ok(shareBp > 0 && count > 0, 'an arm in a route has a share and instances')
        ok((probed.get(release) ?? 0) >= count && (up.get(release) ?? 0) >= count, 'traffic goes where it was probed')
      }
    }
    if (step.kind === 'drain' || step.kind === 'retire') {
      const routed = shares.find(({ release }) => release === step.release)
      ok((routed?.count ?? 0) <= step.keep, 'nothing is drained or retired that has traffic')
    }
    if (step.kind === 'retire') {
      up.set(step.release, Math.min(step.keep, up.get(step.release) ?? 0))
      probed.set(step.release, Math.min(step.keep, probed.get(step.release) ?? 0))
    }
  }
  return { shares, up }
}

const begun = ({ from, kept }: Case) => ({
  shares: from === null ? [] : [{ arm: 'stable', release: old, shareBp: 10_000, count: from.instances } as const],
  up: new Map<ReleaseId, number>([
    ...kept.map((release) => [release, 2] as const),
    ...(from === null ? [] : [[old, from.instances] as const]),
  ]),
})

test('property: every plan ends with all traffic on the new release, and never strands it on the way', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const plan = planOf(one)
      const { shares, up } = walk(plan.steps, begun(one))
      deepStrictEqual(shares, [{ arm: 'stable', release: fresh, shareBp: 10_000, count: one.to.instances }])
      strictEqual(up.get(fresh), Math.max(one.to.instances, one.kept.includes(fresh) ? 2 : 0))
      const { strategy } = one.to
      const keeps = one.purpose !== 'rollback' && 'keepPrevious' in strategy && strategy.keepPrevious
      if (one.from !== null) strictEqual(up.get(old) ?? 0, keeps ? one.from.instances : 0)
      strictEqual(up.get(third) ?? 0, 0)
    }),
  )
})

test('property: from wherever a plan is left, the way back ends with all traffic on the old release', () => {
  fc.assert(
    fc.property(cases, fc.nat(), (one, where) => {
      const plan = planOf(one)
      const taken = plan.steps.slice(0, where % (plan.steps.length + 1))
      const left = walk(taken, begun(one))
      const isCold = taken.some((step) => step.kind === 'retire' && step.release === old)
      const { shares, up } = walk(isCold ? plan.revert.cold : plan.revert.warm, left)
      const { from } = one
      deepStrictEqual(
        shares,
        from === null ? [] : [{ arm: 'stable', release: old, shareBp: 10_000, count: from.instances }],
      )
      strictEqual(up.get(fresh) ?? 0, 0)
      if (from !== null) strictEqual(up.get(old), from.instances)
    }),
  )
})
