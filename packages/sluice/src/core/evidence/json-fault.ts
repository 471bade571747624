/** Finds where a text stops being JSON (RFC 8259): the engine's own messages name a position for some mistakes only. */

/** Offset of the first character that cannot stand where it does; the text's length when it ends too early. Meant for texts that `JSON.parse` refused. */
export const jsonFault = (text: string): number => {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = afterSpace(text, 0)
  while (at < text.length) {
    const letter = text[at] ?? ''
    const next = step(expected, letter, open)
    if (next === null) return at
    const end = next === 'scalar' ? afterScalar(text, at) : at + 1
    if (end === null) return faultOfScalar(text, at)
    if (letter === '"' && (expected === 'key' || expected === 'keyOrEnd')) expected = 'colon'
    else if (next === 'scalar') expected = 'comma'
    else expected = next
    at = afterSpace(text, end)
  }
  return text.length
}

type Expected = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'comma'

/** What is expected after `letter`, or that a scalar begins with it; null when it may not stand here. Opens and closes brackets. */
const step = (expected: Expected, letter: string, open: ('{' | '[')[]): Expected | 'scalar' | null => {
  const isValue = expected === 'value' || expected === 'valueOrEnd'
  if (isValue && (letter === '{' || letter === '[')) {
    open.push(letter)
    return letter === '{' ? 'keyOrEnd' : 'valueOrEnd'
  }
  const closes = letter === '}' ? '{' : letter === ']' ? '[' : null
  const mayClose =
    expected === 'comma' || (expected === 'keyOrEnd' && closes === '{') || (expected === 'valueOrEnd' && closes === '[')
  if (closes !== null) return mayClose && open.pop() === closes ? 'comma' : null
  if (expected === 'comma') return letter === ',' && open.length > 0 ? (open.at(-1) === '{' ? 'key' : 'value') : null
  if (expected === 'colon') return letter === ':' ? 'value' : null
  if (expected === 'key' || expected === 'keyOrEnd') return letter === '"' ? 'scalar' : null
  return /["\-0-9tfn]/.test(letter) ? 'scalar' : null
}

const afterSpace = (text: string, from: number): number => {
  let at = from
  while (' \t\n\r'.includes(text[at] ?? '.')) at += 1
  return at
}

/** Offset after the text, number or word that begins at `from`; null when it is none. */
const afterScalar = (text: string, from: number): number | null => {
  if (text[from] === '"') {
    const end = endOfText(text, from)
    return text[end] === '"' ? end + 1 : null
  }
  const found = /^(?:true|false|null|-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,400})?)(?![\w.])/.exec(
    text.slice(from, from + 1_300),
  )
  return found === null ? null : from + found[0].length
}

const faultOfScalar = (text: string, from: number): number => (text[from] === '"' ? endOfText(text, from) : from)

/** Offset of the closing quote, or of what may not stand in a text. */
const endOfText = (text: string, from: number): number => {
  let at = from + 1
  while (at < text.length && text[at] !== '"' && (text[at] ?? '') >= ' ') {
    if (text[at] !== '\\') at += 1
    else if (/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6))) at += text[at + 1] === 'u' ? 6 : 2
    else return at
  }
  return at
}
