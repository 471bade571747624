/** The last lines of what a service printed, whole: who shows them masks them first, and half a secret is none that can be found. */
import { StringDecoder } from 'node:string_decoder'
import { limits } from '../../core/limits.ts'

/** Of one stream. */
export class LastLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: string[] = []
  #rest = ''
  /** Whether the line that goes on is left out. */
  #isTooLong = false

  push(chunk: Uint8Array): void {
    const lines = `${this.#rest}${this.#decoder.write(Buffer.from(chunk))}`.split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#isTooLong && lines.length > 0) {
      lines.shift()
      this.#isTooLong = false
    }
    // Left out to its end: what comes after a cut may be the other half.
    this.#isTooLong ||= this.#rest.length > limits.jobLogLineMax
    if (this.#isTooLong) this.#rest = ''
    this.#lines.push(...lines)
    this.#lines.splice(0, this.#lines.length - limits.evidenceLinesMax)
  }

  /** The last of all, though it may not be whole yet. */
  texts(): readonly string[] {
    return [...this.#lines, this.#rest].filter((line) => line.trim() !== '').map((line) => line.trimEnd())
  }
}
