/**
 * Finds encoded secrets that a line break cuts in two. `base64`, MIME, PEM and `xxd` break what they write at 60 columns or more, so that where a secret lies in a longer text, any of its
 * letters may be the last of a line. A second automaton, of the encoded forms alone, reads on over such a break as if it were not there; it is looked for only where a line ends in a run
 * of so many letters, which in other text is rare: a look at every 44th byte says so.
 */
import { type Automaton, buildAutomaton, step } from './mask-automaton.ts'

/** Bytes from `start` to before `end`. */
export type Span = { start: number; end: number }

/** What was found. `pending`: where a secret may have begun that is not decided at the end of the text; the text's length when there is none. */
export type Wrapped = { readonly spans: readonly Span[]; readonly pending: number }

/** The forms that a break may lie in, and the length of the longest. */
export type WrappedForms = { readonly automaton: Automaton; readonly longest: number }

/** Letters of a line before its break, at least. */
const runMin = 60
/** Places that are looked at: of any `runMin` letters, one such place has `lookBack` letters right before it. */
const lookEvery = 44
const lookBack = runMin - lookEvery
const sideLetters = lookEvery / 2
/** White space before the next line, as in an indented block, at most. */
const indentMax = 32
const carriageReturnsMax = 2

const newline = 10
const carriageReturn = 13
const isLetter = Uint8Array.from({ length: 256 }, (_, byte) => (/[\w+/-]/.test(String.fromCharCode(byte)) ? 1 : 0))
const isIndent = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 32 || byte === 9 ? 1 : 0))

/** The automaton of some forms. */
export const wrappedForms = (forms: readonly Uint8Array[]): WrappedForms => ({
  automaton: buildAutomaton(forms),
  longest: forms.reduce((longest, { length }) => Math.max(longest, length), 0),
})

/** Letters right before `at`, at most as many as matter. `before`: those before the text. */
export const lettersBefore = (text: Buffer, at: number, before: number): number => {
  let start = at
  while (start > 0 && at - start < runMin && isLetter[text[start - 1] ?? 0] === 1) start -= 1
  return Math.min(runMin, at - start + (start === 0 ? before : 0))
}

/** Looks through a text, right before whose beginning there were so many letters. The forms are asked for only where there are such lines. */
export const findWrapped = (forms: () => WrappedForms | null, text: Buffer, before: number): Wrapped => {
  let block: Block | null = null
  const read = (start: number, end: number): number => {
    const known = block === null ? forms() : null
    if (known !== null) block = new Block(known, text)
    return block?.read(start, end) ?? end
  }
  let at = 0
  if (before > 0) {
    at = runEnd(text, 0)
    if (before + at >= runMin) at = read(0, at)
  }
  for (;;) {
    const place = longRun(text, at)
    const line = place === -1 ? -1 : text.indexOf(newline, place)
    // Without a line feed after it, the last run of letters may still have its carriage return.
    const end = beforeReturns(text, line === -1 ? text.length : line)
    if (line === -1 && end === text.length) return block ?? { spans: [], pending: text.length }
    const start = runStart(text, at, end)
    const isLong = end - start >= runMin
    if (line === -1 && !isLong) return block ?? { spans: [], pending: text.length }
    at = isLong ? read(start, end) : line + 1
  }
}

/** A place inside of the next run that may be long enough; -1 for none. */
const longRun = (text: Buffer, from: number): number => {
  for (let at = from + lookEvery - 1; at < text.length; at += lookEvery)
    if (isLetter[text[at] ?? 0] === 1 && isLetter[text[at - lookBack] ?? 0] === 1 && isInRun(text, at)) return at
  return -1
}

/** Samples: those right before a place, and those on one side, where at least half of the rest of the run lies. */
const isInRun = (text: Buffer, at: number): boolean =>
  isLetter[text[at - 4] ?? 0] === 1 &&
  isLetter[text[at - 8] ?? 0] === 1 &&
  isLetter[text[at - 12] ?? 0] === 1 &&
  (areLetters(text, at) || areLetters(text, at - lookBack - sideLetters))

