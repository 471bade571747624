/** What hurts the users of other delivery systems, one test each; `research` of the field has the threads. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { admit } from '../../src/core/admission.ts'
import type { EnvironmentConfig } from '../../src/core/config/types.ts'
import {
  emptyEnvironment,
  type EnvironmentEvent,
  environmentMachine,
  type EnvironmentState,
} from '../../src/core/environment.ts'
import { rolloutId } from '../../src/core/model.ts'
import { rolloutMachine } from '../../src/core/rollout/machine.ts'
import { type Newcomer, whyNotReplaced } from '../../src/core/rollout/replace.ts'
import type { RolloutPlan, RolloutState, Step } from '../../src/core/rollout/types.ts'
import { ada, idOf, measured, planOf, releaseOf, Story, verified, words } from './story.ts'

const hooks = (['before start', 'before traffic', 'after promotion', 'revert'] as const).map((at) => ({
  name: at.replace(' ', '-'),
  at,
  url: 'https://hooks.example.com/',
  timeout: at === 'revert' ? ('1h' as const) : ('1m' as const),
}))

const rich: Partial<EnvironmentConfig> = {
  hooks,
  strategy: {
    kind: 'canary',
    verify: true,
    steps: [
      { share: '0%', mirror: '10%', pause: '10s', scale: 1 },
      { share: '5%', bake: '10s', unitsMin: 10 },
      { share: '50%', approve: true },
    ],
    holdback: { share: '2%', bake: '10s', unitsMin: 1 },
    keepPrevious: false,
  },
}

const canary: Partial<EnvironmentConfig> = {
  strategy: { kind: 'canary', steps: [{ share: '5%', bake: '10s', unitsMin: 10 }], bake: '10s', keepPrevious: false },
}

const settings: readonly Partial<EnvironmentConfig>[] = [
  rich,
  { ...rich, onFail: 'pause' },
  { strategy: { kind: 'blueGreen', preview: [{ header: 'x-a' }], verify: true, approve: true }, hooks },
  { strategy: { kind: 'rolling', maxSurge: 1, maxUnavailable: '50%' } },
  { strategy: 'recreate' },
]

type Moment = { readonly state: RolloutState; readonly at: number }

/** Every state that a good rollout of these settings comes through, and each of them paused, backing off and set aside. */
const statesOf = (environment: Partial<EnvironmentConfig>): readonly Moment[] => {
  const moments: Moment[] = []
  const story = new Story(planOf(environment))
  for (let turn = 0; story.state.status === 'advancing'; turn += 1) {
    ok(turn < 2_000, 'it ends')
    const { state, at } = story
    const effect = rolloutMachine.outstanding(state)[0]
    const failure = { code: 'gateway_unreachable', retry: 'later', detail: 'x', evidence: [] } as const
    const events = [
      { type: 'pause_requested', at, by: ada, reason: null },
      { type: 'work_parked', at, detail: 'x' },
      ...(effect === undefined ? [] : [{ type: 'effect_failed', at, sequence: effect.sequence, failure } as const]),
    ] as const
    const others = events.map((event) => rolloutMachine.decide(state, event).state)
    moments.push(...[state, ...others].map((one) => ({ state: one, at })))
    story.step()
  }
  return moments
}

/** So many events, whatever is done, and it is over. */
const boundMax = 60

const settle = ({ state, at }: Moment): RolloutState => {
  const story = new Story(planOf(canary))
  story.state = state
  story.at = at
  for (let turn = 0; !rolloutMachine.settled(story.state); turn += 1) {
    ok(turn < boundMax, `not over after ${boundMax} events: ${JSON.stringify(story.state).slice(0, 300)}`)
    if (rolloutMachine.outstanding(story.state).length > 0) story.answer()
    else story.wake()
  }
  return story.state
}

