/** The schema of the gates over findings, their score, and licences; a part of `schema-gates.ts`. */
import { z } from 'zod'
import type { FindingsGate, LicencesGate, ScoreGate } from '../evidence/gates/types.ts'
import { severities } from '../evidence/severity.ts'
import { limits } from '../limits.ts'
import { count, key, text } from './fields.ts'
import { flag, soon, waive, waiverKeys, waiverOf } from './schema-waivers.ts'

const allow = key(
  z
    .array(
      z
        .strictObject({
          id: key(text('a rule or advisory'), {
            description: 'The rule or advisory, for instance CVE-2025-1234; `*` stands for any characters.',
            examples: ['CVE-2025-1234'],
          }),
          package: key(text('a package').optional(), { description: 'Only in this package.', examples: ['semver'] }),
          path: key(text('a glob').optional(), {
            description: 'Only in files that fit this glob.',
            examples: ['test/**'],
          }),
          ...waiverKeys,
        })
        .transform((input) => ({ ...input, package: input.package ?? null, path: input.path ?? null })),
      'expected a list of findings',
    )
    .default([]),
  {
    description: 'Findings that do not count until a moment, and are listed.',
    examples: [[{ id: 'CVE-2025-1234', reason: 'the parser is never given such input', until: soon }]],
  },
)

/** The gates over findings. */
export const findingsGate: z.ZodType<FindingsGate> = z
  .strictObject(
    {
      severity: key(z.enum(severities, `expected one of ${severities.join(', ')}`).default('high'), {
        description: 'The mildest severity that counts; a finding of unknown severity always does.',
        examples: ['medium'],
      }),
      maximum: key(count(0, limits.reportEntriesMax).default(0), {
        description: 'How many such findings are tolerated.',
        unit: 'findings',
        examples: [5],
      }),
      onlyNew: key(flag().default(false), {
        description: 'Whether only findings count that the base commit does not have.',
        examples: [true],
      }),
      allow,
      waive,
    },
    { error: "expected a gate over findings: { severity: 'high' }" },
  )
  .transform(({ waive: waiver, ...rest }) => ({ ...rest, waiver: waiverOf(waiver) }))

const weight = (points: number, name: string) =>
  key(
    z
      .number('expected a number from 0 to 100')
      .min(0, 'expected a number from 0 to 100')
      .max(100, 'expected a number from 0 to 100')
      .default(points),
    { description: `Points for a ${name} finding.`, unit: 'points', examples: [points] },
  )

/** The gate over the score made of security findings. */
export const scoreGate: z.ZodType<ScoreGate> = z
  .strictObject(
    {
      minimum: key(count(0, 100), {
        description: 'The score that must be reached, 0 to 100.',
        unit: 'points',
        examples: [80],
      }),
      weights: key(
        z
          .strictObject(
            {
              critical: weight(40, 'critical'),
              high: weight(15, 'high'),
              medium: weight(4, 'medium'),
              low: weight(1, 'low'),
            },
            { error: 'expected weights: { critical: 40, high: 15, medium: 4, low: 1 }' },
          )
          .prefault({}),
        { description: 'What a finding costs, by its severity.', examples: [{ critical: 50, high: 25 }] },
      ),
      allow,
      waive,
    },
    { error: 'expected a gate over the security score: { minimum: 80 }' },
  )
  .transform(({ waive: waiver, ...rest }) => ({ ...rest, waiver: waiverOf(waiver) }))

const licenceIds = () =>
  z.array(text('an SPDX id'), "expected a list of SPDX ids, for instance ['MIT', 'Apache-2.0']").default([])

/** The gate over licences. */
export const licencesGate: z.ZodType<LicencesGate> = z
  .strictObject(
    {
      allow: key(licenceIds(), {
        description: 'SPDX ids that are allowed, all others not; `*` stands for any characters.',
        examples: [['MIT', 'Apache-2.0', 'BSD-*', 'ISC']],
      }),
      deny: key(licenceIds(), {
        description: 'SPDX ids that are not allowed; `*` stands for any characters.',
        examples: [['AGPL-*', 'GPL-3.0-*']],
      }),
      exceptions: key(
        z
          .array(
            z.strictObject({
              package: key(text('a package'), {
                description: 'The package, `name` or `name@version`; `*` stands for any characters.',
                examples: ['caniuse-lite'],
              }),
              ...waiverKeys,
            }),
            'expected a list of packages',
          )
          .default([]),
        {
          description: 'Packages that may have another licence until a moment, and are listed.',
          examples: [[{ package: 'caniuse-lite', reason: 'data only, not shipped', until: soon }]],
        },
      ),
      waive,
    },
    { error: "expected a policy: { allow: ['MIT', 'Apache-2.0'] }" },
  )
  .refine((input) => input.allow.length > 0 || input.deny.length > 0, 'expected licences to allow or to deny')
  .transform(({ waive: waiver, ...rest }) => ({ ...rest, waiver: waiverOf(waiver) }))
