/** What people do in a schedule of the engine simulator: they deploy, turn around, wait, stop and approve, and look after what waits for somebody once the weather is fine. */
import { releaseBefore } from '../../../src/core/environment.ts'
import type { CommandEvent } from '../../../src/core/rollout/commands.ts'
import { demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { environmentName, serviceName, slotCount, slotOf } from '../core/releases.ts'
import { breachOfHold, breachOfStanding } from './back-laws.ts'
import { blindLooksMax, personMs, tripKnownMsMax } from './bounds.ts'
import { environmentOn, liveRolloutOn } from './ledger-laws.ts'
import { isLineStopped } from './line-laws.ts'
import type { Requests } from './requests.ts'
import { drawWish, resumingLine } from './said.ts'
import type { Scene } from './scene.ts'

const target = { service: serviceName, environment: environmentName }

/** See the file's header. */
export class People {
  readonly #scene: Scene
  readonly #requests: Requests
  /** Rollouts that are to be asked for yet. */
  remaining: number
  #healedAt = 0
  #sawBroken = 0

  constructor(scene: Scene, requests: Requests, remaining: number) {
    this.#scene = scene
    this.#requests = requests
    this.remaining = remaining
  }

  /** Once the weather is fine, somebody looks every now and then. */
  heal(): void {
    this.#healedAt = this.#scene.now
    this.#scene.after(personMs, () => this.#lookAfter())
  }

  /** The next release, or the way back from this one. */
  deploy(): void {
    // A rollout that waited for its turn settles beside those that are asked for here.
    if (this.remaining === 0) return
    this.remaining -= 1
    const { disk, releases, isAuto, hasQueue, setting } = this.#scene
    const environment = environmentOn(disk)
    const { random } = setting
    const before = environment === null ? null : releaseBefore(environment)
    if (before !== null && (random.next() & 1) === 0) {
      // It turns around what came by itself or had its turn, if that is live by now.
      if (isAuto || hasQueue) setting.harmed = true
      return this.#requests.ask((engine, caller) => engine.rollback({ ...target, release: null }, caller), {
        isWayBack: true,
      })
    }
    const used = new Set(environment?.history.map(({ release }) => slotOf(release)))
    const slots = isAuto ? slotCount - 1 : slotCount
    const slot = used.size % slots
    const hasRival = setting.strikesEngine(faults.deploy_rival)
    // Both at once: one of them gets in, whoever is asked first.
    for (const wanted of hasRival ? [slot, (slot + 1) % slots] : [slot]) {
      const release = releases[wanted]?.id ?? null
      this.#requests.ask((engine, caller) => engine.deploy({ ...target, purpose: 'deploy', release }, caller), {
        hasRival,
      })
    }
  }

  /** Somebody wants a release in, and waits for their turn. */
  queue(): void {
    if (this.#requests.isBusy) return
    const scene = this.#scene
    scene.hasQueue = true
    const release = scene.releases[scene.setting.random.below(slotCount - 1)]?.id ?? null
    const command = { ...target, purpose: 'deploy', release, whenBusy: 'queue' } as const
    this.#requests.ask((engine, caller) => engine.deployOrQueue(command, caller), { hasRival: true })
  }

  dequeue(): void {
    const entry = environmentOn(this.#scene.disk)?.queue?.at(-1)?.id
    if (entry === undefined || this.#requests.isBusy || !entry.startsWith('rol_')) return
    this.#requests.ask((engine, caller) => engine.cancelQueued({ ...target, entry }, caller))
  }

  /** A newer release is to take the place of the rollout that is under way. False where there is none. */
  replace(): boolean {
    const scene = this.#scene
    const environment = environmentOn(scene.disk)
    const live = liveRolloutOn(scene.disk)
    if (environment === null || live === null || this.#requests.isBusy) return false
    const known = new Set([...environment.history.map(({ release }) => release), live.plan.to])
    // What comes by itself is left to come by itself.
    const others = scene.isAuto ? scene.releases.slice(0, slotCount - 1) : scene.releases
    const release = others.find((one) => one !== null && !known.has(one.id))?.id
    if (release === undefined) return false
    scene.hasNewcomer = true
    this.#requests.ask(
      (engine, caller) => engine.deploy({ ...target, purpose: 'deploy', release, replace: true }, caller),
      { hasRival: true },
    )
    return true
  }

  /** A word to the live rollout. False where there is none. */
  command(type: CommandEvent['type']): boolean {
    const live = environmentOn(this.#scene.disk)?.live ?? null
    if (live === null || this.#requests.isBusy) return false
    this.#requests.ask((engine, caller) => engine.commandRollout(live, type, caller), {
      isWayBack: type === 'abort_requested',
    })
    return true
  }

  /** A yes or a no to the live rollout. False where there is none. */
  say(word: 'approve' | 'reject'): boolean {
    const live = environmentOn(this.#scene.disk)?.live ?? null
    if (live === null || this.#requests.isBusy) return false
    // Whoever asked for it is refused; somebody else is not.
    const isOther = (this.#scene.setting.random.next() & 3) !== 0
    const other = isOther ? { by: { kind: 'person', name: 'bob' } as const } : {}
    this.#requests.ask((engine, caller) => engine.governance[word]({ rollout: live }, { ...caller, ...other }))
    return true
  }

  /** Something that may always be asked, changes nothing that matters here, and must still be done once for each time it is asked. */
  freeze(): void {
    if (this.#requests.isBusy) return
    this.#requests.ask((engine, caller) => engine.freeze(target, { from: 0, until: 1, reason: 'rehearsal' }, caller))
  }

  /** Somebody goes back, whatever is under way; once it is answered, what is left by it is held on the disk, and it stands still for no reason of before. */
  rollBack(): void {
    const scene = this.#scene
    const environment = environmentOn(scene.disk)
    if (this.#requests.isBusy || environment === null) return
    const { random } = scene.setting
    // One who names a release takes the place of what is under way, unless that is where it goes back to.
    const release = (random.next() & 3) === 0 ? (environment.verified[random.below(slotCount)] ?? null) : null
    if (release !== null) scene.hasNewcomer = true
    const rows = scene.disk.rows().length
    this.#requests.ask(
      async (engine, caller) => {
        const answer = await engine.rollback({ ...target, release, reason: 'outage' }, caller)
        // Who was replaced and does not know it yet answers by what it knows, where that changes nothing.
        const isStanding = engine === scene.engine ? breachOfStanding(scene.disk, answer.rollout, rows) : null
        const breach = breachOfHold(scene.disk, answer.rollout) ?? isStanding
        if (breach !== null) scene.blame(breach)
        return answer
      },
      { isWayBack: release === null, hasRival: true },
    )
  }

  drill(): void {
    if (this.#requests.isBusy || (environmentOn(this.#scene.disk)?.serving ?? null) === null) return
    const drill = { ...target, dwellMs: 500, confirm: environmentName }
    this.#requests.ask((engine, caller) => engine.startDrill(drill, caller), { hasRival: true })
  }

  /** Somebody puts up a page, has requests wait, or ends either. */
  maintain(): void {
    if (this.#requests.isBusy) return
    const wish = drawWish(this.#scene.setting.random)
    this.#requests.ask((engine, caller) => engine.maintain(target, wish, caller))
  }

  stopLine(): void {
    if (this.#requests.isBusy) return
    const { random } = this.#scene.setting
    const underway = (['pause', 'abort', 'finish'] as const)[random.next() % 3] ?? 'pause'
    this.#requests.ask((engine, caller) => engine.governance.stopLine({ underway }, caller))
    this.#scene.after(random.below(3_000), () => this.#requests.ask(resumingLine))
  }

  #lookAfter(): void {
    const scene = this.#scene
    scene.after(personMs, () => this.#lookAfter())
    for (const side of scene.sides) side.lookAfter()
    // However much waits for an answer: it may wait for this.
    if (isLineStopped(scene.disk)) this.#requests.ask(resumingLine)
    const live = liveRolloutOn(scene.disk)
    if (live === null) return
    this.#mustKnowOfTrip(live)
    const { random } = scene.setting
    if (live.status === 'parked') this.command((random.next() & 1) === 0 ? 'retry_requested' : 'abort_requested')
    else if (live.status === 'reverting' && live.stage.kind === 'awaiting') this.command('abort_requested')
    else if (live.status === 'advancing') {
      this.#sawBroken = live.paused?.kind === 'broken' ? this.#sawBroken + 1 : 0
      if (live.paused?.kind === 'command') this.command('resume_requested')
      else if (live.paused?.kind === 'step_failed' || live.paused?.kind === 'deadline')
        this.command((random.next() & 1) === 0 ? 'retry_requested' : 'abort_requested')
      // A judge that stays blind (say, because the router lost the route) is for a person to decide, who gives it half a minute.
      else if (this.#sawBroken > blindLooksMax)
        this.command((random.next() & 1) === 0 ? 'abort_requested' : 'promote_requested')
      else if (live.stage.kind === 'awaiting') this.say('approve')
    }
  }

  /** Invariant: a rollout that was cut does not go on as if nothing had happened, also when the notice of it got lost. */
  #mustKnowOfTrip({ status, token }: { readonly status: string; readonly token: number }): void {
    const { world } = this.#scene.setting
    if (status !== 'advancing' || token !== world.trippedToken) return
    const knownForMs = this.#scene.now - Math.max(this.#healedAt, world.trippedAt)
    demand(knownForMs < tripKnownMsMax, 'a rollout that was cut goes on')
  }
}
