/** Parsers for documents of others: what is not of the expected shape is as if it were not there. */
import type { Component } from '../../core/security/component.ts'

/** Members of an object; nothing of anything else. */
export const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

/** A text; null for anything else. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Items of a list; none of anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const algorithms: Readonly<Record<string, NonNullable<Component['digest']>['algorithm']>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}

/** The digest of an integrity text (`sha512-…` in base64, the strongest of several); null for none. Source: W3C Subresource Integrity. */
export const digestOf = (integrity: unknown): Component['digest'] => {
  const found = (textOf(integrity) ?? '').split(/\s+/).flatMap((one) => {
    const [, name = '', value = ''] = /^(sha\d+)-([A-Za-z0-9+/]+=*)/.exec(one) ?? []
    const algorithm = algorithms[name]
    return algorithm === undefined ? [] : [{ algorithm, hex: Buffer.from(value, 'base64').toString('hex') }]
  })
  return found.toSorted((a, b) => b.hex.length - a.hex.length)[0] ?? null
}

/** Lines on which keys stand, by the key without quotes: the first thing of a line, up to a colon at its end or before a value. */
export const linesOfKeys = (text: string): ReadonlyMap<string, number> => {
  const lines = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    const [, double, single, bare] = /^\s*(?:"([^"]+)"|'([^']+)'|([^\s"':][^\s:]*)).*:/.exec(line) ?? []
    const key = double ?? single ?? bare
    if (key !== undefined && !lines.has(key)) lines.set(key, index + 1)
  }
  return lines
}
