/** The five laws for the machines of rollouts, environments, maintenance, releases, trains, the line, watches, drills and incidents (those of people and tokens: `identity/machines.test.ts`), and the transition table of the rollout machine. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseConfig } from '../src/core/config/parse.ts'
import { resolveEnvironments } from '../src/core/config/resolve.ts'
import type { StrategyConfig } from '../src/core/config/types-strategy.ts'
import {
  emptyEnvironment,
  type EnvironmentEvent,
  environmentMachine,
  type EnvironmentState,
} from '../src/core/environment.ts'
import { drillMachine } from '../src/core/drill/machine.ts'
import { type DrillEffect, type DrillEvent, drillId, type DrillState } from '../src/core/drill/types.ts'
import { type IncidentEvent, incidentId, incidentMachine, type IncidentState } from '../src/core/incident.ts'
import {
  type MaintenanceEffect,
  type MaintenanceEvent,
  maintenanceMachine,
  type MaintenanceState,
  noMaintenance,
} from '../src/core/maintenance.ts'
import type { RolloutGovernance } from '../src/core/governance/types.ts'
import { absentSecret, type SecretEvent, secretMachine, type SecretState } from '../src/core/secret.ts'
import { type LineEvent, lineMachine, type LineState, runningLine } from '../src/core/line.ts'
import type { OutsideReadings } from '../src/core/judge/outside/types.ts'
import {
  type Actor,
  commitId,
  digest,
  type Release,
  type ReleaseId,
  releaseId,
  rolloutId,
  runId,
} from '../src/core/model.ts'
import { watchMachine } from '../src/core/watch/machine.ts'
import type { WatchEffect, WatchEvent, WatchResult, WatchState } from '../src/core/watch/types.ts'
import { absentRelease, releaseMachine, type ReleaseEvent, type ReleaseState } from '../src/core/release-machine.ts'
import { rolloutMachine } from '../src/core/rollout/machine.ts'
import { planRollout } from '../src/core/rollout/plan.ts'
import { trainMachine } from '../src/core/train/machine.ts'
import type { TrainEffect, TrainEvent, TrainResult, TrainState } from '../src/core/train/types.ts'
import type {
  EffectResult,
  HookAnswer,
  RolloutEffect,
  RolloutEvent,
  RolloutPlan,
  RolloutState,
} from '../src/core/rollout/types.ts'
import {
  nothingPruned,
  type RetentionEvent,
  retentionMachine,
  type RetentionState,
} from '../src/core/ledger/retention.ts'
import { checkLaws, documentedTransitions, type Draw, observedTransitions, type Subject, walk } from './laws.ts'

const by = { kind: 'person', name: 'ada' } as const
const one = <Item>(draw: Draw, items: readonly [Item, ...Item[]]): Item => items[draw(items.length)] ?? items[0]

const strategies: readonly [StrategyConfig, ...StrategyConfig[]] = [
  'recreate',
  { kind: 'rolling', batchSize: 1, pause: '1s', maxFailurePercent: 50 },
  { kind: 'blueGreen', bake: '2s', keepPrevious: true },
  {
    kind: 'canary',
    steps: [
      { share: '5%', bake: '2s', unitsMin: 0 },
      { share: '50%', approve: true },
    ],
    bake: '2s',
    keepPrevious: false,
  },
  { kind: 'rolling', maxSurge: 1, maxUnavailable: '50%' },
  {
    kind: 'blueGreen',
    preview: [{ cookie: 'preview' }],
    verify: true,
    approve: true,
    holdback: { share: '2%', bake: '2s', unitsMin: 1 },
  },
  {
    kind: 'canary',
    steps: [
      { share: '0%', mirror: '10%', pause: '1s', scale: 1 },
      { share: '5%', bake: '2s', unitsMin: 0, routes: [{ header: 'x-canary' }], verify: true },
      { share: '20%', bake: '2s', unitsMin: 0 },
    ],
    ramp: 'evidence',
    verify: true,
  },
]

const hooks = (['before start', 'after traffic', 'before promotion', 'revert'] as const).map((at, index) => ({
  name: `hook-${index}`,
  at,
  command: 'true',
  timeout: '5s' as const,
  onTimeout: (['rollback', 'continue', 'pause', 'rollback'] as const)[index] ?? 'rollback',
}))

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)

/** Environments of two instances ask others too. */
const othersToAsk = {
  metrics: {
    url: 'http://127.0.0.1:9090',
    counters: { checkout: { total: 'a{r="{{release}}"}', bad: 'b{r="{{release}}"}' } },
  },
  externalJudge: { url: 'http://127.0.0.1:9091' },
}

