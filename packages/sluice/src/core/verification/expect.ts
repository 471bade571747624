/** Holds an HTTP answer against what was expected of it. */
import { unreachable } from '../machine.ts'
import { parseJsonPath, valuesAtPath } from './json-path.ts'
import type { HttpAnswer, HttpExpectation, JsonExpectation, TextExpectation } from './types.ts'

/** Whether a regular expression matches a text; `undecided` when that could not be found out in the time it has. */
export type MatchText = (pattern: string, text: string) => 'yes' | 'no' | 'undecided'

/** One thing that is not as expected, or could not be looked at. */
export type Unmet = { readonly outcome: 'failed' | 'broken'; readonly detail: string }

/** Everything that is not as expected, in the order of the expectation; nothing when the answer is right. */
export const unmetBy = (answer: HttpAnswer, expect: HttpExpectation, match: MatchText): readonly Unmet[] => [
  ...unmetStatus(answer, expect),
  ...unmetTime(answer, expect),
  ...Object.entries(expect.headers).flatMap(([name, all]) => unmetHeader(answer, { name, all }, match)),
  ...unmetBody(answer, expect.body, match),
  ...unmetJson(answer, expect.json, match),
]

/** Whether a status is one of these. */
export const hasStatus = (status: number, wanted: HttpExpectation['status']): boolean =>
  wanted.some(({ from, to }) => from <= status && status <= to)

/** Statuses in words: `200`, `200 to 299 or 304`. */
const statusText = (wanted: HttpExpectation['status']): string =>
  wanted.map(({ from, to }) => (from === to ? String(from) : `${from} to ${to}`)).join(' or ')

/** The first characters of a text in one line, in quotes. */
export const excerpt = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > excerptMax ? `${JSON.stringify(line.slice(0, excerptMax))} …` : JSON.stringify(line)
}

const excerptMax = 80

const failed = (detail: string): readonly Unmet[] => [{ outcome: 'failed', detail }]
const broken = (detail: string): readonly Unmet[] => [{ outcome: 'broken', detail }]

const unmetStatus = ({ status }: HttpAnswer, { status: wanted }: HttpExpectation): readonly Unmet[] =>
  hasStatus(status, wanted) ? [] : failed(`status ${status}, expected ${statusText(wanted)}`)

const unmetTime = ({ durationMs }: HttpAnswer, { withinMs }: HttpExpectation): readonly Unmet[] =>
  // Written so that a number that is none counts as too long.
  withinMs === null || durationMs <= withinMs
    ? []
    : failed(`it took ${Math.round(durationMs)} ms, expected at most ${withinMs} ms`)

const unmetHeader = (
  { headers }: HttpAnswer,
  { name, all }: { readonly name: string; readonly all: readonly TextExpectation[] },
  match: MatchText,
): readonly Unmet[] => {
  const value = headers[name]
  return value === undefined ? failed(`no header ${name}`) : unmetText(`header ${name}`, { value, all }, match)
}

const tooLarge = 'the body is too large to be looked at'

const unmetBody = ({ body }: HttpAnswer, all: readonly TextExpectation[], match: MatchText): readonly Unmet[] => {
  if (all.length === 0) return []
  return body === null ? broken(tooLarge) : unmetText('the body', { value: body, all }, match)
}

const unmetText = (
  what: string,
  { value, all }: { readonly value: string; readonly all: readonly TextExpectation[] },
  match: MatchText,
): readonly Unmet[] =>
  all.flatMap((one) => {
    switch (one.kind) {
      case 'equals':
        return value === one.text ? [] : failed(`${what} is ${excerpt(value)}, expected ${excerpt(one.text)}`)
      case 'contains':
        return value.includes(one.text) ? [] : failed(`${what} does not contain ${excerpt(one.text)}`)
      case 'matches': {
        const found = match(one.text, value)
        if (found === 'undecided') return broken(`whether ${what} matches /${one.text}/ took too long to find out`)
        return found === 'yes' ? [] : failed(`${what} does not match /${one.text}/`)
      }
      default:
        return unreachable(one.kind)
    }
  })

const unmetJson = ({ body }: HttpAnswer, all: readonly JsonExpectation[], match: MatchText): readonly Unmet[] => {
  if (all.length === 0) return []
  if (body === null) return broken(tooLarge)
  const document = readJson(body)
  if (document === null) return failed(`the body is no JSON: ${excerpt(body)}`)
  return all.flatMap((one) => unmetAt(document.value, one, match))
}

/** The document in a text, wrapped because it may be null itself; null when the text is none. */
export const readJson = (text: string): { readonly value: unknown } | null => {
  try {
    const value: unknown = JSON.parse(text)
    return { value }
  } catch {
    return null
  }
}

const unmetAt = (document: unknown, { path, test }: JsonExpectation, match: MatchText): readonly Unmet[] => {
  const segments = parseJsonPath(path)
  if (segments === null) return broken(`${path} is no path`)
  const values = valuesAtPath(document, segments)
  if (values.length === 0) return failed(`nothing at ${path}`)
  return values.flatMap((value) => {
    switch (test.kind) {
      case 'exists':
        return []
      case 'equals':
        return value === test.value
          ? []
          : failed(`${path} is ${excerpt(shown(value))}, expected ${JSON.stringify(test.value)}`)
      case 'text':
        return unmetText(path, { value: shown(value), all: test.all }, match)
      default:
        return unreachable(test)
    }
  })
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
