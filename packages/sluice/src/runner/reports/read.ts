/** Reads one report into the model. */
import { createHash } from 'node:crypto'
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { readCodeQuality, readGitlabSecurity, readOsv, readTrivy } from '../../core/evidence/scanners.ts'
import { readCycloneDx, readLicences, readSpdx } from '../../core/evidence/licences.ts'
import { readHyperfine, readK6, readLighthouse, readMeasurements } from '../../core/evidence/measurements.ts'
import { readIstanbul, readIstanbulSummary } from '../../core/evidence/istanbul.ts'
import { readLcov } from '../../core/evidence/lcov.ts'
import { readNodeEvents } from '../../core/evidence/node-events.ts'
import { readNodeSpec } from '../../core/evidence/node-spec.ts'
import { readNpmAudit } from '../../core/evidence/npm-audit.ts'
import { readSarif } from '../../core/evidence/sarif.ts'
import { readSizes, sizeContent } from '../../core/evidence/sizes.ts'
import { readTap } from '../../core/evidence/tap.ts'
import { type ReportContext, toldPath, unreadable } from '../../core/evidence/told.ts'
import {
  type Evidence,
  type EvidenceContent,
  isReportFormat,
  type KeptFile,
  type ReportFormat,
  reportFormats,
} from '../../core/evidence/types.ts'
import { limits } from '../../core/limits.ts'
import { SluiceError } from '../../core/errors.ts'
import { digest } from '../../core/model.ts'
import { readCobertura } from './cobertura.ts'
import { decodeReport, isZip } from './decode.ts'
import { detectFormat } from './detect.ts'
import { readJacoco } from './jacoco.ts'
import { readJunit } from './junit.ts'

/** A report as bytes. */
export type ReportBytes = {
  readonly bytes: Uint8Array
  /** Below the checkout; for errors, and for reports that are themselves the evidence. */
  readonly path: string
  /** The checkout, absolute: what absolute paths in the report are cut at. */
  readonly root: string
}

type TextFormat = Exclude<ReportFormat, 'file-size' | 'playwright-trace'>

const one =
  (read: (text: string, context: ReportContext) => EvidenceContent) =>
  (text: string, context: ReportContext): readonly EvidenceContent[] => [read(text, context)]

const readers: Readonly<Record<TextFormat, (text: string, context: ReportContext) => readonly EvidenceContent[]>> = {
  junit: one(readJunit),
  tap: one(readTap),
  'node-spec': one(readNodeSpec),
  'node-events': one(readNodeEvents),
  lcov: one(readLcov),
  cobertura: one(readCobertura),
  jacoco: one(readJacoco),
  istanbul: one(readIstanbul),
  'istanbul-summary': one(readIstanbulSummary),
  sarif: one(readSarif),
  'npm-audit': one(readNpmAudit),
  osv: one(readOsv),
  trivy: readTrivy,
  'gitlab-security': one(readGitlabSecurity),
  'code-quality': one(readCodeQuality),
  cyclonedx: readCycloneDx,
  spdx: one(readSpdx),
  licences: one(readLicences),
  sizes: one(readSizes),
  measurements: one(readMeasurements),
  hyperfine: one(readHyperfine),
  k6: one(readK6),
  lighthouse: one(readLighthouse),
}

/**
 * Reads a report. `format`: one of `reportFormats`, or `auto`. Rejects with `evidence_unreadable` (file, line and column where there are any) for whatever cannot
 * be read, is empty, or is larger than `limits.reportBytesMax`; never with anything else. An empty report is no good one, whatever its form.
 */
export const readReport = async (format: string, report: ReportBytes): Promise<Evidence> => {
  const { bytes, path, root } = report
  const context = { path, root }
  if (bytes.length > limits.reportBytesMax)
    throw unreadable(context, `the report has ${bytes.length} bytes, at most ${limits.reportBytesMax} are read`)
  if (bytes.length === 0) throw unreadable(context, 'the file is empty')
  try {
    const known = await contentsOf(format, report)
    const source = {
      path,
      format: known.format,
      bytes: bytes.length,
      digest: digest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`),
    }
    return { source, contents: known.contents }
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause
    // Whatever a hostile report provoked, it is the report that is wrong; the cause says where.
    throw unreadable(context, `the report could not be read as ${format}`, { cause })
  }
}

type Known = { readonly format: ReportFormat; readonly contents: readonly EvidenceContent[] }

const contentsOf = async (format: string, { bytes, path, root }: ReportBytes): Promise<Known> => {
  const context = { path, root }
  if (format === 'file-size') return { format, contents: [await measured(bytes, context)] }
  if (format === 'playwright-trace' || (format === 'auto' && isZip(bytes)))
    return { format: 'playwright-trace', contents: [traceOf(bytes, context)] }
  const text = decodeReport(bytes, context)
  const found = format === 'auto' ? detectFormat(text) : format
  if (found === null) throw unreadable(context, 'this is no report of a form that is known', { cause: null })
  if (!isReportFormat(found) || found === 'file-size' || found === 'playwright-trace') {
    throw unreadable(
      context,
      `there is no report format ${JSON.stringify(found.slice(0, 40))}; there are auto, ${reportFormats.join(', ')}`,
    )
  }
  return { format: found, contents: readers[found](text, context) }
}

/** The file is the evidence: how large it is, and how large on its way. */
const measured = async (bytes: Uint8Array, context: ReportContext): Promise<EvidenceContent> => {
  const compressed = await promisify(gzip)(bytes, { level: 9 })
  return sizeContent(
    [{ path: toldPath(context.path, context.root), bytes: bytes.length, compressedBytes: compressed.length }],
    context,
  )
}

const traceOf = (bytes: Uint8Array, context: ReportContext): EvidenceContent => {
  if (!isZip(bytes)) throw unreadable(context, 'a Playwright trace is a ZIP archive, and this is none')
  return traceContent(context)
}

/** What a trace comes to: itself, to be looked at. */
export const traceContent = ({ path, root }: ReportContext, kept?: KeptFile): EvidenceContent => {
  const told = { path: toldPath(path, root), mediaType: 'application/zip', title: 'Playwright trace' }
  return { kind: 'attachments', attachments: [kept === undefined ? told : { ...told, kept }], gaps: [] }
}