const areLetters = (text: Buffer, at: number): boolean =>
  isLetter[text[at + 6] ?? 0] === 1 &&
  isLetter[text[at + 11] ?? 0] === 1 &&
  isLetter[text[at + 16] ?? 0] === 1 &&
  isLetter[text[at + sideLetters] ?? 0] === 1

const beforeReturns = (text: Buffer, from: number): number => {
  let end = from
  while (end > 0 && from - end < carriageReturnsMax && text[end - 1] === carriageReturn) end -= 1
  return end
}

const runStart = (text: Buffer, from: number, place: number): number => {
  let start = place
  while (start > from && isLetter[text[start - 1] ?? 0] === 1) start -= 1
  return start
}

const runEnd = (text: Buffer, from: number): number => {
  let end = from
  while (end < text.length && isLetter[text[end] ?? 0] === 1) end += 1
  return end
}

/** Where the next line's letters begin; the text's length when it ends before that is known; -1 for no such break. */
const overBreak = (text: Buffer, from: number): number => {
  let at = from
  while (at - from < carriageReturnsMax && text[at] === carriageReturn) at += 1
  if (at === text.length) return at
  if (text[at] !== newline) return -1
  at += 1
  const indent = at
  while (at - indent < indentMax && isIndent[text[at] ?? 0] === 1) at += 1
  if (at >= text.length) return text.length
  return isLetter[text[at] ?? 0] === 1 ? at : -1
}

/** Lines of letters, read as one; it gathers what is found in all of them. */
class Block implements Wrapped {
  readonly spans: Span[] = []
  pending: number
  readonly #forms: WrappedForms
  readonly #text: Buffer
  /** Pairs: letters of this block that came before a line, and where in the text the line is. */
  #lines: (readonly [letters: number, at: number])[] = []
  #letters = 0
  #state = 0

  constructor(forms: WrappedForms, text: Buffer) {
    this.#forms = forms
    this.#text = text
    this.pending = text.length
  }

  /** Reads on from a line whose letters are at `start` to `end`, and gives where to look for the next. */
  read(start: number, end: number): number {
    const text = this.#text
    this.#begin(start, end)
    for (let last = end; ;) {
      const next = overBreak(text, last)
      if (next === -1) return last
      if (next === text.length) {
        this.#leave(0)
        return next
      }
      last = runEnd(text, next)
      this.#line(next, last)
      if (last - next < runMin) return last
    }
  }

  /** What begins more letters before the first break than the longest form has does not reach it. */
  #begin(start: number, end: number): void {
    const { automaton, longest } = this.#forms
    const from = Math.max(start, end - longest)
    this.#lines = [[0, from]]
    this.#letters = end - from
    this.#state = 0
    for (let at = from; at < end; at += 1) this.#state = step(automaton, this.#state, this.#text[at] ?? 0)
  }

  #line(start: number, end: number): void {
    const { automaton } = this.#forms
    this.#lines.push([this.#letters, start])
    for (let at = start; at < end; at += 1) {
      this.#state = step(automaton, this.#state, this.#text[at] ?? 0)
      this.#letters += 1
      const length = automaton.matched[this.#state] ?? 0
      // Others lie in this line alone; whoever looks for those finds them.
      if (length > at + 1 - start) this.spans.push({ start: this.#placeOf(this.#letters - length), end: at + 1 })
    }
    if (end === this.#text.length) this.#leave(end - start)
  }

  /** The text ends: what may go on across a break is pending. `since`: letters of the last line. */
  #leave(since: number): void {
    const depth = this.#forms.automaton.depth[this.#state] ?? 0
    if (depth > since) this.pending = this.#placeOf(this.#letters - depth)
  }

  #placeOf(letter: number): number {
    const [letters, at] = this.#lines.findLast(([first]) => first <= letter) ?? [0, 0]
    return at + letter - letters
  }
}
