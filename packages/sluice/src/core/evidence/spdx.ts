/**
 * SPDX licence expressions (SPDX 2.3, annex D): `MIT`, `Apache-2.0 OR MIT`, `GPL-2.0-only WITH Classpath-exception-2.0`, `(A AND B) OR C`. `WITH` binds tightest,
 * then `AND`, then `OR`; ids are compared without case.
 */

/** A parsed expression. */
export type LicenceExpression =
  | { readonly kind: 'licence'; readonly id: string; readonly exception: string | null }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly LicenceExpression[] }

const expressionLengthMax = 2_000

/** The expression of a text; null when it is none (`SEE LICENSE IN …`, `Custom`, a URL). */
export const parseLicence = (text: string): LicenceExpression | null => {
  if (text.length > expressionLengthMax) return null
  const tokens = text.match(/[()]|[^\s()]+/g) ?? []
  const state = { tokens, at: 0, depth: 0 }
  const found = parseOr(state)
  return found === null || state.at !== tokens.length ? null : found
}

type State = { readonly tokens: readonly string[]; at: number; depth: number }

const parseOr = (state: State): LicenceExpression | null => parseChain(state, 'or', parseAnd)

const parseAnd = (state: State): LicenceExpression | null => parseChain(state, 'and', parseOne)

const parseChain = (
  state: State,
  kind: 'and' | 'or',
  next: (state: State) => LicenceExpression | null,
): LicenceExpression | null => {
  const parts: LicenceExpression[] = []
  do {
    const part = next(state)
    if (part === null) return null
    parts.push(part)
  } while (takeWord(state, kind))
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind, parts }
}

const takeWord = (state: State, word: string): boolean => {
  if (state.tokens[state.at]?.toLowerCase() !== word) return false
  state.at += 1
  return true
}

const depthMax = 50

const parseOne = (state: State): LicenceExpression | null => {
  const token = state.tokens[state.at]
  if (token === undefined || token === ')' || isWord(token)) return null
  state.at += 1
  if (token === '(') {
    state.depth += 1
    const inner = state.depth > depthMax ? null : parseOr(state)
    state.depth -= 1
    return inner !== null && takeWord(state, ')') ? inner : null
  }
  // `*` is license-checker's mark for a guess from the text of a file.
  const id = token.replace(/\*$/, '')
  if (!/^(?:DocumentRef-[\w.-]+:)?[A-Za-z0-9][\w.-]*\+?$/.test(id)) return null
  if (!takeWord(state, 'with')) return { kind: 'licence', id, exception: null }
  const exception = state.tokens[state.at]
  if (exception === undefined || !/^[A-Za-z0-9][\w.-]*$/.test(exception) || isWord(exception)) return null
  state.at += 1
  return { kind: 'licence', id, exception }
}

const isWord = (token: string): boolean => /^(?:and|or|with)$/i.test(token)
