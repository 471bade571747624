/** Expressions of GitHub Actions: `@actions/expressions` parses and evaluates; contexts, status functions and templates around them are ours. */
import { data, Evaluator, Lexer, Parser, type Expr } from '@actions/expressions'
import { Binary, ContextAccess, FunctionCall, Grouping, IndexAccess, Logical, Unary } from '@actions/expressions/ast'
import type { FunctionDefinition } from '@actions/expressions/funcs/info'
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'

/** What expressions may refer to: contexts by name, and functions by lower-case name beyond the built-in ones. */
export type Scope = {
  readonly contexts: Readonly<Record<string, JsonValue>>
  readonly functions: readonly FunctionDefinition[]
}

/** A context or function that a place allows: `github`, `hashFiles(1,255)`. */
export type Allowed = readonly string[]

/** An expression that cannot be parsed or evaluated; the message names the expression. */
export class ExpressionProblem extends Error {
  constructor(message: string, expression: string) {
    super(
      expression === '' || message.includes('within expression')
        ? message
        : `${message} (in the expression: ${expression.trim()})`,
    )
    this.name = 'ExpressionProblem'
  }
}

/** A piece of a template: literal text, or an expression between `${{` and `}}`. `at` is the offset in the text. */
export type Piece = { readonly kind: 'text' | 'expression'; readonly text: string; readonly at: number }

/** Splits a text into literal pieces and expressions. Quotes inside of an expression are respected; `ExpressionProblem` where one is not closed. */
export const piecesOf = (template: string): readonly Piece[] => {
  const pieces: Piece[] = []
  let at = 0
  for (;;) {
    const open = template.indexOf('${{', at)
    if (open < 0) break
    const close = closing(template, open + 3)
    if (close < 0) throw new ExpressionProblem('The expression is not closed with }}', template.slice(open))
    if (open > at) pieces.push({ kind: 'text', text: template.slice(at, open), at })
    pieces.push({ kind: 'expression', text: template.slice(open + 3, close), at: open })
    at = close + 2
  }
  if (at < template.length) pieces.push({ kind: 'text', text: template.slice(at), at })
  return pieces
}

/** Whether a text holds an expression. */
export const hasExpression = (text: string): boolean => text.includes('${{')

/** Parses an expression of which only `allowed` may be used; `ExpressionProblem` otherwise. */
export const parseExpression = (expression: string, allowed: Allowed): Expr => {
  if (expression.trim() === '') throw new ExpressionProblem('An expression was expected', '')
  const functions = allowed.filter((one) => one.includes('(')).map(functionOf)
  const contexts = allowed.filter((one) => !one.includes('('))
  try {
    return new Parser(new Lexer(expression).lex().tokens, contexts, functions).parse()
  } catch (error) {
    throw new ExpressionProblem(messageOf(error), expression)
  }
}

/** The value of an expression. */
export const evaluate = (expression: string, scope: Scope): data.ExpressionData => {
  const names = [...Object.keys(scope.contexts), ...scope.functions.map(({ name }) => `${name}(0,255)`)]
  const tree = parseExpression(expression, names)
  const functions = new Map(scope.functions.map((one) => [one.name.toLowerCase(), one]))
  try {
    return new Evaluator(tree, contextsOf(tree, scope), functions).evaluate()
  } catch (error) {
    throw new ExpressionProblem(messageOf(error), expression)
  }
}

/** The text that a template becomes: each expression is replaced by its value as a text. */
export const evaluateText = (template: string, scope: Scope): string =>
  hasExpression(template)
    ? piecesOf(template)
        .map((piece) => (piece.kind === 'text' ? piece.text : evaluate(piece.text, scope).coerceString()))
        .join('')
    : template

/** A value with all of its templates evaluated, deep. A text that is one expression alone keeps its type; `${{ insert }}` as a key puts a mapping's keys in its place. */
export const evaluateValue = (value: JsonValue, scope: Scope): JsonValue => {
  if (typeof value === 'string') {
    if (!hasExpression(value)) return value
    const pieces = piecesOf(value)
    const [only] = pieces
    if (pieces.length === 1 && only !== undefined) return jsonOf(evaluate(only.text, scope))
    return evaluateText(value, scope)
  }
  // What an item of a list evaluates to is put in its place, with all that it has where it is a list itself.
  if (Array.isArray(value))
    return value.flatMap((item: JsonValue) => {
      const evaluated = evaluateValue(item, scope)
      return typeof item === 'string' && Array.isArray(evaluated) ? evaluated : [evaluated]
    })
  if (!isMapping(value)) return value
  const fields: Record<string, JsonValue> = {}
  for (const [key, inner] of Object.entries(value)) {
    const evaluated = evaluateValue(inner, scope)
    if (/^\$\{\{\s*insert\s*\}\}$/.test(key)) Object.assign(fields, evaluated)
    else fields[hasExpression(key) ? evaluateText(key, scope) : key] = evaluated
  }
  return fields
}

/** Whether a condition holds. It may stand with or without `${{ }}`; one without a status function means `success() && (…)`, an empty one `success()`. */
export const evaluateCondition = (condition: JsonValue | undefined, scope: Scope): boolean => {
  const expression = conditionOf(condition)
  return truthy(evaluate(expression, scope))
}

