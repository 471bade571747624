/** Reads lists of licences: CycloneDX and SPDX bills of materials, license-checker, pnpm, and plain lists of `{ name, version, licence }`. */
import { limits } from '../limits.ts'
import { finding, findingContent } from './finding.ts'
import {
  isObject,
  largestOf,
  type JsonObject,
  listAt,
  listOf,
  numberOf,
  objectAt,
  objectOf,
  optionalListAt,
  parseJson,
  textOf,
  textsOf,
} from './json.ts'
import { severityOfWord } from './severity.ts'
import { type ReportContext, toldName, unreadable } from './told.ts'
import type { FindingContent, LicenceContent, PackageLicence } from './types.ts'

/** What a CycloneDX JSON document (1.2 to 1.7) tells: licences of its components, and vulnerabilities where it has a list of them. */
export const readCycloneDx = (text: string, context: ReportContext): readonly (LicenceContent | FindingContent)[] => {
  const document = objectAt(parseJson(text, context), context, '')
  if (document['bomFormat'] !== 'CycloneDX')
    throw unreadable(context, 'expected bomFormat "CycloneDX"', { at: 'bomFormat' })
  const components = componentsOf(document, { at: '', context, depth: 0 })
  const packages = components.map((component): PackageLicence => ({
    name: nameOf(component),
    version: textOf(component['version']),
    licence: cycloneLicence(component),
  }))
  return [licenceContent(packages, context), ...vulnerabilitiesOf(document, components, context)]
}

type Place = { readonly at: string; readonly context: ReportContext; readonly depth: number }

const componentsOf = (holder: JsonObject, { at, context, depth }: Place): readonly JsonObject[] => {
  if (depth > limits.reportDepthMax) throw unreadable(context, `components deeper than ${limits.reportDepthMax}`)
  return optionalListAt(holder['components'], context, `${at}components`).flatMap((value, index) => {
    const component = objectAt(value, context, `${at}components[${index}]`)
    const inner = componentsOf(component, { at: `${at}components[${index}].`, context, depth: depth + 1 })
    // Files of a package are none themselves.
    return component['type'] === 'file' ? inner : [component, ...inner]
  })
}

const nameOf = ({ group, name }: JsonObject): string =>
  toldName([textOf(group), textOf(name) ?? 'unnamed'].filter((part) => part !== null).join('/'))

const cycloneLicence = (component: JsonObject): string | null => {
  const found = listOf(component['licenses']).flatMap((value) => {
    const entry = objectOf(value)
    const licence = objectOf(entry['license'])
    return textOf(entry['expression']) ?? textOf(licence['id']) ?? textOf(licence['name']) ?? []
  })
  return joined(found)
}

/** Several licences of a package without a word between them: all of them bind. */
const joined = (licences: readonly string[]): string | null =>
  licences.length === 0
    ? null
    : licences.length === 1
      ? toldName(licences[0] ?? '')
      : toldName(licences.map((one) => (/\s/.test(one) ? `(${one})` : one)).join(' AND '))

const vulnerabilitiesOf = (
  document: JsonObject,
  components: readonly JsonObject[],
  context: ReportContext,
): readonly FindingContent[] => {
  if (document['vulnerabilities'] === undefined) return []
  const byReference = new Map<unknown, JsonObject>(components.map((component) => [component['bom-ref'], component]))
  const findings = listAt(document['vulnerabilities'], context, 'vulnerabilities').flatMap((value, index) => {
    const one = objectAt(value, context, `vulnerabilities[${index}]`)
    const ratings = listOf(one['ratings']).map(objectOf)
    const score = largestOf(ratings.flatMap((rating) => numberOf(rating['score']) ?? []))
    const affected: readonly JsonObject[] = listOf(one['affects']).flatMap<JsonObject>(
      (affects) => byReference.get(objectOf(affects)['ref']) ?? [],
    )
    const subjects: readonly (JsonObject | null)[] = affected.length === 0 ? [null] : affected
    return subjects.map((component) =>
      finding(
        {
          tool: 'CycloneDX',
          rule: textOf(one['id']) ?? 'unnamed',
          aliases: listOf(one['cwes']).flatMap((cwe) => (typeof cwe === 'number' ? [`CWE-${cwe}`] : [])),
          category: 'vulnerability',
          severity: severityOfWord(textOf(ratings[0]?.['severity'])),
          score,
          message: textOf(one['description']) ?? textOf(one['id']) ?? 'no description',
          package: component === null ? null : { name: nameOf(component), version: textOf(component['version']) },
        },
        context,
      ),
    )
  })
  return [findingContent({ tool: 'CycloneDX', findings, gaps: [] }, context)]
}

