/**
 * The part of Argo's condition language (expr-lang/expr) that is understood: literals, `result`, `#`, indexes, arithmetic, comparisons, logic, and
 * the functions in `functionNames`. Anything else is refused with its position, never guessed.
 */

/** Functions that a condition may call. */
const functionNames = ['asInt', 'asFloat', 'isNaN', 'isInf', 'isNil', 'default', 'len', 'all', 'any', 'none'] as const

/** See `functionNames`. */
export type FunctionName = (typeof functionNames)[number]

/** Operators between two values. */
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | '&&' | '||'

/** A parsed condition. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: number | string | boolean | null }
  | { readonly kind: 'result' }
  /** The element that `all`, `any` or `none` looks at. */
  | { readonly kind: 'element' }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | { readonly kind: 'not' | 'minus'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Expression[] }

/** What a text came to: a condition, or why it is none that is understood. */
export type Parsed =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'refused'; readonly detail: string }

type Token = { readonly text: string; readonly at: number; readonly kind: 'number' | 'string' | 'word' | 'sign' }

class Refused extends Error {}

/** Parses a condition. */
export const parseCondition = (text: string): Parsed => {
  try {
    const reader = new Reader(tokens(text))
    const expression = reader.expression(0)
    reader.end()
    return { kind: 'expression', expression }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { kind: 'refused', detail: `${error.message} in the condition ${JSON.stringify(text)}` }
  }
}

const form =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)|(==|!=|<=|>=|&&|\|\||[<>+\-*/%!()[\],#{}]))/y

const tokens = (text: string): readonly Token[] => {
  const found: Token[] = []
  let at = 0
  while (text.slice(at).trim() !== '') {
    form.lastIndex = at
    const match = form.exec(text)
    if (match === null) {
      const place = at + text.slice(at).search(/\S/)
      throw new Refused(`${JSON.stringify(text[place])} at ${place + 1} is not understood`)
    }
    const [whole, number, string, word, sign] = match
    const kind =
      number !== undefined ? 'number' : string !== undefined ? 'string' : word !== undefined ? 'word' : 'sign'
    found.push({ text: number ?? string ?? word ?? sign ?? '', at: at + whole.length, kind })
    at += whole.length
  }
  return found
}

const synonyms: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' }

/** Binding of the operators, weakest first. */
const strengths: Readonly<Record<Operator, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
}

const isOperator = (text: string): text is Operator => Object.hasOwn(strengths, text)

const isFunction = (text: string): text is FunctionName => functionNames.some((name) => name === text)

const constants: Readonly<Record<string, Expression>> = {
  true: { kind: 'literal', value: true },
  false: { kind: 'literal', value: false },
  nil: { kind: 'literal', value: null },
  result: { kind: 'result' },
}

/** Precedence climbing over the tokens. */
class Reader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(found: readonly Token[]) {
    this.#tokens = found
  }

  expression(above: number): Expression {
    let left = this.#unary()
    for (;;) {
      const operator = this.#word()
      if (!isOperator(operator) || strengths[operator] <= above) return left
      this.#next += 1
      const right = this.expression(strengths[operator])
      left = { kind: 'binary', operator, left, right }
    }
  }

  end(): void {
    const token = this.#tokens[this.#next]
    if (token !== undefined) throw this.#refuse(token)
  }

  #unary(): Expression {
    const word = this.#word()
    if (word === '!' || word === '-') {
      this.#next += 1
      return { kind: word === '!' ? 'not' : 'minus', of: this.#unary() }
    }
    let value = this.#primary()
    while (this.#word() === '[') {
      this.#next += 1
      const at = this.expression(0)
      this.#expect(']')
      value = { kind: 'index', of: value, at }
    }
    return value
  }

  #primary(): Expression {
    const token = this.#take()
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    if (token.kind === 'string') return { kind: 'literal', value: unquoted(token.text) }
    if (token.text === '(' || token.text === '{') {
      const inner = this.expression(0)
      this.#expect(token.text === '(' ? ')' : '}')
      return inner
    }
    if (token.text === '#') return { kind: 'element' }
    const constant = Object.hasOwn(constants, token.text) ? constants[token.text] : undefined
    if (constant !== undefined) return constant
    if (token.kind === 'word' && isFunction(token.text)) return this.#call(token.text)
    throw this.#refuse(token)
  }

  #call(name: FunctionName): Expression {
    this.#expect('(')
    const args: Expression[] = []
    while (this.#word() !== ')') {
      args.push(this.expression(0))
      if (this.#word() !== ')') this.#expect(',')
    }
    this.#expect(')')
    const wanted = name === 'default' || name === 'all' || name === 'any' || name === 'none' ? 2 : 1
    if (args.length !== wanted) throw new Refused(`${name} takes ${wanted} values, not ${args.length},`)
    return { kind: 'call', name, args }
  }

  #word(): string {
    const token = this.#tokens[this.#next]
    if (token === undefined || token.kind === 'string') return ''
    return synonyms[token.text] ?? token.text
  }

  #take(): Token {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new Refused('something is missing at the end')
    this.#next += 1
    return token
  }

  #expect(sign: string): void {
    const token = this.#take()
    if (token.text !== sign) throw this.#refuse(token)
  }

  #refuse(token: Token): Refused {
    return new Refused(`${token.text} at ${token.at - token.text.length + 1} is not understood`)
  }
}

const unquoted = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/g, '$1')
