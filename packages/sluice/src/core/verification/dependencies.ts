/**
 * The dependencies that a readiness answer lists. Read are the forms in use: `{ dependencies: { database: 'up' } }`, the `components` of Spring Boot's health
 * endpoint, the `checks` of health+json (draft-inadarei-api-health-check-06), and lists of `{ name, status }`.
 */
import { readJson, type Unmet } from './expect.ts'
import { parseJsonPath, valuesAtPath } from './json-path.ts'
import type { DependenciesCheck, HttpAnswer } from './types.ts'

/** One dependency and what it says of itself, in lower case. */
export type Dependency = { readonly name: string; readonly status: string }

/** What a dependency that is up says, where the config does not say it. */
export const upWords: readonly string[] = ['up', 'ok', 'pass', 'healthy', 'ready', 'true']

const usualPlaces = ['dependencies', 'components', 'checks', 'details']

/** Everything that is wrong with the dependencies; an answer without any is `broken`, because then nothing was looked at. */
export const unmetByDependencies = (answer: HttpAnswer, check: DependenciesCheck): readonly Unmet[] => {
  if (answer.body === null) return [{ outcome: 'broken', detail: 'the body is too large to be looked at' }]
  const document = readJson(answer.body)
  if (document === null) return [{ outcome: 'broken', detail: `status ${answer.status}, and its body is no JSON` }]
  const found = dependenciesIn(document.value, check.list)
  if (found.length === 0) return [{ outcome: 'broken', detail: 'the answer lists no dependencies' }]
  const down = found.filter(({ name, status }) => !check.up.includes(status) && !check.optional.includes(name))
  const absent = check.required.filter((name) => !found.some((one) => one.name === name))
  return [
    ...down.map(({ name, status }): Unmet => ({ outcome: 'failed', detail: `${name} is ${JSON.stringify(status)}` })),
    ...absent.map((name): Unmet => ({ outcome: 'broken', detail: `${name} is not in the list` })),
    ...(answer.status >= 400 && down.length === 0 ? [notReady(answer)] : []),
  ]
}

const notReady = ({ status }: HttpAnswer): Unmet => ({
  outcome: 'failed',
  detail: `status ${status}, though every dependency is up`,
})

/** The dependencies that a document lists: at a path, or in the first of the usual places that has some. */
export const dependenciesIn = (document: unknown, list: string | null): readonly Dependency[] => {
  const paths = list === null ? usualPlaces.map((name) => `$.${name}`) : [list]
  for (const path of paths) {
    const found = valuesAtPath(document, parseJsonPath(path) ?? []).flatMap(listed)
    if (found.length > 0) return found
  }
  return []
}

const listed = (value: unknown): readonly Dependency[] => {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((one) => withName(one))
  return Object.entries(value).flatMap(([name, one]) =>
    // health+json has a list of observations for each name.
    (Array.isArray(one) ? one : [one]).map((each) => ({ name, status: statusOf(each) })),
  )
}

const withName = (value: unknown): readonly Dependency[] =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
    ? [{ name: value.name, status: statusOf(value) }]
    : []

const statusOf = (value: unknown): string => {
  if (typeof value === 'string') return value.toLowerCase()
  if (typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || value === null) return 'unknown'
  const named = ['status', 'state', 'healthy', 'ok'].flatMap((key) =>
    Object.entries(value).flatMap(([name, one]: [string, unknown]) => (name === key ? [one] : [])),
  )[0]
  return typeof named === 'string' || typeof named === 'boolean' ? String(named).toLowerCase() : 'unknown'
}
