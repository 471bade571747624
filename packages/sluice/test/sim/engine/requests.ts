/** What people ask for until they are answered, and what must hold of every answer. */
import { SluiceError } from '../../../src/core/errors.ts'
import type { Actor } from '../../../src/core/model.ts'
import type { Caller, Engine } from '../../../src/engine/engine.ts'
import { Breach } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { openRequestsMax, requestAttemptsMax, requestPauseMs } from './bounds.ts'
import { goesBackByItself } from './line-laws.ts'
import type { Incarnation } from './network.ts'
import type { Plane, Planes } from './planes.ts'
import type { Scene } from './scene.ts'
import { entryOf, isFinal } from './small-parts.ts'

/** How somebody asks one control plane. */
export type Ask = (engine: Engine, caller: Caller) => Promise<unknown>

/** Something a person asks for until it is answered; the key makes asking twice the same as asking once. */
type Request = {
  readonly key: string
  readonly ask: Ask
  readonly isWayBack: boolean
  /** Somebody else may be first. */
  readonly hasRival: boolean
  attempts: number
  isDone: boolean
}

const people: readonly Actor[] = ['ada', 'grace'].map((name) => ({ kind: 'person', name }))

/** See the file's header. */
export class Requests {
  readonly #scene: Scene
  readonly #planes: Planes
  #asked = 0
  #open = 0

  constructor(scene: Scene, planes: Planes) {
    this.#scene = scene
    this.#planes = planes
  }

  /** People wait for so many answers that nobody asks for more. */
  get isBusy(): boolean {
    return this.#open > openRequestsMax
  }

  get areAnswered(): boolean {
    return this.#open === 0
  }

  /** A person asks until there is an answer. */
  ask(ask: Ask, { isWayBack = false, hasRival = false }: Partial<Pick<Request, 'isWayBack' | 'hasRival'>> = {}): void {
    const key = `request ${this.#asked}`
    this.#asked += 1
    this.#open += 1
    this.#send({ key, ask, isWayBack, hasRival, attempts: 0, isDone: false })
  }

  #send(request: Request): void {
    if (request.isDone) return
    const { setting } = this.#scene
    if (setting.healed) request.attempts += 1
    if (request.attempts > requestAttemptsMax) throw new Breach(`${request.key} was never answered`)
    const plane = this.#planes.reachable()
    if (plane !== null) this.#hand(request, plane)
    if (setting.strikesEngine(faults.request_repeated) && plane !== null) this.#hand(request, plane)
    this.#scene.after(requestPauseMs, () => this.#send(request))
  }

  #hand(request: Request, { process, engine }: Plane): void {
    const by = people[request.key.length & 1] ?? { kind: 'person', name: 'ada' }
    const caller: Caller = { by, reason: 'because', idempotencyKey: request.key }
    request.ask(engine, caller).then(
      (answer) => {
        if (process.isAlive) this.#answered(request, answer)
      },
      (error: unknown) => {
        if (process.isAlive) this.#refused(request, process, error)
      },
    )
  }

  #done(request: Request): void {
    if (!request.isDone) this.#open -= 1
    request.isDone = true
  }

  #refused(request: Request, process: Incarnation, error: unknown): void {
    const scene = this.#scene
    if (!(error instanceof SluiceError)) scene.blame(new Breach(`${request.key} met ${String(error)}`))
    else if (error.code === 'store_full') this.#mustNotBeFull(request)
    else if (error.code === 'admission_refused') this.#mustNotBeRefused(request, process, error)
    else if (isFinal(error)) this.#done(request)
    if (scene.setting.trace !== null) scene.tell(`${request.key} refused: ${String(error)}`)
  }

  /** Invariant: a full disk refuses new work, and nobody's way back. */
  #mustNotBeFull({ key, isWayBack }: Request): void {
    if (isWayBack) this.#scene.blame(new Breach(`${key} is a way back, and was refused because the disk is full`))
  }

  /** Invariant: nothing is refused here, where all wait their turn; but one that was replaced does not know what happened since. */
  #mustNotBeRefused(request: Request, process: Incarnation, { detail }: SluiceError): void {
    const { key, isWayBack } = request
    const scene = this.#scene
    // Who goes forward asks again; a stopped line keeps nobody from going back. Why something is held is told last, and may be that the line was stopped.
    const [untilHeld = ''] = detail.split(' is held by ')
    if (!isWayBack && untilHeld.includes(' stopped the line ')) return
    // A newcomer that came too late to take somebody's place is a rollout like any other, and everybody's rival.
    const hasRival = request.hasRival || scene.isAuto || scene.hasQueue || scene.hasNewcomer
    // Who wants to go back asks again, and then turns around what had its turn first.
    if (hasRival && !isWayBack) this.#done(request)
    if (hasRival) return
    if (scene.newest !== process) return
    // What was rolled back is held; and what a watch or a drill does in between is waited for.
    if (detail.includes(' is held by ')) this.#done(request)
    else if (!detail.includes(' is under way in ') || !goesBackByItself(scene.disk))
      scene.blame(new Breach(`${key} was refused for no reason: ${detail}`))
  }

  /** Invariant: what was acknowledged is on the disk. */
  #answered(request: Request, answer: unknown): void {
    const { disk } = this.#scene
    this.#scene.tell(`${request.key} answered`)
    this.#done(request)
    if (typeof answer !== 'object' || answer === null || !('rollout' in answer)) return
    // What waits for its turn has its row in the ledger, and is the rollout of that name later, if ever.
    if ('kind' in answer && answer.kind === 'queued') {
      const isQueued = disk.rows().some(({ type, body }) => type === 'queued' && entryOf(body) === answer.rollout)
      if (!isQueued) this.#scene.blame(new Breach(`${request.key} was told to wait and does not`))
      return
    }
    const isThere = [...disk.aggregates()].some(({ key }) => key.kind === 'rollout' && key.id === answer.rollout)
    if (!isThere) this.#scene.blame(new Breach(`${request.key} was acknowledged and is not on the disk`))
  }
}