/** The licences of an SPDX 2.x JSON document: what was concluded, else what was declared. */
export const readSpdx = (text: string, context: ReportContext): LicenceContent => {
  const document = objectAt(parseJson(text, context), context, '')
  if (typeof document['spdxVersion'] !== 'string')
    throw unreadable(context, 'expected spdxVersion', { at: 'spdxVersion' })
  const said = (value: unknown): string | null => (value === 'NOASSERTION' || value === 'NONE' ? null : textOf(value))
  const packages = listAt(document['packages'], context, 'packages').map((value, index): PackageLicence => {
    const one = objectAt(value, context, `packages[${index}]`)
    return {
      name: toldName(textOf(one['name']) ?? 'unnamed'),
      version: textOf(one['versionInfo']),
      licence: said(one['licenseConcluded']) ?? said(one['licenseDeclared']),
    }
  })
  return licenceContent(packages, context)
}

/** The licences of a list: `[{ name, version, licence }]`, license-checker's `{ "name@1.0.0": { licenses } }`, or pnpm's `{ "MIT": [{ name, versions }] }`. */
export const readLicences = (text: string, context: ReportContext): LicenceContent => {
  const value = parseJson(text, context)
  if (Array.isArray(value))
    return licenceContent(
      value.map((one, index) => plainPackage(objectAt(one, context, `[${index}]`))),
      context,
    )
  const entries = Object.entries(objectAt(value, context, ''))
  return licenceContent(
    entries.flatMap(([key, entry]) =>
      Array.isArray(entry)
        ? pnpmPackages(key, entry, context)
        : [checkedPackage(key, objectAt(entry, context, JSON.stringify(key)))],
    ),
    context,
  )
}

const plainPackage = (one: JsonObject): PackageLicence => ({
  name: toldName(textOf(one['name']) ?? 'unnamed'),
  version: textOf(one['version']),
  licence: licenceOf(one['licence'] ?? one['license'] ?? one['licenses']),
})

const pnpmPackages = (licence: string, list: readonly unknown[], context: ReportContext): readonly PackageLicence[] =>
  list.flatMap((value, index) => {
    const one = objectAt(value, context, `${JSON.stringify(licence)}[${index}]`)
    const versions = textsOf(one['versions'])
    return (versions.length === 0 ? [textOf(one['version'])] : versions).map((version) => ({
      name: toldName(textOf(one['name']) ?? 'unnamed'),
      version,
      licence: toldName(licence),
    }))
  })

const checkedPackage = (key: string, entry: JsonObject): PackageLicence => {
  const at = key.lastIndexOf('@')
  const [name, version] = at > 0 ? [key.slice(0, at), key.slice(at + 1)] : [key, null]
  return { name: toldName(name), version, licence: licenceOf(entry['licenses'] ?? entry['license']) }
}

const licenceOf = (value: unknown): string | null => {
  if (Array.isArray(value)) return joined(value.flatMap((one) => textOf(one) ?? textOf(objectOf(one)['type']) ?? []))
  const text = textOf(value) ?? (isObject(value) ? textOf(value['type']) : null)
  return text === null ? null : toldName(text)
}

const licenceContent = (packages: readonly PackageLicence[], context: ReportContext): LicenceContent => {
  if (packages.length > limits.reportEntriesMax)
    throw unreadable(context, `more than ${limits.reportEntriesMax} packages`)
  return { kind: 'licences', packages, gaps: [] }
}
