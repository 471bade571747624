/** Single histories of the rollout machine, each of which went wrong once or must never go wrong. The simulator meets them at random. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvironmentSpec, ReleaseId } from '../model.ts'
import type { Strategy } from '../strategy.ts'
import { releaseId, rolloutId } from '../model.ts'
import { rolloutMachine } from './machine.ts'
import { revertSteps, stepsOf } from './strategies/registry.ts'
import type { EffectResult, RolloutEvent, RolloutPlan, RolloutState } from './types.ts'

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const by = { kind: 'person', name: 'ada' } as const
const day = 86_400_000

const specOf = (strategy: Strategy, startTimeoutMs: number): EnvironmentSpec => ({
  name: 'production',
  after: null,
  listen: { host: '127.0.0.1', port: 8080 },
  instances: 2,
  config: {},
  secretVersions: {},
  strategy,
  health: { path: '/', intervalMs: 100, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1_000, staleAfterMs: 3_000 },
  sticky: { kind: 'none' },
  drainTimeoutMs: 500,
  stopGraceMs: 300,
  progressDeadlineMs: 600_000,
  approvals: 0,
  freeze: [],
})

const canary: Strategy = {
  kind: 'canary',
  steps: [{ kind: 'bake', shareBp: 500, bakeMs: 10_000, unitsMin: 10 }],
  bakeMs: 5_000,
  keepPrevious: false,
}

const planOf = (strategy: Strategy): RolloutPlan => {
  const input = { from: { release: idOf('a'), instances: 2 }, to: { release: idOf('b'), instances: 2 } }
  return {
    purpose: 'deploy',
    strategy: strategy.kind,
    service: 'shop',
    from: idOf('a'),
    to: idOf('b'),
    steps: stepsOf(strategy, input),
    revert: revertSteps(input, 'together'),
    spec: specOf(strategy, 2_000),
    fromSpec: specOf(strategy, 90_000),
    unhealthyMax: 0,
  }
}

const measured = (at: number, change: Partial<Extract<EffectResult, { kind: 'measured' }>> = {}): EffectResult => ({
  kind: 'measured',
  logE: 0,
  shareBp: 500,
  candidate: { units: 100, badUnits: 0 },
  stable: { units: 1_000, badUnits: 0 },
  tripped: false,
  observedAt: at,
  ...change,
})

/** A rollout that is met with events by hand. */
class Story {
  state: RolloutState = { status: 'absent' }
  at = 10 * day

  constructor(strategy: Strategy = canary) {
    this.take({ type: 'rollout_started', at: this.at, id: rolloutId('rol_1'), token: 1, plan: planOf(strategy), by })
  }

  take(event: RolloutEvent): this {
    this.state = rolloutMachine.decide(this.state, event).state
    return this
  }

  command(
    type: 'abort_requested' | 'pause_requested' | 'resume_requested' | 'promote_requested' | 'retry_requested',
  ): this {
    return this.take({ type, at: this.at, by, reason: null })
  }

  /** Answers the effect in flight, the judge's own lane last. */
  answer(result?: EffectResult): this {
    const effect = rolloutMachine.outstanding(this.state)[0]
    ok(effect, 'there is an effect in flight')
    const { action, sequence } = effect
    const good: EffectResult =
      action.kind === 'probe'
        ? { kind: 'probed', healthy: action.count, detail: '', evidence: [] }
        : action.kind === 'measure'
          ? measured(this.at)
          : { kind: 'done' }
    return this.take({ type: 'effect_succeeded', at: this.at, sequence, result: result ?? good })
  }

  fail(code: 'retire_refused' | 'health_failed' | 'gateway_unreachable', retry: 'never' | 'later'): this {
    const sequence = rolloutMachine.outstanding(this.state)[0]?.sequence ?? 0
    return this.take({
      type: 'effect_failed',
      at: this.at,
      sequence,
      failure: { code, retry, detail: code, evidence: [] },
    })
  }

  /** Time passes to when the machine next wants it, and `lateMs` more. */
  wake(lateMs = 0): this {
    const due = rolloutMachine.nextAt(this.state)
    ok(due !== null, 'something is due')
    this.at = Math.max(this.at, due) + lateMs
    return this.take({ type: 'time_passed', at: this.at })
  }

