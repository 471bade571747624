/**
 * Finds where a key stands in the text of a config, without a parser: a tolerant scan over brackets, strings and comments.
 * It understands an object literal given to `defineConfig(…)`, to `export default`, or as JSON; elsewhere it finds a key that is written once.
 */

/** A place in a text; both count from 1. */
export type Place = { readonly line: number; readonly column: number }

/** A path into the config: keys, and indexes of lists. */
export type KeyPath = readonly (string | number)[]

type Token = { readonly kind: 'punctuation' | 'word' | 'string'; readonly text: string; readonly at: number }
type Found = { readonly path: KeyPath; readonly rooted: boolean; readonly at: number }
type Frame = {
  readonly kind: 'object' | 'array' | 'other'
  readonly path: KeyPath
  readonly rooted: boolean
  /** The key or index whose value is being read; null where a key is expected. */
  key: string | number | null
  /** Elements of a list that have begun. */
  elements: number
}

/** Where `path` (or its nearest ancestor that can be found) is written in `source`; null when nothing of it can be found. */
export const locate = (source: string, path: KeyPath): Place | null => {
  const found = scan(source)
  for (let length = path.length; length > 0; length -= 1) {
    const wanted = path.slice(0, length)
    const exact = found.find((one) => one.rooted && isSamePath(one.path, wanted))
    if (exact !== undefined) return placeAt(source, exact.at)
    const loose = found.filter(
      (one) => !one.rooted && typeof one.path.at(-1) === 'string' && one.path.at(-1) === wanted.at(-1),
    )
    const [only] = loose
    if (loose.length === 1 && only !== undefined) return placeAt(source, only.at)
  }
  return null
}

/** Line and column of an offset. */
const placeAt = (source: string, at: number): Place => {
  const before = source.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

const scan = (source: string): readonly Found[] => {
  const found: Found[] = []
  const frames: Frame[] = []
  const tokens = tokenize(source)
  const isJson = tokens[0]?.text === '{'
  let isRootNext = isJson
  tokens.forEach((token, index) => {
    const frame = frames.at(-1)
    const next = tokens[index + 1]?.text
    if (token.text === 'default' || (token.text === 'defineConfig' && next === '(')) isRootNext = true
    const one = frame === undefined ? null : begins(frame, token, next)
    if (one !== null) found.push(one)
    if (token.kind === 'punctuation') isRootNext = bracket(frames, token.text, isRootNext)
  })
  return found
}

/** The key or list element that begins at a token, if one does. */
const begins = (frame: Frame, token: Token, next: string | undefined): Found | null => {
  const { path, rooted } = frame
  if (frame.kind === 'object' && frame.key === null && token.kind !== 'punctuation') {
    frame.key = token.text
    // A key with a value, a shorthand property, or a method.
    const isKey = next === ':' || next === ',' || next === '}' || next === '('
    return isKey ? { path: [...path, token.text], rooted, at: token.at } : null
  }
  if (frame.kind === 'array' && frame.key === null && token.text !== ']') {
    frame.key = frame.elements
    frame.elements += 1
    return { path: [...path, frame.key], rooted, at: token.at }
  }
  if (frame.kind !== 'other' && token.text === ',') frame.key = null
  return null
}

/** Opens and closes frames; gives whether the root object is still to come. */
const bracket = (frames: Frame[], text: string, isRootNext: boolean): boolean => {
  const frame = frames.at(-1)
  if (text === '{' || text === '[' || text === '(') {
    const isRoot = isRootNext && text === '{'
    const inside =
      frame === undefined ? [] : frame.kind === 'other' || frame.key === null ? frame.path : [...frame.path, frame.key]
    const kind = text === '{' ? 'object' : text === '[' ? 'array' : 'other'
    frames.push({
      kind,
      path: isRoot ? [] : inside,
      rooted: isRoot || (frame?.rooted ?? false),
      key: null,
      elements: 0,
    })
    return isRootNext && !isRoot
  }
  if (text === '}' || text === ']' || text === ')') frames.pop()
  return isRootNext
}

const isSamePath = (a: KeyPath, b: KeyPath): boolean =>
  a.length === b.length && a.every((part, index) => String(part) === String(b[index]))

const pattern =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|`(?:\\.|[^`\\])*`?|[A-Za-z_$][\w$]*|\d[\w.]*|[{}[\](),:]|\S/g

const tokenize = (source: string): readonly Token[] => {
  const tokens: Token[] = []
  for (const match of source.matchAll(pattern)) {
    const [text] = match
    if (text.startsWith('//') || text.startsWith('/*')) continue
    const isQuoted = /^['"`]/.test(text)
    const kind = isQuoted ? 'string' : /^[\w$]/.test(text) ? 'word' : 'punctuation'
    tokens.push({ kind, text: isQuoted ? text.slice(1, -1) : text, at: match.index })
  }
  return tokens
}
