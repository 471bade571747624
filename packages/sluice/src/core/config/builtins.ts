/** The steps that come with Sluice, and what each may be told. */
import type { z } from 'zod'
import { branchSchema, commitSchema, releaseSchema } from './schema-conventions.ts'
import {
  auditSchema,
  licenceSchema,
  manifestSchema,
  provenanceSchema,
  sastSchema,
  sbomSchema,
  secretScanSchema,
} from './schema-security.ts'

/** Their names, after `sluice/`. */
export const builtinNames = [
  'secret-scan',
  'dependency-audit',
  'licences',
  'sbom',
  'dockerfile',
  'sast',
  'commit-lint',
  'branch-name',
  'provenance',
  'release',
] as const

/** Name of a step that comes with Sluice. */
export type BuiltinName = (typeof builtinNames)[number]

/** The options of each. */
export const builtinSchemas: Readonly<Record<BuiltinName, z.ZodType>> = {
  'secret-scan': secretScanSchema,
  'dependency-audit': auditSchema,
  licences: licenceSchema,
  sbom: sbomSchema,
  dockerfile: manifestSchema,
  sast: sastSchema,
  'commit-lint': commitSchema,
  'branch-name': branchSchema,
  provenance: provenanceSchema,
  release: releaseSchema,
}

/** What each is for, for the reference. */
export const builtinTexts: Readonly<Record<BuiltinName, string>> = {
  'secret-scan': 'Looks for secrets in the commits of the run.',
  'dependency-audit': 'Looks for dependencies with known vulnerabilities.',
  licences: 'Judges the licences of what is installed.',
  sbom: 'Writes the bill of materials (CycloneDX).',
  dockerfile: 'Judges Dockerfiles, Compose files and Kubernetes manifests.',
  sast: 'Runs a scanner that writes SARIF, and judges what it found.',
  'commit-lint': 'Judges the messages of the commits of the run.',
  'branch-name': 'Judges the name of the branch.',
  provenance: 'Signs where the artifacts of the run come from (SLSA v1).',
  release: 'Finds the next version, writes its changelog and makes its tag.',
}
