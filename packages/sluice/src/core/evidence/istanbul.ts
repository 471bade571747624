/** Reads Istanbul's `coverage-final.json` (istanbul-lib-coverage 3) and `coverage-summary.json`. */
import { coverageContent, fileCounts, fileCoverage } from './coverage.ts'
import { countAt, isObject, type JsonObject, lineOf, listAt, objectAt, objectOf, parseJson } from './json.ts'
import { type ReportContext, toldPath, unreadable } from './told.ts'
import type { CoverageContent, FileCoverage, Ratio } from './types.ts'

/** The coverage in a `coverage-final.json`. A line ran as often as the statement on it that ran most. */
export const readIstanbul = (text: string, context: ReportContext): CoverageContent => {
  const files = Object.entries(objectAt(parseJson(text, context), context, ''))
  return coverageContent(
    files.map(([path, value]) => fileOf(path, value, context)),
    [],
    context,
  )
}

const fileOf = (key: string, value: unknown, context: ReportContext): FileCoverage => {
  const outer = objectAt(value, context, JSON.stringify(key))
  // Some tools wrap the record once more.
  const file = isObject(outer['data']) && outer['statementMap'] === undefined ? outer['data'] : outer
  const at = (part: string): string => `${JSON.stringify(key)}.${part}`
  const part = (name: string): JsonObject => objectAt(file[name], context, at(name))
  const counts = fileCounts()
  for (const metric of ['lines', 'branches', 'functions'] as const) counts.declare(metric)
  const hits = part('s')
  const lines = new Map<number, number>()
  for (const [id, location] of Object.entries(part('statementMap'))) {
    const line = startLine(location) ?? 0
    lines.set(line, Math.max(lines.get(line) ?? 0, countAt(hits[id] ?? 0, context, at(`s.${id}`))))
  }
  for (const [line, count] of lines) counts.addLine(line, count)
  const calls = part('f')
  for (const [id, found] of Object.entries(part('fnMap'))) {
    const { decl, loc, line } = objectOf(found)
    counts.addFunction(
      startLine(decl) ?? startLine(loc) ?? lineOf(line) ?? 0,
      countAt(calls[id] ?? 0, context, at(`f.${id}`)),
    )
  }
  const taken = part('b')
  for (const [id, branch] of Object.entries(part('branchMap'))) {
    const { loc, line } = objectOf(branch)
    const ways = listAt(taken[id] ?? [], context, at(`b.${id}`)).map((way) => countAt(way ?? 0, context, at(`b.${id}`)))
    counts.addBranches(startLine(loc) ?? lineOf(line) ?? 0, ways.filter((count) => count > 0).length, ways.length)
  }
  return fileCoverage(typeof file['path'] === 'string' ? file['path'] : key, counts, context)
}

const startLine = (location: unknown): number | null => lineOf(objectOf(objectOf(location)['start'])['line'])

/** The coverage in a `coverage-summary.json`: totals by file, no lines. */
export const readIstanbulSummary = (text: string, context: ReportContext): CoverageContent => {
  const summary = objectAt(parseJson(text, context), context, '')
  if (summary['total'] === undefined) throw unreadable(context, 'a coverage summary has a "total"')
  const entries = Object.entries(summary)
  const files = entries.filter(([path]) => path !== 'total')
  const read = ([path, value]: readonly [string, unknown]): FileCoverage => {
    const record = objectAt(value, context, JSON.stringify(path))
    const ratio = (metric: string): Ratio => {
      const found = objectAt(record[metric], context, `${JSON.stringify(path)}.${metric}`)
      const total = countAt(found['total'], context, `${JSON.stringify(path)}.${metric}.total`)
      return {
        covered: Math.min(total, countAt(found['covered'], context, `${JSON.stringify(path)}.${metric}.covered`)),
        total,
      }
    }
    const totals = { lines: ratio('lines'), branches: ratio('branches'), functions: ratio('functions') }
    return { path: toldPath(path, context.root), totals, lines: null, branches: null, functions: null }
  }
  // A summary may hold the total only; it is then told as one file of that name.
  return coverageContent((files.length === 0 ? entries : files).map(read), [], context)
}