  /** Wakes and answers until `isThere`; the step at which it stops. */
  until(isThere: (state: RolloutState) => boolean): this {
    for (let turn = 0; !isThere(this.state); turn += 1) {
      ok(turn < 200, 'the story gets there')
      if (rolloutMachine.outstanding(this.state).length > 0) this.answer()
      else this.wake()
    }
    return this
  }

  get advancing(): Extract<RolloutState, { status: 'advancing' }> {
    ok(this.state.status === 'advancing', this.state.status)
    return this.state
  }
}

const stepKind = (state: RolloutState): string | undefined =>
  state.status === 'advancing' ? state.plan.steps[state.index]?.kind : undefined

test('a good release goes all the way', () => {
  strictEqual(new Story().until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
})

test('a clock set back by a day stops neither the judge nor a bake nor a retry', () => {
  const judged = new Story().until((state) => stepKind(state) === 'judge')
  judged.at -= day
  judged.take({ type: 'time_passed', at: judged.at })
  const due = rolloutMachine.nextAt(judged.state)
  ok(due !== null && due <= judged.at + 1_000, 'the judge looks within its interval')
  const retried = new Story().fail('gateway_unreachable', 'later')
  retried.at -= day
  retried.take({ type: 'time_passed', at: retried.at })
  const retryAt = rolloutMachine.nextAt(retried.state)
  ok(retryAt !== null && retryAt <= retried.at + 30_000, 'the retry comes within its longest pause')
  strictEqual(judged.until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
})

test('downtime, and a clock set forward, are no lack of progress', () => {
  const story = new Story().wake(day)
  strictEqual(story.state.status, 'advancing')
  strictEqual(story.until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
})

test('a step that makes no progress while somebody is there turns the rollout back', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  for (let turn = 0; story.state.status === 'advancing' && turn < 2_000; turn += 1) {
    if (rolloutMachine.outstanding(story.state).length > 0)
      story.answer(measured(story.at, { candidate: { units: 0, badUnits: 0 } }))
    else story.wake()
  }
  ok(story.state.status === 'reverting')
  strictEqual(story.state.cause.kind, 'deadline')
})

test('a jump of the clock cannot end a bake', () => {
  const story = new Story().until((state) => stepKind(state) === 'wait')
  const began = story.at
  story.at += day
  story.take({ type: 'time_passed', at: story.at })
  strictEqual(stepKind(story.state), 'wait')
  story.until((state) => stepKind(state) !== 'wait')
  ok(story.at - began - day >= 4_000, 'all but two portions were truly rested')
})

test('a baked judgement without units holds, and does not fill the ledger with wake-ups', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  const began = story.at
  let wakes = 0
  while (story.at < began + 60_000) {
    if (rolloutMachine.outstanding(story.state).length > 0)
      story.answer(measured(story.at, { candidate: { units: 9, badUnits: 0 } }))
    else {
      story.wake()
      wakes += 1
    }
  }
  strictEqual(stepKind(story.state), 'judge')
  strictEqual(story.advancing.lastVerdict?.verdict, 'hold')
  ok(wakes < 120, `${wakes} wake-ups in a minute of one look a second`)
})

test('a source that is silent too long pauses the rollout, and the next good counts take it up again', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  while (story.advancing.paused === null) {
    if (rolloutMachine.outstanding(story.state).length > 0) story.fail('gateway_unreachable', 'later')
    else story.wake()
  }
  strictEqual(story.advancing.paused.kind, 'broken')
  strictEqual(story.until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
})

test('a pause for a silent source ends where there is nothing left to compare', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  story.command('promote_requested')
  const shift = rolloutMachine.outstanding(story.state).find(({ action }) => action.kind === 'shift')
  ok(shift, 'the shift to 100 % is in flight')
  const silent = { ...story.advancing, paused: { kind: 'broken', detail: 'no counts' } } as const
  story.state = silent
  story.take({ type: 'effect_succeeded', at: story.at, sequence: shift.sequence, result: { kind: 'done' } })
  strictEqual(story.advancing.paused, null)
})

test('no counts, stale counts, counts from the future and counts without evidence never pass', () => {
  const bad: readonly Partial<Extract<EffectResult, { kind: 'measured' }>>[] = [
    { observedAt: 9 * day },
    { observedAt: 20 * day },
    { observedAt: Number.NaN },
    { logE: null },
    { logE: Number.NaN },
    { candidate: { units: 0, badUnits: 0 } },
  ]
  for (const change of bad) {
    const story = new Story().until((state) => stepKind(state) === 'judge')
    for (let turn = 0; turn < 60 && story.state.status === 'advancing'; turn += 1) {
      if (rolloutMachine.outstanding(story.state).length > 0) story.answer(measured(story.at, change))
      else if (rolloutMachine.nextAt(story.state) !== null) story.wake()
    }
    ok(story.state.status !== 'succeeded' && stepKind(story.state) !== 'shift', JSON.stringify(change))
  }
})

