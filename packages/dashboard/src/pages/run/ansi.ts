/** Colours of a terminal (ECMA-48, SGR) as parts of a line; whatever else a terminal would do is left out. */

/** A part of a line that looks the same. */
export type Span = { readonly text: string; readonly look: string }

const escape = String.fromCharCode(27)
const pattern = new RegExp(`${escape}\\[([0-9;]*)([A-Za-z])|${escape}\\][^\\u0007]*\\u0007`, 'g')

/** The parts of a line. */
export const spansOf = (text: string): readonly Span[] => {
  if (!text.includes(escape)) return [{ text, look: '' }]
  const spans: Span[] = []
  let look: readonly string[] = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) spans.push({ text: text.slice(at, match.index), look: look.join(' ') })
    at = match.index + match[0].length
    if (match[2] === 'm') look = looksAfter(look, match[1] ?? '')
  }
  if (at < text.length) spans.push({ text: text.slice(at), look: look.join(' ') })
  return spans
}

const colours: readonly string[] = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

const looksAfter = (before: readonly string[], codes: string): readonly string[] => {
  let looks = before
  const without = (kind: string): readonly string[] => looks.filter((one) => !one.startsWith(kind))
  for (const code of (codes === '' ? '0' : codes).split(';').map(Number)) {
    if (code === 0) looks = []
    else if (code === 1) looks = [...without('bold'), 'bold']
    else if (code === 2) looks = [...without('dim'), 'dim']
    else if (code === 22) looks = without('bold').filter((one) => one !== 'dim')
    else if (code === 39) looks = without('ink-')
    else {
      const colour = colours[code >= 90 && code <= 97 ? code - 90 : code >= 30 && code <= 37 ? code - 30 : -1]
      if (colour !== undefined) looks = [...without('ink-'), `ink-${colour}`]
      // 256 colours and RGB (38;5;n, 38;2;r;g;b) are not shown; what follows belongs to them.
      else if (code === 38 || code === 48) return looks
    }
  }
  return looks
}
