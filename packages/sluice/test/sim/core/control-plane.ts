/** The simulated control plane: decides, records, then performs; loses everything but its ledger when it crashes. */
import {
  emptyEnvironment,
  environmentMachine,
  type EnvironmentEvent,
  type EnvironmentState,
} from '../../../src/core/environment.ts'
import { rolloutConsequences } from '../../../src/core/consequences.ts'
import type { Release } from '../../../src/core/model.ts'
import { rolloutMachine } from '../../../src/core/rollout/machine.ts'
import type { RolloutEffect, RolloutEvent, RolloutState } from '../../../src/core/rollout/types.ts'
import { Breach, demand } from '../breach.ts'
import { same } from '../same.ts'
import { mustBeLawful, mustNotBeIgnored } from './laws-of-steps.ts'
import { environmentName, serviceName } from './releases.ts'
import type { Setting } from './setting.ts'

const absent: RolloutState = { status: 'absent' }
const nobody = emptyEnvironment(serviceName, environmentName)

/** See the file's header. */
export class ControlPlane {
  rollout: RolloutState = absent
  environment: EnvironmentState = nobody
  isUp = true
  /** Whether a rollout is under way. */
  isLive = false
  /** When the loop wants to wake, wall clock. */
  wakeAt: number = Infinity
  /** What the live rollout waits for: its token, and the sequences of its step and of its judge's look; −1 for none. */
  token = 0
  stepSequence = -1
  guardSequence = -1
  /** Accepted events since the schedule began. */
  steps = 0
  readonly #setting: Setting
  readonly #perform: (effect: RolloutEffect) => void
  readonly #ledger: RolloutEvent[] = []
  readonly #environmentLedger: EnvironmentEvent[] = []
  #environmentBegan: EnvironmentState = nobody
  /** True time since the present step truly rests, what it lost by pauses, and whether the clock jumped meanwhile. */
  #restSince = 0
  #pausedSince = -1
  #restKnown = true

  constructor(setting: Setting, perform: (effect: RolloutEffect) => void) {
    this.#setting = setting
    this.#perform = perform
  }

  /** Ready for a schedule, with `serving` in the environment if there is one. */
  reset(serving: Release | null): void {
    this.rollout = absent
    this.environment =
      serving === null ? nobody : { ...nobody, serving: serving.id, servingSince: 0, verified: [serving.id] }
    this.#environmentBegan = this.environment
    this.isUp = true
    this.isLive = false
    this.token = 0
    this.stepSequence = this.guardSequence = -1
    this.wakeAt = Infinity
    this.steps = 0
    this.#ledger.length = 0
    this.#environmentLedger.length = 0
  }

  /** Admits a rollout: one transaction over environment and rollout. */
  begin(event: Extract<RolloutEvent, { type: 'rollout_started' }>, admitted: EnvironmentEvent): void {
    this.#record(admitted)
    demand(
      this.environment.live === event.id && this.environment.token === event.token,
      'the environment did not take the rollout',
    )
    this.#ledger.length = 0
    this.rollout = absent
    this.#setting.world.plan = event.plan
    this.#setting.world.token = event.token
    this.take(event)
  }

  /** Another rollout takes the place of the live one: one transaction over both and the environment. */
  replace(
    over: Extract<RolloutEvent, { type: 'superseded' }>,
    event: Extract<RolloutEvent, { type: 'rollout_started' }>,
    admitted: EnvironmentEvent,
  ): void {
    demand(this.take(over), 'a live rollout did not give way')
    this.begin(event, admitted)
  }

  /** An event: decide, record, perform. False when it changed nothing. Crashes where the weather says so. */
  take(event: RolloutEvent, crash: 'no' | 'before_commit' | 'after_commit' = 'no'): boolean {
    if (!this.isUp) return false
    const before = this.rollout
    const { state: after, effects } = rolloutMachine.decide(before, event)
    if (after === before) {
      demand(effects.length === 0, 'an event that changed nothing had effects')
      mustNotBeIgnored(before, event)
      return false
    }
    if (crash === 'before_commit') return this.#crash()
    this.#commit(before, event, after, effects)
    if (crash === 'after_commit') return this.#crash()
    for (const effect of effects) this.#perform(effect)
    return true
  }

