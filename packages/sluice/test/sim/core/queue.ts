/** Messages under way in a simulated world: a handful at a time, so a scan beats a heap. */
import type { EffectResult, Failure, RolloutEffect } from '../../../src/core/rollout/types.ts'

/** What a message is about. */
export type MessageKind =
  | 'effect'
  | 'effect_second_half'
  | 'probe_over'
  | 'route_applied'
  | 'ack'
  | 'tripped'
  | 'health'
  | 'restart'
  | 'command'
  | 'admit'
  | 'person'

/** One message; `number` means what its kind needs. */
export type Message = {
  readonly at: number
  readonly kind: MessageKind
  readonly effect: RolloutEffect | null
  /** Of an effect that was performed; null for anything else. */
  readonly result: EffectResult | null
  /** Of an effect that failed; with neither, nobody knows. */
  readonly failure: Failure | null
  readonly number: number
}

/** See the file's header. */
export class Queue {
  readonly #messages: Message[] = []
  #first = 0

  /** How many are under way. */
  get size(): number {
    return this.#messages.length
  }

  /** Forgets everything. */
  clear(): void {
    this.#messages.length = 0
  }

  /** Puts a message under way. */
  push(message: Message): void {
    this.#messages.push(message)
  }

  /** When the next one arrives, true time; Infinity when there is none. `pop` gives that one. */
  nextAt(): number {
    const messages = this.#messages
    let at = Infinity
    for (let index = 0; index < messages.length; index += 1) {
      const candidate = messages[index]
      if (candidate !== undefined && candidate.at < at) {
        at = candidate.at
        this.#first = index
      }
    }
    return at
  }

  /** Takes the message that `nextAt` found. */
  pop(): Message | undefined {
    const messages = this.#messages
    const found = messages[this.#first]
    const last = messages.pop()
    if (found !== last && last !== undefined) messages[this.#first] = last
    return found
  }
}