test('an answer that is no receipt does not pass a probe', () => {
  const story = new Story().answer()
  strictEqual(stepKind(story.state), 'probe')
  strictEqual(story.answer({ kind: 'done' }).state.status, 'reverting')
})

test('a trip turns back at once, from anywhere forward, paused or not', () => {
  const units = { units: 10, badUnits: 9 }
  const verdict = {
    verdict: 'fail',
    at: 1,
    logE: 5,
    shareBp: 500,
    candidate: units,
    stable: units,
    detail: 'cut',
  } as const
  const story = new Story().until((state) => stepKind(state) === 'judge').command('pause_requested')
  story.take({ type: 'tripped', at: story.at, verdict })
  ok(story.state.status === 'reverting')
  deepStrictEqual(story.state.cause, { kind: 'tripped', verdict })
})

test('on the way back, a retire that is refused walks the way back again, because an earlier step is not in force', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge').command('abort_requested')
  story.answer().answer().answer()
  strictEqual(rolloutMachine.outstanding(story.state)[0]?.action.kind, 'retire')
  story.fail('retire_refused', 'later').wake()
  strictEqual(rolloutMachine.outstanding(story.state)[0]?.action.kind, 'probe')
  strictEqual(story.until((state) => rolloutMachine.settled(state)).state.status, 'rolled_back')
})

test('an old release that does not answer is started again before it gets traffic', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge').command('abort_requested')
  story.answer({ kind: 'probed', healthy: 0, detail: 'refused', evidence: [] })
  strictEqual(rolloutMachine.outstanding(story.state)[0]?.action.kind, 'start')
  strictEqual(story.until((state) => rolloutMachine.settled(state)).state.status, 'rolled_back')
})

test('the old release has the time to start that it says itself, not what the new one says', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge').command('abort_requested')
  story.answer({ kind: 'probed', healthy: 0, detail: 'refused', evidence: [] })
  const start = rolloutMachine.outstanding(story.state)[0]
  strictEqual(start?.deadlineMs, 90_000)
})

test('from every state, an abort leads back', () => {
  const story = new Story()
  for (;;) {
    const aborted = rolloutMachine.decide(story.state, {
      type: 'abort_requested',
      at: story.at,
      by,
      reason: 'no',
    }).state
    strictEqual(aborted.status, 'reverting')
    if (rolloutMachine.outstanding(story.state).length > 0) story.answer()
    else story.wake()
    if (rolloutMachine.settled(story.state)) return
  }
})

test('what was set aside after old instances were retired, and was taken up again, brings them up on its way back', () => {
  const story = new Story({ kind: 'rolling', batchSize: 1, pauseMs: 0, maxFailurePercent: 0 })
  story.until((state) => state.status === 'advancing' && !state.warm && stepKind(state) === 'start')
  story.take({ type: 'work_parked', at: story.at, detail: 'taken up again and again' }).command('retry_requested')
  strictEqual(story.advancing.warm, false)
  const { state } = story.command('abort_requested')
  strictEqual(state.status === 'reverting' && state.route, 'cold')
})

test('a paused rollout finishes what is in flight, begins nothing, and goes on judging', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge').command('pause_requested')
  const { index } = story.advancing
  for (let turn = 0; turn < 100; turn += 1) {
    if (rolloutMachine.outstanding(story.state).length > 0) story.answer()
    else story.wake()
  }
  strictEqual(story.advancing.index, index)
  strictEqual(story.advancing.lastVerdict?.at, story.at)
  strictEqual(
    story.command('resume_requested').until((state) => rolloutMachine.settled(state)).state.status,
    'succeeded',
  )
})

