/**
 * The engine simulator: the real loop, commands and effects, on an in-memory disk and simulated driver, router and clock; one schedule a
 * seed. The control plane is killed at any moment, also in the middle of a commit, replaced while it still runs, and lied to.
 */
import { setImmediate as turned } from 'node:timers/promises'
import type { AggregateKey, AggregateKind, LedgerRow } from '../../../src/core/ledger/entry.ts'
import { limits } from '../../../src/core/limits.ts'
import type { Release } from '../../../src/core/model.ts'
import { Breach, demand } from '../breach.ts'
import { engineFaultsBegin, type FaultCounts, faults } from '../core/faults.ts'
import { Catalogue, environmentName, serviceName, slotCount, variants } from '../core/releases.ts'
import { Setting } from '../core/setting.ts'
import { Ambient } from './ambient.ts'
import { mustBeAtRest } from './at-rest.ts'
import { badWeatherEventsMax, badWeatherMsMax, badWeatherWithTrainMsMax, eventsMax, settleMsMax } from './bounds.ts'
import { environmentOn, isWatchedOn, liveRolloutOn, maintenanceOn, mustFold } from './ledger-laws.ts'
import { mustHaveKeptOut } from './line-laws.ts'
import { isUnderWay } from './maintenance-laws.ts'
import { People } from './people.ts'
import { Planes } from './planes.ts'
import { Pushes } from './pushes.ts'
import { Receivers } from './receivers.ts'
import { Requests } from './requests.ts'
import { Scene } from './scene.ts'
import { secondName, withSecondPlace } from './second-place.ts'
import { described, drained } from './small-parts.ts'
import { Trains } from './trains.ts'
import { offeredBefore, promoted, servedBefore, Turns } from './turns.ts'

/** What became of a schedule; `breach` is null when every invariant held. */
export type Outcome = { readonly breach: string | null; readonly steps: number }

/** Rows of these kinds say nothing about how far the rollouts are. */
const beside: ReadonlySet<AggregateKind> = new Set(['watch', 'message', 'arrival', 'remote', 'run', 'train'])

/** See the file's header. */
export class EngineSim {
  readonly endings: { succeeded: number; rolled_back: number } = { succeeded: 0, rolled_back: 0 }
  readonly #setting = new Setting()
  readonly #catalogue = new Catalogue()

  /** How often each fault struck, over all schedules so far. */
  get counts(): FaultCounts {
    return this.#setting.counts
  }

