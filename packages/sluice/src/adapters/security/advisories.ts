/** A folder of OSV records. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../core/limits.ts'
import { type Advisory, packagesOf, parseAdvisory } from '../../core/security/advisory.ts'

/** What a database holds about some packages. */
export type Database = {
  readonly advisories: readonly Advisory[]
  /** Records of npm's ecosystem in all. */
  readonly count: number
  /** When the newest record was changed, epoch ms. */
  readonly newest: number
  /** Score of a CVSS vector (2.0 to 4.0); null for a text that is none. */
  readonly scoreOf: (vector: string) => number | null
}

/**
 * Reads the advisories about the named packages. A sentence where there is no database: the folder is missing, holds no record of npm, or one that cannot be read.
 * A record is parsed only when it names one of the packages, so that a dump of 200,000 takes seconds.
 */
export const readDatabase = async (
  folder: string,
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Database | string> => {
  const files = await readdir(folder, { recursive: true }).catch(() => null)
  if (files === null) return `The advisory database ${folder} cannot be read.`
  const records = files.filter((file) => file.endsWith('.json')).toSorted()
  const advisories: Advisory[] = []
  let count = 0
  let newest = Number.NEGATIVE_INFINITY
  for (let at = 0; at < records.length; at += limits.filesOpenMax) {
    signal.throwIfAborted()
    const read = await Promise.all(
      records.slice(at, at + limits.filesOpenMax).map((file) => readRecord(join(folder, file), names)),
    )
    for (const one of read) {
      if (typeof one === 'string') return one
      if (!one.isNpm) continue
      count += 1
      newest = Math.max(newest, one.modified)
      if (one.advisory !== null) advisories.push(one.advisory)
    }
  }
  if (count === 0) return `The advisory database ${folder} holds no advisory about a package of npm.`
  const { default: cvss } = await import('ae-cvss-calculator')
  return { advisories, count, newest, scoreOf: (vector) => scoreOf(cvss.fromVector, vector) }
}

type Read = { readonly isNpm: boolean; readonly modified: number; readonly advisory: Advisory | null }

const readRecord = async (path: string, names: ReadonlySet<string>): Promise<Read | string> => {
  const found = await stat(path)
  if (found.size > limits.documentBytesMax) return `${path} is larger than an advisory can be.`
  const text = await readFile(path, 'utf8')
  const isNpm = /"ecosystem"\s*:\s*"npm"/.test(text)
  const modified = Date.parse(/"modified"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? '')
  const named = [...text.matchAll(/"name"\s*:\s*"([^"]+)"/g)].some(([, name = '']) => names.has(name))
  const rest = { isNpm, modified: Number.isNaN(modified) ? Number.NEGATIVE_INFINITY : modified }
  if (!isNpm || !named) return { ...rest, advisory: null }
  try {
    const advisory = parseAdvisory(JSON.parse(text))
    if (advisory === null) return `${path} is no OSV record.`
    return { ...rest, advisory: packagesOf(advisory).some((name) => names.has(name)) ? advisory : null }
  } catch {
    return `${path} is no JSON.`
  }
}

const scoreOf = (fromVector: (vector: string) => unknown, vector: string): number | null => {
  const read = fromVector(vector)
  if (typeof read !== 'object' || read === null || !('calculateScores' in read)) return null
  if (typeof read.calculateScores !== 'function') return null
  const scores: unknown = read.calculateScores()
  const overall = typeof scores === 'object' && scores !== null && 'overall' in scores ? scores.overall : null
  return typeof overall === 'number' ? overall : null
}
