import { z } from 'zod'
import { limits } from '../limits.ts'
import type { ConcurrencyPlan, RetryPolicy, RetryReason } from '../pipeline/job-plan.ts'
import { count, duration, key, name, positiveDuration, text, variableName, variables } from './fields.ts'
import { keyedCachesSchema, taskCacheSchema } from './schema-cache.ts'
import { askedSchema } from './schema-inputs.ts'
import { matrixSchema } from './schema-matrix.ts'
import { servicesSchema } from './schema-service.ts'
import { insidePath, shellWords, stepsSchema } from './schema-step.ts'
import type { JobSettings } from './settings.ts'

const patterns = (what: string): z.ZodType<string[], string[]> =>
  z.array(text('a pattern'), `expected patterns of ${what}`).min(1, 'expected at least one pattern')

const onlySchema = z
  .strictObject({
    branches: key(patterns('branches').optional(), {
      description: 'Patterns of the branches that the job runs for.',
      examples: [['main', 'release/**']],
    }),
    tags: key(patterns('tags').optional(), {
      description: 'Patterns of the tags that the job runs for.',
      examples: [['v*']],
    }),
    paths: key(patterns('paths').optional(), {
      description: 'Patterns of the files of which at least one must have changed.',
      examples: [['packages/app/**']],
    }),
    events: key(z.array(z.enum(['manual', 'push', 'pull_request', 'tag', 'schedule'])).optional(), {
      description: 'What must have started the run.',
      examples: [['push']],
    }),
  })
  .transform(({ branches, tags, paths, events }) => ({
    branches: branches ?? null,
    tags: tags ?? null,
    paths: paths ?? null,
    events: events ?? null,
  }))

const reason = z.union(
  [
    z
      .enum(['script_failure', 'timeout', 'service_failure', 'system_failure'])
      .transform((kind): RetryReason => ({ kind })),
    count(1, 255).transform((code): RetryReason => ({ kind: 'exit_code', code })),
  ],
  "expected 'script_failure', 'timeout', 'service_failure', 'system_failure' or an exit code",
)

const retrySchema: z.ZodType<RetryPolicy> = z.union(
  [
    count(0, limits.retriesMax).transform((retries): RetryPolicy => ({
      attemptsMax: retries + 1,
      backoffMs: 1_000,
      on: [],
    })),
    z
      .strictObject({
        max: key(count(0, limits.retriesMax), {
          description: 'How many times a job that failed is run again.',
          unit: 'executions',
          examples: [2],
        }),
        backoff: key(duration().prefault('1s'), {
          description: 'Pause before the first of them; doubles each time.',
          examples: ['10s'],
        }),
        on: key(z.array(reason).default([]), {
          description: 'Which ends are worth it; every one when empty.',
          examples: [['timeout', 137]],
        }),
      })
      .transform(({ max, backoff, on }): RetryPolicy => ({ attemptsMax: max + 1, backoffMs: backoff, on })),
  ],
  "expected a number of retries, or { max: 2, backoff: '10s', on: ['timeout'] }",
)

const manualSchema = z.union(
  [z.literal(true).transform(() => ({ inputs: [] as const })), askedSchema()],
  'expected true, or { inputs: { NAME: { … } } }',
)

const mayFailSchema = z.union(
  [
    z.boolean().transform((may) => (may ? { exitCodes: [] as const } : null)),
    z
      .strictObject({
        exitCodes: key(z.array(count(1, 255)).min(1, 'expected at least one exit code'), {
          description: 'Exit codes that the run may succeed with.',
          examples: [[42]],
        }),
      })
      .transform((may) => may),
  ],
  'expected true, false or { exitCodes: [42] }',
)

const concurrencySchema: z.ZodType<ConcurrencyPlan> = z.union(
  [
    text('a group').transform((group): ConcurrencyPlan => ({ group, onConflict: 'queue' })),
    z.strictObject({
      group: key(text('a group'), { description: 'Name of the group.', examples: ['deploy'] }),
      onConflict: key(z.enum(['queue', 'replace_waiting', 'cancel_running']).default('queue'), {
        description:
          'What a newcomer does: waits in line, takes the place of those that wait, or has the running one called off, too.',
        examples: ['cancel_running'],
      }),
    }),
  ],
  "expected a group, or { group: 'deploy', onConflict: 'queue' }",
)

const artifactsSchema = z
  .record(
    name(),
    z.union(
      [insidePath().transform((path) => [path]), z.array(insidePath()).min(1, 'expected at least one path')],
      "expected a path or a list of paths inside the checkout, for instance ['dist', 'package.json']",
    ),
    { error: "expected artifacts: { name: ['dist'] }" },
  )
  .prefault({})

const reportsSchema = z
  .record(
    text('a format'),
    z.union(
      [insidePath().transform((path) => [path]), z.array(insidePath()).min(1)],
      'expected a path, or a list of them',
    ),
    { error: "expected reports: { junit: 'reports/junit.xml' }" },
  )
  .transform((reports) => Object.entries(reports).map(([format, paths]) => ({ format, paths })))