test('a failure that may pass is tried again, five times in all; one that may not turns back at once', () => {
  const story = new Story()
  for (let attempt = 1; attempt < 5; attempt += 1) {
    story.fail('gateway_unreachable', 'later')
    strictEqual(story.advancing.stage.kind, 'backing_off')
    story.wake()
    strictEqual(rolloutMachine.outstanding(story.state)[0]?.key, 'rol_1/forward/start/'.concat(idOf('b'), '/2'))
  }
  strictEqual(story.fail('gateway_unreachable', 'later').state.status, 'reverting')
  strictEqual(new Story().fail('health_failed', 'never').state.status, 'reverting')
})

test('only the health of the candidate turns back, and only beyond what its plan allows', () => {
  const health = (release: ReleaseId, instance: string, healthy: boolean): RolloutEvent => ({
    type: 'instance_health_changed',
    at: 10 * day,
    instance,
    release,
    healthy,
  })
  const story = new Story().take(health(idOf('a'), 'a-0', false)).take(health(idOf('a'), 'a-1', false))
  strictEqual(story.state.status, 'advancing')
  story.state = { ...story.advancing, plan: { ...story.advancing.plan, unhealthyMax: 1 } }
  story.take(health(idOf('b'), 'b-0', false)).take(health(idOf('b'), 'b-0', false))
  strictEqual(story.state.status, 'advancing')
  story.take(health(idOf('b'), 'b-0', true)).take(health(idOf('b'), 'b-1', false))
  deepStrictEqual(story.advancing.unhealthy, ['b-1'])
  strictEqual(story.take(health(idOf('b'), 'b-0', false)).state.status, 'reverting')
})

test('stale counts for too long pause the rollout like silence does', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  for (let turn = 0; turn < 20; turn += 1) {
    if (rolloutMachine.outstanding(story.state).length > 0) story.answer(measured(story.at, { observedAt: 1 }))
    else story.wake()
  }
  strictEqual(story.advancing.paused?.kind, 'broken')
})

test('everybody counts once where a step waits for two', () => {
  const story = new Story()
  const { plan } = story.advancing
  const steps = [{ kind: 'approve', approvals: 2, reason: 'go' } as const, ...plan.steps]
  story.state = { ...story.advancing, plan: { ...plan, steps }, stage: { kind: 'awaiting', approvals: [] } }
  const approve = (name: string): RolloutEvent => ({
    type: 'approved',
    at: story.at,
    by: { kind: 'person', name },
    reason: null,
  })
  story.take(approve('ada')).take(approve('ada'))
  strictEqual(stepKind(story.state), 'approve')
  strictEqual(stepKind(story.take(approve('grace')).state), 'start')
})

test('evidence against the candidate turns back at the same look, with the numbers as the cause', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge')
  while (rolloutMachine.outstanding(story.state).length === 0) story.wake()
  story.answer(measured(story.at, { logE: 5, candidate: { units: 100, badUnits: 40 } }))
  ok(story.state.status === 'reverting' && story.state.cause.kind === 'judged')
  deepStrictEqual(story.state.cause.verdict.candidate, { units: 100, badUnits: 40 })
})

test('a silent source does not keep a step in doubt from being tried again: the doubt may be why it is silent', () => {
  const story = new Story().until((state) => stepKind(state) === 'judge').command('promote_requested')
  const shift = rolloutMachine.outstanding(story.state).find(({ action }) => action.kind === 'shift')
  const isShift = (state: RolloutState): boolean =>
    state.status === 'advancing' && state.stage.kind === 'performing' && state.stage.effect.key === shift?.key
  // The answer to the shift got lost, and with it in force there is no evidence any more.
  for (let turn = 0; turn < 60 && story.advancing.stage.kind !== 'backing_off'; turn += 1) {
    const looked = rolloutMachine.outstanding(story.state).find(({ action }) => action.kind === 'measure')
    if (looked === undefined) story.wake()
    else
      story.take({
        type: 'effect_succeeded',
        at: story.at,
        sequence: looked.sequence,
        result: measured(story.at, { logE: null }),
      })
  }
  strictEqual(story.advancing.paused?.kind, 'broken')
  for (let turn = 0; turn < 5 && !isShift(story.state); turn += 1) story.wake()
  ok(isShift(story.state), 'the shift is tried again')
  const again = rolloutMachine.outstanding(story.state).find(({ action }) => action.kind === 'shift')
  story.take({ type: 'effect_succeeded', at: story.at, sequence: again?.sequence ?? 0, result: { kind: 'done' } })
  strictEqual(story.advancing.paused, null)
  strictEqual(story.until((state) => rolloutMachine.settled(state)).state.status, 'succeeded')
})
