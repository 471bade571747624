/**
 * Which rows of the ledger nobody is told of: those of a process that ends with its command. A developer's `sluice run`, or a job elsewhere, is nobody's news; what the control plane that comes after it
 * tells is what it did itself. Where this record is lost, that one tells them too.
 */
import { limits } from '../../core/limits.ts'
import type { Projections } from '../../ports/projections.ts'

/** Rows after `after`, up to and with `to`; null for all that come. */
type Span = { readonly after: number; readonly to: number | null }

const projectionName = 'untold'

/** See the file's header. One an engine. */
export class UntoldRows {
  readonly #projections: Projections
  #spans: readonly Span[] | null = null

  constructor(projections: Projections) {
    this.#projections = projections
  }

  /** From the head on, nobody is told, until somebody serves. */
  async begin(head: number): Promise<void> {
    const spans = await this.#read()
    if (spans.at(-1)?.to === null) return
    await this.#keep([...spans, { after: head, to: null }].slice(-limits.untoldSpansMax))
  }

  /** From the head on, whoever the config names is told. */
  async end(head: number): Promise<void> {
    const spans = await this.#read()
    const last = spans.at(-1)
    if (last?.to === null) await this.#keep([...spans.slice(0, -1), { after: last.after, to: head }])
  }

  /** Whether nobody is told of a row. */
  async has(seq: number): Promise<boolean> {
    return (await this.#read()).some(({ after, to }) => seq > after && (to === null || seq <= to))
  }

  async #read(): Promise<readonly Span[]> {
    return (this.#spans ??= parseSpans(await this.#projections.read(projectionName)))
  }

  async #keep(spans: readonly Span[]): Promise<void> {
    this.#spans = spans
    await this.#projections.keep(projectionName, JSON.stringify({ form: 1, spans }))
  }
}

/** Parser of what was kept: anything else is nothing. */
const parseSpans = (text: string | null): readonly Span[] => {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value !== 'object' || value === null || !('form' in value) || !('spans' in value)) return []
    if (value.form !== 1 || !Array.isArray(value.spans)) return []
    return value.spans.flatMap((one: unknown): readonly Span[] => {
      if (typeof one !== 'object' || one === null || !('after' in one) || !('to' in one)) return []
      const { after, to } = one
      if (typeof after !== 'number' || (typeof to !== 'number' && to !== null)) return []
      return [{ after, to }]
    })
  } catch {
    return []
  }
}