  /** Runs one schedule. Never rejects for what it looks for. */
  async run(seed: number, trace: ((line: string) => void) | null = null): Promise<Outcome> {
    // Whatever else this process has to do comes between two schedules.
    await turned()
    // Errors are a schedule's daily bread; where they came from is only of interest to somebody who replays one.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = trace === null ? 0 : stackTraceLimit
    this.#setting.trace = null
    this.#setting.reset(seed)
    const schedule = new Schedule(this.#setting, this.#catalogue)
    this.#setting.trace = trace === null ? null : (line) => trace(`${String(schedule.now).padStart(8)}  ${line}`)
    try {
      await schedule.live()
      const { succeeded, rolled_back } = schedule.endings()
      this.endings.succeeded += succeeded
      this.endings.rolled_back += rolled_back
      return { breach: null, steps: schedule.rows }
    } catch (error) {
      const sentence =
        error instanceof Breach
          ? error.message
          : error instanceof Error
            ? (error.stack ?? error.message)
            : String(error)
      return { breach: sentence, steps: schedule.rows }
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }
}

class Schedule {
  readonly #scene: Scene
  readonly #planes: Planes
  readonly #requests: Requests
  readonly #people: People
  readonly #turns: Turns
  readonly #ambient: Ambient
  /** What comes by itself found the queue full before the schedule began. */
  readonly #isOffered: boolean
  #healAfterRows: number
  #badWeatherMs = badWeatherMsMax
  #healedAt = 0
  #seenRows = 0
  /** Rows about the rollouts: neither of a watch, which says more the longer it looks, nor of what goes on beside them. */
  #toldRows = 0
  /** Whether the disk, as it was last looked at, has something under way. */
  #isBusyOnDisk = true
  #quietSince = -1

  constructor(setting: Setting, catalogue: Catalogue) {
    const scene = new Scene(setting)
    this.#scene = scene
    const dice = setting.random.next()
    scene.isAuto = (dice & 0xc0) === 0
    this.#planes = new Planes(scene)
    this.#requests = new Requests(scene, this.#planes)
    this.#people = new People(scene, this.#requests, (dice & 0x30) === 0 ? 2 : 1)
    this.#ambient = new Ambient(scene, this.#planes, this.#people)
    this.#healAfterRows = 12 + ((dice >>> 8) & 31) + (scene.isAuto ? 20 : 0)
    setting.world.reset(null)
    for (let slot = 0; slot < slotCount; slot += 1) scene.releases.push(this.#drawRelease(catalogue, slot))
    const last = scene.releases.at(-1) ?? null
    const auto = scene.isAuto && last !== null ? promoted(last) : null
    if (auto !== null) scene.releases[slotCount - 1] = auto
    this.#addSides()
    this.#isOffered = auto !== null && (setting.traits & 0x38000) === 0
    if (this.#isOffered) this.#healAfterRows += 2 * limits.queueEntriesMax
    this.#turns = new Turns(auto?.id ?? null, this.#isOffered ? 'before' : 'here')
  }

  /** Each in a share of all schedules, so that all of them stay cheap. */
  #addSides(): void {
    const scene = this.#scene
    const { traits } = scene.setting
    if ((traits & 0xf) === 0) scene.sides.push(new Receivers(scene))
    if ((traits & 0x3e0) === 0) scene.sides.push(new Pushes(scene, this.#requests))
    if ((traits & 0x7c00) !== 0 || scene.isAuto) return
    for (const [slot, release] of scene.releases.entries())
      scene.releases[slot] = release === null ? null : withSecondPlace(release)
    this.#healAfterRows += 25
    // Who waits for its rollouts looks four times a second.
    this.#badWeatherMs = badWeatherWithTrainMsMax
    scene.sides.push(new Trains(scene, this.#requests))
  }

  get now(): number {
    return this.#scene.now
  }

  get rows(): number {
    return this.#scene.disk.rows().length
  }

  /** How many rollouts ended how. */
  endings(): { succeeded: number; rolled_back: number } {
    const passages = environmentOn(this.#scene.disk)?.history ?? []
    const succeeded = passages.filter(({ outcome }) => outcome === 'succeeded').length
    return { succeeded, rolled_back: passages.length - succeeded }
  }

  /** Until every request is answered, every rollout has settled, and nothing is under way. */
  async live(): Promise<void> {
    const scene = this.#scene
    const { setting, timeline } = scene
    await this.#prepare()
    this.#planes.boot()
    scene.after(1, () => this.#people.deploy())
    for (let events = 0; ; events += 1) {
      await drained()
      scene.mustBeWhole()
      this.#look()
      if (!setting.healed && (timeline.now > this.#badWeatherMs || events > badWeatherEventsMax)) this.#heal()
      if (this.#isOver()) break
      demand(events < eventsMax, 'the schedule does not end')
      if (!timeline.step()) {
        demand(!setting.healed, 'nothing is under way, and not everything has settled')
        this.#heal()
      }
      this.#ambient.strike()
    }
    this.#planes.end()
    mustFold(scene.disk)
    mustHaveKeptOut(scene.disk)
    mustBeAtRest(scene)
    for (const side of scene.sides) side.mustHold()
  }

  /** The releases are cut and one of them may already serve: history, not what is under test. */
  async #prepare(): Promise<void> {
    const store = this.#scene.disk.open()
    const lease = await store.acquireLease('setup', 0)
    const actor = { kind: 'system', name: 'sluice' } as const
    const transitions = this.#scene.releases.flatMap((release) => {
      if (release === null) return []
      const key: AggregateKey = { kind: 'release', id: release.id }
      const body = { type: 'release_cut', at: 0, release }
      const entry = { key, version: 1, type: body.type, form: 1, at: 0, actor, reason: null, body }
      const state = { status: 'cut', release }
      return [
        {
          key,
          expectedVersion: 0,
          machineVersion: 1,
          state,
          writes: 'state' as const,
          settled: true,
          nextAt: null,
          entries: [entry],
          effects: [],
        },
      ]
    })
    await store.commit({ lease, transitions, request: null })
    const last = this.#scene.releases.at(-1) ?? null
    const isOfTwo = last?.content.environments.length === 2
    if (last === null || !(this.#scene.isAuto || isOfTwo)) return
    const now = this.#scene.setting.world.wall()
    const before = this.#isOffered
      ? offeredBefore(last, now)
      : servedBefore(last, now, isOfTwo ? secondName : 'staging')
    await store.commit({ lease, transitions: before, request: null })
  }

  #drawRelease(catalogue: Catalogue, slot: number): Release {
    const { setting } = this.#scene
    const { random, neverHealthy, lastNeverHealthy, badResponses } = setting
    const dice = random.next() & 63
    if (slot > 0 && dice === 0) neverHealthy[slot] = true
    if (slot > 0 && dice === 1) lastNeverHealthy[slot] = true
    if (slot > 0 && (dice === 2 || dice === 3)) badResponses[slot] = true
    const isBadAfter = slot > 0 && setting.strikesEngine(faults.bad_after_promotion)
    if (isBadAfter) setting.badAfter[slot] = true
    if (slot > 0 && dice < 4)
      setting.struck(
        dice === 0 ? faults.never_healthy : dice === 1 ? faults.instance_never_healthy : faults.bad_responses,
      )
    return catalogue.release(random.below(variants.length), slot)
  }

  /** After every event: what became durable is looked at, and the schedule goes on. */
  #look(): void {
    const { disk, setting, timeline } = this.#scene
    this.#turns.passed(timeline.now, this.#planes.isAnyAlive)
    const rows = disk.rows()
    if (rows.length === this.#seenRows) return
    const live = liveRolloutOn(disk)
    const { world } = setting
    world.plan = live?.plan ?? null
    world.token = live?.token ?? 0
    if (live !== null) {
      world.recordedToken = live.token
      world.recordedSequence = live.sequence
    }
    for (let index = this.#seenRows; index < rows.length; index += 1) this.#took(rows[index])
    if (live === null) {
      const token = environmentOn(disk)?.token ?? 0
      world.recordedToken = token
      world.recordedSequence = Infinity
    }
    this.#seenRows = rows.length
    this.#isBusyOnDisk = live !== null || isWatchedOn(disk) || isUnderWay(maintenanceOn(disk))
    if (!setting.healed && this.#toldRows - slotCount >= this.#healAfterRows) this.#heal()
  }

  #took(row: LedgerRow | undefined): void {
    if (row === undefined) return
    const scene = this.#scene
    if (scene.setting.trace !== null) scene.tell(described(row))
    if (!beside.has(row.key.kind)) this.#toldRows += 1
    this.#turns.took(row, scene.deaths + scene.jumps)
    const isSettled = row.type === 'rollout_settled' && row.key.id === `${serviceName}/${environmentName}`
    // Where one has taken the place of another, nothing was turned back, and the next waits for it.
    if (!isSettled || 'superseded' in (row.body as object)) return
    this.#mustHaveSucceededIfUnharmed()
    if (this.#people.remaining > 0) scene.after(scene.setting.random.below(500), () => this.#people.deploy())
  }

  #isOver(): boolean {
    const { setting, timeline } = this.#scene
    if (setting.healed && timeline.now - this.#healedAt > settleMsMax) throw new Breach('not everything settled')
    const { sides } = this.#scene
    const isQuiet =
      this.#people.remaining === 0 && !this.#isBusyOnDisk && this.#turns.isOver && this.#requests.areAnswered
    this.#scene.isQuiet = isQuiet
    if (!isQuiet || !sides.every((side) => side.isOver())) {
      if (isQuiet && !setting.healed) this.#heal()
      this.#quietSince = -1
      return false
    }
    // Late effects of old leaders may still land; a minute outlasts all of them.
    if (this.#quietSince < 0) {
      this.#quietSince = timeline.now
      this.#scene.after(60_000, () => {})
      if (!setting.healed) this.#heal()
    }
    return timeline.now - this.#quietSince >= 60_000
  }

  /** The weather clears: one control plane, and somebody who looks after what waits for somebody. */
  #heal(): void {
    const { setting, timeline } = this.#scene
    setting.healed = true
    this.#healedAt = timeline.now
    this.#scene.tell('the weather clears')
    this.#planes.heal()
    this.#people.heal()
  }

  /** Invariant: deaths of the control plane, clock jumps, and a disk that fails never turn a good release back. */
  #mustHaveSucceededIfUnharmed(): void {
    const passage = environmentOn(this.#scene.disk)?.history[0]
    if (passage?.outcome === 'rolled_back' && !this.#scene.setting.harmed)
      throw new Breach('a good release was turned back')
  }
}

/** The first fault that only this simulator has; the weather of both is drawn alike. */
export const firstEngineFault: number = engineFaultsBegin
