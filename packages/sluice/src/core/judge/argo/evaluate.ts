/** Evaluates conditions, and measurements by them, as Argo's `utils/evaluate` does. */
import { unreachable } from '../../machine.ts'
import type { MeasuredValue } from '../policy.ts'
import type { Expression, FunctionName, Operator } from './expression.ts'
import { parseCondition } from './expression.ts'
import type { ArgoMetric, MeasuredPhase } from './types.ts'

/** What one measurement came to. */
export type Evaluated = { readonly phase: MeasuredPhase; readonly detail: string }

class EvaluationError extends Error {}

/** The phase of one measured value. Without conditions everything that was measured is Successful; what cannot be evaluated is an Error. */
export const evaluateMeasurement = (
  { successCondition, failureCondition }: Pick<ArgoMetric, 'successCondition' | 'failureCondition'>,
  value: MeasuredValue,
): Evaluated => {
  try {
    const success = successCondition === null ? null : evaluateCondition(successCondition, value)
    const failure = failureCondition === null ? null : evaluateCondition(failureCondition, value)
    const isFailed = failure ?? (success === null ? false : !success)
    const isSuccessful = success ?? !isFailed
    const detail = `measured ${JSON.stringify(value)}`
    if (isFailed) return { phase: 'Failed', detail }
    return { phase: isSuccessful ? 'Successful' : 'Inconclusive', detail }
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    return { phase: 'Error', detail: error.message }
  }
}

const evaluateCondition = (condition: string, result: MeasuredValue): boolean => {
  const parsed = parseCondition(condition)
  if (parsed.kind === 'refused') throw new EvaluationError(parsed.detail)
  return asBoolean(evaluate(parsed.expression, { result, element: null }), condition)
}

type Scope = { readonly result: MeasuredValue; readonly element: { readonly value: MeasuredValue } | null }

const evaluate = (expression: Expression, scope: Scope): MeasuredValue => {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'result':
      return scope.result
    case 'element':
      if (scope.element === null) throw new EvaluationError('# stands outside of all, any and none')
      return scope.element.value
    case 'index':
      return indexed(evaluate(expression.of, scope), evaluate(expression.at, scope))
    case 'not':
      return !asBoolean(evaluate(expression.of, scope), '!')
    case 'minus':
      return -asNumber(evaluate(expression.of, scope), '-')
    case 'binary':
      return binary(expression, scope)
    case 'call':
      return called(expression.name, expression.args, scope)
    default:
      return unreachable(expression)
  }
}

const indexed = (list: MeasuredValue, at: MeasuredValue): MeasuredValue => {
  if (!Array.isArray(list)) throw new EvaluationError('only a list has an index')
  // Documented parser: `Array.isArray` does not narrow readonly arrays.
  const values = list as readonly MeasuredValue[]
  const index = asNumber(at, 'an index')
  const value = values[index < 0 ? values.length + index : index]
  if (value === undefined) throw new EvaluationError(`there is no element ${index} of ${values.length}`)
  return value
}

const binary = (expression: Extract<Expression, { kind: 'binary' }>, scope: Scope): MeasuredValue => {
  const { operator } = expression
  const left = evaluate(expression.left, scope)
  if (operator === '&&') return asBoolean(left, operator) && asBoolean(evaluate(expression.right, scope), operator)
  if (operator === '||') return asBoolean(left, operator) || asBoolean(evaluate(expression.right, scope), operator)
  const right = evaluate(expression.right, scope)
  if (operator === '==') return isEqual(left, right)
  if (operator === '!=') return !isEqual(left, right)
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return left + right
  if (typeof left === 'string' && typeof right === 'string') return compared(operator, left, right)
  return numeric(operator, asNumber(left, operator), asNumber(right, operator))
}

/** Null is a number that is none, and that equals nothing, itself included; `isNil` is the way to ask. */
const isEqual = (left: MeasuredValue, right: MeasuredValue): boolean =>
  left !== null && right !== null && JSON.stringify(left) === JSON.stringify(right)

const compared = (operator: Operator, left: string, right: string): boolean => {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      throw new EvaluationError(`${operator} takes no text`)
  }
}

const numeric = (operator: Operator, left: number, right: number): MeasuredValue => {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
    default:
      throw new EvaluationError(`${operator} takes no numbers`)
  }
}

const called = (name: FunctionName, args: readonly Expression[], scope: Scope): MeasuredValue => {
  const first = evaluate(args[0] ?? { kind: 'literal', value: null }, scope)
  const second = args[1] ?? { kind: 'literal', value: null }
  switch (name) {
    case 'asFloat':
      return converted(first, name)
    case 'asInt':
      return Math.trunc(converted(first, name))
    case 'isNaN':
      return Number.isNaN(asNumber(first, name))
    case 'isInf':
      return Math.abs(asNumber(first, name)) === Infinity
    case 'isNil':
      return first === null
    case 'default':
      return first ?? evaluate(second, scope)
    case 'len':
      return typeof first === 'string' ? first.length : asList(first, name).length
    case 'all':
      return asList(first, name).every((value) => holds(second, scope, value))
    case 'any':
      return asList(first, name).some((value) => holds(second, scope, value))
    case 'none':
      return !asList(first, name).some((value) => holds(second, scope, value))
    default:
      return unreachable(name)
  }
}

const holds = (predicate: Expression, scope: Scope, value: MeasuredValue): boolean =>
  asBoolean(evaluate(predicate, { ...scope, element: { value } }), 'a predicate')

const asBoolean = (value: MeasuredValue, where: string): boolean => {
  if (typeof value === 'boolean') return value
  throw new EvaluationError(`expected true or false from ${where}, got ${JSON.stringify(value)}`)
}

/** Null is what a number that is none becomes on its way through JSON. */
const asNumber = (value: MeasuredValue, where: string): number => {
  if (value === null) return Number.NaN
  if (typeof value === 'number') return value
  throw new EvaluationError(`${where} takes a number, not ${JSON.stringify(value)}`)
}

const converted = (value: MeasuredValue, name: string): number => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && !Number.isNaN(number)) return number
  throw new EvaluationError(`${name} cannot read ${JSON.stringify(value)}`)
}

const asList = (value: MeasuredValue, name: string): readonly MeasuredValue[] => {
  // Documented parser: `Array.isArray` does not narrow readonly arrays.
  if (Array.isArray(value)) return value as readonly MeasuredValue[]
  throw new EvaluationError(`${name} takes a list, not ${JSON.stringify(value)}`)
}
