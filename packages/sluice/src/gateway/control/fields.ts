/** Reading fields of the control socket. A documented parser: each function gives the value in its type once it was looked at, or throws `usage_invalid`. */
import { SluiceError } from '../../core/errors.ts'

/** A JSON object of which nothing is believed yet. */
export type Fields = Readonly<Record<string, unknown>>

/** Refuses the command. */
export const wrong = (what: string): never => {
  throw new SluiceError('usage_invalid', { detail: `the gateway was sent a command in which ${what}` })
}

/** An object. */
export const fields = (value: unknown, name: string): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : wrong(`${name} is not an object`)

/** A text of bounded length. */
export const text = (value: unknown, name: string): string =>
  typeof value === 'string' && value.length <= 4_096 ? value : wrong(`${name} is not a text`)

/** A text that is not empty. */
export const named = (value: unknown, name: string): string => text(value, name) || wrong(`${name} is empty`)

/** A finite number from 0. */
export const number = (value: unknown, name: string): number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : wrong(`${name} is not a number from 0`)

/** A whole number from 0. */
export const whole = (value: unknown, name: string): number =>
  Number.isSafeInteger(number(value, name)) ? Number(value) : wrong(`${name} is not a whole number`)

/** A list. */
export const list = (value: unknown, name: string): readonly unknown[] =>
  Array.isArray(value) ? value : wrong(`${name} is not a list`)

/** An id, by its own parser. */
export const idOf = <Id>(read: (text: string) => Id, value: unknown, name: string): Id => {
  try {
    return read(text(value, name))
  } catch {
    return wrong(`${name} is not an id`)
  }
}
