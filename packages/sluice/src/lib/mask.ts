/** Keeps secrets out of a stream: every usual form of a value becomes `***` before the bytes reach disk or screen, also across chunk borders. */
import { type Automaton, buildAutomaton, skip, step } from './mask-automaton.ts'
import { brokenFormsOf, formsOf } from './mask-forms.ts'
import { findWrapped, lettersBefore, type Span, type WrappedForms, wrappedForms } from './mask-wrapped.ts'

/** What a secret is replaced by. Secrets that overlap or touch become one. */
export const mask = '***'

const maskBytes = Buffer.from(mask)
const nothing = Buffer.alloc(0)
/** Bytes that are looked at in one go, so that memory stays bounded however large a chunk is. */
const portionBytes = 1_048_576

/** The secrets of a job; several maskers share it, and values may be added while they run. */
export class MaskSet {
  readonly #forms = new Map<string, Buffer>()
  readonly #broken = new Map<string, Buffer>()
  #automaton: Automaton | null = null
  #wrapped: WrappedForms | null = null

  constructor(values: readonly string[]) {
    for (const value of values) this.add(value)
  }

  /** From now on this value is masked too, also where its beginning is held back already. Values under 4 characters are not. */
  add(value: string): void {
    for (const form of formsOf(value)) {
      const name = form.toString('latin1')
      if (this.#forms.has(name)) continue
      this.#forms.set(name, form)
      this.#automaton = null
    }
    for (const form of brokenFormsOf(value)) {
      const name = form.toString('latin1')
      if (this.#broken.has(name)) continue
      this.#broken.set(name, form)
      this.#wrapped = null
    }
  }

  /** Null without any value. Another one after a value was added; building takes some milliseconds for 50 secrets and is done when first asked for. */
  automaton(): Automaton | null {
    if (this.#automaton === null && this.#forms.size > 0) this.#automaton = buildAutomaton([...this.#forms.values()])
    return this.#automaton
  }

  /** The forms that a line break may lie in, built when a text first has such lines; null for none. */
  wrapped(): WrappedForms | null {
    if (this.#wrapped === null && this.#broken.size > 0) this.#wrapped = wrappedForms([...this.#broken.values()])
    return this.#wrapped
  }
}

/**
 * Masks one stream that comes in chunks; the output is the same however it was cut. Never holds back more than the longest form (4096 bytes, and the line breaks in it), and only what
 * may be the beginning of one.
 */
export class Masker {
  readonly #masks: MaskSet
  #automaton: Automaton | null = null
  #state = 0
  /** What is not decided yet, with the matches found in it; it begins with the first byte that a match may begin with. */
  #held: Buffer = nothing
  #spans: Span[] = []
  /** Whether the last thing that was let go is a mask, so that one that touches it is the same. */
  #endsMasked = false
  /** Letters right before what is held. */
  #before = 0

  constructor(masks: MaskSet) {
    this.#masks = masks
  }

  /** What is certain so far, in order. May be a part of the chunk's own memory. */
  push(chunk: Buffer): Buffer {
    if (chunk.length <= portionBytes) return this.#take(chunk)
    const parts: Buffer[] = []
    for (let at = 0; at < chunk.length; at += portionBytes)
      parts.push(this.#take(chunk.subarray(at, at + portionBytes)))
    return Buffer.concat(parts)
  }

  /** What is still held back; the masker may be used again after it, for another text. */
  end(): Buffer {
    const rest = this.#release(this.#held, this.#held.length)
    this.#held = nothing
    this.#spans = []
    this.#state = 0
    this.#endsMasked = false
    this.#before = 0
    return rest
  }

  #take(chunk: Buffer): Buffer {
    const automaton = this.#masks.automaton()
    if (automaton === null) return chunk
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let from = this.#held.length
    if (automaton !== this.#automaton) {
      // Other states: what is held is looked at again, but for what belongs to a mask that was let go already.
      this.#automaton = automaton
      this.#state = 0
      this.#spans = this.#spans.filter(({ start }) => start === 0 && this.#endsMasked)
      from = 0
    }
    this.#scan(automaton, text, from)
    const pending = this.#scanLines(text)
    const free = Math.min(pending, text.length - (automaton.depth[this.#state] ?? 0))
    this.#before = lettersBefore(text, free, this.#before)
    const out = this.#release(text, free)
    // A copy, because the chunk's memory belongs to who gave it.
    this.#held = free === text.length ? nothing : Buffer.from(text.subarray(free))
    return out
  }

  /** Looks for secrets that a line break cuts in two, in all of `text`, and gives where one may have begun that is not decided yet. */
  #scanLines(text: Buffer): number {
    const { spans, pending } = findWrapped(() => this.#masks.wrapped(), text, this.#before)
    if (spans.length > 0) {
      const all = [...this.#spans, ...spans].toSorted((a, b) => a.end - b.end)
      this.#spans = []
      for (const { start, end } of all) this.#found(start, end)
    }
    return pending
  }

  /** Reads `text` from `from` on, and leaves the state at its end. */
  #scan(automaton: Automaton, text: Buffer, from: number): void {
    const { stride, depth, matched } = automaton
    const view = new DataView(text.buffer, text.byteOffset, text.length)
    const end = text.length
    // No pattern is shorter, so that none is found twice when the automaton starts again behind its back.
    const short = stride + 3
    let state = this.#state
    let at = from
    while (at < end) {
      let origin = at - (depth[state] ?? 0)
      if (at - origin < short) {
        origin = skip(automaton, view, origin)
        at = origin
        state = 0
      }
      // A look at the table said that a pattern may begin in this stride: until it is known, and all that is pending is short.
      const decided = origin + short > end ? end : origin + stride
      while (at < end) {
        state = step(automaton, state, text[at] ?? 0)
        at += 1
        const length = matched[state] ?? 0
        if (length > 0) this.#found(at - length, at)
        const pending = depth[state] ?? 0
        if (pending < short && at - pending >= decided) break
      }
    }
    this.#state = state
  }

  /** Notes a match; matches come in the order of their ends. */
  #found(start: number, end: number): void {
    const spans = this.#spans
    const span = { start, end }
    for (let last = spans.at(-1); last !== undefined && last.end >= span.start; last = spans.at(-1)) {
      span.start = Math.min(span.start, last.start)
      span.end = Math.max(span.end, last.end)
      spans.pop()
    }
    spans.push(span)
  }

  /** Lets go of what comes before `free`, with the matches masked, and keeps the matches that reach further. */
  #release(text: Buffer, free: number): Buffer {
    const spans = this.#spans
    if (spans.length === 0) {
      if (free > 0) this.#endsMasked = false
      return free === text.length ? text : text.subarray(0, free)
    }
    const parts: Buffer[] = []
    const kept: Span[] = []
    let at = 0
    for (const { start, end } of spans) {
      if (start < free) {
        if (start > at) parts.push(text.subarray(at, start))
        if (start > at || !this.#endsMasked) parts.push(maskBytes)
        this.#endsMasked = true
        at = Math.min(end, free)
      }
      if (end > free) kept.push({ start: Math.max(0, start - free), end: end - free })
    }
    if (at < free) {
      parts.push(text.subarray(at, free))
      this.#endsMasked = false
    }
    this.#spans = kept
    return parts.length === 1 ? (parts[0] ?? nothing) : Buffer.concat(parts)
  }
}

/** A whole text, masked. */
export const maskText = (masks: MaskSet, text: string): string => {
  const masker = new Masker(masks)
  return Buffer.concat([masker.push(Buffer.from(text, 'utf8')), masker.end()]).toString('utf8')
}