/** Releases by what was asked: there are a few, and the walks ask for them some ten thousand times. */
const known = new Map<string, Release>()

const releaseOf = (fill: string, strategy: StrategyConfig, instances: number, extras: object = {}): Release => {
  const asked = JSON.stringify([fill, strategy, instances, extras])
  const release = known.get(asked) ?? makeRelease(fill, strategy, { instances, ...extras })
  known.set(asked, release)
  return release
}

const makeRelease = (fill: string, strategy: StrategyConfig, extras: { readonly instances: number }): Release => {
  const config = {
    service: 'shop',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    start: { command: 'node server.js' },
    environments: {
      production: {
        listen: 8080,
        strategy,
        progressDeadline: '1m',
        ...(extras.instances === 2 ? othersToAsk : {}),
        ...extras,
      },
    },
  }
  const environments = resolveEnvironments(parseConfig(config, { file: 'x', text: '', distance: () => 99 }), {})
  const commit = { id: commitId(fill.repeat(40)), subject: 's', author: 'a', committedAt: 1 }
  const artifacts = [{ name: 'app', digest: digest(`sha256:${fill.repeat(64)}`), bytes: 1 }]
  const start = { command: 'node server.js', artifact: 'app' }
  const content = {
    schema: 1,
    service: 'shop',
    version: '1.0.0',
    commit,
    artifacts,
    start,
    environments,
    migrations: [],
  } as const
  return { id: idOf(fill), content, cutBy: runId('run_1'), cutAt: 1 }
}

const drawPlan = (draw: Draw): RolloutPlan =>
  planRollout({
    purpose: one(draw, ['deploy', 'promote', 'rollback']),
    environment: 'production',
    from: draw(4) === 0 ? null : releaseOf('a', one(draw, strategies), 1 + draw(3)),
    to: releaseOf(
      'b',
      one(draw, strategies),
      1 + draw(3),
      one<object>(draw, [{}, { onFail: 'pause' }, { hooks }, { onFail: 'pause', hooks }]),
    ),
    ...(draw(8) === 0 ? { abandoned: [idOf('d')] } : {}),
    kept: draw(3) === 0 ? [idOf('c')] : [],
  })

const outsideReadings = (draw: Draw, at: number): OutsideReadings => ({
  metrics: [
    draw(4) === 0
      ? { kind: 'silent', metric: 'checkout', detail: 'nothing matches' }
      : {
          kind: 'counted',
          metric: 'checkout',
          era: draw(6) === 0 ? 'anew' : 'first',
          candidate: { units: 10 * draw(50), badUnits: draw(5) },
          stable: { units: 90 * draw(50), badUnits: draw(5) },
          observedAt: draw(8) === 0 ? at - 3_600_000 : at,
        },
  ],
  external:
    draw(4) === 0
      ? null
      : { kind: 'answered', directive: one(draw, ['abort', 'complete', 'continue', 'wait']), reason: 'because' },
})

const measured = (draw: Draw, at: number): EffectResult => ({
  kind: 'measured',
  logE: draw(10) === 0 ? 9 : 0.1,
  shareBp: 500,
  candidate: { units: 1_000, badUnits: draw(5) },
  stable: { units: 9_000, badUnits: draw(5) },
  tripped: draw(20) === 0,
  observedAt: draw(8) === 0 ? at - 3_600_000 : at,
  ...(draw(2) === 0 ? {} : { outside: outsideReadings(draw, at) }),
})

