/**
 * Reads Cobertura XML (coverage-04.dtd and what gcovr, coverage.py, Istanbul, coverlet and PHPUnit make of it). Classes of one file are one file; lines are
 * those of the class, because `methods` repeats them.
 */
import { limits } from '../../core/limits.ts'
import { coverageContent, type FileCounts, fileCounts, fileCoverage } from '../../core/evidence/coverage.ts'
import { type ReportContext, unreadable } from '../../core/evidence/told.ts'
import type { CoverageContent } from '../../core/evidence/types.ts'
import { numberAttribute, walkXml, type XmlAttributes } from './xml.ts'

type Reading = {
  readonly context: ReportContext
  readonly files: Map<string, FileCounts>
  readonly sources: string[]
  declaredLines: number
  file: FileCounts | null
  method: { line: number | null; readonly rate: number | null; hits: number } | null
  classLines: number
  methodLines: (readonly [line: number, hits: number])[]
}

/** The coverage in a Cobertura text. `evidence_unreadable` when it is not XML, or XML of something else (Clover has the same root). */
export const readCobertura = (text: string, context: ReportContext): CoverageContent => {
  const reading: Reading = {
    context,
    files: new Map(),
    sources: [],
    declaredLines: 0,
    file: null,
    method: null,
    classLines: 0,
    methodLines: [],
  }
  walkXml(text, context, {
    open: (name, attributes, parent) => openElement(reading, { name, attributes, parent }),
    close: (name, body) => closeElement(reading, name, body),
  })
  const files = [...reading.files].map(([path, counts]) => fileCoverage(inSource(path, reading), counts, context))
  const isEmpty = files.every(({ lines }) => lines === null || lines.length === 0)
  return coverageContent(
    files,
    reading.declaredLines > 0 && isEmpty ? ['the report counts lines, and shows none'] : [],
    context,
  )
}

type Opened = { readonly name: string; readonly attributes: XmlAttributes; readonly parent: string | null }

const openElement = (reading: Reading, { name, attributes, parent }: Opened): void => {
  const { context, file } = reading
  if (parent === null) {
    if (name !== 'coverage' || attributes['clover'] !== undefined)
      throw unreadable(
        context,
        `expected <coverage> of Cobertura, found <${name.slice(0, 40)}>${attributes['clover'] === undefined ? '' : ' of Clover'}`,
      )
    reading.declaredLines = numberAttribute(attributes['lines-valid']) ?? 0
  }
  if (name === 'class') {
    const path = attributes['filename']
    if (path === undefined || path === '') throw unreadable(context, 'a class has no filename')
    const counts = reading.files.get(path) ?? fileCounts()
    reading.files.set(path, counts)
    reading.file = counts
    reading.classLines = 0
    reading.methodLines = []
    if (reading.files.size > limits.reportEntriesMax)
      throw unreadable(context, `more than ${limits.reportEntriesMax} files`)
  }
  if (name === 'method' && file !== null)
    reading.method = { line: null, rate: numberAttribute(attributes['line-rate']), hits: 0 }
  if (name === 'line' && file !== null) readLine(reading, file, attributes)
}

const readLine = (reading: Reading, file: FileCounts, attributes: XmlAttributes): void => {
  const line = numberAttribute(attributes['number'])
  const hits = numberAttribute(attributes['hits'])
  if (line === null || hits === null || !Number.isSafeInteger(line) || line < 0 || hits < 0) {
    throw unreadable(
      reading.context,
      `a line has number ${JSON.stringify(attributes['number'])} and hits ${JSON.stringify(attributes['hits'])}`,
    )
  }
  const { method } = reading
  if (method !== null) {
    method.line ??= line
    method.hits = Math.max(method.hits, hits)
    reading.methodLines.push([line, hits])
    return
  }
  reading.classLines += 1
  file.addLine(line, hits)
  const condition = /\((\d+)\/(\d+)\)/.exec(attributes['condition-coverage'] ?? '')
  if (condition !== null) file.addBranches(line, Number(condition[1]), Number(condition[2]))
}

const closeElement = (reading: Reading, name: string, text: string): void => {
  const { file, method } = reading
  if (name === 'source' && text.trim() !== '') reading.sources.push(text.trim())
  if (name === 'method' && file !== null && method !== null) {
    const isCovered = method.line === null ? (method.rate ?? 0) > 0 : method.hits > 0
    file.addFunction(method.line ?? 0, isCovered ? 1 : 0)
    reading.method = null
  }
  if (name === 'class' && file !== null) {
    // Some writers give a class no lines of its own.
    if (reading.classLines === 0) for (const [line, hits] of reading.methodLines) file.addLine(line, hits)
    reading.file = null
  }
}

/** File names are relative to a source folder; the one that lies below the checkout makes them relative to that. */
const inSource = (path: string, { sources, context: { root } }: Reading): string => {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return path
  const source =
    sources.find((one) => root !== '' && (one === root || one.startsWith(`${root}/`))) ??
    sources.find((one) => one !== '.' && !one.startsWith('/') && !/^[A-Za-z]:/.test(one))
  return source === undefined ? path : `${source.replace(/\/+$/, '')}/${path}`
}
