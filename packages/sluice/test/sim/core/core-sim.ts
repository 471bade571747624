/**
 * The core simulator: the rollout and environment machines alone, in a faulty world, one schedule a seed.
 *
 * A schedule is the life of one environment through one to three rollouts. First the weather is bad and only safety is demanded; then
 * it clears (after a number of steps that the seed says), a person answers what waits for a person, and everything must settle.
 */
import { admit } from '../../../src/core/admission.ts'
import type { Actor, Release } from '../../../src/core/model.ts'
import { rolloutId } from '../../../src/core/model.ts'
import { whyNotReplaced } from '../../../src/core/rollout/replace.ts'
import type { Purpose, RolloutEvent, VerdictRecord } from '../../../src/core/rollout/types.ts'
import { Breach, demand } from '../breach.ts'
import { drawGovernance, groupsOf, isClosedForLong, mustKeepOutAllButWaysBack } from './governance.ts'
import { ControlPlane } from './control-plane.ts'
import { type FaultCounts, faults } from './faults.ts'
import { Performer } from './performer.ts'
import type { Message, MessageKind } from './queue.ts'
import { Catalogue, instancesMax, slotCount, slotOf, variants } from './releases.ts'
import { Setting } from './setting.ts'
import { firstOf } from './world.ts'

/** What became of a schedule; `breach` is null when every invariant held. */
export type Outcome = { readonly breach: string | null; readonly steps: number }

/** How many rollouts ended how. */
export type Endings = { succeeded: number; rolled_back: number }

/** In the order of their faults. */
const commands = [
  'abort_requested',
  'pause_requested',
  'resume_requested',
  'skip_requested',
  'promote_requested',
  'retry_requested',
  'approved',
  'rejected',
] as const satisfies readonly RolloutEvent['type'][]

const ids = Array.from({ length: 16 }, (_, token) => rolloutId(`rol_${token.toString(36)}`))
const people: readonly Actor[] = ['ada', 'grace'].map((name) => ({ kind: 'person', name }))
const machine: Actor = { kind: 'system', name: 'sluice' }

/** Once the weather is fine, everything settles within so much true time and so many steps. */
const settleMsMax = 1_800_000
const settleStepsMax = 2_000
/** How often the person looks, milliseconds. */
const personMs = 3_000

/** See the file's header. */
export class CoreSim {
  readonly endings: Endings = { succeeded: 0, rolled_back: 0 }
  readonly #setting = new Setting()
  readonly #performer = new Performer(this.#setting)
  readonly #control = new ControlPlane(this.#setting, (effect) => this.#performer.send(effect))
  readonly #catalogue = new Catalogue()
  readonly #releases: (Release | null)[] = []
  #remaining = 0
  #slotsUsed = 0
  #healAfter = 0
  #healedAt = 0
  #crashNext: 'no' | 'before_commit' | 'after_commit' = 'no'
  #crashes = 0
  /** The rollout that a person has told to try once more. */
  #retried: string | null = null

  /** How often each fault struck, over all schedules so far. */
  get counts(): FaultCounts {
    return this.#setting.counts
  }