const resultOf = (effect: RolloutEffect | undefined, draw: Draw, at: number): EffectResult => {
  if (effect?.action.kind === 'measure') return measured(draw, at)
  if (effect?.action.kind === 'hook') return { kind: 'answered', answer: answerOf(draw) }
  if (effect?.action.kind === 'verify') {
    const outcomes = one(draw, [['passed'], ['passed'], ['passed', 'failed'], ['broken'], []] as const)
    const results = outcomes.map((outcome) => ({ name: 'home', outcome, detail: '', durationMs: 1, evidence: [] }))
    return { kind: 'verified', report: { scope: 'candidate', results } }
  }
  if (effect?.action.kind !== 'probe') return { kind: 'done' }
  return { kind: 'probed', healthy: draw(4) === 0 ? 0 : effect.action.count, detail: 'answered 200', evidence: [] }
}

const answerOf = (draw: Draw): HookAnswer => {
  const status = one(draw, ['succeeded', 'succeeded', 'in_progress', 'failed'] as const)
  if (status === 'in_progress') return { status, detail: 'wait', retryAfterMs: draw(5_000) }
  return status === 'failed' ? { status, detail: 'no', evidence: [] } : { status, detail: 'yes' }
}

const verdict = (at: number) =>
  ({
    verdict: 'fail',
    at,
    logE: 5,
    shareBp: 500,
    candidate: { units: 10, badUnits: 5 },
    stable: { units: 90, badUnits: 0 },
    detail: 'worse',
  }) as const

const commands = [
  'abort_requested',
  'pause_requested',
  'resume_requested',
  'skip_requested',
  'promote_requested',
  'retry_requested',
] as const

const grace = { kind: 'person', name: 'grace' } as const

const drawGovernance = (draw: Draw): RolloutGovernance | undefined => {
  if (draw(2) === 0) return undefined
  const stakes = { author: 'nobody', triggeredBy: null, requestedBy: draw(2) === 0 ? 'ada' : null }
  const from = 1_001 + draw(5_000)
  const closure = {
    from,
    until: draw(6) === 0 ? null : from + 1 + draw(5_000),
    kind: 'deny',
    reason: 'weekend',
  } as const
  return {
    ...(draw(2) === 0 ? { stakes } : {}),
    ...(draw(3) === 0 ? { groups: [{ group: 'ops', count: 1 }] } : {}),
    ...(draw(2) === 0 ? { closures: [closure], overrun: draw(2) === 0 ? 'pause' : 'abort' } : {}),
  }
}

const rareEvent = (state: Exclude<RolloutState, { status: 'absent' }>, draw: Draw, at: number): RolloutEvent => {
  const release = draw(4) === 0 ? idOf('a') : state.plan.to
  switch (draw(9)) {
    case 7:
    case 8:
      return draw(2) === 0
        ? { type: 'rejected', at, by, reason: 'no' }
        : { type: 'approved', at, by: grace, reason: null, groups: ['ops'] }
    case 6:
      return { type: 'superseded', at, by, successor: rolloutId('rol_3') }
    case 0:
      return { type: 'tripped', at, verdict: verdict(at) }
    case 1:
      return { type: 'instance_health_changed', at, instance: `i${draw(3)}`, release, healthy: draw(2) === 0 }
    case 2:
      return { type: 'work_parked', at, detail: 'five claims without progress' }
    case 3:
      return { type: 'approved', at, by, reason: null }
    case 4:
      return { type: 'rollout_started', at, id: rolloutId('rol_2'), token: 9, plan: state.plan, by }
    default:
      return { type: one(draw, commands), at, by, reason: 'because' }
  }
}

