/** What all parts of one schedule of the engine simulator share: its disk, its world, its time, and what was found to be broken. */
import { createMemoryDisk, type MemoryDisk } from '../../../src/adapters/store/memory.ts'
import type { Release } from '../../../src/core/model.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { Breach } from '../breach.ts'
import type { Setting } from '../core/setting.ts'
import { type Incarnation, Network } from './network.ts'
import { DataPlane } from './router.ts'
import type { Side } from './side.ts'
import { Timeline } from './timeline.ts'

/** See the file's header. */
export class Scene {
  readonly setting: Setting
  readonly timeline: Timeline
  readonly network: Network
  readonly dataPlane: DataPlane
  readonly disk: MemoryDisk
  /** By slot. */
  readonly releases: (Release | null)[] = []
  /** The last release comes by itself, from an environment where it soaks. */
  isAuto = false
  /** Somebody waits for a turn, so that others may be refused. */
  hasQueue = false
  /** So may those of whom one takes the place of another. */
  hasNewcomer = false
  /** What goes on beside the rollouts; nothing in most schedules. */
  readonly sides: Side[] = []
  /** The control plane that was started last. */
  newest: Incarnation | null = null
  engine: Engine | null = null
  /** Nothing is under way but what goes on beside the rollouts. */
  isQuiet = false
  deaths = 0
  jumps = 0
  /** Names given so far. */
  names = 0
  #breach: Breach | null = null

  constructor(setting: Setting) {
    this.setting = setting
    const { world } = setting
    this.timeline = new Timeline((now) => {
      world.now = now
    })
    this.network = new Network(setting, this.timeline)
    this.dataPlane = new DataPlane(setting, this.timeline)
    this.disk = createMemoryDisk((text) => String(text.length).padStart(64, '0'))
  }

  get now(): number {
    return this.timeline.now
  }

  after(ms: number, run: () => void): void {
    this.timeline.after(ms, run)
  }

  tell(line: string): void {
    if (this.setting.trace !== null) this.setting.trace(line.replaceAll(/rel_0+/g, ''))
  }

  /** Found where nothing can be thrown; the first is the one that counts. */
  blame(breach: Breach): void {
    this.#breach ??= breach
  }

  /** Throws what was found. */
  mustBeWhole(): void {
    if (this.#breach !== null) throw this.#breach
  }
}