test('abort ignored or looping in any state: from each, an abort is over after a few events', () => {
  let count = 0
  for (const environment of settings) {
    for (const { state, at } of statesOf(environment)) {
      const aborted = rolloutMachine.decide(state, { type: 'abort_requested', at, by: ada, reason: null })
      strictEqual(aborted.state.status, 'reverting')
      const again = rolloutMachine.decide(aborted.state, { type: 'abort_requested', at, by: ada, reason: null })
      strictEqual(again.state, aborted.state, 'a second one changes nothing')
      strictEqual(settle({ state: aborted.state, at }).status, 'rolled_back')
      count += 1
    }
  }
  ok(count > 100, `${count} states`)
})

test('promote that does not finish from a paused state: from each state it ends as succeeded', () => {
  for (const environment of settings) {
    for (const { state, at } of statesOf(environment)) {
      if (state.status !== 'advancing') continue
      const { state: promoted } = rolloutMachine.decide(state, { type: 'promote_requested', at, by: ada, reason: null })
      strictEqual(settle({ state: promoted, at }).status, 'succeeded')
    }
  }
})

test('errors at the final promotion step: the old release is taken down only after the router showed all traffic on the new one', () => {
  for (const environment of settings.slice(0, 4)) {
    const { steps } = planOf(environment)
    const retired = steps.findLastIndex((step) => step.kind === 'retire' && step.release === idOf('a'))
    const moved = steps.findLastIndex((step) => step.kind === 'shift')
    const last = steps[moved]
    deepStrictEqual(last?.kind === 'shift' && last.shares.map(({ release, shareBp }) => [release, shareBp]), [
      [idOf('b'), 10_000],
    ])
    ok(retired === -1 || moved < retired, 'no instance leaves while the router may send it something')
    ok(!steps.slice(moved).some((step) => step.kind === 'start' || step.kind === 'probe'), 'nothing starts after it')
  }
})

test('a waiting gate that stops judging: at an approval and at a hook, evidence turns the rollout back', () => {
  const bad = (story: Story): string =>
    story.look(measured(story.at, { logE: 9, candidate: { units: 100, badUnits: 50 } })).state.status
  strictEqual(bad(new Story(planOf(rich)).to('approve')), 'reverting')
  const asking = new Story(
    planOf({ ...canary, hooks: [{ name: 'slow', at: 'after traffic', url: 'https://x.example/', timeout: '1h' }] }),
  ).to('hook slow')
  asking.answer({ kind: 'answered', answer: { status: 'in_progress', detail: 'wait', retryAfterMs: 300_000 } })
  strictEqual(asking.advancing.stage.kind, 'asking')
  strictEqual(bad(asking), 'reverting')
})

test('a bad stable that blocks a good candidate: sickness of the old release turns nothing back, and one of its instances is enough to go back to', () => {
  const plan = planOf(canary)
  const story = new Story(plan).to('judge')
  const event = { type: 'instance_health_changed', at: story.at, release: idOf('a'), healthy: false } as const
  story.take({ ...event, instance: 'a-0' }).take({ ...event, instance: 'a-1' })
  strictEqual(story.state.status, 'advancing')
  for (const way of [plan.revert.warm, plan.revert.cold]) {
    const probe = way.find((step): step is Extract<Step, { kind: 'probe' }> => step.kind === 'probe')
    strictEqual(probe?.failuresMax, 1)
  }
})

test('a finished rollout that comes back to life: no event changes one that is over, or whose place was taken', () => {
  const over = new Story(planOf(canary)).until(({ status }) => status === 'succeeded').state
  const taken = new Story(planOf(canary)).to('judge')
  taken.take({ type: 'superseded', at: taken.at, by: ada, successor: rolloutId('rol_2') })
  strictEqual(taken.state.status, 'rolled_back')
  for (const state of [over, taken.state]) {
    const story = new Story(planOf(canary))
    story.state = state
    for (const type of [
      'abort_requested',
      'retry_requested',
      'promote_requested',
      'resume_requested',
      'approved',
    ] as const)
      strictEqual(story.command(type).state, state)
    strictEqual(
      story.take({ type: 'effect_succeeded', at: story.at, sequence: 1, result: { kind: 'done' } }).state,
      state,
    )
    strictEqual(story.take({ type: 'superseded', at: story.at, by: ada, successor: rolloutId('rol_3') }).state, state)
    deepStrictEqual([rolloutMachine.outstanding(state), rolloutMachine.nextAt(state)], [[], null])
  }
})

