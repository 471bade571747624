/** A release train in the engine simulator: one release to two environments, together or one after the other, called off at any moment; what must hold of it is read from the ledger. */
import type { Override } from '../../../src/core/admission.ts'
import type { LedgerRow } from '../../../src/core/ledger/entry.ts'
import type { ReleaseId } from '../../../src/core/model.ts'
import { trainMachine } from '../../../src/core/train/machine.ts'
import type { MemberState, Train, TrainEvent, TrainPlan, TrainState } from '../../../src/core/train/types.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import { demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { environmentName, serviceName, slotCount } from '../core/releases.ts'
import { environmentIn, liveRolloutIn } from './ledger-laws.ts'
import type { Incarnation } from './network.ts'
import type { Requests } from './requests.ts'
import type { Scene } from './scene.ts'
import { secondName, SecondPlace } from './second-place.ts'
import type { Side } from './side.ts'

/** A person tries so often to free what is stranded. */
const retriesMax = 8

/** See the file's header. */
export class Trains implements Side {
  readonly #scene: Scene
  readonly #requests: Requests
  readonly #second: SecondPlace
  #isAsked = false
  #retries = 0

  constructor(scene: Scene, requests: Requests) {
    this.#scene = scene
    this.#requests = requests
    this.#second = new SecondPlace(scene.setting, scene.network)
    const last = scene.releases.at(-1)
    if (last !== null && last !== undefined) this.#second.begin(last.id)
  }

  over(ports: Ports, process: Incarnation): Ports {
    return this.#second.over(ports, process)
  }