const rolloutSubject: Subject<RolloutState, RolloutEvent, RolloutEffect> = {
  machine: rolloutMachine,
  initial: { status: 'absent' },
  length: 90,
  runs: 100,
  event: (state, draw) => {
    if (state.status === 'absent') {
      const governance = drawGovernance(draw)
      const started = {
        type: 'rollout_started',
        at: 1_000,
        id: rolloutId('rol_1'),
        token: 3,
        plan: drawPlan(draw),
        by,
      } as const
      return governance === undefined ? started : { ...started, governance }
    }
    const due = rolloutMachine.nextAt(state) ?? state.progressAt
    const at = draw(3) === 0 ? due : Math.min(due, state.progressAt + draw(2_000))
    const outstanding = rolloutMachine.outstanding(state)
    const effect = outstanding[draw(Math.max(1, outstanding.length))]
    const sequence = draw(10) === 0 ? draw(20) : (effect?.sequence ?? 0)
    if (state.status === 'parked' || draw(14) === 0) return rareEvent(state, draw, at)
    const kind = draw(20)
    if (kind < 2) return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    if (kind < 4) {
      const retry = one(draw, ['never', 'later'] as const)
      return {
        type: 'effect_failed',
        at,
        sequence,
        failure: { code: 'health_failed', retry, detail: 'x', evidence: [] },
      }
    }
    if (kind < 7 || effect === undefined) return { type: 'time_passed', at: due }
    return { type: 'effect_succeeded', at, sequence, result: resultOf(effect, draw, at) }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5_000, sequence, result: { kind: 'done' } },
    {
      type: 'effect_failed',
      at: 5_000,
      sequence,
      failure: { code: 'start_failed', retry: 'never', detail: 'x', evidence: [] },
    },
    { type: 'effect_unknown', at: 5_000, sequence, detail: 'no answer' },
  ],
}

checkLaws(rolloutSubject)

test('the transition table in the header of the rollout machine is the one of its code', () => {
  const header = documentedTransitions(readFileSync(new URL('../src/core/rollout/machine.ts', import.meta.url), 'utf8'))
  deepStrictEqual(observedTransitions(rolloutSubject, 12_000, header), header)
})

test('a rollout that advances or reverts has an effect in flight, a time to wake at, or waits for a person', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    for (const { state } of walk(rolloutSubject, seed, 90)) {
      if (state.status !== 'advancing' && state.status !== 'reverting') continue
      const waits = state.stage.kind === 'awaiting' || (state.status === 'advancing' && state.paused !== null)
      ok(waits || rolloutMachine.outstanding(state).length > 0 || rolloutMachine.nextAt(state) !== null, `seed ${seed}`)
    }
  }
})

const onward = { soakMs: 100, to: [{ environment: 'next', soakMs: 100, auto: true }] } as const

const queueEvent = (state: EnvironmentState, draw: Draw, at: number): EnvironmentEvent => {
  const [first] = state.queue ?? []
  const entry = draw(4) === 0 ? 'rol_0' : (first?.id ?? 'rol_0')
  switch (draw(6)) {
    case 0:
      return { type: 'queue_cancelled', at, entry, by, reason: null }
    case 1:
      return { type: 'queue_superseded', at, entry, by: 'rol_1' }
    case 2:
      return { type: 'queue_refused', at, entry, detail: 'it is held' }
    case 3:
      return { type: 'queue_started', at, entry, rollout: rolloutId('rol_3') }
    case 4:
      return {
        type: 'queue_deferred',
        at,
        entry,
        why: ['locked'],
        detail: 'x',
        lookAt: draw(3) === 0 ? null : at + draw(9),
      }
    default: {
      const who = draw(2) === 0 ? by : ({ kind: 'system', name: 'sluice' } as const)
      const release = idOf(one(draw, ['a', 'b', 'c']))
      return { type: 'queued', at, entry: { id: `rol_${draw(5)}`, release, purpose: 'promote', by: who, reason: null } }
    }
  }
}