test('first deploy without a stable: every strategy brings it up, verified by its probes, and its way back closes the door', () => {
  for (const environment of settings) {
    const plan = planOf(environment, { from: null })
    const isChecked = typeof environment.strategy === 'object' && 'verify' in environment.strategy
    deepStrictEqual(plan.steps.filter(({ kind }) => kind !== 'hook').map(words), [
      'start b×2',
      'probe b×2',
      ...(isChecked ? ['verify b×2'] : []),
      'stable b×2 10000',
    ])
    deepStrictEqual(plan.revert.warm.filter(({ kind }) => kind !== 'hook').map(words), [
      'close',
      'drain b to 0',
      'retire b to 0',
    ])
    strictEqual(new Story(plan).until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
  }
})

test('success without a measurement: no report, an empty one and a broken check are never a pass', () => {
  for (const result of [{ kind: 'done' } as const, verified(), verified('passed', 'broken')]) {
    const story = new Story(planOf(rich)).to('verify')
    for (let attempt = 0; story.state.status === 'advancing'; attempt += 1) {
      ok(attempt < 20, 'it gives up')
      if (rolloutMachine.outstanding(story.state).length > 0) story.answer(result)
      else story.wake()
    }
    ok(story.state.status === 'reverting')
    strictEqual(story.state.cause.kind === 'step_failed' && story.state.cause.failure.code, 'verification_failed')
  }
})

test('success without a measurement: a judgement that counted nothing ends as a failure, in any strategy', () => {
  const story = new Story(planOf(canary)).to('judge')
  for (let turn = 0; story.state.status === 'advancing'; turn += 1) {
    ok(turn < 5_000, 'it gives up')
    const effect = rolloutMachine.outstanding(story.state)[0]
    if (effect === undefined) story.wake()
    else story.answer(measured(story.at, { candidate: { units: 0, badUnits: 0 } }))
  }
  ok(story.state.status === 'reverting')
  strictEqual(story.state.cause.kind, 'deadline')
})

test('a hook that never finishes is asked until its time is over, and then its config decides', () => {
  for (const [onTimeout, status] of [
    ['rollback', 'reverting'],
    ['continue', 'advancing'],
    ['pause', 'advancing'],
  ] as const) {
    const hook = { name: 'slow', at: 'before traffic', url: 'https://x.example/', timeout: '1m', onTimeout } as const
    const story = new Story(planOf({ ...canary, hooks: [hook] })).to('hook slow')
    const begun = story.at
    const index = story.advancing.index
    let asked = 0
    while (story.state.status === 'advancing' && story.state.index === index && story.state.paused === null) {
      ok((asked += 1) < 500, 'its time ends')
      if (rolloutMachine.outstanding(story.state).length === 0) story.wake()
      else story.answer({ kind: 'answered', answer: { status: 'in_progress', detail: 'wait', retryAfterMs: 0 } })
    }
    strictEqual(story.at - begun, 60_000)
    strictEqual(story.state.status, status)
    if (onTimeout === 'pause') {
      strictEqual(story.advancing.paused?.kind, 'deadline')
      strictEqual(story.command('retry_requested').advancing.stage.kind, 'performing')
      strictEqual(story.command('skip_requested').advancing.index, index + 1)
    }
  }
})

test('a hook on the way back is told, and whatever it says or does not say, the way back ends', () => {
  const back = (): Story =>
    new Story(planOf(rich))
      .to('judge')
      .command('abort_requested')
      .until((state) => state.status === 'reverting' && state.plan.revert[state.route][state.index]?.kind === 'hook')
  const no = back().answer({ kind: 'answered', answer: { status: 'failed', detail: 'no', evidence: [] } })
  strictEqual(no.state.status, 'rolled_back')
  const silent = back()
  const begun = silent.at
  while (silent.state.status === 'reverting') silent.wake()
  strictEqual(silent.state.status, 'rolled_back')
  ok(silent.at - begun <= 60_000)
})

test('a rollout that its config holds has its traffic back at once, and its candidate until somebody has looked', () => {
  const story = new Story(planOf({ ...canary, onFail: 'pause' })).to('judge')
  story.look(measured(story.at, { logE: 9, candidate: { units: 100, badUnits: 50 } }))
  story.until((state) => state.status === 'reverting' && state.stage.kind === 'awaiting')
  ok(story.state.status === 'reverting')
  deepStrictEqual(story.state.plan.revert.warm.slice(0, story.state.index).map(words), [
    'probe a×2',
    'stable a×2 10000',
  ])
  strictEqual(rolloutMachine.nextAt(story.state), null)
  strictEqual(settle({ state: story.command('abort_requested').state, at: story.at }).status, 'rolled_back')
})

test('a step that fails under onFail: pause waits with what it had, still judged, and a retry takes it up', () => {
  const story = new Story(planOf({ ...rich, onFail: 'pause' })).to('verify').answer(verified('failed'))
  deepStrictEqual([story.advancing.paused?.kind, story.advancing.stage.kind], ['step_failed', 'ready'])
  strictEqual(story.command('pause_requested').advancing.paused?.kind, 'step_failed', 'the first cause stays')
  strictEqual(story.command('retry_requested').advancing.stage.kind, 'performing')
  strictEqual(story.answer().until(({ status }) => status === 'succeeded').state.status, 'succeeded')
})

test('a hook that says no turns the rollout back, with what it said', () => {
  const story = new Story(planOf(rich)).to('hook before-traffic')
  story.answer({ kind: 'answered', answer: { status: 'failed', detail: '3 carts are empty', evidence: ['cart 7'] } })
  ok(story.state.status === 'reverting' && story.state.cause.kind === 'step_failed')
  deepStrictEqual(story.state.cause.failure, {
    code: 'hook_failed',
    retry: 'never',
    detail: 'hook before-traffic: 3 carts are empty',
    evidence: ['cart 7'],
  })
})

test('what the data plane has cut is never held forward, whatever onFail says', () => {
  const story = new Story(planOf({ ...canary, onFail: 'pause' })).to('stable a×2 9500').fail('gateway_tripped', 'never')
  strictEqual(story.state.status, 'reverting')
  const other = new Story(planOf({ ...canary, onFail: 'pause' })).to('stable a×2 9500').fail('port_in_use', 'never')
  strictEqual(other.advancing.paused?.kind, 'step_failed')
})

test('a broken version that blocks its own fix: a newer release takes the place of one that goes on, waits, turns back or is set aside', () => {
  const spec = releaseOf('c', canary).content.environments[0]
  ok(spec !== undefined)
  const newcomer = { release: idOf('c'), spec }
  for (const { state, at } of statesOf({ ...canary, onFail: 'pause' })) {
    ok(state.status !== 'absent')
    strictEqual(whyNotReplaced(state, newcomer), null)
    const back = rolloutMachine.decide(state, { type: 'abort_requested', at, by: ada, reason: null }).state
    for (const one of [state, back]) {
      const over = rolloutMachine.decide(one, { type: 'superseded', at, by: ada, successor: rolloutId('rol_2') })
      deepStrictEqual([over.state.status, over.effects], ['rolled_back', []])
    }
  }
})

test('nothing takes the place of a rollback but one to what somebody named, nor of the same release, or where two releases may not run together', () => {
  const live = (plan: RolloutPlan): Exclude<RolloutState, { status: 'absent' }> => {
    const { state } = new Story(plan)
    ok(state.status !== 'absent')
    return state
  }
  const asked = (plan: RolloutPlan, letter: string, change: Partial<Newcomer>): string => {
    const spec = releaseOf(letter, canary).content.environments[0]
    ok(spec !== undefined)
    return whyNotReplaced(live(plan), { release: idOf(letter), spec, ...change }) ?? 'nothing'
  }
  const why = (plan: RolloutPlan, letter: string, environment: Partial<EnvironmentConfig> = canary): string => {
    const spec = releaseOf(letter, environment).content.environments[0]
    return asked(plan, letter, spec === undefined ? {} : { spec })
  }
  for (const plan of [planOf(canary), planOf(canary, { purpose: 'rollback' }), planOf({ strategy: 'recreate' })])
    strictEqual(asked(plan, 'c', { purpose: 'rollback' }), 'nothing')
  match(asked(planOf(canary), 'b', { purpose: 'rollback' }), /the same release/)
  strictEqual(why(planOf(canary), 'c'), 'nothing')
  match(why(planOf(canary, { purpose: 'rollback' }), 'c'), /is a rollback/)
  match(why(planOf(canary), 'b'), /the same release/)
  match(why(planOf(canary), 'a'), /abort it instead/)
  match(why(planOf({ strategy: 'recreate' }), 'c'), /may not run together/)
  match(why(planOf(canary), 'c', { strategy: 'recreate' }), /may not run together/)
})

test('whoever asks to take the place of one rollout may not take that of another', () => {
  const release = releaseOf('c', canary)
  const [spec] = release.content.environments
  ok(spec !== undefined)
  const environment = { ...emptyEnvironment('shop', 'production'), live: rolloutId('rol_1') }
  const input = { purpose: 'deploy', release, spec, environment, before: null, now: 1 } as const
  strictEqual(admit(input).kind, 'refused')
  strictEqual(admit({ ...input, replaces: rolloutId('rol_2') }).kind, 'refused')
  strictEqual(admit({ ...input, replaces: rolloutId('rol_1') }).kind, 'admitted')
})

test('the candidate of a rollout whose place was taken is never a way back, and is forgotten once somebody has cleared up', () => {
  const [first, second] = [rolloutId('rol_1'), rolloutId('rol_2')]
  const settled = { type: 'rollout_settled', at: 2, from: idOf('a'), keepsPrevious: true } as const
  const before = { ...emptyEnvironment('shop', 'production'), serving: idOf('a'), verified: [idOf('a')] }
  const take = (state: EnvironmentState, event: EnvironmentEvent): EnvironmentState =>
    environmentMachine.decide(state, event).state
  const live = take(before, { type: 'rollout_admitted', at: 1, rollout: first, release: idOf('b') })
  const taken = take(live, { ...settled, rollout: first, outcome: 'rolled_back', to: idOf('b'), superseded: true })
  deepStrictEqual([taken.serving, taken.kept, taken.abandoned, taken.live], [idOf('a'), [], [idOf('b')], null])
  const newer = take(taken, { type: 'rollout_admitted', at: 3, rollout: second, release: idOf('c') })
  strictEqual(newer.token, taken.token + 1, 'what the older one has in flight is too old from now on')
  const back = take(newer, { ...settled, rollout: second, outcome: 'rolled_back', to: idOf('c') })
  deepStrictEqual(back.abandoned, [idOf('b')], 'perhaps it is still there')
  const release = releaseOf('b', canary)
  const [spec] = release.content.environments
  ok(spec !== undefined)
  const rollback = admit({ purpose: 'rollback', release, spec, environment: back, before: null, now: 1 })
  strictEqual(rollback.kind, 'refused')
  const done = take(newer, { ...settled, rollout: second, outcome: 'succeeded', to: idOf('c') })
  ok(!('abandoned' in done))
})

test('a newcomer that fails at once brings the stable release back whole, whatever the rollout before it had retired', () => {
  const { state, at } = new Story(planOf(canary, { abandoned: [idOf('c')] }))
  const sequence = rolloutMachine.outstanding(state)[0]?.sequence ?? 0
  const failure = { code: 'start_failed', retry: 'never', detail: 'no room', evidence: [] } as const
  const back = rolloutMachine.decide(state, { type: 'effect_failed', at, sequence, failure }).state
  ok(back.status === 'reverting')
  strictEqual(back.route, 'cold')
})
