/**
 * The one text of a JSON value, so that equal values have equal hashes: members sorted by UTF-16 code units, no white space, numbers and strings
 * as ECMAScript writes them. Source: RFC 8785 (JSON Canonicalization Scheme), June 2020.
 */
import { assert } from './machine.ts'

/**
 * Canonical text of a JSON-safe value. Anything else (undefined, functions, NaN, lone surrogates) is a bug of the caller, because two texts
 * could then stand for one value.
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    assert(Number.isFinite(value), `canonical JSON has no number ${value}`)
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    assert(value.isWellFormed(), 'canonical JSON has no lone surrogates')
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  assert(typeof value === 'object', `canonical JSON has no ${typeof value}`)
  const members = Object.entries(value)
  // Most are written in order: hundreds of keys are made at the start of a run.
  const sorted = members.every(([key], index) => index === 0 || (members[index - 1]?.[0] ?? '') < key)
    ? members
    : members.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, inner]) => `${canonicalJson(key)}:${canonicalJson(inner)}`).join(',')}}`
}