  /** Runs one schedule. Never throws for what it looks for. */
  run(seed: number, trace: ((line: string) => void) | null = null): Outcome {
    this.#setting.trace =
      trace === null ? null : (line) => trace(`${String(this.#setting.world.now).padStart(8)}  ${line}`)
    try {
      this.#reset(seed)
      this.#live()
      this.#mustBeAtRest()
      return { breach: null, steps: this.#control.steps }
    } catch (error) {
      const sentence =
        error instanceof Breach
          ? error.message
          : `${String(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}`
      return { breach: sentence, steps: this.#control.steps }
    }
  }

  #reset(seed: number): void {
    const setting = this.#setting
    setting.reset(seed)
    const { random, world } = setting
    const dice = random.next()
    const serving = (dice & 3) === 0 ? null : this.#catalogue.release(random.below(variants.length), 0)
    this.#releases.length = 0
    this.#releases.push(serving)
    this.#slotsUsed = 1
    this.#remaining = (dice & 0xf0) === 0 ? 3 : (dice & 0x70) === 0 ? 2 : 1
    this.#healAfter = 4 + ((dice >>> 8) & 15)
    this.#crashNext = 'no'
    this.#crashes = 0
    this.#retried = null
    world.reset(serving)
    this.#performer.reset()
    this.#control.reset(serving)
    this.#push('admit', 0, 0)
  }

  /** Until nothing is under way, nothing is due, and every rollout has settled. */
  #live(): void {
    const { queue, world } = this.#setting
    const control = this.#control
    for (;;) {
      const messageAt = queue.nextAt()
      const wakeAt = control.wakeAt === Infinity ? Infinity : Math.max(world.now, control.wakeAt - world.skew)
      if (messageAt === Infinity && wakeAt === Infinity) {
        if (!control.isLive) return
        demand(!this.#setting.healed, 'nothing is under way, and the rollout has not settled')
        this.#heal()
      } else if (messageAt <= wakeAt) {
        const message = queue.pop()
        if (message === undefined) throw new Breach('a message got lost in the simulator')
        world.now = Math.max(world.now, message.at)
        this.#arrive(message)
      } else {
        world.now = wakeAt + (this.#setting.strikes(faults.wake_late) ? this.#setting.random.below(5_000) : 0)
        this.#wake()
      }
      if (!this.#setting.healed && control.steps >= this.#healAfter) this.#heal()
      if (this.#setting.healed && control.isLive) this.#mustSettleSoon()
    }
  }

  #wake(): void {
    const before = this.#control.wakeAt
    const isTaken = this.#take({ type: 'time_passed', at: this.#setting.world.wall() })
    demand(isTaken || this.#control.wakeAt !== before, 'what was due changed nothing')
  }

  /** An event reaches the control plane; then the weather may strike. */
  #take(event: RolloutEvent): boolean {
    const crash = this.#crashNext
    this.#crashNext = 'no'
    const wasLive = this.#control.isLive
    const isTaken = this.#control.take(event, crash)
    if (!this.#control.isUp && crash !== 'no') this.#planRestart()
    if (wasLive && !this.#control.isLive) this.#settled()
    else if (isTaken) this.#ambient()
    return isTaken || crash !== 'no'
  }

  #settled(): void {
    const { status } = this.#control.rollout
    if (status === 'succeeded' || status === 'rolled_back') this.endings[status] += 1
    this.#mustHaveSucceededIfUnharmed()
    if (this.#remaining > 0) this.#push('admit', this.#setting.random.below(500), 0)
  }

  #arrive(message: Message): void {
    const { effect, number } = message
    if (effect !== null) return this.#arriveEffect(message, effect)
    switch (message.kind) {
      case 'restart':
        if (!this.#control.isUp) this.#control.restart()
        return
      case 'admit':
        return this.#admit()
      case 'person':
        return this.#person()
      case 'tripped':
        return this.#tripped(number)
      case 'health':
        return this.#health(number)
      case 'command':
        return this.#command(number)
      default:
        throw new Breach(`a ${message.kind} without an effect`)
    }
  }

  #arriveEffect({ kind, result, failure, number }: Message, effect: NonNullable<Message['effect']>): void {
    const performer = this.#performer
    if (this.#setting.world.isArmed() && this.#setting.strikes(faults.tripwire_cut)) this.#cut()
    switch (kind) {
      case 'effect':
        return performer.arrive(effect, this.#control.isWaitingFor(effect.fence.token, effect.sequence))
      case 'effect_second_half':
        return performer.secondHalf(effect, number)
      case 'probe_over':
        return performer.probeOver(effect)
      case 'route_applied':
        return performer.routeApplied(effect, number)
      case 'ack':
        return this.#ack(effect, result, failure)
      default:
        throw new Breach(`a ${kind} with an effect`)
    }
  }

  #ack(
    { fence, sequence }: NonNullable<Message['effect']>,
    result: Message['result'],
    failure: Message['failure'],
  ): void {
    const control = this.#control
    if (control.token !== fence.token) return
    if (!control.isWaitingFor(fence.token, sequence)) this.#setting.struck(faults.ack_reordered)
    const at = this.#setting.world.wall()
    if (result !== null) this.#take({ type: 'effect_succeeded', at, sequence, result })
    else if (failure !== null) this.#take({ type: 'effect_failed', at, sequence, failure })
    else this.#take({ type: 'effect_unknown', at, sequence, detail: 'the connection was reset' })
  }

  /** A new rollout, or the way back to what served before. */
  #admit(): void {
    const control = this.#control
    const { random, world } = this.#setting
    if (!control.isUp) return this.#push('admit', 200, 0)
    this.#remaining -= 1
    this.#setting.harmed = world.mendedAt > world.now
    this.#setting.losses = 0
    this.#crashes = 0
    const { previous, serving, kept, abandoned = [] } = control.environment
    const isRollback = previous !== null && (random.next() & 1) === 0
    const from = serving === null ? null : (this.#releases[slotOf(serving)] ?? null)
    const to = isRollback ? (this.#releases[slotOf(previous)] ?? null) : this.#nextRelease()
    if (to === null) {
      // Newcomers in the place of others have used up what there is.
      this.#remaining = 0
      return
    }
    const purpose: Purpose = isRollback ? 'rollback' : 'deploy'
    const plan =
      abandoned.length === 0
        ? this.#catalogue.plan(purpose, from, to, kept)
        : this.#catalogue.planInPlace(from, to, { purpose, kept, abandoned })
    const request = {
      purpose,
      release: to,
      spec: plan.spec,
      environment: control.environment,
      before: null,
      now: world.wall(),
    }
    demand(admit(request).kind === 'admitted', 'a rollout was refused where none is live')
    mustKeepOutAllButWaysBack(request)
    const token = control.environment.token + 1
    const id = ids[token]
    if (id === undefined) throw new Breach('out of rollout ids')
    const at = world.wall()
    const governance = isRollback ? undefined : drawGovernance(random, at)
    if (governance?.overrun === 'abort') this.#setting.harmed = true
    control.begin(
      { type: 'rollout_started', at, id, token, plan, by: machine, ...(governance && { governance }) },
      { type: 'rollout_admitted', at, rollout: id, release: to.id },
    )
    if ((random.next() & 7) !== 0) return
    demand(admit({ ...request, environment: control.environment }).kind === 'refused', 'a second rollout was admitted')
  }

  /** A newer release comes while a rollout is under way; false where it may not take its place. */
  #replace(): boolean {
    const control = this.#control
    const { rollout, environment } = control
    const { world } = this.#setting
    if (!control.isUp || !control.isLive || rollout.status === 'absent' || this.#crashNext !== 'no') return false
    // The life of the newcomer begins anew; that it may be bad is known from then on.
    const wasHarmed = this.#setting.harmed
    this.#setting.harmed = world.mendedAt > world.now
    const to = this.#nextRelease()
    const spec = to?.content.environments[0]
    if (to === null || spec === undefined || whyNotReplaced(rollout, { release: to.id, spec }) !== null) {
      this.#setting.harmed ||= wasHarmed
      return false
    }
    this.#setting.losses = 0
    this.#crashes = 0
    const { serving, kept, abandoned = [] } = environment
    const from = serving === null ? null : (this.#releases[slotOf(serving)] ?? null)
    const place = { purpose: 'deploy', kept, abandoned: [...abandoned, rollout.plan.to] } as const
    const plan = this.#catalogue.planInPlace(from, to, place)
    const token = environment.token + 1
    const id = ids[token]
    if (id === undefined) throw new Breach('out of rollout ids')
    const at = world.wall()
    const request = { purpose: 'deploy', release: to, spec, environment, before: null, now: at } as const
    demand(admit(request).kind === 'refused', 'a second rollout was admitted')
    demand(admit({ ...request, replaces: rollout.id }).kind === 'admitted', 'a rollout may not be replaced')
    control.replace(
      { type: 'superseded', at, by: machine, successor: id },
      { type: 'rollout_started', at, id, token, plan, by: machine },
      { type: 'rollout_admitted', at, rollout: id, release: to.id },
    )
    return true
  }

  #nextRelease(): Release | null {
    const { random, neverHealthy, lastNeverHealthy, badResponses } = this.#setting
    if (this.#slotsUsed >= slotCount) return null
    const slot = this.#slotsUsed
    this.#slotsUsed += 1
    const release = this.#catalogue.release(random.below(variants.length), slot)
    this.#releases[slot] = release
    const dice = random.next() & 63
    if (dice === 0) neverHealthy[slot] = true
    if (dice === 1) lastNeverHealthy[slot] = true
    if (dice === 2 || dice === 3) badResponses[slot] = true
    if (dice === 0) this.#setting.struck(faults.never_healthy)
    if (dice === 1) this.#setting.struck(faults.instance_never_healthy)
    if (dice === 2 || dice === 3) this.#setting.struck(faults.bad_responses)
    return release
  }

  /** Between any two steps, anything may happen. */
  #ambient(): void {
    const { weather, random, healed } = this.#setting
    if (healed || weather.ambientChance === 0) return
    const dice = random.next()
    if ((dice & 255) >= weather.ambientChance) return
    const fault = weather.ambient[(dice >>> 8) % weather.ambient.length]
    if (fault !== undefined && this.#strike(fault)) this.#setting.struck(fault)
  }

  /** False when the fault found nothing to strike. */
  #strike(fault: number): boolean {
    const { random, world } = this.#setting
    switch (fault) {
      case faults.crash_before_commit:
      case faults.crash_after_commit:
        this.#crashNext = fault === faults.crash_before_commit ? 'before_commit' : 'after_commit'
        return true
      case faults.stale_leader:
        return this.#performer.repeatOld()
      case faults.instance_crash:
        return this.#crashInstance()
      case faults.clock_forward:
        world.skew += random.below(7_200_000)
        this.#control.clockJumped()
        return true
      case faults.clock_back:
        world.skew -= random.below(7_200_000)
        this.#control.clockJumped()
        // The loop notices a clock that was set back, and wakes everything at once.
        this.#take({ type: 'time_passed', at: world.wall() })
        return true
      case faults.work_parked:
        this.#control.take({ type: 'work_parked', at: world.wall(), detail: 'taken up again and again' })
        return true
      case faults.deploy_replaces:
        return this.#replace()
      default:
        this.#push('command', random.below(300), fault - faults.command_abort)
        return true
    }
  }

  #planRestart(): void {
    const { random } = this.#setting
    this.#crashes += 1
    if (this.#crashes > 3) this.#setting.harmed = true
    const isLong = (random.next() & 7) === 0
    if (isLong) this.#setting.struck(faults.long_downtime)
    this.#push('restart', isLong ? random.below(600_000) : random.below(400), 0)
  }

  #crashInstance(): boolean {
    const { random, world } = this.#setting
    const running = world.upstreams.findLastIndex((mask) => mask !== 0)
    const slot = running >= 0 && (random.next() & 1) === 0 ? running : random.below(this.#slotsUsed)
    const index = random.below(instancesMax)
    if ((world.healthy(slot) & (1 << index)) === 0) return false
    const downMs = random.below(3_000)
    world.crash(slot, index, world.now + downMs)
    if ((world.upstreams[slot] ?? 0) === 0) return true
    this.#notice('health', 1, slot * 8 + index * 2)
    this.#notice('health', downMs + 1, slot * 8 + index * 2 + 1)
    return true
  }

  #cut(): void {
    this.#setting.world.cut()
    this.#notice('tripped', 1, this.#setting.world.trippedToken)
  }

  /** Notices may be lost, doubled, late. */
  #notice(kind: MessageKind, afterMs: number, number: number): void {
    const { random } = this.#setting
    if (this.#setting.strikes(faults.notice_dropped)) return
    this.#push(kind, afterMs + (random.next() & 63), number)
    if (this.#setting.strikes(faults.notice_duplicated)) this.#push(kind, afterMs + random.below(5_000), number)
  }

  #tripped(token: number): void {
    const { rollout } = this.#control
    if (rollout.status === 'absent' || rollout.token !== token) return
    const at = this.#setting.world.wall()
    const units = { units: 10, badUnits: 9 }
    const verdict: VerdictRecord = {
      verdict: 'fail',
      at,
      logE: 5,
      shareBp: 0,
      candidate: units,
      stable: units,
      detail: 'cut',
    }
    this.#take({ type: 'tripped', at, verdict })
  }

  #health(number: number): void {
    const release = this.#releases[number >> 3]
    if (release === undefined || release === null) return
    const instance = `${release.id}-${(number >> 1) & 3}`
    const isHealthy = (number & 1) === 1
    if (!isHealthy) this.#setting.harmed = true
    this.#take({
      type: 'instance_health_changed',
      at: this.#setting.world.wall(),
      instance,
      release: release.id,
      healthy: isHealthy,
    })
  }

  #command(index: number): void {
    const type = commands[index]
    const by = people[this.#setting.random.next() & 1] ?? machine
    // A command may come a rollout late.
    if (type === 'abort_requested' || type === 'rejected') this.#setting.harmed = true
    const at = this.#setting.world.wall()
    if (type === 'rejected') this.#take({ type, at, by, reason: 'no' })
    else if (type === 'approved') this.#take({ type, at, by, reason: null, groups: groupsOf(by) })
    else if (type !== undefined) this.#take({ type, at, by, reason: null })
  }

  /** The weather clears: the control plane is up, and somebody looks after what waits for somebody. */
  #heal(): void {
    const { world } = this.#setting
    this.#setting.healed = true
    this.#healedAt = world.now
    this.#crashNext = 'no'
    if (this.#setting.trace !== null) this.#setting.trace('the weather clears')
    this.#push('person', personMs, 0)
  }

  #person(): void {
    const { rollout } = this.#control
    if (!this.#control.isLive && this.#remaining === 0) return
    this.#push('person', personMs, 0)
    const at = this.#setting.world.wall()
    const by = people[this.#setting.random.next() & 1] ?? machine
    if (rollout.status === 'parked') {
      const type = (this.#setting.random.next() & 1) === 0 ? 'retry_requested' : 'abort_requested'
      this.#take({ type, at, by, reason: null })
    } else if (rollout.status === 'reverting' && rollout.stage.kind === 'awaiting') {
      const type = (['approved', 'abort_requested', 'retry_requested'] as const)[this.#setting.random.next() % 3]
      this.#take({ type: type ?? 'approved', at, by, reason: null })
    } else if (rollout.status === 'advancing') {
      if (rollout.paused?.kind === 'step_failed' || rollout.paused?.kind === 'deadline') {
        // What failed is tried once more, then given up.
        const type = rollout.id === this.#retried ? 'abort_requested' : 'retry_requested'
        this.#retried = rollout.id
        this.#take({ type, at, by, reason: null })
      } else if (rollout.paused?.kind === 'command') this.#take({ type: 'resume_requested', at, by, reason: null })
      else if (isClosedForLong(rollout.paused, at)) {
        this.#setting.harmed = true
        this.#take({ type: 'abort_requested', at, by, reason: null })
      } else if (rollout.stage.kind === 'awaiting')
        this.#take({ type: 'approved', at, by, reason: null, groups: groupsOf(by) })
    }
  }

  #push(kind: MessageKind, afterMs: number, number: number): void {
    this.#setting.queue.push({
      at: this.#setting.world.now + afterMs,
      kind,
      effect: null,
      result: null,
      failure: null,
      number,
    })
  }

  /** Invariant: once faults stop, everything settles. */
  #mustSettleSoon(): void {
    const { rollout, steps } = this.#control
    const isLate = this.#setting.world.now - this.#healedAt > settleMsMax || steps > this.#healAfter + settleStepsMax
    if (isLate) throw new Breach(`the rollout did not settle (${rollout.status})`)
  }

  /** Invariant: clock jumps, crashes of the control plane, repetitions and lost notices never turn a good release back. */
  #mustHaveSucceededIfUnharmed(): void {
    const { rollout } = this.#control
    if (rollout.status === 'rolled_back' && !this.#setting.harmed)
      throw new Breach(`a good release was turned back: ${rollout.cause.kind}`)
  }

  /** Invariant: what the ledger believes is what the world serves, and nothing else runs. */
  #mustBeAtRest(): void {
    const { world } = this.#setting
    const { serving, kept, abandoned = [] } = this.#control.environment
    if (serving === null) demand(world.route === 'closed', 'nothing serves, and the route is open')
    else if (world.serving() !== slotOf(serving))
      throw new Breach(`the ledger says slot ${slotOf(serving)}, the router serves slot ${world.serving()}`)
    for (let slot = 0; slot < slotCount; slot += 1) {
      const release = this.#releases[slot]
      const exists = world.exists[slot] ?? 0
      const instances = release?.content.environments[0]?.instances ?? 0
      if (release !== undefined && release !== null && release.id === serving) {
        if (exists !== firstOf(instances))
          throw new Breach(`slot ${slot} serves, and not all of its instances are there`)
      } else if (exists !== 0) {
        const isLeft = release !== undefined && release !== null && [...kept, ...abandoned].includes(release.id)
        if (!isLeft) throw new Breach(`instances of slot ${slot} were left behind`)
      }
    }
  }
}
