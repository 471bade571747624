/** The control planes of one schedule: started, killed, replaced while they still run, each with its own way to the disk and to the world. */
import { timesOf } from '../../../src/adapters/calendar/rrule.ts'
import type { SluiceError } from '../../../src/core/errors.ts'
import { limits } from '../../../src/core/limits.ts'
import type { ReleaseId } from '../../../src/core/model.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import type { Store } from '../../../src/ports/store.ts'
import { Breach } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { ballastCommits, deathsForgiven } from './bounds.ts'
import { simulatedDriver } from './driver.ts'
import { simulatedHooks, simulatedVerifier } from './gates.ts'
import { Incarnation } from './network.ts'
import { simulatedOutside } from './outside.ts'
import { simulatedRouter } from './router.ts'
import type { Scene } from './scene.ts'
import { onlyRunsNeed } from './small-parts.ts'

/** One control plane: its process, its engine, its hold on the disk. */
export type Plane = { readonly process: Incarnation; readonly engine: Engine }

/** See the file's header. */
export class Planes {
  readonly #scene: Scene
  readonly #planes: Plane[] = []
  #alive = 0
  #isDiskFull = false
  #room = 0
  /** How many control planes more die of what they take up. */
  #poison = 0

  constructor(scene: Scene) {
    this.#scene = scene
  }

  get isAnyAlive(): boolean {
    return this.#alive > 0
  }

  /** A new control plane starts on the disk; whoever wrote before is fenced. */
  boot(): void {
    const scene = this.#scene
    const process = new Incarnation(`plane ${scene.names}`)
    scene.names += 1
    scene.newest = process
    const engine = new Engine(this.#portsFor(process), {
      owner: process.name,
      onFatal: (error) => {
        scene.tell(`${process.name} exits: ${error.code} ${error.detail}`)
        this.#mustHaveReason(process, error)
        this.kill(process)
      },
    })
    scene.engine = engine
    this.#planes.push({ process, engine })
    this.#alive += 1
    scene.tell(`${process.name} starts`)
    if (this.#poison > 0) {
      this.#poison -= 1
      scene.after(0, () => this.kill(process))
    }
    engine.start().catch((error: unknown) => {
      scene.tell(`${process.name} could not start: ${String(error)}`)
      this.kill(process)
    })
  }

  kill(process: Incarnation): void {
    if (!process.isAlive) return
    const scene = this.#scene
    process.isAlive = false
    this.#alive -= 1
    scene.deaths += 1
    if (scene.deaths > deathsForgiven) scene.setting.harmed = true
    scene.tell(`${process.name} is dead`)
    scene.dataPlane.listeners.delete(process)
    if (this.#alive > 0) return
    const { random } = scene.setting
    const isLong = !scene.setting.healed && (random.next() & 7) === 0
    if (isLong) scene.setting.struck(faults.long_downtime)
    scene.after(isLong ? random.below(600_000) : 1 + random.below(400), () => {
      if (!this.isAnyAlive) this.boot()
    })
  }

  /** What is under way kills whoever takes it up, until it is set aside. */
  poison(process: Incarnation): void {
    this.#poison = limits.claimsMax
    this.kill(process)
  }

  /** Whoever a client would reach: mostly the newest control plane that is alive, sometimes an older one. */
  reachable(): Plane | null {
    if (this.#alive === 0) return null
    if (this.#alive > 1 && (this.#scene.setting.random.next() & 3) === 0)
      return this.#planes.find(({ process }) => process.isAlive) ?? null
    return this.#planes.findLast(({ process }) => process.isAlive) ?? null
  }

  /** The weather clears: there is room on the disk, and one control plane. */
  heal(): void {
    this.#isDiskFull = false
    for (const { process } of this.#planes.slice(0, -1)) this.kill(process)
    if (!this.isAnyAlive) this.boot()
  }

  /** The schedule is over. */
  end(): void {
    for (const { process } of this.#planes) process.isAlive = false
  }

  /** Invariant: a control plane gives up only when another took over, or when the disk failed it. */
  #mustHaveReason(process: Incarnation, error: SluiceError): void {
    const isReplaced = this.#scene.newest !== process
    if (error.code === 'store_fenced' ? isReplaced : error.code === 'store_failed' && process.hasBadDisk) return
    this.#scene.blame(new Breach(`the control plane gave up for no reason: ${error.code} ${error.detail}`))
  }

  #portsFor(process: Incarnation): Ports {
    const scene = this.#scene
    const { setting, timeline, network } = scene
    const way = { network, caller: process }
    const ports: Ports = {
      clock: {
        now: () => setting.world.wall(),
        after: (ms, callback) =>
          timeline.after(ms + (setting.strikes(faults.wake_late) ? setting.random.below(5_000) : 0), () => {
            if (process.isAlive) callback()
          }),
      },
      calendar: { times: async (rule, span) => timesOf(rule, span) },
      ids: { next: (prefix) => `${prefix}_${(scene.names += 1).toString(36).padStart(4, '0')}` },
      log: {
        info: () => {},
        warn: (event, fields) => {
          if (setting.trace !== null) scene.tell(`${process.name} warns: ${event} ${JSON.stringify(fields)}`)
        },
        error: (event, fields) => scene.blame(new Breach(`the engine reports ${event}: ${JSON.stringify(fields)}`)),
      },
      sha256: (text) => text,
      store: this.#storeFor(process),
      driver: simulatedDriver(setting, timeline, {
        ...way,
        releaseIn: (slot): ReleaseId | null => scene.releases[slot]?.id ?? null,
      }),
      router: simulatedRouter(setting, timeline, { ...way, plane: scene.dataPlane }),
      hooks: simulatedHooks(setting, way),
      verifier: simulatedVerifier(setting, way),
      ...simulatedOutside(setting, way),
      ...onlyRunsNeed,
    }
    return scene.sides.reduce((made, side) => side.over(made, process), ports)
  }

  /** The disk as this process meets it. A commit takes its time before and after it is durable, so that a kill can fall in between. */
  #storeFor(process: Incarnation): Store {
    const { setting, timeline, disk } = this.#scene
    // One disk, one queue: what was handed over first is written first, and answered first.
    const freeAt = { sent: 0, durable: 0 }
    const store = disk.open({
      commit: () => {
        this.#room -= 1
        if (this.#room < 0 && setting.strikesEngine(faults.store_full)) this.#isDiskFull = true
        if (this.#isDiskFull) return 'full'
        const isBefore = setting.strikesEngine(faults.store_failed_before)
        process.hasBadDisk = isBefore || setting.strikesEngine(faults.store_failed_after)
        return process.hasBadDisk ? (isBefore ? 'failed_before' : 'failed_after') : 'none'
      },
      pause: (stage) =>
        new Promise((resolve) => {
          if (setting.strikesEngine(faults.crash_during_commit)) return this.kill(process)
          const ms = setting.strikesEngine(faults.commit_slow) ? setting.random.below(3_000) : 1
          freeAt[stage] = Math.max(freeAt[stage], timeline.now + ms)
          timeline.after(freeAt[stage] - timeline.now, () => {
            if (process.isAlive) resolve()
          })
        }),
    })
    return this.#withBallast(store)
  }

  /** A full disk stays full until somebody makes room, or the weather clears. */
  #withBallast(store: Store): Store {
    store.releaseBallast = async () => {
      this.#isDiskFull = false
      this.#room = ballastCommits
    }
    return store
  }
}
