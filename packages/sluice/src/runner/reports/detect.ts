/** Tells a report's form from its content, for `format: 'auto'`. */
import { isObject } from '../../core/evidence/json.ts'
import { told } from '../../core/evidence/told.ts'
import type { ReportFormat } from '../../core/evidence/types.ts'
import { rootElement } from './xml.ts'

/** The form of a text; null when it is none that is read. The first sign decides; the reader then says what is wrong with it. */
export const detectFormat = (text: string): ReportFormat | null => {
  const start = text
    .slice(0, 4_096)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (start.startsWith('<')) return xmlFormat(text)
  if (start.startsWith('{') || start.startsWith('[')) return jsonFormat(text)
  if (/^(?:TN:|SF:)/.test(start)) return 'lcov'
  if (/^(?:TAP version \d|\d+\.\.\d+\s|(?:not )?ok \d)/m.test(start)) return 'tap'
  // Without the colours that it may have been written with.
  const isSpec = /^\s*[▶✔✖﹣⚠] /mu.test(told(start)) || /^ℹ tests \d/m.test(told(text.slice(-4_096)))
  if (isSpec) return 'node-spec'
  return null
}

const xmlFormat = (text: string): ReportFormat | null => {
  switch (rootElement(text)) {
    case 'testsuites':
    case 'testsuite':
      return 'junit'
    case 'coverage':
      return 'cobertura'
    case 'report':
      return 'jacoco'
    default:
      return null
  }
}

const jsonFormat = (text: string): ReportFormat | null => {
  const value = parsed(text)
  if (value === undefined) return /^\s*\{\s*"type"\s*:\s*"test:/.test(text) ? 'node-events' : null
  if (Array.isArray(value)) return listFormat(value[0])
  return isObject(value) ? objectFormat(value) : null
}

const parsed = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** Keys that only one form has, in the order in which they are looked for. */
const signs: readonly (readonly [ReportFormat, (value: Readonly<Record<string, unknown>>) => boolean])[] = [
  ['node-events', ({ type }) => typeof type === 'string' && type.startsWith('test:')],
  ['sarif', (value) => Array.isArray(value['runs']) && 'version' in value],
  ['npm-audit', (value) => 'auditReportVersion' in value || ('advisories' in value && 'metadata' in value)],
  ['cyclonedx', ({ bomFormat }) => bomFormat === 'CycloneDX'],
  ['spdx', (value) => 'spdxVersion' in value],
  ['trivy', (value) => 'SchemaVersion' in value && 'ArtifactName' in value],
  ['gitlab-security', (value) => 'vulnerabilities' in value && 'scan' in value],
  ['lighthouse', (value) => 'lighthouseVersion' in value],
  ['hyperfine', ({ results }) => Array.isArray(results) && isObject(results[0]) && 'command' in results[0]],
  ['osv', (value) => 'results' in value],
  ['k6', (value) => isObject(value['metrics'])],
  ['istanbul-summary', ({ total }) => isObject(total) && isObject(total['lines'])],
  [
    'istanbul',
    (value) =>
      Object.values(value)
        .slice(0, 1)
        .some((file) => isObject(file) && ('statementMap' in file || 'data' in file)),
  ],
  ['sizes', (value) => 'outputs' in value || Array.isArray(value['assets']) || Array.isArray(value['files'])],
  ['measurements', (value) => Array.isArray(value['measurements']) || Array.isArray(value['benchmarks'])],
  [
    'licences',
    (value) =>
      Object.values(value)
        .slice(0, 1)
        .some((one) =>
          isObject(one) ? 'licenses' in one : Array.isArray(one) && isObject(one[0]) && 'license' in one[0],
        ),
  ],
]

const objectFormat = (value: Readonly<Record<string, unknown>>): ReportFormat | null =>
  signs.find(([, fits]) => fits(value))?.[0] ?? null

const listFormat = (first: unknown): ReportFormat | null => {
  if (!isObject(first)) return null
  if ('check_name' in first || 'fingerprint' in first) return 'code-quality'
  if ('value' in first) return 'measurements'
  if ('size' in first || 'bytes' in first) return 'sizes'
  return 'licence' in first || 'license' in first || 'licenses' in first ? 'licences' : null
}