const governanceEvent = (state: EnvironmentState, draw: Draw, at: number): EnvironmentEvent => {
  const who = one<Actor>(draw, [by, grace])
  const release = idOf(one(draw, ['a', 'b', 'c']))
  const rollout = `rol_${draw(3)}`
  switch (draw(5)) {
    case 0:
      return { type: 'approved', at, by: who, release, reason: null }
    case 1:
      return { type: 'rejected', at, by: who, release, reason: 'no' }
    case 2: {
      const lock = state.lock ?? { by, reason: 'incident', at, until: null }
      return { type: 'unlocked', at, by: who, reason: 'it is over', broke: lock }
    }
    case 3:
      return {
        type: 'glass_broken',
        at,
        rollout,
        release,
        glass: { by: who, at, reason: 'outage', passed: ['frozen'] },
      }
    default:
      return { type: 'glass_reviewed', at, by: who, rollout, reason: 'it was right' }
  }
}

const environmentSubject: Subject<EnvironmentState, EnvironmentEvent, never> = {
  machine: environmentMachine,
  initial: emptyEnvironment('shop', 'production'),
  event: (state, draw) => {
    const at = draw(1_000)
    const release = idOf(one(draw, ['a', 'b', 'c']))
    const rollout = draw(3) === 0 ? rolloutId(`rol_${draw(5)}`) : (state.live ?? rolloutId(`rol_${draw(5)}`))
    switch (draw(16)) {
      case 13:
      case 14:
      case 15:
        return governanceEvent(state, draw, at)
      case 8:
        return { type: 'time_passed', at: environmentMachine.nextAt(state) ?? at }
      case 9:
      case 10:
        return queueEvent(state, draw, at)
      case 0:
        return { type: 'locked', at, by, reason: 'incident', until: draw(2) === 0 ? null : at + draw(100) }
      case 1:
        return { type: 'unlocked', at, by, reason: null }
      case 2:
        return { type: 'frozen', at, by, window: { from: at, until: at + draw(100), reason: 'holidays' } }
      case 3:
        return { type: 'unfrozen', at, by, reason: null }
      case 4:
        return { type: 'approved', at, by: { kind: 'person', name: one(draw, ['ada', 'bob']) }, release, reason: null }
      case 5: {
        const outcome = one(draw, ['succeeded', 'rolled_back'] as const)
        return {
          type: 'rollout_settled',
          at,
          rollout,
          outcome,
          from: state.serving,
          to: release,
          keepsPrevious: draw(2) === 0,
          ...(draw(2) === 0 ? { onward } : {}),
          ...(draw(4) === 0 ? { purpose: 'rollback' as const } : {}),
          ...(draw(4) === 0 ? { pinnedBy: by } : {}),
          ...(draw(4) === 0 ? { drill: draw(2) === 0 ? ('back' as const) : ('return' as const) } : {}),
        }
      }
      case 6: {
        const outcome = one(draw, ['passed', 'failed', 'broken'] as const)
        const results = [{ name: 'home', outcome, detail: 'seen', durationMs: draw(9), evidence: [] }]
        return { type: 'verification_ran', at, by, release, report: { scope: 'environment', results } }
      }
      default:
        return { type: 'rollout_admitted', at, rollout, release }
    }
  },
  answers: () => [],
}

checkLaws(environmentSubject)

checkLaws<SecretState, SecretEvent, never>({
  machine: secretMachine,
  initial: absentSecret,
  event: (_, draw) => {
    const at = draw(9)
    return draw(3) === 0
      ? { type: 'secret_removed', at, by }
      : { type: 'secret_set', at, by: grace, version: one(draw, ['a', 'b']) }
  },
  answers: () => [],
  length: 12,
  runs: 20,
})

checkLaws<LineState, LineEvent, never>({
  machine: lineMachine,
  initial: runningLine,
  event: (_, draw) => {
    const at = draw(9)
    return one<LineEvent>(draw, [
      { type: 'line_stopped', at, by, reason: 'outage' },
      { type: 'line_resumed', at, by: grace, reason: null },
    ])
  },
  answers: () => [],
  length: 12,
  runs: 20,
})

