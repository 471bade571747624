/** Between any two events of a schedule, anything may happen: control planes die, clocks jump, instances crash, people say something. */
import { faults } from '../core/faults.ts'
import { environmentName, instancesMax, serviceName, slotCount } from '../core/releases.ts'
import { clockJumpMsMax, deathsForgiven } from './bounds.ts'
import type { People } from './people.ts'
import type { Plane, Planes } from './planes.ts'
import { commandOf } from './said.ts'
import type { Scene } from './scene.ts'

const target = { service: serviceName, environment: environmentName }

/** See the file's header. */
export class Ambient {
  readonly #scene: Scene
  readonly #planes: Planes
  readonly #people: People

  constructor(scene: Scene, planes: Planes, people: People) {
    this.#scene = scene
    this.#planes = planes
    this.#people = people
  }

  /** Between any two events, anything may happen. */
  strike(): void {
    const { setting } = this.#scene
    if (setting.healed) return
    if (setting.world.isArmed() && setting.strikes(faults.tripwire_cut)) this.#scene.dataPlane.cut()
    const plane = this.#planes.reachable()
    if (plane !== null && setting.strikesEngine(faults.crash_anywhere)) this.#planes.kill(plane.process)
    if (plane !== null && setting.strikesEngine(faults.two_leaders)) this.#planes.boot()
    if (plane !== null) this.#poison(plane)
    for (const side of this.#scene.sides) side.strike()
    this.#wish()
    const { weather, random } = setting
    if (weather.ambientChance === 0) return
    const dice = random.next()
    if ((dice & 511) >= weather.ambientChance) return
    const fault = weather.ambient[(dice >>> 9) % weather.ambient.length]
    if (fault !== undefined && this.#strike(fault)) setting.struck(fault)
  }

  /** A way back that nobody can take up, until somebody asks for it once more. */
  #poison({ process }: Plane): void {
    const { setting, deaths } = this.#scene
    if (setting.world.plan?.purpose !== 'rollback' || deaths > deathsForgiven) return
    if (!setting.strikesBeside(faults.crash_again, 24)) return
    this.#planes.poison(process)
    this.#scene.after(setting.random.below(6_000), () => this.#people.rollBack())
  }

  #wish(): void {
    const { setting } = this.#scene
    const people = this.#people
    if (setting.strikesEngine(faults.command_freeze)) people.freeze()
    if (setting.strikesEngine(faults.command_rollback)) people.rollBack()
    if (setting.strikesEngine(faults.command_drill)) people.drill()
    if (setting.strikesEngine(faults.command_maintain)) people.maintain()
    if (setting.strikesEngine(faults.deploy_queued)) people.queue()
    if (setting.strikesEngine(faults.command_dequeue)) people.dequeue()
    if (setting.strikesEngine(faults.command_line)) people.stopLine()
  }

  /** False when the fault found nothing to strike, or is the core simulator's alone. */
  #strike(fault: number): boolean {
    const { random, world } = this.#scene.setting
    const command = commandOf[fault]
    if (command !== undefined) return this.#people.command(command)
    switch (fault) {
      case faults.instance_crash:
        return this.#crashInstance()
      case faults.clock_forward:
        world.skew += random.below(clockJumpMsMax)
        this.#scene.jumps += 1
        return true
      case faults.clock_back:
        world.skew -= random.below(clockJumpMsMax)
        this.#scene.jumps += 1
        return true
      case faults.command_approve:
        return this.#people.say('approve')
      case faults.command_reject:
        return this.#people.say('reject')
      case faults.deploy_replaces:
        return this.#people.replace()
      default:
        return false
    }
  }

  #crashInstance(): boolean {
    const { random, world } = this.#scene.setting
    const running = world.upstreams.findIndex((mask) => mask !== 0)
    const slot = running >= 0 && (random.next() & 1) === 0 ? running : random.below(slotCount)
    const index = random.below(instancesMax)
    const release = this.#scene.releases[slot]?.id
    if (release === undefined || (world.healthy(slot) & (1 << index)) === 0) return false
    const downMs = random.below(3_000)
    world.crash(slot, index, world.now + downMs)
    if ((world.upstreams[slot] ?? 0) === 0) return true
    const notice = { kind: 'upstream_health', ...target, instance: `${slot}-${index}`, release } as const
    this.#scene.dataPlane.notify({ ...notice, healthy: false })
    this.#scene.dataPlane.notify({ ...notice, healthy: true }, downMs + 1)
    return true
  }
}
