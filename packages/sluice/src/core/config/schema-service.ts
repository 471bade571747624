import { z } from 'zod'
import type { PlannedService } from '../pipeline/job-plan.ts'
import { count, key, name, positiveDuration, text, variables } from './fields.ts'

const shape = {
  command: key(text('a shell command').optional(), {
    description: 'Command that starts the service on `$PORT`; for what has no image.',
    examples: ['node test/fake-mail.js'],
  }),
  env: key(variables().default({}), {
    description: 'Environment variables of the service.',
    examples: [{ POSTGRES_PASSWORD: 'test' }],
  }),
  exports: key(variables().default({}), {
    description: 'Environment variables that the steps get; `{host}` and `{port}` are filled in.',
    examples: [{ MAIL_URL: 'smtp://{host}:{port}' }],
  }),
  ports: key(z.array(count(1, 65_535)).default([]), {
    description: 'Ports that the service listens on in a container; each gets a free port of this machine.',
    unit: 'port number',
    examples: [[5432]],
  }),
  health: key(text('a shell command').optional(), {
    description:
      'Command that succeeds once the service is ready. Default: what fits its image, or a connection to its port.',
    examples: ['pg_isready'],
  }),
  startTimeout: key(positiveDuration().prefault('60s'), {
    description: 'How long the service may take until it is ready.',
    examples: ['30s'],
  }),
}

const full = z
  .strictObject({
    image: key(text('an image').optional(), {
      description:
        'What to run: `postgres` and `redis` come from the programs of this machine where it has them, everything else from a container.',
      examples: ['postgres:16'],
    }),
    ...shape,
  })
  .refine(
    ({ image, command }) => (image === undefined) !== (command === undefined),
    'expected either an image or a command',
  )

type Full = z.output<typeof full>

const planned = (service: string, { image, command, health, startTimeout, ...rest }: Full): PlannedService => ({
  name: service,
  image: image ?? null,
  command: command ?? null,
  ...rest,
  healthCommand: health ?? null,
  startTimeoutMs: startTimeout,
})

const service = z.union(
  [
    text('an image')
      .transform((image): unknown => ({ image }))
      .pipe(full),
    full,
  ],
  "expected an image, or { image: 'postgres:16' }, or { command: 'node server.js' }",
)

/** Services of a job, by the name that they are reached under. */
export const servicesSchema: z.ZodType<readonly PlannedService[]> = z
  .record(name(), service, { error: "expected services: { postgres: 'postgres:16' }" })
  .transform((services) => Object.entries(services).map(([one, settings]) => planned(one, settings)))
