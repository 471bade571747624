/** Words of the secret scan. */
import type { Severity } from '../scan.ts'

/** A pattern of one provider's credential. */
export type SecretRule = {
  /** Kebab-case, unique; what allow-lists name. */
  readonly id: string
  /** What it is, for the message: `a Twilio API key`. */
  readonly what: string
  readonly severity: Severity
  /** Lower-case; the pattern is tried only on a text that holds one of them in any case. */
  readonly keywords: readonly string[]
  /** Global; the first group is the secret where there is one, otherwise the whole match. */
  readonly pattern: RegExp
  /** Shannon entropy that the secret has at least, bits per character; 0 where the form is proof enough. */
  readonly entropyMin: number
  /** Documentation of the form. */
  readonly source: string
}

/** A place of a text that looks like a secret, before anyone looked at the value. */
export type Candidate = {
  readonly rule: string
  readonly what: string
  readonly severity: Severity
  /** Offsets into the text, UTF-16 code units; the end is exclusive. */
  readonly start: number
  readonly end: number
  readonly help: string | null
}

/** A piece of a file to be scanned: a whole file, or the lines that a commit added. */
export type ScannedText = {
  readonly file: string
  readonly commit: string | null
  readonly text: string
  /** Line number in the file of each line of the text. */
  readonly lines: readonly number[]
}

/** A row: id, what it is, its keywords, its pattern, and what else is known. */
export type Row = readonly [
  id: string,
  what: string,
  keywords: readonly string[],
  pattern: RegExp,
  more?: { readonly entropyMin?: number; readonly severity?: Severity; readonly source?: string },
]
