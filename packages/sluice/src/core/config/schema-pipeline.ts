import { isCronExpression } from './cron-expression.ts'
import { z } from 'zod'
import { limits } from '../limits.ts'
import { count, key, name, positiveDuration, text, variables } from './fields.ts'
import { gatesSchema } from './schema-gates.ts'
import { cacheSchema } from './schema-cache.ts'
import { evidenceSchema } from './schema-evidence.ts'
import { askedSchema } from './schema-inputs.ts'
import { jobSchema } from './schema-job.ts'
import type { PipelineSettings } from './settings.ts'

/** What the stages of a pipeline ought to take where nothing else is said, milliseconds. */
const budgets = { check: 60_000, build: 300_000, test: 600_000, deploy: 300_000, verify: 300_000 }

const stageSchema = z.union(
  [
    positiveDuration().transform((budgetMs) => ({ budgetMs, enforce: false })),
    z
      .strictObject({
        budget: key(positiveDuration(), { description: 'What the stage ought to take.', examples: ['5m'] }),
        enforce: key(z.boolean('expected true or false').default(false), {
          description: 'Whether a job that takes longer than the budget of its stage fails.',
          examples: [true],
        }),
      })
      .transform(({ budget, enforce }) => ({ budgetMs: budget, enforce })),
  ],
  "expected a duration, or { budget: '5m', enforce: true }",
)

const patterns = (what: string): z.ZodType<string[], string[]> =>
  z.array(text('a pattern'), `expected patterns of ${what}`).min(1, 'expected at least one pattern')

const triggersSchema = z
  .strictObject({
    branches: key(patterns('branches').optional(), {
      description: 'Patterns of the branches whose commits start a run.',
      examples: [['main', 'release/**']],
    }),
    tags: key(patterns('tags').optional(), {
      description: 'Patterns of the tags that start a run.',
      examples: [['v*']],
    }),
    paths: key(patterns('paths').optional(), {
      description: 'Patterns of the files of which at least one must have changed.',
      examples: [['src/**', '!**/*.md']],
    }),
    pullRequests: key(z.array(text('a pattern'), 'expected patterns of branches').optional(), {
      description:
        'Patterns of the branches into which a pull request starts a run; where absent, one whose own branch starts none when it is pushed.',
      examples: [['main'], []],
    }),
    schedule: key(
      z
        .array(
          text('a cron expression').refine(
            isCronExpression,
            "expected five fields: minute, hour, day, month, weekday, for instance '0 3 * * 1'",
          ),
        )
        .default([]),
      {
        description: 'Cron expressions (five fields, UTC) at which a run starts.',
        examples: [['0 3 * * *']],
      },
    ),
    manual: key(askedSchema().optional(), {
      description: 'What a person who starts a run is asked for; a run that starts by itself has the defaults.',
      examples: [{ inputs: { TARGET: { type: 'choice', choices: ['eu', 'us'], default: 'eu' } } }],
    }),
  })
  .transform(({ branches, tags, paths, pullRequests, schedule, manual }) => ({
    branches: branches ?? null,
    tags: tags ?? null,
    paths: paths ?? null,
    ...(pullRequests === undefined ? {} : { pullRequests }),
    schedule,
    ...(manual === undefined ? {} : { manual }),
  }))

/** The jobs that a commit must pass, and how many of them at once. */
export const pipelineSchema: z.ZodType<PipelineSettings> = z
  .strictObject(
    {
      parallel: key(
        z
          .union(
            [z.literal('cores'), count(1, limits.jobsMax)],
            `expected 'cores' or a whole number from 1 to ${limits.jobsMax}`,
          )
          .default('cores'),
        {
          description: 'How many jobs may run at the same time: a number, or as many as the machine has cores.',
          unit: 'jobs',
          examples: ['cores', 4],
        },
      ),
      isolation: key(z.enum(['auto', 'none', 'required'], "expected 'auto', 'none' or 'required'").default('auto'), {
        description:
          'Whether each job gets a workspace and processes of its own: where the system can, never (all jobs share one checkout), or not without.',
        examples: ['required'],
      }),
      stages: key(z.record(name(), stageSchema).prefault({}), {
        description: 'What the jobs of a stage ought to take, by stage.',
        examples: [{ check: '30s', test: { budget: '5m', enforce: true } }],
      }),
      on: key(triggersSchema.prefault({}), {
        description: 'What starts a run by itself.',
        examples: [{ branches: ['main'] }],
      }),
      env: key(variables().default({}), {
        description: 'Environment variables of the steps of all jobs.',
        examples: [{ CI: 'true' }],
      }),
      gates: key(gatesSchema.optional(), {
        description: 'What a run must show before its commit becomes a release.',
        examples: [{ tests: {}, coverage: { lines: '80%' } }],
      }),
      cache: key(cacheSchema.prefault({}), {
        description: 'Where results and folders of jobs are kept from run to run.',
        examples: [{ sizeMax: 20_000, remote: { kind: 'http', address: 'https://sluice.example/v1/cache' } }],
      }),
      evidence: key(evidenceSchema.prefault({}), {
        description: 'How long what runs showed is kept.',
        examples: [{ runs: 1_000 }],
      }),
      jobs: key(
        z
          .record(name(), jobSchema, { error: "expected jobs: { test: { steps: 'npm test' } }" })
          .refine((jobs) => Object.keys(jobs).length > 0, 'expected at least one job')
          .refine((jobs) => Object.keys(jobs).length <= limits.jobsMax, `expected at most ${limits.jobsMax} jobs`),
        {
          description: 'The jobs by name; a directed acyclic graph.',
          examples: [
            {
              test: { steps: 'npm test' },
              build: { needs: ['test'], steps: 'npm run build', artifacts: { app: 'dist' } },
            },
          ],
        },
      ),
    },
    { error: "expected a pipeline: { jobs: { test: { steps: 'npm test' } } }" },
  )
  .transform((input) => {
    const standard = Object.entries(budgets).map(([stage, budgetMs]) => [stage, { budgetMs, enforce: false }] as const)
    return { ...input, gates: input.gates ?? null, stages: { ...Object.fromEntries(standard), ...input.stages } }
  })