const shape = {
  needs: key(z.array(name(), 'expected a list of job names').default([]), {
    description: 'Jobs that must succeed before this one starts; their artifacts are unpacked into its checkout.',
    examples: [['test']],
  }),
  stage: key(name().optional(), {
    description: 'The stage that the job belongs to; stages have time budgets.',
    examples: ['test'],
  }),
  if: key(
    z
      .enum(['success', 'failure', 'always', 'settled'], "expected 'success', 'failure', 'always' or 'settled'")
      .default('success'),
    {
      description:
        'Whether the job runs when its needs succeeded, when one failed, in any case, or in any case unless the run was called off.',
      examples: ['always'],
    },
  ),
  only: key(onlySchema.optional(), {
    description: 'Which runs the job is part of.',
    examples: [{ branches: ['main'] }],
  }),
  matrix: key(matrixSchema.optional(), {
    description: 'Runs the job once for each combination of values.',
    examples: [{ axes: { node: ['22', '24'] } }],
  }),
  steps: key(stepsSchema.optional(), {
    description: 'Shell commands, run one after the other in a clean checkout of the commit until one fails.',
    examples: ['npm test', ['npm ci', { name: 'unit tests', run: 'npm test' }]],
  }),
  deploy: key(name().optional(), {
    description: 'The environment that this job takes the release of the run to, instead of steps.',
    examples: ['staging'],
  }),
  promote: key(name().optional(), {
    description: 'The environment that this job promotes the release of the run to, instead of steps.',
    examples: ['production'],
  }),
  shell: key(shellWords().optional(), {
    description: 'The shell of the steps, with `{0}` for the file of a script. Default: `bash -euo pipefail {0}`.',
    examples: ['bash -eo pipefail {0}'],
  }),
  workingDirectory: key(insidePath().optional(), {
    description: 'Where the steps run, relative to the checkout.',
    examples: ['packages/app'],
  }),
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
  budget: key(positiveDuration().optional(), {
    description: 'How long the job ought to take; more is shown.',
    examples: ['1m'],
  }),
  retry: key(retrySchema.prefault(0), {
    description: 'When a job that failed is run again, with a log of its own.',
    examples: [1, { max: 2, backoff: '10s', on: ['timeout'] }],
  }),
  mayFail: key(mayFailSchema.prefault(false), {
    description: 'Whether the run may succeed though this job failed; it is shown as failed all the same.',
    examples: [true],
  }),
  concurrency: key(concurrencySchema.optional(), {
    description: 'Jobs of one group never run at the same time, in whatever runs they are; none is dropped in silence.',
    examples: ['deploy', { group: 'preview', onConflict: 'cancel_running' }],
  }),
  manual: key(manualSchema.optional(), {
    description: 'Whether the job waits until a person starts it: `sluice runs play`.',
    examples: [true],
  }),
  services: key(servicesSchema.prefault({}), {
    description:
      'Programs that run beside the job, by name: started and checked before its first step, gone after its last.',
    examples: [{ postgres: 'postgres:16', redis: 'redis' }],
  }),
  outputs: key(z.array(insidePath()).default([]), {
    description: 'Files with `NAME=value` lines that become outputs; what is written to `$SLUICE_OUTPUT` always does.',
    examples: [['build.env']],
  }),
  artifacts: key(artifactsSchema, {
    description: 'Files and folders to keep once the job succeeded, by artifact name.',
    examples: [{ app: ['dist', 'package.json'] }],
  }),
  reports: key(reportsSchema.prefault({}), {
    description: 'Files that tell what was checked, by format; read in any case, and judged by the gates.',
    examples: [{ junit: 'reports/junit.xml', lcov: 'coverage/lcov.info' }],
  }),
  cache: key(taskCacheSchema.optional(), {
    description: 'What the result of the job depends on; with nothing of it changed, the job is not run again.',
    examples: [{ inputs: ['src/**'], outputs: ['dist/**'] }],
  }),
  caches: key(keyedCachesSchema.prefault([]), {
    description: 'Folders that are kept from run to run.',
    examples: [[{ key: 'npm', files: ['package-lock.json'], paths: ['~/.npm'] }]],
  }),
}

/** A node of the pipeline. */
export const jobSchema: z.ZodType<JobSettings> = z
  .strictObject(shape, { error: "expected a job: { steps: ['npm test'] }" })
  .refine(
    ({ steps, deploy, promote }) => [steps, deploy, promote].filter((one) => one !== undefined).length === 1,
    'expected one of steps, deploy and promote',
  )
  .transform(({ timeout, budget, stage, only, matrix, manual, caches, outputs, ...rest }): JobSettings => ({
    ...rest,
    steps: rest.steps ?? [],
    stage: stage ?? null,
    only: only ?? null,
    matrix: matrix ?? null,
    deploy: rest.deploy ?? null,
    promote: rest.promote ?? null,
    shell: rest.shell ?? null,
    workingDirectory: rest.workingDirectory ?? null,
    timeoutMs: timeout,
    budgetMs: budget ?? null,
    concurrency: rest.concurrency ?? null,
    manual: manual ?? null,
    outputFiles: outputs,
    cache: rest.cache ?? null,
    keyedCaches: caches,
  }))
