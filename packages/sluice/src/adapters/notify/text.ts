/** Texts that come from elsewhere (commit messages, reasons), made fit for one line of a message. */

/** Controls, and what turns the direction of a text around (Trojan Source, CVE-2021-42574), in a commit message. */
const unfit = /[\p{Cc}\u2028\u2029]/gu
const turning = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** A text as one line: no control characters, no direction marks, whole characters only. */
export const oneLine = (text: string): string =>
  text.toWellFormed().replaceAll(turning, '').replaceAll(unfit, ' ').replaceAll(/ {2,}/g, ' ').trim()

/** How a receiver wants a text spelled. */
export type Escape = (text: string) => string

const asItIs: Escape = (text) => text

/** What stands for the rest of a text that was cut. */
const cut = '…'

/**
 * A text, escaped, of at most `max` UTF-16 units (receivers count those or characters, which are fewer). One that is longer is cut between two characters as people see them, never inside of what
 * an escape made, and ends in `…`.
 */
export const bounded = (text: string, max: number, escape: Escape = asItIs): string => {
  const whole = text.length <= max ? escape(text) : null
  if (whole !== null && whole.length <= max) return whole
  let kept = ''
  // No escape makes a text shorter, so that what is behind `max` would be cut in any case.
  for (const { segment } of new Intl.Segmenter('en').segment(text.slice(0, max).toWellFormed())) {
    const next = escape(segment)
    if (kept.length + next.length > max - cut.length) break
    kept += next
  }
  return kept + cut
}

/** A text in which HTML, in text or in an attribute, sees nothing of its own. */
export const escapeHtml: Escape = (text) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')

/** Bytes of a value as JSON. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
