/**
 * The engine simulator: the real loop, commands and effects, on an in-memory disk and simulated driver, router and clock; one schedule a
 * seed. The control plane is killed at any moment, also in the middle of a commit, replaced while it still runs, and lied to.
 */
import { setImmediate as turned } from 'node:timers/promises'
import { timesOf } from '../../../src/adapters/calendar/rrule.ts'
import { createMemoryDisk, type MemoryDisk } from '../../../src/adapters/store/memory.ts'
import { releaseBefore } from '../../../src/core/environment.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import type { Actor, Release, ReleaseId } from '../../../src/core/model.ts'
import type { CommandEvent } from '../../../src/core/rollout/commands.ts'
import { type Caller, Engine } from '../../../src/engine/engine.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import type { Store } from '../../../src/ports/store.ts'
import { Breach, demand } from '../breach.ts'
import { engineFaultsBegin, type FaultCounts, faults } from '../core/faults.ts'
import { Catalogue, environmentName, instancesMax, serviceName, slotCount, slotOf, variants } from '../core/releases.ts'
import { Setting } from '../core/setting.ts'
import { firstOf } from '../core/world.ts'
import {
  badWeatherMsMax,
  ballastCommits,
  blindLooksMax,
  deathsForgiven,
  eventsMax,
  openRequestsMax,
  personMs,
  requestAttemptsMax,
  requestPauseMs,
  settleMsMax,
  tripKnownMsMax,
} from './bounds.ts'
import { simulatedDriver } from './driver.ts'
import { simulatedHooks, simulatedVerifier } from './gates.ts'
import { environmentOn, isWatchedOn, liveRolloutOn, maintenanceOn, mustFold } from './ledger-laws.ts'
import { goesBackByItself, isLineStopped, mustHaveKeptOut } from './line-laws.ts'
import { breachOfHold, mustHaveWatched } from './back-laws.ts'
import { isUnderWay, mustBeMaintained } from './maintenance-laws.ts'
import { Incarnation, Network } from './network.ts'
import { described, drained, entryOf, isFinal, never, noCredentials, noEvidence, nobodyOutside } from './small-parts.ts'
import { commandOf, drawWish, resumingLine } from './said.ts'
import { simulatedOutside } from './outside.ts'
import { DataPlane, simulatedRouter } from './router.ts'
import { Timeline } from './timeline.ts'
import { promoted, servedBefore, Turns } from './turns.ts'

/** What became of a schedule; `breach` is null when every invariant held. */
export type Outcome = { readonly breach: string | null; readonly steps: number }

/** One control plane: its process, its engine, its hold on the disk. */
type Plane = { readonly process: Incarnation; readonly engine: Engine }

/** Something a person asks for until it is answered; the key makes asking twice the same as asking once. */
type Request = {
  readonly key: string
  readonly ask: (engine: Engine, caller: Caller) => Promise<unknown>
  readonly isWayBack: boolean
  /** Somebody else may be first. */
  readonly hasRival: boolean
  attempts: number
  isDone: boolean
}