const maintenanceSubject: Subject<MaintenanceState, MaintenanceEvent, MaintenanceEffect> = {
  machine: maintenanceMachine,
  initial: noMaintenance('shop', 'production'),
  event: (state, draw) => {
    const at = draw(100_000)
    const [effect] = maintenanceMachine.outstanding(state)
    const sequence = draw(4) === 0 ? draw(9) : (effect?.sequence ?? state.sequence)
    switch (draw(7)) {
      case 0:
      case 1: {
        const maintenance = one(draw, [
          null,
          { kind: 'page', html: null, retryAfterMs: 1_000 },
          { kind: 'hold', untilAt: at + draw(30_000) },
        ] as const)
        return { type: 'maintenance_requested', at, by, reason: draw(2) === 0 ? null : 'disks', maintenance }
      }
      case 2:
        return { type: 'effect_succeeded', at, sequence }
      case 3: {
        const retry = one(draw, ['never', 'later', 'same'] as const)
        const failure = { code: 'gateway_unreachable', retry, detail: 'x', evidence: [] } as const
        return { type: 'effect_failed', at, sequence, failure }
      }
      case 4:
        return { type: 'effect_unknown', at, sequence, detail: 'lost' }
      case 5:
        return draw(4) === 0 ? { type: 'work_parked', at, detail: 'parked' } : { type: 'time_passed', at }
      default:
        return { type: 'time_passed', at: maintenanceMachine.nextAt(state) ?? at }
    }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5_000, sequence },
    { type: 'effect_unknown', at: 5_000, sequence, detail: 'no answer' },
  ],
}

checkLaws(maintenanceSubject)

const releaseSubject: Subject<ReleaseState, ReleaseEvent, never> = {
  machine: releaseMachine,
  initial: absentRelease,
  event: (_, draw) => {
    const at = draw(9)
    const hold = { reason: 'outage', detail: `hold ${draw(3)}`, by, at, environment: 'production' } as const
    return one<ReleaseEvent>(draw, [
      { type: 'release_cut', at, release: releaseOf(one(draw, ['a', 'b']), 'rolling', 1) },
      { type: 'release_held', at, hold },
      { type: 'release_unheld', at, by, reason: null },
    ])
  },
  answers: () => [],
  length: 12,
  runs: 20,
}

checkLaws(releaseSubject)

const triggers = {
  watchMs: 20_000,
  intervalMs: 5_000,
  errorRate: { above: 0.1, forMs: 5_000, requestsMin: 10 },
  health: { unhealthyMax: 0, forMs: 15_000 },
} as const

const failedOnce = { code: 'gateway_unreachable', retry: 'later', detail: 'x', evidence: [] } as const

const watchSubject: Subject<WatchState, WatchEvent, WatchEffect> = {
  machine: watchMachine,
  initial: { status: 'absent' },
  event: (state, draw) => {
    const plan = {
      rollout: rolloutId('rol_1'),
      service: 'shop',
      environment: 'production',
      release: idOf('b'),
      triggers,
      health: releaseOf('b', 'rolling', 1).content.environments[0]?.health ?? fail(),
    }
    if (state.status === 'absent') return { type: 'watch_started', at: 1_000, plan }
    const due = watchMachine.nextAt(state) ?? 0
    const at = draw(5) === 0 ? draw(2_000_000) : due
    const [effect] = watchMachine.outstanding(state)
    const sequence = draw(8) === 0 ? draw(20) : (effect?.sequence ?? 0)
    if (effect === undefined || draw(12) === 0)
      return one<WatchEvent>(draw, [
        { type: 'time_passed', at },
        { type: 'time_passed', at: due },
        { type: 'watch_started', at, plan },
        ...(draw(20) === 0 ? [{ type: 'work_parked', at, detail: 'five claims' } as const] : []),
      ])
    if (draw(8) === 0) return { type: 'effect_failed', at, sequence, failure: failedOnce }
    if (draw(8) === 0) return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    const units = draw(1_000)
    const reading = {
      observedAt: at,
      requests: { units, badUnits: draw(units + 1) },
      slow: null,
      unhealthy: draw(3) === 0 ? ['shop-0'] : [],
      metrics: {},
    }
    const looked = { kind: 'looked', reading } as const
    const result = one<WatchResult>(draw, [
      looked,
      looked,
      looked,
      { kind: 'busy', detail: 'x' },
      effect.action.kind === 'look' ? looked : { kind: 'rollback_started', rollout: rolloutId('rol_2') },
      draw(10) === 0 ? { kind: 'superseded', detail: 'x' } : looked,
      draw(10) === 0 ? { kind: 'rollback_refused', detail: 'x' } : looked,
    ])
    return { type: 'effect_succeeded', at, sequence, result }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5_000, sequence, result: { kind: 'busy', detail: 'x' } },
    { type: 'effect_failed', at: 5_000, sequence, failure: failedOnce },
    { type: 'effect_unknown', at: 5_000, sequence, detail: 'no answer' },
  ],
}

