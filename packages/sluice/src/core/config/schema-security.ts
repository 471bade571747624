/** Options of the security jobs. */
import { z } from 'zod'
import type { Allowance } from '../security/secrets/allow.ts'
import { severities, type Severity } from '../security/scan.ts'
import { count, key, text } from './fields.ts'

/** What a secret scan looks at and when it fails. */
export type SecretScanOptions = {
  readonly scope: 'commits' | 'files'
  readonly failOn: Severity
  readonly allow: readonly Allowance[]
}

/** What a dependency audit asks and when it fails. */
export type AuditOptions = {
  readonly lockfile: string | null
  readonly database: string | null
  readonly databaseAgeMaxMs: number
  readonly registry: 'ask' | 'never'
  readonly development: 'include' | 'exclude'
  readonly failOn: Severity
  readonly allow: readonly Allowance[]
}

/** Which licences pass. */
export type LicenceOptions = {
  readonly allow: readonly string[] | null
  readonly deny: readonly string[]
  readonly unknown: 'refuse' | 'allow'
  readonly exceptions: readonly Allowance[]
}

/** Which lockfile a bill of materials is made of. */
export type SbomOptions = { readonly lockfile: string | null }

/** Which Dockerfiles and manifests are judged and when they fail. */
export type ManifestOptions = {
  readonly paths: readonly string[] | null
  readonly failOn: Severity
  readonly allow: readonly Allowance[]
}

/** A scanner of another maker. */
export type SastOptions = {
  readonly command: readonly string[]
  readonly output: string
  readonly failOn: Severity
  readonly allow: readonly Allowance[]
}

/** What a provenance says beside the run. */
export type ProvenanceOptions = { readonly parameters: Readonly<Record<string, string>> }

const failOn = (level: Severity): z.ZodType<Severity> =>
  key(z.enum(severities, 'expected critical, high, medium or low').default(level), {
    description: 'The least severity at which the job fails; what is below is reported.',
    examples: ['high'],
  })

const texts = (what: string): z.ZodType<string[], string[]> => z.array(text(what), `expected a list, each ${what}`)

const selector = (what: string, example: string): z.ZodType<string | null, string | null | undefined> =>
  key(text(what).nullable().default(null), {
    description: `Only findings of this ${what}; null for any.`,
    examples: [example],
  })

const allowance: z.ZodType<Allowance> = z
  .strictObject(
    {
      rule: selector('rule', 'generic-secret'),
      path: selector('path (a glob) or package', 'test/fixtures/**'),
      fingerprint: selector('fingerprint', '3f2a1c9d5b7e8f60'),
      commit: selector('commit', '3f2a1c9'),
      until: key(z.iso.date("expected a day such as '2027-01-31'"), {
        description: 'Last day on which it holds, in UTC; after it the finding is back.',
        examples: ['2027-01-31'],
      }),
      reason: key(text('a reason'), {
        description: 'Why, for whoever reads it later.',
        examples: ['made-up keys of a test'],
      }),
    },
    { error: "expected an allowance: { rule: '…', until: '2027-01-31', reason: '…' }" },
  )
  .refine((one) => [one.rule, one.path, one.fingerprint, one.commit].some((selected) => selected !== null), {
    error: 'expected a rule, path, fingerprint or commit: nothing is allowed as a whole',
  })
  .transform(({ until, ...rest }) => ({
    ...rest,
    untilMs: Date.parse(`${until}T23:59:59.999Z`),
    origin: 'sluice.config.ts',
  }))

const allow = (): z.ZodType<Allowance[], unknown[] | undefined> =>
  key(z.array(allowance, 'expected a list of allowances').default([]), {
    description: 'Findings that are known and fine for a time.',
    examples: [
      [{ rule: 'generic-secret', path: 'test/fixtures/**', until: '2027-01-31', reason: 'made-up keys of a test' }],
    ],
  })

const lockfile = (): z.ZodType<string | null, string | null | undefined> =>
  key(text('the path of a lockfile').nullable().default(null), {
    description: 'Lockfile, relative to the checkout; null for the first that is found.',
    examples: ['package-lock.json'],
  })

