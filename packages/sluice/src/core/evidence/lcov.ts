/**
 * Reads lcov's tracefiles (geninfo(1), lcov 2.3, 2024; and what c8, Istanbul, Node, llvm-cov, tarpaulin write): `SF … end_of_record` blocks of one file each.
 * A block that does not end is a report that was cut off.
 */
import { coverageContent, type FileCounts, fileCounts, fileCoverage } from './coverage.ts'
import { type ReportContext, unreadable } from './told.ts'
import type { CoverageContent, CoverageMetric, CoverageTotals, FileCoverage, Ratio } from './types.ts'

type Block = {
  readonly path: string
  readonly line: number
  readonly counts: FileCounts
  /** Line of each function by its name (or, since lcov 2.2, its index). */
  readonly functionLines: Map<string, number>
  readonly functionHits: Map<string, number>
  readonly declared: Record<string, number>
}

/** The coverage in an lcov text. `evidence_unreadable` names the line. */
export const readLcov = (text: string, context: ReportContext): CoverageContent => {
  const files: FileCoverage[] = []
  let block: Block | null = null
  for (const [index, whole] of text.split('\n').entries()) {
    const record = whole.trim()
    const line = index + 1
    if (record === '' || record.startsWith('#')) continue
    if (record.startsWith('SF:')) {
      if (block !== null)
        throw unreadable(context, `a new file begins before end_of_record of the one in line ${block.line}`, { line })
      block = {
        path: record.slice(3),
        line,
        counts: fileCounts(),
        functionLines: new Map(),
        functionHits: new Map(),
        declared: {},
      }
    } else if (record === 'end_of_record') {
      if (block === null) throw unreadable(context, 'end_of_record without a file', { line })
      files.push(fileOf(block, context))
      block = null
    } else if (!readRecord(record, block))
      throw unreadable(context, `this is no record of lcov: ${JSON.stringify(record.slice(0, 60))}`, { line })
  }
  if (block !== null)
    throw unreadable(context, `the report ends before end_of_record of ${block.path}`, { line: block.line })
  return coverageContent(files, [], context)
}

/** Whether the record could be read. */
const readRecord = (record: string, block: Block | null): boolean => {
  const colon = record.indexOf(':')
  const kind = record.slice(0, colon)
  if (colon < 1 || !/^[A-Z]+$/.test(kind)) return false
  if (block === null) return kind === 'TN' || kind === 'VER'
  const body = record.slice(colon + 1)
  switch (kind) {
    case 'DA':
      return readLine(body, block)
    case 'BRDA':
      return readBranch(body, block)
    case 'FN':
    case 'FNL':
      return readFunction(kind, body, block)
    case 'FNDA':
    case 'FNA':
      return readCalls(kind, body, block)
    case 'LF':
    case 'LH':
    case 'BRF':
    case 'BRH':
    case 'FNF':
    case 'FNH':
      block.declared[kind] = Number(body)
      return /^\d+$/.test(body)
    default:
      return true
  }
}

const readLine = (body: string, { counts }: Block): boolean => {
  const found = /^(\d+),(\d+(?:\.\d+)?(?:e\+?\d+)?)(?:,.*)?$/i.exec(body)
  if (found === null) return false
  counts.addLine(Number(found[1]), Number(found[2]))
  return true
}

const readBranch = (body: string, { counts }: Block): boolean => {
  const found = /^(\d+),e?\d+,.*,(-|\d+)$/.exec(body)
  if (found === null) return false
  counts.addBranches(Number(found[1]), found[2] === '-' || Number(found[2]) === 0 ? 0 : 1, 1)
  return true
}

const readFunction = (kind: 'FN' | 'FNL', body: string, { functionLines }: Block): boolean => {
  const found = kind === 'FN' ? /^(\d+),(?:\d+,)?(.*)$/.exec(body) : /^(\d+),(\d+)(?:,\d+)?$/.exec(body)
  if (found === null) return false
  const [first = '', second = ''] = found.slice(1)
  functionLines.set(kind === 'FN' ? second : `#${first}`, Number(kind === 'FN' ? first : second))
  return true
}

const readCalls = (kind: 'FNDA' | 'FNA', body: string, { functionHits }: Block): boolean => {
  const found = kind === 'FNDA' ? /^(\d+),(.*)$/.exec(body) : /^(\d+),(\d+)(?:,.*)?$/.exec(body)
  if (found === null) return false
  const [first = '', second = ''] = found.slice(1)
  const name = kind === 'FNDA' ? second : `#${first}`
  functionHits.set(name, (functionHits.get(name) ?? 0) + Number(kind === 'FNDA' ? first : second))
  return true
}

const fileOf = (
  { path, counts, functionLines, functionHits, declared }: Block,
  context: ReportContext,
): FileCoverage => {
  for (const [name, line] of functionLines) counts.addFunction(line, functionHits.get(name) ?? 0)
  const metrics: readonly (readonly [CoverageMetric, string])[] = [
    ['lines', 'LF'],
    ['branches', 'BRF'],
    ['functions', 'FNF'],
  ]
  for (const [metric, kind] of metrics) if (declared[kind] === 0) counts.declare(metric)
  const file = fileCoverage(path, counts, context)
  const { lines, branches, functions } = file.totals
  const totals: CoverageTotals = {
    lines: lines ?? ratioOf(declared['LH'], declared['LF']),
    branches: branches ?? ratioOf(declared['BRH'], declared['BRF']),
    functions: functions ?? ratioOf(declared['FNH'], declared['FNF']),
  }
  return { ...file, totals }
}

const ratioOf = (covered: number | undefined, total: number | undefined): Ratio | null =>
  covered === undefined || total === undefined ? null : { covered: Math.min(covered, total), total }
