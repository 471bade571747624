/** The schema of `gates`: what a person writes becomes the settings that `core/evidence/gates` judges by. */
import { z } from 'zod'
import type { CoverageDemand, GateSettings } from '../evidence/gates/types.ts'
import { limits } from '../limits.ts'
import { count, key, positiveDuration, share, text } from './fields.ts'
import { findingsGate, licencesGate, scoreGate } from './schema-gates-security.ts'
import { flag, soon, waive, waiverKeys, waiverOf } from './schema-waivers.ts'

const number = (): z.ZodType<number, number> => z.number('expected a number')

const tests = z
  .strictObject(
    {
      minimum: key(count(1, limits.reportEntriesMax).default(1), {
        description: 'How many tests must run at least.',
        unit: 'tests',
        examples: [200],
      }),
      failOnFlaky: key(flag().default(false), {
        description: 'Whether a test that passed only after a failed attempt fails the gate.',
        examples: [true],
      }),
      quarantine: key(
        z
          .array(
            z.strictObject({
              test: key(text('a test'), {
                description:
                  'The test as reports show it, `suite > name`, with its file or without; `*` stands for any characters.',
                examples: ['checkout > pays with two cards'],
              }),
              ...waiverKeys,
            }),
            'expected a list of tests',
          )
          .default([]),
        {
          description: 'Tests whose failures do not count until a moment, and are listed.',
          examples: [[{ test: 'checkout > pays with two cards', reason: 'times out on slow machines', until: soon }]],
        },
      ),
      waive,
    },
    { error: 'expected a gate over tests: { minimum: 200 }' },
  )
  .transform(({ waive: waiver, ...rest }) => ({ ...rest, waiver: waiverOf(waiver) }))

const demandKeys = {
  lines: key(share().optional(), { description: 'Share of the executable lines.', examples: ['80%'] }),
  branches: key(share().optional(), { description: 'Share of the branches.', examples: ['70%'] }),
  functions: key(share().optional(), { description: 'Share of the functions.', examples: ['80%'] }),
  changedLines: key(share().optional(), {
    description: 'Share of the executable lines that changed since the base commit.',
    examples: ['90%'],
  }),
}

type Demand = {
  readonly lines?: number | undefined
  readonly branches?: number | undefined
  readonly functions?: number | undefined
  readonly changedLines?: number | undefined
}

const demandOf = ({ lines, branches, functions, changedLines }: Demand): CoverageDemand => ({
  linesBp: lines ?? null,
  branchesBp: branches ?? null,
  functionsBp: functions ?? null,
  changedLinesBp: changedLines ?? null,
})

const coverage = z
  .strictObject(
    {
      ...demandKeys,
      maxDrop: key(share().optional(), {
        description: 'How many points each share may fall against the base commit.',
        examples: ['0.5%'],
      }),
      paths: key(
        z
          .record(text('a glob'), z.strictObject(demandKeys, { error: "expected demands: { lines: '95%' }" }), {
            error: "expected parts of the code: { 'src/core/**': { lines: '95%' } }",
          })
          .prefault({}),
        { description: 'Demands on parts of the code, by glob.', examples: [{ 'src/core/**': { lines: '95%' } }] },
      ),
      waive,
    },
    { error: "expected a gate over coverage: { lines: '80%' }" },
  )
  .transform((input) => ({
    ...demandOf(input),
    maxDropBp: input.maxDrop ?? null,
    paths: Object.entries(input.paths).map(([glob, demand]) => ({ glob, ...demandOf(demand) })),
    waiver: waiverOf(input.waive),
  }))

const performance = z
  .strictObject(
    {
      minimum: key(number().optional(), {
        description: 'The least that it may be, in the unit of the report.',
        examples: [1000],
      }),
      maximum: key(number().optional(), {
        description: 'The most that it may be, in the unit of the report.',
        examples: [250],
      }),
      maxRegression: key(share().optional(), {
        description: 'How much worse than at the base commit it may be.',
        examples: ['10%'],
      }),
      better: key(z.enum(['lower', 'higher'], "expected 'lower' or 'higher'").optional(), {
        description: 'Which way is better; by default what the report says, else lower.',
        examples: ['higher'],
      }),
      waive,
    },
    { error: 'expected bounds: { maximum: 250 }' },
  )
  .refine(
    (input) => input.minimum !== undefined || input.maximum !== undefined || input.maxRegression !== undefined,
    'expected a minimum, a maximum or maxRegression',
  )
  .transform((input) => ({
    minimum: input.minimum ?? null,
    maximum: input.maximum ?? null,
    maxRegressionBp: input.maxRegression ?? null,
    better: input.better ?? null,
    waiver: waiverOf(input.waive),
  }))

/** Bytes of each unit of size. */
const unitBytes: Readonly<Record<string, number>> = { B: 1, kB: 1_000, MB: 1_000_000, KiB: 1_024, MiB: 1_048_576 }

const byteSize = (): z.ZodType<number, string> => {
  const message = "expected a size such as '200kB', '1.5MB' or '64KiB'"
  return z
    .string(message)
    .regex(/^\d+(?:\.\d+)?(?:B|kB|MB|KiB|MiB)$/, message)
    .transform((value) => Math.round(Number.parseFloat(value) * (unitBytes[value.replace(/^[\d.]+/, '')] ?? 1)))
}

