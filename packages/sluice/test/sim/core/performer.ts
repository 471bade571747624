/** The simulated engine's hands, and the network between them and the world: performs effects, badly. */
import type { ErrorCode, Retry } from '../../../src/core/errors.ts'
import { limits } from '../../../src/core/limits.ts'
import { unreachable } from '../../../src/core/machine.ts'
import type { Action, EffectResult, Failure, RolloutEffect, Share } from '../../../src/core/rollout/types.ts'
import { faults } from './faults.ts'
import { readingsOf } from './outside.ts'
import type { MessageKind } from './queue.ts'
import { instancesMax, slotOf } from './releases.ts'
import type { Setting } from './setting.ts'
import { firstOf, isExclusive, type Reply } from './world.ts'

const failure = (code: ErrorCode, retry: Retry): Failure => ({ code, retry, detail: code, evidence: [] })

const failures = {
  fence_stale: failure('fence_stale', 'never'),
  gateway_tripped: failure('gateway_tripped', 'never'),
  retire_refused: failure('retire_refused', 'later'),
  nobody_there: failure('health_failed', 'later'),
  not_applied: failure('route_unconfirmed', 'later'),
  silent: failure('gateway_unreachable', 'later'),
  never: failure('start_failed', 'never'),
  same: failure('outcome_unknown', 'same'),
  later: failure('gateway_unreachable', 'later'),
  unanswered: failure('hook_unreachable', 'later'),
} as const

const done: EffectResult = { kind: 'done' }
const probed: readonly EffectResult[] = Array.from({ length: instancesMax + 1 }, (_, healthy) => ({
  kind: 'probed',
  healthy,
  detail: 'probed',
  evidence: [],
}))

const passedReport = ['passed'] as const
/** A check that could not look, and a report without one. */
const brokenReports = [['passed', 'broken'], []] as const
/** What hooks say about when to ask again. */
const lies: readonly number[] = [Number.NaN, -5, 0, 100]

/** One candidate unit each so many milliseconds. */
const unitMs = 20

/** Effects that may be repeated by a leader that does not know it is none. */
const remembered = 8

/** The shares of a shift, and of whom it reaches without one. */
const reachedBy = ({ shares, mirror }: Extract<Action, { kind: 'shift' }>): readonly Share[] =>
  mirror === undefined || shares.some(({ release }) => release === mirror.release)
    ? shares
    : [...shares, { arm: 'candidate', release: mirror.release, count: mirror.count, shareBp: 0 }]

/** See the file's header. */
export class Performer {
  readonly #setting: Setting
  /** The newest of those that were sent, in a ring. */
  readonly #recent: RolloutEffect[] = []
  #sent = 0
  #newestArrived = 0

  constructor(setting: Setting) {
    this.#setting = setting
  }

  /** Ready for a schedule. */
  reset(): void {
    this.#sent = 0
    this.#newestArrived = 0
  }

