import { z } from 'zod'
import { limits } from '../limits.ts'
import { count, key, name, positiveDuration, text, variableName, variables } from './fields.ts'
import type { JobSettings, Settings } from './settings.ts'

const artifactPath = (): z.ZodType<string, string> =>
  text('a path').refine(
    (path) => !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..'),
    "expected a path inside the checkout, for instance 'dist'",
  )

const step = z.union(
  [
    text('a shell command').transform((run) => ({ name: run, run })),
    z
      .strictObject({
        name: key(text('a name').optional(), {
          description: 'What the log calls the step. Default: its command.',
          examples: ['unit tests'],
        }),
        run: key(text('a shell command'), { description: 'The shell command.', examples: ['npm test'] }),
      })
      .transform((input) => ({ name: input.name ?? input.run, run: input.run })),
  ],
  "expected a shell command, or { name: 'unit tests', run: 'npm test' }",
)

const job: z.ZodType<JobSettings> = z
  .strictObject(
    {
      needs: key(z.array(name(), 'expected a list of job names').default([]), {
        description: 'Jobs that must succeed before this one starts; their artifacts are unpacked into its checkout.',
        examples: [['test']],
      }),
      steps: key(
        z.union(
          [
            text('a shell command').transform((run) => [{ name: run, run }]),
            z.array(step).min(1, 'expected at least one step'),
          ],
          "expected a shell command or a list of them, for instance ['npm ci', 'npm test']",
        ),
        {
          description: 'Shell commands, run one after the other in a clean checkout of the commit until one fails.',
          examples: ['npm test', ['npm ci', { name: 'unit tests', run: 'npm test' }]],
        },
      ),
      env: key(variables().default({}), {
        description: "Environment variables of the job's steps.",
        examples: [{ NODE_ENV: 'test' }],
      }),
      secrets: key(z.array(variableName(), 'expected a list of names').default([]), {
        description:
          'Names of the secrets that the steps get as environment variables; their values are masked in the log.',
        examples: [['NPM_TOKEN']],
      }),
      timeout: key(positiveDuration().prefault('10m'), {
        description: 'How long the job may take in all.',
        examples: ['5m'],
      }),
      artifacts: key(
        z
          .record(
            name(),
            z.union(
              [
                artifactPath().transform((path) => [path]),
                z.array(artifactPath()).min(1, 'expected at least one path'),
              ],
              "expected a path or a list of paths inside the checkout, for instance ['dist', 'package.json']",
            ),
            { error: "expected artifacts: { name: ['dist'] }" },
          )
          .prefault({}),
        {
          description: 'Files and folders to keep once the job succeeded, by artifact name.',
          examples: [{ app: ['dist', 'package.json'] }],
        },
      ),
    },
    { error: "expected a job: { steps: ['npm test'] }" },
  )
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))

/** The jobs that a commit must pass, and how many of them at once. */
export const pipelineSchema: z.ZodType<Settings['pipeline']> = z.strictObject(
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
    jobs: key(
      z
        .record(name(), job, { error: "expected jobs: { test: { steps: 'npm test' } }" })
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