/** Options of `sluice/secret-scan`. */
export const secretScanSchema: z.ZodType<SecretScanOptions> = z.strictObject({
  scope: key(z.enum(['commits', 'files'], "expected 'commits' or 'files'").default('commits'), {
    description:
      'Whether the commits of the run are searched (what was taken out again is found as well), or the files as they are.',
    examples: ['files'],
  }),
  failOn: failOn('low'),
  allow: allow(),
})

/** Options of `sluice/dependency-audit`. */
export const auditSchema: z.ZodType<AuditOptions> = z
  .strictObject({
    lockfile: lockfile(),
    database: key(text('the path of a folder').nullable().default(null), {
      description: 'Folder of OSV records (*.json), for an audit without network; null for none.',
      examples: ['/var/lib/osv/npm'],
    }),
    databaseAgeDaysMax: key(count(1, 365).default(7), {
      description: 'A database whose newest record is older than this breaks the job.',
      unit: 'days',
      examples: [3],
    }),
    registry: key(z.enum(['ask', 'never'], "expected 'ask' or 'never'").default('ask'), {
      description: 'Whether npm audit asks the registry when there is no database.',
      examples: ['never'],
    }),
    development: key(z.enum(['include', 'exclude'], "expected 'include' or 'exclude'").default('include'), {
      description: 'Whether packages that are only for development count, as far as the lockfile tells them apart.',
      examples: ['exclude'],
    }),
    failOn: failOn('high'),
    allow: allow(),
  })
  .transform(({ databaseAgeDaysMax, ...rest }) => ({ ...rest, databaseAgeMaxMs: databaseAgeDaysMax * 86_400_000 }))

/** Options of `sluice/licences`. */
export const licenceSchema: z.ZodType<LicenceOptions> = z.strictObject({
  allow: key(texts('an SPDX id').nullable().default(null), {
    description:
      'SPDX ids that pass, also with an exception (`GPL-2.0-only WITH Classpath-exception-2.0`); null for all that are not denied.',
    examples: [['MIT', 'Apache-2.0', 'BSD-3-Clause', 'ISC']],
  }),
  deny: key(texts('an SPDX id').default([]), {
    description: 'SPDX ids that never pass.',
    examples: [['AGPL-3.0-only']],
  }),
  unknown: key(z.enum(['refuse', 'allow'], "expected 'refuse' or 'allow'").default('refuse'), {
    description: 'What happens to packages whose licence nobody can tell.',
    examples: ['allow'],
  }),
  exceptions: key(z.array(allowance, 'expected a list of allowances').default([]), {
    description: 'Packages that pass for a time; `path` is the name of the package.',
    examples: [[{ path: 'left-pad', until: '2027-01-31', reason: 'to be replaced' }]],
  }),
})

/** Options of `sluice/sbom`. */
export const sbomSchema: z.ZodType<SbomOptions> = z.strictObject({ lockfile: lockfile() })

/** Options of `sluice/dockerfile`. */
export const manifestSchema: z.ZodType<ManifestOptions> = z.strictObject({
  paths: key(texts('a glob').nullable().default(null), {
    description: 'Dockerfiles, Compose files and Kubernetes manifests; null for all that are found.',
    examples: [['deploy/**/*.yaml']],
  }),
  failOn: failOn('high'),
  allow: allow(),
})

/** Options of `sluice/sast`. */
export const sastSchema: z.ZodType<SastOptions> = z.strictObject({
  command: key(texts('a word').check(z.minLength(1, 'expected a program and its arguments')), {
    description: 'Program and arguments; it writes SARIF 2.1.0 to `output`.',
    examples: [['semgrep', 'scan', '--sarif', '--output', 'semgrep.sarif']],
  }),
  output: key(text('a path'), {
    description: 'File that the program writes, relative to the checkout.',
    examples: ['semgrep.sarif'],
  }),
  failOn: failOn('high'),
  allow: allow(),
})

/** Options of `sluice/provenance`. */
export const provenanceSchema: z.ZodType<ProvenanceOptions> = z.strictObject({
  parameters: key(z.record(z.string(), z.string(), { error: 'expected texts by name' }).default({}), {
    description: 'What people chose for this build, for the external parameters of the provenance.',
    examples: [{ channel: 'beta' }],
  }),
})
