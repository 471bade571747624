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
export const placeAt = (source: string, at: number): Place => {
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
    if (frame !== undefined) note(frame, token, next, found)
    if (token.kind === 'punctuation') isRootNext = bracket(frames, token.text, isRootNext)
  })
  return found
}

/** Records keys of objects and beginnings of list elements. */
const note = (frame: Frame, token: Token, next: string | undefined, found: Found[]): void => {
  const record = (key: string | number): void => {
    found.push({ path: [...frame.path, key], rooted: frame.rooted, at: token.at })
  }
  if (frame.kind === 'object' && frame.key === null && token.kind !== 'punctuation') {
    // A key with a value, a shorthand property, or a method.
    if (next === ':' || next === ',' || next === '}' || next === '(') record(token.text)
    frame.key = token.text
  } else if (frame.kind === 'array' && frame.key === null && token.text !== ']') {
    const index = found.filter(
      (one) => one.path.length === frame.path.length + 1 && isSamePath(one.path.slice(0, -1), frame.path),
    ).length
    record(index)
    frame.key = index
  } else if (frame.kind !== 'other' && token.text === ',') {
    frame.key = null
  }
}

/** Opens and closes frames; gives whether the root object is still to come. */
const bracket = (frames: Frame[], text: string, isRootNext: boolean): boolean => {
  const frame = frames.at(-1)
  if (text === '{' || text === '[' || text === '(') {
    const isRoot = isRootNext && text === '{'
    const inside =
      frame === undefined ? [] : frame.kind === 'other' || frame.key === null ? frame.path : [...frame.path, frame.key]
    const kind = text === '{' ? 'object' : text === '[' ? 'array' : 'other'
    frames.push({ kind, path: isRoot ? [] : inside, rooted: isRoot || (frame?.rooted ?? false), key: null })
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