checkLaws(watchSubject)

const drillSubject: Subject<DrillState, DrillEvent, DrillEffect> = {
  machine: drillMachine,
  initial: { status: 'absent' },
  event: (state, draw) => {
    const [serving, target] = [idOf('b'), idOf('a')]
    const common = { id: drillId('drl_1'), service: 'shop', environment: 'production', by }
    const plan = { ...common, serving, target, dwellMs: 5_000 }
    if (state.status === 'absent') return { type: 'drill_started', at: 1_000, plan }
    const due = drillMachine.nextAt(state) ?? 0
    const at = draw(5) === 0 ? draw(2_000_000) : due
    const [effect] = drillMachine.outstanding(state)
    const sequence = draw(8) === 0 ? draw(20) : (effect?.sequence ?? 0)
    if (draw(25) === 0) return { type: 'stay_requested', at, by, reason: 'outage' }
    if (draw(40) === 0) return { type: 'work_parked', at, detail: 'five claims' }
    if (effect === undefined || draw(12) === 0) return { type: 'time_passed', at }
    if (draw(8) === 0) return { type: 'effect_failed', at, sequence, failure: failedOnce }
    if (draw(8) === 0) return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    const shareBp = draw(4) === 0 ? 0 : 10_000
    const proof = { release: target, shareBp, requests: draw(100), bad: 0, observedAt: at }
    const went = { kind: 'went', leg: { rollout: rolloutId('rol_1'), tookMs: draw(900), proof } } as const
    const proved = { kind: 'proved', proof } as const
    const fitting = effect.action.kind === 'go' ? went : proved
    return {
      type: 'effect_succeeded',
      at,
      sequence,
      result: draw(12) === 0 ? { kind: 'failed', detail: 'x' } : fitting,
    }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5_000, sequence, result: { kind: 'failed', detail: 'x' } },
    { type: 'effect_failed', at: 5_000, sequence, failure: failedOnce },
    { type: 'effect_unknown', at: 5_000, sequence, detail: 'no answer' },
  ],
}

checkLaws(drillSubject)

test('a drill that is under way has an effect in flight or a time to wake at, and returns before it passes', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    for (const { state } of walk(drillSubject, seed, 60)) {
      if (state.status === 'drilling') ok(drillMachine.nextAt(state) !== null, `seed ${seed}`)
      if (state.status === 'ended' && state.outcome === 'passed') ok(state.return !== null, `seed ${seed}`)
    }
  }
})

const incidentSubject: Subject<IncidentState, IncidentEvent, never> = {
  machine: incidentMachine,
  initial: { status: 'absent' },
  event: (_, draw) => {
    const at = draw(100)
    const subject = {
      id: incidentId('inc_1'),
      service: 'shop',
      environment: 'production',
      title: 'nothing answers',
      reason: 'outage',
      release: null,
      rollout: null,
    } as const
    return one<IncidentEvent>(draw, [
      { type: 'incident_opened', at, by, subject },
      { type: 'emergency_declared', at, by, subject },
      { type: 'incident_resolved', at, by, resolution: null },
    ])
  },
  answers: () => [],
  length: 8,
  runs: 40,
}