const people: readonly Actor[] = ['ada', 'grace'].map((name) => ({ kind: 'person', name }))
const target = { service: serviceName, environment: environmentName }

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
  readonly #setting: Setting
  readonly #timeline: Timeline
  readonly #network: Network
  readonly #dataPlane: DataPlane
  readonly #disk: MemoryDisk
  readonly #releases: (Release | null)[] = []
  readonly #planes: Plane[] = []
  readonly #requests: Request[] = []
  #remaining: number
  #healAfterRows: number
  #healedAt = 0
  #names = 0
  #seenRows = 0
  /** Rows about anything but a watch, which says more the longer it looks. */
  #toldRows = 0
  /** Whether the disk, as it was last looked at, has something under way. */
  #isBusyOnDisk = true
  #breach: Breach | null = null
  #quietSince = -1
  #deaths = 0
  #jumps = 0
  #isDiskFull = false
  #room = 0
  #sawBroken = 0
  readonly #turns: Turns
  /** The last release comes by itself, from an environment where it soaks. */
  readonly #isAuto: boolean
  /** Somebody waits for a turn, so that others may be refused. */
  #hasQueue = false
  #hasNewcomer = false

  constructor(setting: Setting, catalogue: Catalogue) {
    this.#setting = setting
    const { random, world } = setting
    this.#timeline = new Timeline((now) => {
      world.now = now
    })
    this.#network = new Network(setting, this.#timeline)
    this.#dataPlane = new DataPlane(setting, this.#timeline)
    this.#disk = createMemoryDisk((text) => String(text.length).padStart(64, '0'))
    const dice = random.next()
    this.#remaining = (dice & 0x30) === 0 ? 2 : 1
    this.#isAuto = (dice & 0xc0) === 0
    this.#healAfterRows = 12 + ((dice >>> 8) & 31) + (this.#isAuto ? 20 : 0)
    world.reset(null)
    for (let slot = 0; slot < slotCount; slot += 1) this.#releases.push(this.#drawRelease(catalogue, slot))
    const last = this.#releases.at(-1) ?? null
    const auto = this.#isAuto && last !== null ? promoted(last) : null
    if (auto !== null) this.#releases[slotCount - 1] = auto
    this.#turns = new Turns(auto?.id ?? null)
  }

  get now(): number {
    return this.#timeline.now
  }

  get rows(): number {
    return this.#disk.rows().length
  }

  /** How many rollouts ended how. */
  endings(): { succeeded: number; rolled_back: number } {
    const passages = environmentOn(this.#disk)?.history ?? []
    const succeeded = passages.filter(({ outcome }) => outcome === 'succeeded').length
    return { succeeded, rolled_back: passages.length - succeeded }
  }

  /** Until every request is answered, every rollout has settled, and nothing is under way. */
  async live(): Promise<void> {
    await this.#prepare()
    this.#boot()
    this.#after(1, () => this.#deploy())
    for (let events = 0; ; events += 1) {
      await drained()
      if (this.#breach !== null) throw this.#breach
      this.#look()
      if (!this.#setting.healed && this.#timeline.now > badWeatherMsMax) this.#heal()
      if (this.#isOver()) break
      demand(events < eventsMax, 'the schedule does not end')
      if (!this.#timeline.step()) {
        demand(!this.#setting.healed, 'nothing is under way, and not everything has settled')
        this.#heal()
      }
      this.#ambient()
    }
    for (const plane of this.#planes) plane.process.isAlive = false
    mustFold(this.#disk)
    mustHaveKeptOut(this.#disk)
    this.#mustBeAtRest()
  }

  /** The releases are cut and one of them may already serve: history, not what is under test. */
  async #prepare(): Promise<void> {
    const store = this.#disk.open()
    const lease = await store.acquireLease('setup', 0)
    const actor = { kind: 'system', name: 'sluice' } as const
    const transitions = this.#releases.flatMap((release) => {
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
    const last = this.#releases.at(-1) ?? null
    if (!this.#isAuto || last === null) return
    await store.commit({ lease, transitions: servedBefore(last, this.#setting.world.wall()), request: null })
  }

  #drawRelease(catalogue: Catalogue, slot: number): Release {
    const { random, neverHealthy, lastNeverHealthy, badResponses } = this.#setting
    const dice = random.next() & 63
    if (slot > 0 && dice === 0) neverHealthy[slot] = true
    if (slot > 0 && dice === 1) lastNeverHealthy[slot] = true
    if (slot > 0 && (dice === 2 || dice === 3)) badResponses[slot] = true
    const isBadAfter = slot > 0 && this.#setting.strikesEngine(faults.bad_after_promotion)
    if (isBadAfter) this.#setting.badAfter[slot] = true
    if (slot > 0 && dice < 4)
      this.#setting.struck(
        dice === 0 ? faults.never_healthy : dice === 1 ? faults.instance_never_healthy : faults.bad_responses,
      )
    return catalogue.release(random.below(variants.length), slot)
  }

  /** A new control plane starts on the disk; whoever wrote before is fenced. */
  #boot(): void {
    const process = new Incarnation(`plane ${this.#names}`)
    this.#names += 1
    const engine = new Engine(this.#portsFor(process), {
      owner: process.name,
      onFatal: (error) => {
        this.#tell(`${process.name} exits: ${error.code} ${error.detail}`)
        this.#mustHaveReason(process, error)
        this.#kill(process)
      },
    })
    this.#planes.push({ process, engine })
    this.#tell(`${process.name} starts`)
    engine.start().catch((error: unknown) => {
      this.#tell(`${process.name} could not start: ${String(error)}`)
      this.#kill(process)
    })
  }

  /** Invariant: a control plane gives up only when another took over, or when the disk failed it. */
  #mustHaveReason(process: Incarnation, error: SluiceError): void {
    const isReplaced = this.#planes.at(-1)?.process !== process
    if (error.code === 'store_fenced' ? isReplaced : error.code === 'store_failed' && process.hasBadDisk) return
    this.#breach ??= new Breach(`the control plane gave up for no reason: ${error.code} ${error.detail}`)
  }

  #kill(process: Incarnation): void {
    if (!process.isAlive) return
    process.isAlive = false
    this.#deaths += 1
    if (this.#deaths > deathsForgiven) this.#setting.harmed = true
    this.#tell(`${process.name} is dead`)
    this.#dataPlane.listeners.delete(process)
    if (this.#planes.some((plane) => plane.process.isAlive)) return
    const { random } = this.#setting
    const isLong = !this.#setting.healed && (random.next() & 7) === 0
    if (isLong) this.#setting.struck(faults.long_downtime)
    this.#after(isLong ? random.below(600_000) : 1 + random.below(400), () => {
      if (!this.#planes.some((plane) => plane.process.isAlive)) this.#boot()
    })
  }

  #portsFor(process: Incarnation): Ports {
    const setting = this.#setting
    return {
      clock: {
        now: () => setting.world.wall(),
        after: (ms, callback) =>
          this.#timeline.after(ms + (setting.strikes(faults.wake_late) ? setting.random.below(5_000) : 0), () => {
            if (process.isAlive) callback()
          }),
      },
      calendar: { times: async (rule, span) => timesOf(rule, span) },
      ids: { next: (prefix) => `${prefix}_${(this.#names += 1).toString(36).padStart(4, '0')}` },
      log: {
        info: () => {},
        warn: (event, fields) => this.#tell(`${process.name} warns: ${event} ${JSON.stringify(fields)}`),
        error: (event, fields) => {
          this.#breach ??= new Breach(`the engine reports ${event}: ${JSON.stringify(fields)}`)
        },
      },
      sha256: (text) => text,
      credentials: noCredentials,
      store: this.#storeFor(process),
      driver: simulatedDriver(setting, this.#timeline, {
        network: this.#network,
        caller: process,
        releaseIn: (slot): ReleaseId | null => this.#releases[slot]?.id ?? null,
      }),
      router: simulatedRouter(setting, this.#timeline, {
        plane: this.#dataPlane,
        network: this.#network,
        caller: process,
      }),
      secrets: { versions: never, values: async () => ({}) },
      hooks: simulatedHooks(setting, { network: this.#network, caller: process }),
      verifier: simulatedVerifier(setting, { network: this.#network, caller: process }),
      ...simulatedOutside(setting, { network: this.#network, caller: process }),
      ...nobodyOutside,
      pipelines: { lower: never },
      github: { resolve: never, outputs: never },
      source: {
        name: 'shop',
        resolve: never,
        checkout: never,
        remove: never,
        commitsBetween: never,
        bases: never,
        diff: never,
        place: never,
        commitTree: never,
      },
      config: { load: never, ofCommit: never },
      artifacts: { put: never, unpack: never, verify: never },
      evidence: noEvidence,
      runner: {
        workspace: never,
        run: never,
        stop: never,
        discard: never,
        cores: 1,
        logs: never,
        searchLog: never,
        logMarks: never,
        settled: () => Promise.resolve(),
      },
    }
  }

  /** The disk as this process meets it. A commit takes its time before and after it is durable, so that a kill can fall in between. */
  #storeFor(process: Incarnation): Store {
    const setting = this.#setting
    // One disk, one queue: what was handed over first is written first, and answered first.
    const freeAt = { sent: 0, durable: 0 }
    const store = this.#disk.open({
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
          if (setting.strikesEngine(faults.crash_during_commit)) return this.#kill(process)
          const ms = setting.strikesEngine(faults.commit_slow) ? setting.random.below(3_000) : 1
          freeAt[stage] = Math.max(freeAt[stage], this.#timeline.now + ms)
          this.#timeline.after(freeAt[stage] - this.#timeline.now, () => {
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

  /** Whoever a client would reach: mostly the newest control plane that is alive, sometimes an older one. */
  #reachable(): Plane | null {
    const alive = this.#planes.filter(({ process }) => process.isAlive)
    if (alive.length > 1 && (this.#setting.random.next() & 3) === 0) return alive[0] ?? null
    return alive.at(-1) ?? null
  }

  /** A person asks until there is an answer. */
  #request(ask: Request['ask'], { isWayBack = false, hasRival = false }: Partial<Request> = {}): void {
    const key = `request ${this.#requests.length}`
    const request: Request = { key, ask, isWayBack, hasRival, attempts: 0, isDone: false }
    this.#requests.push(request)
    this.#send(request)
  }

  #send(request: Request): void {
    if (request.isDone) return
    if (this.#setting.healed) request.attempts += 1
    if (request.attempts > requestAttemptsMax) throw new Breach(`${request.key} was never answered`)
    const plane = this.#reachable()
    if (plane !== null) this.#hand(request, plane)
    if (this.#setting.strikesEngine(faults.request_repeated) && plane !== null) this.#hand(request, plane)
    this.#after(requestPauseMs, () => this.#send(request))
  }

  #hand(request: Request, { process, engine }: Plane): void {
    const by = people[request.key.length & 1] ?? { kind: 'person', name: 'ada' }
    const caller: Caller = { by, reason: 'because', idempotencyKey: request.key }
    request.ask(engine, caller).then(
      (answer) => {
        if (process.isAlive) this.#answered(request, answer)
      },
      (error: unknown) => {
        if (!process.isAlive) return
        if (!(error instanceof SluiceError)) this.#breach ??= new Breach(`${request.key} met ${String(error)}`)
        else if (error.code === 'store_full') this.#mustNotBeFull(request)
        else if (error.code === 'admission_refused') this.#mustNotBeRefused(request, process, error)
        else if (isFinal(error)) request.isDone = true
        this.#tell(`${request.key} refused: ${String(error)}`)
      },
    )
  }

  /** Invariant: a full disk refuses new work, and nobody's way back. */
  #mustNotBeFull({ key, isWayBack }: Request): void {
    if (isWayBack) this.#breach ??= new Breach(`${key} is a way back, and was refused because the disk is full`)
  }

  /** Invariant: nothing is refused here, where all wait their turn; but one that was replaced does not know what happened since. */
  #mustNotBeRefused(request: Request, process: Incarnation, { detail }: SluiceError): void {
    const { key, isWayBack } = request
    // Who goes forward asks again; a stopped line keeps nobody from going back.
    if (!isWayBack && detail.includes(' stopped the line ')) return
    // A newcomer that came too late to take somebody's place is a rollout like any other, and everybody's rival.
    const hasRival = request.hasRival || this.#isAuto || this.#hasQueue || this.#hasNewcomer
    // Who wants to go back asks again, and then turns around what had its turn first.
    if (hasRival && !isWayBack) request.isDone = true
    if (hasRival) return
    if (this.#planes.at(-1)?.process !== process) return
    // What was rolled back is held; and what a watch or a drill does in between is waited for.
    if (detail.includes(' is held by ')) request.isDone = true
    else if (!detail.includes(' is under way in ') || !goesBackByItself(this.#disk))
      this.#breach ??= new Breach(`${key} was refused for no reason: ${detail}`)
  }

  /** Invariant: what was acknowledged is on the disk. */
  #answered(request: Request, answer: unknown): void {
    this.#tell(`${request.key} answered`)
    request.isDone = true
    if (typeof answer !== 'object' || answer === null || !('rollout' in answer)) return
    // What waits for its turn has its row in the ledger, and is the rollout of that name later, if ever.
    if ('kind' in answer && answer.kind === 'queued') {
      const isQueued = this.#disk.rows().some(({ type, body }) => type === 'queued' && entryOf(body) === answer.rollout)
      if (!isQueued) this.#breach ??= new Breach(`${request.key} was told to wait and does not`)
      return
    }
    const isThere = [...this.#disk.aggregates()].some(({ key }) => key.kind === 'rollout' && key.id === answer.rollout)
    if (!isThere) this.#breach ??= new Breach(`${request.key} was acknowledged and is not on the disk`)
  }

  #deploy(): void {
    // A rollout that waited for its turn settles beside those that are asked for here.
    if (this.#remaining === 0) return
    this.#remaining -= 1
    const environment = environmentOn(this.#disk)
    const { random } = this.#setting
    const before = environment === null ? null : releaseBefore(environment)
    if (before !== null && (random.next() & 1) === 0) {
      // It turns around what came by itself or had its turn, if that is live by now.
      if (this.#isAuto || this.#hasQueue) this.#setting.harmed = true
      return this.#request((engine, caller) => engine.rollback({ ...target, release: null }, caller), {
        isWayBack: true,
      })
    }
    const used = new Set(environment?.history.map(({ release }) => slotOf(release)))
    const slots = this.#isAuto ? slotCount - 1 : slotCount
    const slot = used.size % slots
    const hasRival = this.#setting.strikesEngine(faults.deploy_rival)
    // Both at once: one of them gets in, whoever is asked first.
    for (const wanted of hasRival ? [slot, (slot + 1) % slots] : [slot]) {
      const release = this.#releases[wanted]?.id ?? null
      this.#request((engine, caller) => engine.deploy({ ...target, purpose: 'deploy', release }, caller), { hasRival })
    }
  }

  /** Somebody wants a release in, and waits for their turn. */
  #queue(): void {
    if (this.#isBusy()) return
    this.#hasQueue = true
    const release = this.#releases[this.#setting.random.below(slotCount - 1)]?.id ?? null
    const command = { ...target, purpose: 'deploy', release, whenBusy: 'queue' } as const
    this.#request((engine, caller) => engine.deployOrQueue(command, caller), { hasRival: true })
  }

  #dequeue(): void {
    const entry = environmentOn(this.#disk)?.queue?.at(-1)?.id
    if (entry === undefined || this.#isBusy() || !entry.startsWith('rol_')) return
    this.#request((engine, caller) => engine.cancelQueued({ ...target, entry }, caller))
  }

  /** A newer release is to take the place of the rollout that is under way. */
  #replace(): boolean {
    const environment = environmentOn(this.#disk)
    const live = liveRolloutOn(this.#disk)
    if (environment === null || live === null || this.#isBusy()) return false
    const known = new Set([...environment.history.map(({ release }) => release), live.plan.to])
    // What comes by itself is left to come by itself.
    const others = this.#isAuto ? this.#releases.slice(0, slotCount - 1) : this.#releases
    const release = others.find((one) => one !== null && !known.has(one.id))?.id
    if (release === undefined) return false
    this.#hasNewcomer = true
    this.#request((engine, caller) => engine.deploy({ ...target, purpose: 'deploy', release, replace: true }, caller), {
      hasRival: true,
    })
    return true
  }

  /** After every event: what became durable is looked at, and the schedule goes on. */
  #look(): void {
    this.#turns.passed(
      this.#timeline.now,
      this.#planes.some(({ process }) => process.isAlive),
    )
    const rows = this.#disk.rows()
    if (rows.length === this.#seenRows) return
    const live = liveRolloutOn(this.#disk)
    const { world } = this.#setting
    world.plan = live?.plan ?? null
    world.token = live?.token ?? 0
    if (live !== null) {
      world.recordedToken = live.token
      world.recordedSequence = live.sequence
    }
    for (const row of rows.slice(this.#seenRows)) {
      if (this.#setting.trace !== null) this.#tell(described(row))
      if (row.key.kind !== 'watch') this.#toldRows += 1
      this.#turns.took(row, this.#deaths + this.#jumps)
      const isSettled = row.type === 'rollout_settled' && row.key.id === `${serviceName}/${environmentName}`
      // Where one has taken the place of another, nothing was turned back, and the next waits for it.
      const isOver = isSettled && !('superseded' in (row.body as object))
      if (isOver) this.#mustHaveSucceededIfUnharmed()
      if (isOver && this.#remaining > 0) this.#after(this.#setting.random.below(500), () => this.#deploy())
    }
    if (live === null) {
      const token = environmentOn(this.#disk)?.token ?? 0
      world.recordedToken = token
      world.recordedSequence = Infinity
    }
    this.#seenRows = rows.length
    this.#isBusyOnDisk = live !== null || isWatchedOn(this.#disk) || isUnderWay(maintenanceOn(this.#disk))
    if (!this.#setting.healed && this.#toldRows - slotCount >= this.#healAfterRows) this.#heal()
  }

  #isOver(): boolean {
    if (this.#setting.healed && this.#timeline.now - this.#healedAt > settleMsMax)
      throw new Breach('not everything settled')
    const isQuiet =
      this.#remaining === 0 && !this.#isBusyOnDisk && this.#turns.isOver && this.#requests.every(({ isDone }) => isDone)
    if (!isQuiet) {
      this.#quietSince = -1
      return false
    }
    // Late effects of old leaders may still land; a minute outlasts all of them.
    if (this.#quietSince < 0) {
      this.#quietSince = this.#timeline.now
      this.#after(60_000, () => {})
      if (!this.#setting.healed) this.#heal()
    }
    return this.#timeline.now - this.#quietSince >= 60_000
  }

  /** Between any two events, anything may happen. */
  #ambient(): void {
    const { weather, random, healed } = this.#setting
    if (healed) {
      return
    }
    if (this.#setting.world.isArmed() && this.#setting.strikes(faults.tripwire_cut)) this.#dataPlane.cut()
    const plane = this.#reachable()
    if (plane !== null && this.#setting.strikesEngine(faults.crash_anywhere)) this.#kill(plane.process)
    if (plane !== null && this.#setting.strikesEngine(faults.two_leaders)) this.#boot()
    if (this.#setting.strikesEngine(faults.command_freeze)) this.#freeze()
    if (this.#setting.strikesEngine(faults.command_rollback)) this.#rollBack()
    if (this.#setting.strikesEngine(faults.command_drill)) this.#drill()
    if (this.#setting.strikesEngine(faults.command_maintain)) this.#maintain()
    if (this.#setting.strikesEngine(faults.deploy_queued)) this.#queue()
    if (this.#setting.strikesEngine(faults.command_dequeue)) this.#dequeue()
    if (this.#setting.strikesEngine(faults.command_line)) this.#stopLine()
    if (weather.ambientChance === 0) return
    const dice = random.next()
    if ((dice & 511) >= weather.ambientChance) return
    const fault = weather.ambient[(dice >>> 9) % weather.ambient.length]
    if (fault !== undefined && this.#strike(fault)) this.#setting.struck(fault)
  }

  /** False when the fault found nothing to strike, or is the core simulator's alone. */
  #strike(fault: number): boolean {
    const { random, world } = this.#setting
    const command = commandOf[fault]
    if (command !== undefined) return this.#command(command)
    switch (fault) {
      case faults.instance_crash:
        return this.#crashInstance()
      case faults.clock_forward:
        world.skew += random.below(7_200_000)
        this.#jumps += 1
        return true
      case faults.clock_back:
        world.skew -= random.below(7_200_000)
        this.#jumps += 1
        return true
      case faults.command_approve:
        return this.#say('approve')
      case faults.command_reject:
        return this.#say('reject')
      case faults.deploy_replaces:
        return this.#replace()
      default:
        return false
    }
  }

  #isBusy(): boolean {
    return this.#requests.filter(({ isDone }) => !isDone).length > openRequestsMax
  }

  #command(type: CommandEvent['type']): boolean {
    const live = environmentOn(this.#disk)?.live ?? null
    if (live === null || this.#isBusy()) return false
    this.#request((engine, caller) => engine.commandRollout(live, type, caller), {
      isWayBack: type === 'abort_requested',
    })
    return true
  }

  /** Something that may always be asked, changes nothing that matters here, and must still be done once for each time it is asked. */
  #freeze(): void {
    if (this.#isBusy()) return
    this.#request((engine, caller) => engine.freeze(target, { from: 0, until: 1, reason: 'rehearsal' }, caller))
  }

  /** Somebody goes back, whatever is under way; what is left by it is held on the disk once it is answered. */
  #rollBack(): void {
    const environment = environmentOn(this.#disk)
    if (this.#isBusy() || environment === null) return
    const { random } = this.#setting
    // One who names a release takes the place of what is under way, unless that is where it goes back to.
    const release = (random.next() & 3) === 0 ? (environment.verified[random.below(slotCount)] ?? null) : null
    if (release !== null) this.#hasNewcomer = true
    this.#request(
      async (engine, caller) => {
        const answer = await engine.rollback({ ...target, release, reason: 'outage' }, caller)
        this.#breach ??= breachOfHold(this.#disk, answer.rollout)
        return answer
      },
      { isWayBack: release === null, hasRival: true },
    )
  }

  #drill(): void {
    if (this.#isBusy() || (environmentOn(this.#disk)?.serving ?? null) === null) return
    const drill = { ...target, dwellMs: 500, confirm: environmentName }
    this.#request((engine, caller) => engine.startDrill(drill, caller), { hasRival: true })
  }

  /** Somebody puts up a page, has requests wait, or ends either. */
  #maintain(): void {
    if (this.#isBusy()) return
    const wish = drawWish(this.#setting.random)
    this.#request((engine, caller) => engine.maintain(target, wish, caller))
  }

  #stopLine(): void {
    if (this.#isBusy()) return
    const underway = (['pause', 'abort', 'finish'] as const)[this.#setting.random.next() % 3] ?? 'pause'
    this.#request((engine, caller) => engine.governance.stopLine({ underway }, caller))
    this.#after(this.#setting.random.below(3_000), () => this.#request(resumingLine))
  }

  #say(word: 'approve' | 'reject'): boolean {
    const live = environmentOn(this.#disk)?.live ?? null
    if (live === null || this.#isBusy()) return false
    // Whoever asked for it is refused; somebody else is not.
    const other = (this.#setting.random.next() & 3) === 0 ? {} : { by: { kind: 'person', name: 'bob' } as const }
    this.#request((engine, caller) => engine.governance[word]({ rollout: live }, { ...caller, ...other }))
    return true
  }

  #crashInstance(): boolean {
    const { random, world } = this.#setting
    const running = world.upstreams.findIndex((mask) => mask !== 0)
    const slot = running >= 0 && (random.next() & 1) === 0 ? running : random.below(slotCount)
    const index = random.below(instancesMax)
    const release = this.#releases[slot]?.id
    if (release === undefined || (world.healthy(slot) & (1 << index)) === 0) return false
    const downMs = random.below(3_000)
    world.crash(slot, index, world.now + downMs)
    if ((world.upstreams[slot] ?? 0) === 0) return true
    const notice = { kind: 'upstream_health', ...target, instance: `${slot}-${index}`, release } as const
    this.#dataPlane.notify({ ...notice, healthy: false })
    this.#dataPlane.notify({ ...notice, healthy: true }, downMs + 1)
    return true
  }

  /** The weather clears: one control plane, and somebody who looks after what waits for somebody. */
  #heal(): void {
    this.#setting.healed = true
    this.#isDiskFull = false
    this.#healedAt = this.#timeline.now
    this.#tell('the weather clears')
    for (const { process } of this.#planes.slice(0, -1)) this.#kill(process)
    if (!this.#planes.some(({ process }) => process.isAlive)) this.#boot()
    this.#after(personMs, () => this.#person())
  }

  #person(): void {
    this.#after(personMs, () => this.#person())
    if (isLineStopped(this.#disk) && !this.#isBusy()) this.#request(resumingLine)
    const live = liveRolloutOn(this.#disk)
    if (live === null) return
    this.#mustKnowOfTrip(live)
    if (live.status === 'parked')
      this.#command((this.#setting.random.next() & 1) === 0 ? 'retry_requested' : 'abort_requested')
    else if (live.status === 'reverting' && live.stage.kind === 'awaiting') this.#command('abort_requested')
    else if (live.status === 'advancing') {
      this.#sawBroken = live.paused?.kind === 'broken' ? this.#sawBroken + 1 : 0
      if (live.paused?.kind === 'command') this.#command('resume_requested')
      else if (live.paused?.kind === 'step_failed' || live.paused?.kind === 'deadline')
        this.#command((this.#setting.random.next() & 1) === 0 ? 'retry_requested' : 'abort_requested')
      // A judge that stays blind (say, because the router lost the route) is for a person to decide, who gives it half a minute.
      else if (this.#sawBroken > blindLooksMax)
        this.#command((this.#setting.random.next() & 1) === 0 ? 'abort_requested' : 'promote_requested')
      else if (live.stage.kind === 'awaiting') this.#say('approve')
    }
  }

  /** Invariant: a rollout that was cut does not go on as if nothing had happened, also when the notice of it got lost. */
  #mustKnowOfTrip({ status, token }: { readonly status: string; readonly token: number }): void {
    const { world } = this.#setting
    if (status !== 'advancing' || token !== world.trippedToken) return
    const knownForMs = this.#timeline.now - Math.max(this.#healedAt, world.trippedAt)
    demand(knownForMs < tripKnownMsMax, 'a rollout that was cut goes on')
  }

  #after(ms: number, run: () => void): void {
    this.#timeline.after(ms, run)
  }

  #tell(line: string): void {
    if (this.#setting.trace !== null) this.#setting.trace(line.replaceAll(/rel_0+/g, ''))
  }

  /** Invariant: deaths of the control plane, clock jumps, and a disk that fails never turn a good release back. */
  #mustHaveSucceededIfUnharmed(): void {
    const passage = environmentOn(this.#disk)?.history[0]
    if (passage?.outcome === 'rolled_back' && !this.#setting.harmed) throw new Breach('a good release was turned back')
  }

  /** Invariant: what the ledger believes is what the world serves, and nothing else runs. */
  #mustBeAtRest(): void {
    const { world, badAfter } = this.#setting
    const environment = environmentOn(this.#disk)
    mustHaveWatched(this.#disk, environment?.serving ?? null, badAfter)
    mustBeMaintained(maintenanceOn(this.#disk), this.#dataPlane.maintenance)
    const serving = environment?.serving ?? null
    const left = new Set([...(environment?.kept ?? []), ...(environment?.abandoned ?? [])])
    if (serving === null) demand(world.route === 'closed', 'nothing serves, and the route is open')
    else
      demand(
        world.serving() === slotOf(serving),
        `the ledger says slot ${slotOf(serving)}, the router serves slot ${world.serving()}`,
      )
    for (let slot = 0; slot < slotCount; slot += 1) {
      const release = this.#releases[slot]
      const exists = world.exists[slot] ?? 0
      if (release?.id === serving && release !== undefined && release !== null)
        demand(
          exists === firstOf(release.content.environments[0]?.instances ?? 0),
          `slot ${slot} serves, and not all of its instances are there`,
        )
      else if (release === undefined || release === null || !left.has(release.id))
        demand(exists === 0, `instances of slot ${slot} were left behind`)
    }
  }
}

/** The first fault that only this simulator has; the weather of both is drawn alike. */
export const firstEngineFault: number = engineFaultsBegin