  /** Sends an effect on its way. */
  send(effect: RolloutEffect): void {
    const { random } = this.#setting
    const latencyMs = 1 + (random.next() & 31)
    this.#recent[this.#sent % remembered] = effect
    this.#sent += 1
    if (this.#setting.strikes(faults.effect_dropped)) {
      if (this.#setting.strikes(faults.outcome_unknown)) this.#push('ack', latencyMs, effect)
      return
    }
    const lateMs = this.#setting.strikes(faults.effect_late) ? random.below(2 * effect.deadlineMs) : 0
    this.#push('effect', latencyMs + lateMs, effect)
    if (this.#setting.strikes(faults.effect_duplicated))
      this.#push('effect', random.below(2 * effect.deadlineMs), effect)
  }

  /** A leader that was replaced does once more what it was told before. */
  repeatOld(): boolean {
    const { random } = this.#setting
    // The oldest that is remembered is number 0.
    const number = Math.max(0, this.#sent - remembered) + random.below(remembered)
    const effect = number < this.#sent ? this.#recent[number % remembered] : undefined
    if (effect === undefined) return false
    this.#push('effect', random.below(1_000), effect)
    return true
  }

  /** An effect has reached the world. `isWanted`: the ledger still waits for it. */
  arrive(effect: RolloutEffect, isWanted: boolean): void {
    const order = effect.fence.token * 65_536 + effect.sequence
    if (order < this.#newestArrived) this.#setting.struck(faults.effect_reordered)
    else this.#newestArrived = order
    if (!isWanted) this.#setting.struck(faults.zombie_effect)
    if (effect.action.kind !== 'measure' && this.#failedInDriver(effect)) return
    switch (effect.action.kind) {
      case 'start':
        return this.#reply(effect, this.#start(effect))
      case 'probe':
        return this.#probe(effect)
      case 'shift':
        return this.#shiftFirstHalf(effect)
      case 'drain':
        return this.#ack(effect, done)
      case 'retire':
        return this.#retireFirstHalf(effect)
      case 'verify':
        return this.#verify(effect)
      case 'hook':
        return this.#hook(effect)
      case 'measure':
        return this.#measure(effect)
      default:
        return unreachable(effect.action)
    }
  }

  /** What was looked at before is acted upon now. */
  secondHalf(effect: RolloutEffect, packed: number): void {
    if (effect.action.kind === 'retire') return this.#retire(effect)
    if (effect.action.kind === 'shift') this.#shift(effect, packed)
  }

  /** All instances answer, or it took too long. */
  probeOver(effect: RolloutEffect): void {
    const { action } = effect
    if (action.kind !== 'probe') return
    const mask = this.#setting.world.healthy(slotOf(action.release)) & firstOf(action.count)
    const healthy = (mask & 1) + ((mask >> 1) & 1) + ((mask >> 2) & 1)
    this.#ack(effect, probed[healthy] ?? done)
  }

  /** A route that was acknowledged comes into force, unless a newer one did. */
  routeApplied(effect: RolloutEffect, packed: number): void {
    const { action, fence } = effect
    if (action.kind === 'shift' && this.#setting.world.ask(action.shares, fence) === 'done')
      this.#setting.world.shift(reachedBy(action), packed, action.whenEmpty)
  }

  /** A fault inside the driver: nothing happened, or nobody knows. */
  #failedInDriver(effect: RolloutEffect): boolean {
    const { kind } = effect.action
    if (this.#setting.strikes(faults.driver_error_later)) this.#refuse(effect, failures.later)
    else if (kind !== 'probe' && this.#setting.strikes(faults.driver_error_never)) this.#refuse(effect, failures.never)
    else if (this.#setting.strikes(faults.driver_error_same)) {
      if (kind === 'start' && (this.#setting.random.next() & 1) === 0) this.#start(effect)
      this.#refuse(effect, failures.same)
    } else return false
    return true
  }

  #start({ action, fence }: RolloutEffect): Reply {
    if (action.kind !== 'start') return 'done'
    const { world, random, neverHealthy, lastNeverHealthy } = this.#setting
    const slot = slotOf(action.release)
    const slowMs = this.#setting.strikes(faults.slow_start) ? random.below(6_000) : 0
    const quickMs = 5 + (random.next() & 127) + slowMs
    const isNever = (index: number): boolean =>
      neverHealthy[slot] === true || (lastNeverHealthy[slot] === true && index === 2)
    return world.start(action.release, action.count, fence, (index) =>
      isNever(index) ? Infinity : world.now + quickMs,
    )
  }

  #probe(effect: RolloutEffect): void {
    const { action } = effect
    if (action.kind !== 'probe') return
    const { world } = this.#setting
    const slot = slotOf(action.release)
    const readyAt = world.allReadyAt(slot, firstOf(action.count) & (world.exists[slot] ?? 0))
    if (readyAt <= world.now) return this.probeOver(effect)
    const waitMs = Math.min(readyAt - world.now, effect.deadlineMs - limits.callMarginMs)
    this.#push('probe_over', waitMs, effect)
  }

  #shiftFirstHalf(effect: RolloutEffect): void {
    const { action } = effect
    if (action.kind !== 'shift') return
    const packed = this.#setting.world.upstreamsFor(reachedBy(action))
    if (packed < 0) return this.#refuse(effect, failures.nobody_there)
    if (this.#setting.strikes(faults.effect_split))
      return this.#push('effect_second_half', this.#setting.random.below(3_000), effect, packed)
    this.#shift(effect, packed)
  }

  #shift(effect: RolloutEffect, packed: number): void {
    const { action, fence } = effect
    if (action.kind !== 'shift') return
    const { world } = this.#setting
    const reply = world.ask(action.shares, fence)
    if (reply !== 'done') return this.#reply(effect, reply)
    const isChecked = this.#isChecked(action.shares)
    if (isChecked && this.#setting.strikes(faults.router_lied)) return this.#ack(effect, done)
    if (this.#setting.strikes(faults.router_not_applied)) return this.#refuse(effect, failures.not_applied)
    if (isChecked && this.#setting.strikes(faults.router_applied_late))
      this.#push('route_applied', this.#setting.random.below(3_000), effect, packed)
    else world.shift(reachedBy(action), packed, action.whenEmpty)
    // It says so itself: the receipt shows no mirror, no rule, no preview address.
    if (
      (action.mirror ?? action.rules ?? action.preview) !== undefined &&
      this.#setting.strikes(faults.router_ignored_mirror)
    )
      return this.#refuse(effect, failures.not_applied)
    this.#ack(effect, done)
  }

  /**
   * A router may say that a route is in force which is not (yet), wherever a retire comes after: the retire looks for itself. Where
   * nothing comes after, nobody but the router could know.
   */
  #isChecked(shares: readonly Share[]): boolean {
    const { plan } = this.#setting.world
    if (plan === null || plan.from === null) return false
    if (isExclusive(plan)) return shares.length === 0
    return shares[0]?.release !== plan.to || plan.steps.at(-1)?.kind === 'retire'
  }

  #retireFirstHalf(effect: RolloutEffect): void {
    const { action } = effect
    if (action.kind !== 'retire') return
    if (this.#setting.world.routed(action.release) > action.keep) return this.#refuse(effect, failures.retire_refused)
    if (this.#setting.strikes(faults.effect_split))
      return this.#push('effect_second_half', this.#setting.random.below(3_000), effect)
    this.#retire(effect)
  }

  #retire(effect: RolloutEffect): void {
    const { action, fence } = effect
    if (action.kind === 'retire') this.#reply(effect, this.#setting.world.retire(action.release, action.keep, fence))
  }

  #measure(effect: RolloutEffect): void {
    const { world, badResponses } = this.#setting
    if (this.#setting.strikes(faults.metrics_missing)) return this.#refuse(effect, failures.silent)
    const to = world.plan === null ? 0 : slotOf(world.plan.to)
    const ageMs = this.#setting.strikes(faults.metrics_stale) ? 1_600 + this.#setting.random.below(10_000) : 0
    const units =
      (world.shareBp[to] ?? 0) > 0 ? Math.max(0, Math.floor((world.now - world.shiftedAt - ageMs) / unitMs)) : 0
    const badUnits = badResponses[to] === true ? units : 0
    const logE = this.#setting.strikes(faults.metrics_without_evidence) ? null : badUnits > 2 ? 5 : 0
    this.#ack(effect, {
      kind: 'measured',
      logE,
      shareBp: world.shareBp[to] ?? 0,
      candidate: { units, badUnits },
      stable: { units: 10 * units, badUnits: 0 },
      tripped: world.trippedToken === effect.fence.token,
      observedAt: world.wall() - ageMs,
      ...readingsOf(this.#setting, world.plan),
    })
  }

  #verify(effect: RolloutEffect): void {
    const outcomes = this.#setting.strikes(faults.verifier_broken)
      ? (brokenReports[this.#setting.random.next() & 1] ?? [])
      : passedReport
    const results = outcomes.map((outcome) => ({ name: 'home', outcome, detail: '', durationMs: 1, evidence: [] }))
    this.#ack(effect, { kind: 'verified', report: { scope: 'candidate', results } })
  }

  #hook(effect: RolloutEffect): void {
    const { random } = this.#setting
    if (this.#setting.strikes(faults.hook_silent)) return
    if (this.#setting.strikes(faults.hook_unreachable)) return this.#refuse(effect, failures.unanswered)
    if (this.#setting.strikes(faults.hook_said_no))
      return this.#ack(effect, { kind: 'answered', answer: { status: 'failed', detail: 'no', evidence: [] } })
    if (this.#setting.strikes(faults.hook_in_progress))
      return this.#ack(effect, {
        kind: 'answered',
        answer: { status: 'in_progress', detail: 'wait', retryAfterMs: random.below(4_000) },
      })
    // Not finished, and finished; neither soon nor ever; a pause that is no number.
    if (this.#setting.strikes(faults.hook_lied)) {
      const retryAfterMs = lies[random.next() & 3] ?? 0
      this.#ack(effect, { kind: 'answered', answer: { status: 'in_progress', detail: 'wait', retryAfterMs } })
    }
    this.#ack(effect, { kind: 'answered', answer: { status: 'succeeded', detail: 'yes' } })
  }

  #reply(effect: RolloutEffect, reply: Reply): void {
    if (reply === 'done') this.#ack(effect, done)
    else this.#refuse(effect, failures[reply])
  }

  #ack(effect: RolloutEffect, result: EffectResult): void {
    this.#answer(effect, result, null)
  }

  #refuse(effect: RolloutEffect, failure: Failure): void {
    this.#answer(effect, null, failure)
  }

  #answer(effect: RolloutEffect, result: EffectResult | null, failure: Failure | null): void {
    if (this.#setting.strikes(faults.ack_dropped)) return
    const { random, queue, world } = this.#setting
    const lateMs = this.#setting.strikes(faults.ack_late) ? random.below(2 * effect.deadlineMs) : 0
    const at = world.now + 1 + (random.next() & 15) + lateMs
    queue.push({ at, kind: 'ack', effect, result, failure, number: 0 })
    if (this.#setting.strikes(faults.ack_duplicated))
      queue.push({ at: world.now + random.below(4_000), kind: 'ack', effect, result, failure, number: 0 })
  }

  #push(kind: MessageKind, afterMs: number, effect: RolloutEffect, number: number = 0): void {
    const { queue, world } = this.#setting
    queue.push({ at: world.now + afterMs, kind, effect, result: null, failure: null, number })
  }
}