checkLaws(incidentSubject)

checkLaws<RetentionState, RetentionEvent, never>({
  machine: retentionMachine,
  initial: nothingPruned,
  event: (_, draw) => ({
    type: 'ledger_pruned',
    at: draw(100),
    by,
    until: draw(20),
    before: draw(100),
    size: 20,
    root: 'ab',
  }),
  answers: () => [],
  length: 8,
  runs: 20,
})

function fail(): never {
  throw new Error('there is an environment')
}

const trainResult = (draw: Draw, { action }: TrainEffect): TrainResult => {
  const rollout = rolloutId(`rol_${draw(5)}`)
  if (action.kind === 'return') return { kind: 'returned', rollout, detail: 'taken back' }
  return draw(3) === 0
    ? { kind: 'not_arrived', rollout: draw(2) === 0 ? null : rollout, detail: 'it was taken back' }
    : { kind: 'arrived', rollout, from: draw(3) === 0 ? null : idOf('a') }
}

const trainSubject: Subject<TrainState, TrainEvent, TrainEffect> = {
  machine: trainMachine,
  initial: { status: 'absent' },
  event: (state, draw) => {
    const at = draw(1_000)
    if (state.status === 'absent' || draw(20) === 0) {
      const members = Array.from({ length: 1 + draw(4) }, (_, index) => ({
        service: `s${index}`,
        environment: 'production',
        release: idOf('b'),
      }))
      const plan = { members, order: one(draw, ['ordered', 'parallel'] as const) }
      return { type: 'train_started', at, id: 'tra_1', plan, by }
    }
    const outstanding = trainMachine.outstanding(state)
    const effect = outstanding[draw(Math.max(1, outstanding.length))]
    const kind = draw(14)
    if (kind === 0) return { type: 'abort_requested', at, by, reason: null }
    if (kind === 1) return { type: 'work_parked', at, detail: 'five claims' }
    if (effect === undefined)
      return { type: one(draw, ['retry_requested', 'abort_requested'] as const), at, by, reason: 'x' }
    const sequence = draw(8) === 0 ? draw(9) : effect.sequence
    if (kind === 2) return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    if (kind < 5) {
      const failure = { code: 'rolled_back', retry: 'never', detail: 'x', evidence: [] } as const
      return { type: 'effect_failed', at, sequence, failure }
    }
    return { type: 'effect_succeeded', at, sequence, result: trainResult(draw, effect) }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 1, sequence, result: { kind: 'returned', rollout: null, detail: 'x' } },
    { type: 'effect_unknown', at: 1, sequence, detail: 'no answer' },
  ],
}

checkLaws(trainSubject)

test('the transition table in the header of the train machine is the one of its code', () => {
  const header = documentedTransitions(readFileSync(new URL('../src/core/train/machine.ts', import.meta.url), 'utf8'))
  deepStrictEqual(observedTransitions(trainSubject, 4_000, header), header)
})

test('a train that is over has one verdict: all arrived, or nothing of it stayed', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const state = walk(trainSubject, seed, 60).at(-1)?.state
    if (state === undefined || state.status === 'absent') continue
    const statuses = new Set(state.members.map(({ status }) => status))
    if (state.status === 'succeeded') deepStrictEqual([...statuses], ['arrived'])
    if (state.status === 'rolled_back')
      ok(
        [...statuses].every((status) => status === 'waiting' || status === 'failed' || status === 'returned'),
        `seed ${seed}: ${[...statuses].join()}`,
      )
    // One at a time, the last first: whatever goes back now, nothing behind it is still there.
    const back = state.members.findIndex(({ status }) => status === 'returning')
    if (back >= 0) ok(!state.members.slice(back + 1).some(({ status }) => status === 'arrived'), `seed ${seed}`)
  }
})