const size = z
  .strictObject(
    {
      maximum: key(byteSize().optional(), {
        description: 'The most that the files may have together.',
        examples: ['200kB'],
      }),
      maxGrowth: key(share().optional(), {
        description: 'How much they may grow against the base commit.',
        examples: ['5%'],
      }),
      compressed: key(flag().default(false), { description: 'Whether compressed sizes count.', examples: [true] }),
      waive,
    },
    { error: "expected a budget: { maximum: '200kB' }" },
  )
  .refine((input) => input.maximum !== undefined || input.maxGrowth !== undefined, 'expected a maximum or maxGrowth')
  .transform((input) => ({
    maximumBytes: input.maximum ?? null,
    maxGrowthBp: input.maxGrowth ?? null,
    compressed: input.compressed,
    waiver: waiverOf(input.waive),
  }))

const time = z
  .strictObject(
    {
      total: key(positiveDuration().optional(), {
        description: 'How long the run may take, from its start until its last job ended.',
        examples: ['10m'],
      }),
      jobs: key(
        z
          .record(text('the name of a job'), positiveDuration(), { error: "expected budgets: { test: '5m' }" })
          .prefault({}),
        {
          description: 'How long jobs may take, by their names.',
          examples: [{ test: '5m' }],
        },
      ),
      waive,
    },
    { error: "expected budgets: { total: '10m' }" },
  )
  .transform((input) => ({ totalMs: input.total ?? null, jobs: input.jobs, waiver: waiverOf(input.waive) }))

const reviews = z
  .strictObject(
    {
      approvals: key(count(1, 100).default(1), {
        description: "How many approvals of exactly this commit, without the author's own.",
        unit: 'approvals',
        examples: [2],
      }),
      from: key(z.array(text('a name'), 'expected a list of names').default([]), {
        description: "Whose approvals count; empty for anybody's.",
        examples: [['ada', 'grace']],
      }),
      waive,
    },
    { error: 'expected a gate over reviews: { approvals: 1 }' },
  )
  .transform(({ waive: waiver, ...rest }) => ({ ...rest, waiver: waiverOf(waiver) }))

/** Reads `gates`; what is not written is not demanded. */
export const gatesSchema: z.ZodType<GateSettings> = z
  .strictObject(
    {
      tests: key(tests.optional(), {
        description: 'No test fails, and enough of them ran.',
        examples: [{ minimum: 200 }],
      }),
      coverage: key(coverage.optional(), {
        description: 'How much of the code tests must run.',
        examples: [{ lines: '80%', changedLines: '90%' }],
      }),
      vulnerabilities: key(findingsGate.optional(), {
        description: 'Security findings that stop a release: vulnerable dependencies, flaws of the code, secrets.',
        examples: [{ severity: 'high' }],
      }),
      findings: key(findingsGate.optional(), {
        description: 'Findings of linters that stop a release.',
        examples: [{ severity: 'high', onlyNew: true }],
      }),
      securityScore: key(scoreGate.optional(), {
        description: 'A score of 100, less a weight for each security finding.',
        examples: [{ minimum: 80 }],
      }),
      performance: key(
        z
          .record(text('the name of a measurement'), performance, {
            error: "expected bounds: { 'http_req_duration p(95)': { maximum: 250 } }",
          })
          .prefault({}),
        {
          description:
            'Bounds of numbers that benchmarks and load tests report, by name; `*` stands for any characters.',
          examples: [{ 'http_req_duration p(95)': { maximum: 250, maxRegression: '10%' } }],
        },
      ),
      size: key(
        z
          .record(text('a glob'), size, { error: "expected budgets: { 'dist/*.js': { maximum: '200kB' } }" })
          .prefault({}),
        {
          description:
            'Budgets for the sizes of what was built, by glob; the sizes of all files that fit are added up.',
          examples: [{ 'dist/*.js': { maximum: '200kB', maxGrowth: '5%' } }],
        },
      ),
      time: key(time.optional(), {
        description: 'Budgets for the time of the run and its jobs.',
        examples: [{ total: '10m' }],
      }),
      licences: key(licencesGate.optional(), {
        description: 'Which licences dependencies may have.',
        examples: [{ allow: ['MIT', 'Apache-2.0'] }],
      }),
      reviews: key(reviews.optional(), {
        description: 'How many people must have approved the commit.',
        examples: [{ approvals: 1 }],
      }),
    },
    { error: "expected gates: { coverage: { lines: '80%' } }" },
  )
  .transform((input) => ({
    tests: input.tests ?? null,
    coverage: input.coverage ?? null,
    vulnerabilities: input.vulnerabilities ?? null,
    findings: input.findings ?? null,
    securityScore: input.securityScore ?? null,
    performance: Object.entries(input.performance).map(([name, gate]) => ({ name, ...gate })),
    size: Object.entries(input.size).map(([glob, gate]) => ({ glob, ...gate })),
    time: input.time ?? null,
    licences: input.licences ?? null,
    reviews: input.reviews ?? null,
  }))
