/**
 * A parser's tools for JSON whose form is known and not to be trusted. The skeleton that carries results is strict: something else in its place is an error,
 * never an empty list. Leaves are lenient: a message that is no text is no message.
 */
import { jsonFault } from './json-fault.ts'
import { type ReportContext, unreadable } from './told.ts'

/** An object of a report. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The value of a JSON text; `evidence_unreadable` with line and column. */
export const parseJson = (text: string, context: ReportContext): unknown => {
  if (text.trim() === '') throw unreadable(context, 'the file is empty')
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch (cause) {
    // The engine's message quotes some of the text, which may be anything; what was met is at the place named.
    const fault = jsonFault(text)
    const sentence = fault >= text.trimEnd().length ? 'the JSON ends too early' : 'this is not JSON'
    throw unreadable(context, sentence, { ...placeOf(text, fault), cause })
  }
}

const placeOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

/** Whether a value is an object (no list). */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The value as an object, or an error that names the place. */
export const objectAt = (value: unknown, context: ReportContext, at: string): JsonObject => {
  if (isObject(value)) return value
  throw unreadable(context, `expected an object, found ${kindOf(value)}`, { at })
}

/** The value as a list, or an error that names the place. */
export const listAt = (value: unknown, context: ReportContext, at: string): readonly unknown[] => {
  if (Array.isArray(value)) return value
  throw unreadable(context, `expected a list, found ${kindOf(value)}`, { at })
}

/** A list that may be left out (or null), but may not be anything else. */
export const optionalListAt = (value: unknown, context: ReportContext, at: string): readonly unknown[] =>
  value === undefined || value === null ? [] : listAt(value, context, at)

/** An object that may be left out (or null), but may not be anything else. */
export const optionalObjectAt = (value: unknown, context: ReportContext, at: string): JsonObject =>
  value === undefined || value === null ? {} : objectAt(value, context, at)

/** The value as a text, or an error that names the place. */
export const textAt = (value: unknown, context: ReportContext, at: string): string => {
  if (typeof value === 'string') return value
  throw unreadable(context, `expected a text, found ${kindOf(value)}`, { at })
}

/** The value as a finite number, or an error that names the place. */
export const numberAt = (value: unknown, context: ReportContext, at: string): number => {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw unreadable(context, `expected a number, found ${kindOf(value)}`, { at })
}

/** The value as a whole number from 0, or an error that names the place. */
export const countAt = (value: unknown, context: ReportContext, at: string): number => {
  const count = numberAt(value, context, at)
  if (count >= 0 && Number.isSafeInteger(count)) return count
  throw unreadable(context, `expected a whole number from 0, found ${count}`, { at })
}

/** The value when it is a text that says something; null otherwise. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** The value when it is a finite number; null otherwise. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** The value when it is a line number; null otherwise. */
export const lineOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null

/** The value when it is an object; an empty one otherwise. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The value when it is a list; an empty one otherwise. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The largest of the numbers; null of none. */
export const largestOf = (numbers: readonly number[]): number | null =>
  numbers.reduce<number | null>((largest, one) => (largest === null || one > largest ? one : largest), null)

/** The texts among a list. */
export const textsOf = (value: unknown): readonly string[] => listOf(value).flatMap((one) => textOf(one) ?? [])

const kindOf = (value: unknown): string =>
  value === null ? 'null' : value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