  /** Start-up is recovery: fold the ledger, and issue again what is outstanding. */
  restart(): void {
    this.isUp = true
    const folded = this.#ledger.reduce((state, event) => rolloutMachine.decide(state, event).state, absent)
    demand(same(folded, this.rollout), 'folding the ledger does not give the stored rollout')
    const environment = this.#environmentLedger.reduce(
      (state, event) => environmentMachine.decide(state, event).state,
      this.#environmentBegan,
    )
    demand(same(environment, this.environment), 'folding the ledger does not give the stored environment')
    this.rollout = folded
    this.environment = environment
    this.#planWake()
    for (const effect of rolloutMachine.outstanding(folded)) this.#perform(effect)
  }

  /** Whether the live rollout waits for the outcome of this effect. */
  isWaitingFor(token: number, sequence: number): boolean {
    return token === this.token && (sequence === this.stepSequence || sequence === this.guardSequence)
  }

  /** The wall clock jumped; no claim about how long a rest took can be made from now on. */
  clockJumped(): void {
    this.#restKnown = false
  }

  #commit(before: RolloutState, event: RolloutEvent, after: RolloutState, effects: readonly RolloutEffect[]): void {
    const { world } = this.#setting
    if (this.#setting.trace !== null) this.#setting.trace(describe(event, after, effects))
    mustBeLawful({ before, event, after, effects }, this.#restedMs())
    this.#ledger.push(event)
    this.rollout = after
    this.steps += 1
    this.#watchRest(before, after)
    this.stepSequence = this.guardSequence = -1
    const isAdvancing = after.status === 'advancing'
    if (isAdvancing || after.status === 'reverting') {
      world.recordedToken = this.token = after.token
      world.recordedSequence = after.sequence
      if (after.stage.kind === 'performing') this.stepSequence = after.stage.effect.sequence
      if (isAdvancing && after.guard.kind === 'measuring') this.guardSequence = after.guard.effect.sequence
    } else if (after.status !== 'absent') {
      world.recordedToken = this.token = after.token
      world.recordedSequence = after.sequence
      for (const { event: following } of rolloutConsequences(before, after))
        if (following.type === 'rollout_settled') this.#record(following)
      if (rolloutMachine.settled(after)) this.#settle(after)
    }
    this.#planWake()
  }

  #record(event: Parameters<typeof environmentMachine.decide>[1]): void {
    const { state } = environmentMachine.decide(this.environment, event)
    if (state === this.environment) throw new Breach(`the environment refused ${event.type}`)
    this.environment = state
    this.isLive = state.live !== null
    this.#environmentLedger.push(event)
  }

  #settle(state: RolloutState): void {
    demand(
      rolloutMachine.outstanding(state).length === 0 && rolloutMachine.nextAt(state) === null,
      'a settled rollout wants something',
    )
    demand(this.environment.live === null, 'a settled rollout still holds its environment')
    const { world } = this.#setting
    if (state.status === 'succeeded')
      demand(world.trippedToken !== state.token, 'a rollout succeeded that the tripwire had cut')
    world.plan = null
  }

  #crash(): false {
    this.isUp = false
    this.wakeAt = Infinity
    return false
  }

  #planWake(): void {
    this.wakeAt = rolloutMachine.nextAt(this.rollout) ?? Infinity
  }

  #restedMs(): number {
    return this.#restKnown
      ? (this.#pausedSince >= 0 ? this.#pausedSince : this.#setting.world.now) - this.#restSince
      : Infinity
  }

  /** Keeps account of how long the present step has rested, apart from pauses, by the true time. */
  #watchRest(before: RolloutState, after: RolloutState): void {
    const { now } = this.#setting.world
    if (after.status !== 'advancing') return
    if (before.status !== 'advancing' || before.index !== after.index || before.stage.kind === 'ready') {
      this.#restSince = now
      this.#restKnown = true
      this.#pausedSince = -1
    }
    const wasPaused = this.#pausedSince >= 0
    if (after.paused !== null && !wasPaused) this.#pausedSince = now
    if (after.paused === null && wasPaused) {
      this.#restSince += now - this.#pausedSince
      this.#pausedSince = -1
    }
  }
}

const describe = (event: RolloutEvent, after: RolloutState, effects: readonly RolloutEffect[]): string => {
  const where =
    after.status === 'advancing'
      ? `step ${after.index} ${after.stage.kind}${after.paused === null ? '' : ' paused'}, guard ${after.guard.kind}`
      : after.status === 'reverting'
        ? `${after.route} step ${after.index} ${after.stage.kind}, because ${after.cause.kind}`
        : ''
  const issued = effects.map(({ sequence, key }) => `${sequence}:${key.split('/').slice(1).join('/')}`).join(' ')
  const outcome = 'sequence' in event ? ` ${event.sequence}` : ''
  return `${event.type}${outcome} → ${after.status} ${where}${issued === '' ? '' : ` → ${issued}`}`.replaceAll(
    /rel_0+/g,
    '',
  )
}
