/** Reads the few fields and cookies of a request that a route was told to look at; nothing is read where none are. */
import { field } from './field-names.ts'
import type { HeadParser } from './head-parser.ts'
import { cookieValue } from './request-head.ts'

/** Longest value that is looked at, characters. */
const valueCharactersMax = 512

/** A request as rules see it: the value of a header (lower case) or cookie; null when it has none. */
export type RequestFields = {
  readonly method: string
  /** The target in the form in which it came, query included. */
  readonly target: string
  readonly header: (name: string) => string | null
  readonly cookie: (name: string) => string | null
}

/** The request whose head `parser` has just parsed; valid until it parses the next one. `text` is the head's latin1 text. */
export const requestFields = (parser: HeadParser, text: string): RequestFields => ({
  method: text.slice(parser.methodStart, parser.methodEnd),
  target: text.slice(parser.targetStart, parser.targetEnd),
  header: (name) => {
    for (let index = 0; index < parser.count; index += 1) {
      const start = parser.marks[index * 4] ?? 0
      const end = parser.marks[index * 4 + 1] ?? 0
      if (end - start === name.length && text.slice(start, end).toLowerCase() === name)
        return valueAt(parser, text, index)
    }
    return null
  },
  cookie: (name) => {
    for (let index = 0; index < parser.count; index += 1) {
      if (parser.ids[index] !== field.cookie) continue
      const cookies = text.slice(parser.marks[index * 4 + 2], parser.marks[index * 4 + 3])
      if (cookies.includes(`${name}=`)) {
        const value = cookieValue(cookies, name)
        if (value !== '') return value
      }
    }
    return null
  },
})

const valueAt = (parser: HeadParser, text: string, index: number): string =>
  text.slice(parser.marks[index * 4 + 2], parser.marks[index * 4 + 3]).slice(0, valueCharactersMax)
