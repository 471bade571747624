/** The way between one control plane and the world: requests and answers get lost, late, doubled; a dead process hears nothing. */
import { SluiceError } from '../../../src/core/errors.ts'
import { faults } from '../core/faults.ts'
import type { Setting } from '../core/setting.ts'
import type { Timeline } from './timeline.ts'

/** One run of the control plane; after its death nothing that is promised to it is ever kept. */
export class Incarnation {
  readonly name: string
  isAlive = true
  /** Its disk failed a commit: it may give up. */
  hasBadDisk = false

  constructor(name: string) {
    this.name = name
  }
}

/** What a request comes to in the world. Called at most once. */
export type Reply<Answer> = { readonly give: (answer: Answer) => void; readonly refuse: (error: SluiceError) => void }

/** See the file's header. */
export class Network {
  readonly #setting: Setting
  readonly #timeline: Timeline

  constructor(setting: Setting, timeline: Timeline) {
    this.#setting = setting
    this.#timeline = timeline
  }

  /** Asks the world for something; `arrive` is the world's side, and may be called late, twice, or never. */
  ask<Answer>(caller: Incarnation, signal: AbortSignal, arrive: (reply: Reply<Answer>) => void): Promise<Answer> {
    const setting = this.#setting
    return new Promise<Answer>((resolve, reject) => {
      let isOpen = true
      const finish = (act: () => void): void => {
        if (!isOpen || !caller.isAlive) return
        isOpen = false
        act()
      }
      const callOff = (): void => finish(() => reject(this.#calledOff()))
      if (signal.aborted) return callOff()
      signal.addEventListener('abort', callOff, { once: true })
      const answered = (act: () => void): void => {
        if (setting.strikes(faults.ack_dropped)) return
        this.#timeline.after(this.#latencyMs(setting.strikes(faults.ack_late)), () => finish(act))
      }
      const reply: Reply<Answer> = {
        give: (answer) => answered(() => resolve(answer)),
        refuse: (error) => answered(() => reject(error)),
      }
      if (setting.strikes(faults.effect_dropped)) {
        if (setting.strikes(faults.outcome_unknown)) {
          const reset = new SluiceError('outcome_unknown', { detail: 'the connection was reset' })
          this.#timeline.after(this.#latencyMs(false), () => finish(() => reject(reset)))
        }
        return
      }
      this.#timeline.after(this.#latencyMs(setting.strikes(faults.effect_late)), () => arrive(reply))
      if (setting.strikes(faults.effect_duplicated))
        this.#timeline.after(this.#setting.random.below(20_000), () => arrive(unheard))
    })
  }

  /** A call that was called off ends as its platform's client likes to end it. */
  #calledOff(): Error {
    if ((this.#setting.random.next() & 1) === 0) return new Error('the operation was aborted')
    return new SluiceError('outcome_unknown', { detail: 'no answer in time' })
  }

  #latencyMs(isLate: boolean): number {
    const { random } = this.#setting
    return 1 + (random.next() & 15) + (isLate ? random.below(20_000) : 0)
  }
}

const unheard: Reply<unknown> = { give: () => {}, refuse: () => {} }
