/** Text of others (subjects, reasons, names, what a job printed) without what a terminal would act upon. Pure. */
import { stripVTControlCharacters } from 'node:util'

const escape = '\u001B'
const colourPattern = new RegExp(`(${escape}\\[[\\d;:]*m)`)
/** Everything that a terminal acts upon begins with one of these, which are `\p{Cc}` without a tab and the end of a line; a plain range is looked for ten times as fast. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const controlPattern = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/

/** A line without anything that a terminal would act upon. */
export const stripControl = (text: string): string => stripAllBut(text, '\t')

/** The text with its colours, where `hasColors`, and without anything else that a terminal would act upon. */
export const stripAllButColours = (text: string, hasColors: boolean): string => {
  if (!controlPattern.test(text)) return text
  if (!hasColors) return stripAllBut(text, '\t\n')
  const parts = text.split(colourPattern)
  return parts.map((part, index) => (index % 2 === 1 ? part : stripAllBut(part, '\t\n'))).join('')
}

/**
 * The same value, every text in it, at any depth, without anything that a terminal would act upon; the ends of lines stay. Its cast is trusted: what comes
 * out has the form of what went in.
 */
export const plainTexts = <Value>(value: Value): Value => (isPlain(value) ? value : (plainOf(value) as Value))

const isPlain = (value: unknown): boolean => {
  if (typeof value === 'string') return !controlPattern.test(value)
  if (Array.isArray(value)) return value.every(isPlain)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isPlain) && !Object.keys(value).some((name) => controlPattern.test(name))
}

/** JSON only: an answer of the API is nothing else. */
const plainOf = (value: unknown): unknown => {
  if (typeof value === 'string') return stripAllBut(value, '\t\n')
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [stripAllBut(name, '\t'), plainOf(one)]))
}

/** A value as one line of JSON that a terminal may show: what JSON itself lets through of what terminals act upon is escaped, too. */
export const jsonLine = (value: object): string => plainJson(JSON.stringify(value))

/** The same JSON, in which no character is one that a terminal acts upon. */
export const plainJson = (json: string): string =>
  json.replaceAll(/[\u007F-\u009F]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

const stripAllBut = (text: string, kept: string): string =>
  stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, (letter) => (kept.includes(letter) ? letter : ''))
