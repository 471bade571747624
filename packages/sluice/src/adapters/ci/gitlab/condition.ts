/**
 * The language of `rules:if`: `$NAME`, `"text"`, `/pattern/flags`, `null`, `true`, `false`, `==`, `!=`, `=~`, `!~`, `!`, `&&`, `||` and parentheses. Comparisons
 * bind tighter than `&&`, that tighter than `||`. Source: GitLab's `lib/gitlab/ci/pipeline/expression`, 2026-08.
 */
import { limits } from '../../../core/limits.ts'
import { isFoundIn, re2Pattern } from './re2.ts'

/** A condition that was read and can be evaluated. */
export type Condition =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string }
  | { readonly kind: 'constant'; readonly value: boolean | null }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly by: Comparison; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'join'; readonly by: '&&' | '||'; readonly left: Condition; readonly right: Condition }

type Comparison = '==' | '!=' | '=~' | '!~'

/** What reading gave: a condition, or what is wrong with it and after how many characters. */
export type ConditionParse =
  | { readonly kind: 'condition'; readonly condition: Condition }
  | { readonly kind: 'invalid'; readonly message: string; readonly at: number }

type Token = { readonly text: string; readonly at: number }

const tokenPattern =
  /\s*(\(|\)|\$\w+|"[^"]*"|'[^']*'|\/(?:[^/\\]|\\.)+\/[ismU]*|==|!=|=~|!~|&&|\|\||!|\bnull\b|\btrue\b|\bfalse\b)/y

/** Reads a condition. */
export const parseCondition = (text: string): ConditionParse => {
  const tokens: Token[] = []
  const pattern = new RegExp(tokenPattern)
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const at = pattern.lastIndex
    const found = pattern.exec(text)
    if (found === null) {
      const rest = text.slice(at).trimStart()
      return {
        kind: 'invalid',
        message: `cannot read ${JSON.stringify(rest.slice(0, 20))}`,
        at: text.length - rest.length,
      }
    }
    tokens.push({ text: found[1] ?? '', at: pattern.lastIndex - (found[1] ?? '').length })
    if (tokens.length > limits.conditionTokensMax)
      return { kind: 'invalid', message: `has more than ${limits.conditionTokensMax} words`, at }
  }
  const reader = { tokens, next: 0, end: text.length }
  const condition = orOf(reader)
  if (condition.kind === 'invalid') return condition
  const left = reader.tokens[reader.next]
  return left === undefined ? condition : { kind: 'invalid', message: `did not expect ${left.text} here`, at: left.at }
}

type TokenReader = { readonly tokens: readonly Token[]; next: number; readonly end: number }

const orOf = (reader: TokenReader): ConditionParse => joined(reader, '||', andOf)

const andOf = (reader: TokenReader): ConditionParse => joined(reader, '&&', comparisonOf)

const joined = (
  reader: TokenReader,
  by: '&&' | '||',
  inner: (reader: TokenReader) => ConditionParse,
): ConditionParse => {
  let left = inner(reader)
  while (left.kind === 'condition' && reader.tokens[reader.next]?.text === by) {
    reader.next += 1
    const right = inner(reader)
    if (right.kind === 'invalid') return right
    left = { kind: 'condition', condition: { kind: 'join', by, left: left.condition, right: right.condition } }
  }
  return left
}

const comparisons: readonly Comparison[] = ['==', '!=', '=~', '!~']

const comparisonOf = (reader: TokenReader): ConditionParse => {
  let left = valueOf(reader)
  for (;;) {
    const by = comparisons.find((one) => one === reader.tokens[reader.next]?.text)
    if (left.kind === 'invalid' || by === undefined) return left
    reader.next += 1
    const right = valueOf(reader)
    if (right.kind === 'invalid') return right
    left = { kind: 'condition', condition: { kind: 'compare', by, left: left.condition, right: right.condition } }
  }
}

const valueOf = (reader: TokenReader): ConditionParse => {
  const token = reader.tokens[reader.next]
  if (token === undefined)
    return { kind: 'invalid', message: 'ends where a variable or a text was expected', at: reader.end }
  reader.next += 1
  if (token.text === '!') {
    const of = valueOf(reader)
    return of.kind === 'invalid' ? of : { kind: 'condition', condition: { kind: 'not', of: of.condition } }
  }
  if (token.text === '(') {
    const inside = orOf(reader)
    const close = reader.tokens[reader.next]
    if (inside.kind === 'invalid') return inside
    if (close?.text !== ')')
      return { kind: 'invalid', message: 'lacks a closing parenthesis', at: close?.at ?? reader.end }
    reader.next += 1
    return inside
  }
  return leafOf(token)
}

const leafOf = ({ text, at }: Token): ConditionParse => {
  const leaf = (condition: Condition): ConditionParse => ({ kind: 'condition', condition })
  if (text.startsWith('$')) return leaf({ kind: 'variable', name: text.slice(1) })
  if (/^["']/.test(text)) return leaf({ kind: 'text', text: text.slice(1, -1) })
  if (text === 'null') return leaf({ kind: 'constant', value: null })
  if (text === 'true' || text === 'false') return leaf({ kind: 'constant', value: text === 'true' })
  if (!text.startsWith('/')) return { kind: 'invalid', message: `expected a variable or a text, found ${text}`, at }
  return patternOf(text) === null
    ? { kind: 'invalid', message: `the pattern ${text} is not one that RE2 takes`, at }
    : leaf({ kind: 'pattern', source: text })
}

type Value = string | boolean | null

/** The value of a variable; null when it is not set. */
export type VariableLookup = (name: string) => string | null

/** Whether a condition holds. Variables that are not set are null; an empty or blank text is not true. `config_invalid` for a pattern that takes too long. */
export const holds = (condition: Condition, variables: VariableLookup): boolean =>
  isPresent(evaluate(condition, variables))

const isPresent = (value: Value): boolean => (typeof value === 'string' ? value.trim() !== '' : value === true)

const evaluate = (condition: Condition, variables: VariableLookup): Value => {
  switch (condition.kind) {
    case 'variable':
      return variables(condition.name)
    case 'text':
      return condition.text
    case 'pattern':
      return condition.source
    case 'constant':
      return condition.value
    case 'not':
      return !isPresent(evaluate(condition.of, variables))
    case 'join': {
      // As in Ruby, an empty text goes on where null does not.
      const left = evaluate(condition.left, variables)
      const isDecided = (left !== null && left !== false) === (condition.by === '||')
      return isDecided ? left : evaluate(condition.right, variables)
    }
    case 'compare':
      return compare(condition.by, evaluate(condition.left, variables), evaluate(condition.right, variables))
  }
}

const compare = (by: Comparison, left: Value, right: Value): boolean => {
  if (by === '==') return left === right
  if (by === '!=') return left !== right
  // Without a pattern nothing matches.
  if (right === null || right === false) return by === '!~'
  const text = left === null ? '' : String(left)
  const pattern = typeof right === 'string' ? patternOf(right) : null
  // A text that is no pattern is one that the left side must be part of: GitLab has `right.scan(left)`.
  const isFound = pattern === null ? String(right).includes(text) : isFoundIn(pattern, text)
  return isFound === (by === '=~')
}

/** `/pattern/flags` as a regular expression; null when it is none, or one that RE2 does not take. */
export const patternOf = (text: string): RegExp | null => {
  const found = /^\/((?:[^/\\]|\\.|\/(?=.*\/))*)\/([ismU]*)$/s.exec(text)
  return found === null ? null : re2Pattern(found[1] ?? '', found[2] ?? '')
}
