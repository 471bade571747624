/** Reads JaCoCo XML (report.dtd 1.1): instructions and branches by line of each source file. File names are packages; they are matched to paths by their end. */
import { limits } from '../../core/limits.ts'
import { coverageContent, type FileCounts, fileCounts, fileCoverage } from '../../core/evidence/coverage.ts'
import { type ReportContext, unreadable } from '../../core/evidence/told.ts'
import type { CoverageContent } from '../../core/evidence/types.ts'
import { numberAttribute, walkXml, type XmlAttributes } from './xml.ts'

/** The coverage in a JaCoCo text. `evidence_unreadable` when it is not XML, or XML of something else. */
export const readJacoco = (text: string, context: ReportContext): CoverageContent => {
  const files = new Map<string, FileCounts>()
  let folder = ''
  let file: FileCounts | null = null
  walkXml(text, context, {
    open: (name, attributes, parent) => {
      if (parent === null && name !== 'report')
        throw unreadable(context, `expected <report> of JaCoCo, found <${name.slice(0, 40)}>`)
      if (name === 'package') folder = attributes['name'] ?? ''
      if (name === 'sourcefile') {
        const path = [folder, attributes['name'] ?? ''].filter((part) => part !== '').join('/')
        file = files.get(path) ?? fileCounts()
        files.set(path, file)
        if (files.size > limits.reportEntriesMax)
          throw unreadable(context, `more than ${limits.reportEntriesMax} files`)
      }
      if (file !== null && name === 'line') readLine(file, attributes, context)
      if (file !== null && name === 'counter' && parent === 'sourcefile' && attributes['type'] === 'METHOD') {
        const covered = countOf(attributes['covered'], context)
        file.addFunctions(0, covered, covered + countOf(attributes['missed'], context))
      }
    },
    close: (name) => {
      if (name === 'sourcefile') file = null
    },
  })
  return coverageContent(
    [...files].map(([path, counts]) => fileCoverage(path, counts, context)),
    [],
    context,
  )
}

const readLine = (file: FileCounts, attributes: XmlAttributes, context: ReportContext): void => {
  const line = countOf(attributes['nr'], context)
  const covered = countOf(attributes['ci'], context)
  const takenBranches = countOf(attributes['cb'] ?? '0', context)
  file.addLine(line, covered > 0 ? 1 : 0)
  const branches = takenBranches + countOf(attributes['mb'] ?? '0', context)
  if (branches > 0) file.addBranches(line, takenBranches, branches)
}

const countOf = (value: string | undefined, context: ReportContext): number => {
  const count = numberAttribute(value)
  if (count === null || !Number.isSafeInteger(count) || count < 0)
    throw unreadable(context, `expected a count, found ${JSON.stringify(value)}`)
  return count
}