/** The expression of a condition, with the status function that it is meant to have. */
export const conditionOf = (condition: JsonValue | undefined): string => {
  const text = condition === null || condition === undefined ? '' : textOf(condition).trim()
  if (text === '') return 'success()'
  const expression = hasExpression(text) ? expressionOf(text) : text
  return usesStatus(expression) ? expression : `success() && (${expression})`
}

/** A template as one expression: `${{ a }}` is `a`, `x-${{ a }}` is `format('x-{0}', a)`. */
const expressionOf = (template: string): string => {
  const pieces = piecesOf(template)
  const [only] = pieces
  if (pieces.length === 1 && only?.kind === 'expression') return only.text.trim()
  const expressions = pieces.filter(({ kind }) => kind === 'expression').map(({ text }) => text.trim())
  let index = 0
  const format = pieces.map(({ kind, text }) =>
    kind === 'expression' ? `{${index++}}` : text.replaceAll("'", "''").replaceAll('{', '{{').replaceAll('}', '}}'),
  )
  return `format('${format.join('')}'${expressions.map((text) => `, ${text}`).join('')})`
}

/** Names of the contexts and functions (in lower case, with brackets) that an expression uses. */
export const usedBy = (tree: Expr): ReadonlySet<string> => {
  const found = new Set<string>()
  const walk = (node: Expr): void => {
    if (node instanceof FunctionCall) {
      found.add(`${node.functionName.lexeme.toLowerCase()}()`)
      for (const argument of node.args) walk(argument)
    } else if (node instanceof Logical) for (const argument of node.args) walk(argument)
    else if (node instanceof Binary) {
      walk(node.left)
      walk(node.right)
    } else if (node instanceof Unary) walk(node.expr)
    else if (node instanceof Grouping) walk(node.group)
    else if (node instanceof IndexAccess) {
      walk(node.expr)
      walk(node.index)
    } else if (node instanceof ContextAccess) found.add(node.name.lexeme.toLowerCase())
  }
  walk(tree)
  return found
}

/** A value as GitHub writes it into a text. */
export const textOf = (value: JsonValue): string => dataOf(value).coerceString()

/** Whether a value counts as true. */
export const truthy = (value: data.ExpressionData): boolean => {
  if (value instanceof data.BooleanData) return value.value
  if (value instanceof data.NumberData) return value.value !== 0 && !Number.isNaN(value.value)
  if (value instanceof data.StringData) return value.value !== ''
  return !(value instanceof data.Null)
}

/** A plain value as expressions know it. */
export const dataOf = (value: JsonValue): data.ExpressionData => {
  if (value === null) return new data.Null()
  if (typeof value === 'string') return new data.StringData(value)
  if (typeof value === 'number') return new data.NumberData(value)
  if (typeof value === 'boolean') return new data.BooleanData(value)
  if (Array.isArray(value)) {
    // Not by spreading into the constructor: a list may be longer than a call may have arguments.
    const list = new data.Array()
    for (const item of value) list.add(dataOf(item))
    return list
  }
  const fields = new data.Dictionary()
  for (const [key, inner] of Object.entries(value)) fields.add(key, dataOf(inner))
  return fields
}

/** A value of an expression as plain data. */
export const jsonOf = (value: data.ExpressionData): JsonValue => {
  if (value instanceof data.Null) return null
  if (value instanceof data.StringData || value instanceof data.NumberData || value instanceof data.BooleanData)
    return value.value
  if (value instanceof data.Array) return value.values().map(jsonOf)
  return Object.fromEntries(value.pairs().map(({ key, value: inner }) => [key, jsonOf(inner)]))
}

/** Whether a plain value is a mapping. */
export const isMapping = (value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const statusFunctions = ['success()', 'failure()', 'cancelled()', 'always()'] as const

const usesStatus = (expression: string): boolean => {
  try {
    const tree = new Parser(new Lexer(expression).lex().tokens, everyContext, everyFunction).parse()
    const used = usedBy(tree)
    return statusFunctions.some((name) => used.has(name))
  } catch {
    // Whoever evaluates it says what is wrong with it.
    return false
  }
}

const everyContext = [
  'github',
  'env',
  'vars',
  'job',
  'jobs',
  'steps',
  'runner',
  'secrets',
  'strategy',
  'matrix',
  'needs',
  'inputs',
]
const everyFunction = ['always', 'success', 'failure', 'cancelled', 'hashFiles'].map((name) => ({
  name,
  minArgs: 0,
  maxArgs: 255,
}))

const contextsOf = (tree: Expr, scope: Scope): data.Dictionary => {
  const used = usedBy(tree)
  const contexts = new data.Dictionary()
  for (const [name, value] of Object.entries(scope.contexts))
    if (used.has(name.toLowerCase())) contexts.add(name, dataOf(value))
  return contexts
}

const functionOf = (allowed: string): { name: string; minArgs: number; maxArgs: number } => {
  const [, name = '', least = '0', most = 'MAX'] = /^(\w+)\((\d+),(\d+|MAX)\)$/.exec(allowed) ?? []
  return { name, minArgs: Number(least), maxArgs: most === 'MAX' ? Number.MAX_SAFE_INTEGER : Number(most) }
}

const closing = (template: string, from: number): number => {
  let isQuoted = false
  for (let at = from; at < template.length; at += 1) {
    if (template[at] === "'") isQuoted = !isQuoted
    else if (!isQuoted && template.startsWith('}}', at)) return at
  }
  return -1
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