  strike(): void {
    const { setting } = this.#scene
    if (!this.#isAsked && setting.strikesBeside(faults.train_asked, 24)) return this.#ask()
    const train = this.#train()
    if (train?.status === 'advancing' && setting.strikesBeside(faults.command_train_abort, 12))
      this.#command(train.id, 'abort_requested')
  }

  lookAfter(): void {
    if (!this.#isAsked) this.#ask()
    const train = this.#train()
    if (train?.status === 'parked' && this.#retries < retriesMax && !this.#requests.isBusy) {
      this.#retries += 1
      this.#command(train.id, 'retry_requested')
    }
    const live = liveRolloutIn(this.#scene.disk, secondName)
    const isStuck = live?.status === 'parked' || (live?.status === 'advancing' && live.paused !== null)
    if (live === null || !isStuck || this.#requests.isBusy) return
    this.#requests.ask((engine, caller) => engine.commandRollout(live.id, 'abort_requested', caller), {
      isWayBack: true,
    })
  }

  isOver(): boolean {
    const train = this.#train()
    // One that was asked for and is not there was refused: somebody holds its release, say.
    if (train === null) return this.#isAsked ? this.#requests.areAnswered : !this.#mayGo()
    if (liveRolloutIn(this.#scene.disk, secondName) !== null) return false
    const isGivenUp = train.status === 'parked' && this.#retries >= retriesMax
    return isGivenUp || trainMachine.settled(train)
  }

  mustHold(): void {
    const { disk } = this.#scene
    const { serving, kept, abandoned = [] } = environmentIn(disk, secondName) ?? { serving: null, kept: [] }
    this.#second.mustServe(serving, [...kept, ...abandoned])
    const law = new TrainLaw()
    for (const row of disk.rows()) law.took(row)
  }

  /** Where nothing serves, there is nothing to come back to. */
  #mayGo(): boolean {
    const environment = environmentIn(this.#scene.disk, environmentName)
    return environment !== null && environment.serving !== null
  }

  #ask(): void {
    const scene = this.#scene
    if (!this.#mayGo() || this.#requests.isBusy) return
    this.#isAsked = true
    // It takes its rollouts back when others of them fail, and so is everybody's rival.
    scene.setting.harmed = true
    scene.hasNewcomer = true
    const dice = scene.setting.random.next()
    const release = scene.releases[scene.setting.random.below(slotCount - 1)]?.id ?? null
    const places = (dice & 1) === 0 ? [environmentName, secondName] : [secondName, environmentName]
    const members = places.map((environment) => ({ service: serviceName, environment, release }))
    const order: TrainPlan['order'] = (dice & 2) === 0 ? 'ordered' : 'parallel'
    const overrides: readonly Override[] = (dice & 4) === 0 ? [] : ['held']
    this.#requests.ask((engine, caller) => engine.startTrain({ members, order, overrides }, caller), { hasRival: true })
  }

  #command(train: string, type: 'abort_requested' | 'retry_requested'): void {
    this.#requests.ask((engine, caller) => engine.commandTrain(train, type, caller), { isWayBack: true })
  }

  #train(): Train | null {
    for (const { key, state } of this.#scene.disk.aggregates()) {
      if (key.kind !== 'train') continue
      const train = state as TrainState
      if (train.status !== 'absent') return train
    }
    return null
  }
}

/** What must hold of every step of a train, as the ledger tells it. */
class TrainLaw {
  #train: TrainState = { status: 'absent' }
  /** What serves, by environment, and what became of each rollout. */
  readonly #serving = new Map<string, ReleaseId | null>()
  readonly #outcomes = new Map<string, string>()

  /** The next row. */
  took({ key, type, body }: LedgerRow): void {
    if (key.kind === 'environment' && type === 'rollout_settled') {
      const settled = body as { readonly outcome: string; readonly rollout: string; readonly to: ReleaseId }
      this.#outcomes.set(settled.rollout, settled.outcome)
      if (settled.outcome === 'succeeded') this.#serving.set(key.id, settled.to)
    }
    if (key.kind !== 'train') return
    const before = this.#train
    const { state: after } = trainMachine.decide(before, body as TrainEvent)
    this.#train = after
    if (after.status === 'absent') return
    for (const [place, member] of after.members.entries()) {
      const known = before.status === 'absent' ? null : (before.members[place] ?? null)
      if (member !== known) this.#mustBeTrue(after, place, member)
    }
    this.#mustBeJoint(after)
  }

  /** Invariant: who is said to have arrived has, who is said to be back is, and both go in their order. */
  #mustBeTrue({ plan, status, members }: Train, place: number, member: MemberState): void {
    const { release, service, environment } = plan.members[place] ?? { release: null, service: '', environment: '' }
    const others = [...members.entries()].filter(([other]) => other !== place)
    if (member.status === 'arrived' && status === 'advancing')
      demand(this.#outcomes.get(member.rollout) === 'succeeded', `member ${place} is said to have arrived, and has not`)
    if (member.status === 'moving') {
      demand(status === 'advancing', `member ${place} sets out on a train that goes back`)
      const isFirst = others.every(([other, { status: its }]) => other > place || its === 'arrived')
      demand(plan.order === 'parallel' || isFirst, `member ${place} sets out before those ahead of it have arrived`)
    }
    if (member.status === 'returning') {
      const isLast = others.every(([other, { status: its }]) => other < place || its !== 'arrived')
      const isAlone = others.every(([, { status: its }]) => its !== 'moving' && its !== 'stopping')
      demand(isLast && isAlone, `member ${place} goes back out of its turn`)
    }
    if (member.status === 'returned')
      demand(
        this.#serving.get(`${service}/${environment}`) !== release,
        `member ${place} is said to be back, and is there`,
      )
  }

  /** Invariant: all have arrived in the end, or none of them stays. */
  #mustBeJoint({ status, members }: Train): void {
    const arrived = members.filter((member) => member.status === 'arrived').length
    if (status === 'succeeded') demand(arrived === members.length, 'a train succeeded without all of its members')
    if (status !== 'rolled_back') return
    const isAway = members.every(
      (member) => member.status === 'returned' || member.status === 'failed' || member.status === 'waiting',
    )
    demand(isAway, 'a train was rolled back, and some of it stays')
  }
}
