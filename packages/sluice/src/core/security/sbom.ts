/** The bill of materials of a lockfile. Source: CycloneDX 1.6, JSON (ECMA-424). */
import { canonicalJson } from '../canonical-json.ts'
import type { Sha256 } from '../model.ts'
import type { JsonValue } from '../pipeline/job-plan.ts'
import { type Component, componentKey, type Lockfile, purlOf } from './component.ts'

/** What the bill is about. */
export type SbomSubject = {
  readonly name: string
  readonly version: string
  readonly tool: { readonly name: string; readonly version: string }
}

/**
 * The bill as a document. The same lockfile gives the same bytes: no time is in it, and its serial number is made of the digest of the rest (a UUID of version 8,
 * RFC 9562).
 */
export const sbomOf = (lockfile: Lockfile, subject: SbomSubject, sha256: Sha256): JsonValue => {
  const purls = new Map(lockfile.components.map((component) => [componentKey(component), purlOf(component)]))
  const root = `pkg:generic/${encodeURIComponent(subject.name)}@${encodeURIComponent(subject.version)}`
  const refsOf = (keys: readonly string[]): readonly string[] => keys.flatMap((key) => purls.get(key) ?? []).toSorted()
  const rest = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: subject.tool.name, version: subject.tool.version }] },
      component: { type: 'application', 'bom-ref': root, name: subject.name, version: subject.version },
    },
    components: lockfile.components.map(componentOf),
    dependencies: [
      { ref: root, dependsOn: refsOf(lockfile.roots) },
      ...lockfile.components.map((component) => ({ ref: purlOf(component), dependsOn: refsOf(component.dependsOn) })),
    ],
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    serialNumber: `urn:uuid:${uuidOf(sha256(canonicalJson(rest)))}`,
    ...rest,
  }
}

const componentOf = (component: Component): JsonValue => {
  const [scope, name] = component.name.startsWith('@') ? component.name.split('/') : [undefined, component.name]
  return {
    type: 'library',
    'bom-ref': purlOf(component),
    ...(scope === undefined ? {} : { group: scope }),
    name: name ?? component.name,
    version: component.version,
    ...(component.scope === null ? {} : { scope: component.scope }),
    ...(component.digest === null
      ? {}
      : { hashes: [{ alg: component.digest.algorithm, content: component.digest.hex }] }),
    ...(component.licence === null ? {} : { licenses: [{ expression: component.licence }] }),
    purl: purlOf(component),
  }
}

/** UUID of version 8 and variant 2 out of the first 128 bits of a digest. */
const uuidOf = (hex: string): string => {
  const variant = (8 + (Number.parseInt(hex[16] ?? '0', 16) % 4)).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
