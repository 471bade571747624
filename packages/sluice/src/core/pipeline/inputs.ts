/** What a person gives to a run that they start, or to a job that waits for one. */
import type { ManualInput, Texts } from './job-plan.ts'

/** The values of all inputs, or what is wrong with those given. */
export type Inputs =
  | { readonly kind: 'given'; readonly given: Texts }
  | { readonly kind: 'invalid'; readonly detail: string }

/** Checks what was given against what is asked for, and fills in defaults. */
export const readInputs = (inputs: readonly ManualInput[], given: Texts): Inputs => {
  const unknown = Object.keys(given).find((name) => !inputs.some((input) => input.name === name))
  if (unknown !== undefined) {
    const known = inputs.map(({ name }) => name).join(', ') || 'none'
    return { kind: 'invalid', detail: `there is no input ${unknown}; inputs: ${known}` }
  }
  const wrong = inputs.flatMap((input) => wrongOf(input, given[input.name] ?? input.default))
  const [first] = wrong
  if (first !== undefined) return { kind: 'invalid', detail: first }
  const values = inputs.flatMap(({ name, default: standard }) => {
    const value = given[name] ?? standard
    return value === null ? [] : [[name, value] as const]
  })
  return { kind: 'given', given: Object.fromEntries(values) }
}

const wrongOf = ({ name, kind, choices, isRequired }: ManualInput, value: string | null): readonly string[] => {
  if (value === null) return isRequired ? [`input ${name} must be given: ${allowedOf({ kind, choices })}`] : []
  if (kind === 'number' && (value.trim() === '' || !Number.isFinite(Number(value))))
    return [`input ${name} is ${JSON.stringify(value)}, which is no number`]
  if (kind === 'boolean' && value !== 'true' && value !== 'false')
    return [`input ${name} is ${JSON.stringify(value)}, which is neither true nor false`]
  return kind === 'choice' && !choices.includes(value)
    ? [`input ${name} is ${JSON.stringify(value)}; choices: ${choices.join(', ')}`]
    : []
}

const allowedOf = ({ kind, choices }: Pick<ManualInput, 'kind' | 'choices'>): string => {
  if (kind === 'choice') return `one of ${choices.join(', ')}`
  return { text: 'a text', number: 'a number', boolean: 'true or false' }[kind]
}
