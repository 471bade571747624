/**
 * The schema of `sluice.config.ts`. Every key has its type, default, unit, prose and example here and only here;
 * `docs/config.md` and `docs/schema/sluice.config.schema.json` are generated from it (`npm run docs`).
 */
import { z } from 'zod'
import { accessSchema } from './schema-access.ts'
import { environmentSchema } from './schema-environment.ts'
import { policiesSchema } from './schema-governance.ts'
import { healthSchema } from './schema-health.ts'
import { doraSchema } from './schema-dora.ts'
import { ledgerSchema } from './schema-ledger.ts'
import { notifySchema } from './schema-notify.ts'
import { pipelineSchema } from './schema-pipeline.ts'
import { sourceSchema } from './schema-source.ts'
import type { NotifySettings } from '../notify/rules.ts'
import type { Settings } from './settings.ts'
import { flagName, key, name, text, variableName, variables } from './fields.ts'
import { isSemver } from './version.ts'

/** Reads what `sluice.config.ts` exports; `parseConfig` turns its issues into sentences with positions. */
export const configSchema: z.ZodType<Settings> = z
  .strictObject(
    {
      service: key(name(), {
        description: 'Name of the service; part of the names of its instances.',
        examples: ['storefront'],
      }),
      version: key(
        z
          .string("expected 'package.json' or a version such as '1.4.0'")
          .refine(
            (value) => value === 'package.json' || isSemver(value),
            "expected 'package.json' or a version such as '1.4.0'",
          )
          .default('package.json'),
        {
          description: "Where the SemVer of a release comes from: the commit's `package.json`, or a fixed version.",
          examples: ['package.json', '1.4.0'],
        },
      ),
      pipeline: key(pipelineSchema, {
        description: 'The jobs that a commit must pass.',
        examples: [{ jobs: { test: { steps: 'npm test' } } }],
      }),
      start: key(startSchema().optional(), {
        description: 'How one instance is started.',
        examples: [{ command: 'node dist/server.js', artifact: 'app' }],
      }),
      health: key(healthSchema.prefault({}), {
        description: 'How the health of an instance is asked for and believed.',
        examples: [{ path: '/health', interval: '1s' }],
      }),
      config: key(variables().default({}), {
        description: 'Environment variables of the instances in every environment.',
        examples: [{ LOG_LEVEL: 'info' }],
      }),
      secrets: key(z.array(variableName(), 'expected a list of names').default([]), {
        description: 'Names of the secrets that instances get as environment variables in every environment.',
        examples: [['SESSION_KEY']],
      }),
      team: key(text('a team').optional(), {
        description: 'Whose service it is; stands in change records.',
        examples: ['payments'],
      }),
      flags: key(z.array(flagName(), 'expected a list of names').optional(), {
        description:
          'Names of the feature flags that the code reads; part of a release, so that whoever approves it sees which ones come and go.',
        examples: [['new-checkout', 'search.ranking-v2']],
      }),
      access: key(accessSchema.optional(), {
        description:
          'Who may ask the control plane of this project, and as what; without it the owner, and those whom it adds by name.',
        examples: [{ url: 'https://sluice.example.com', groups: { sre: { role: 'deployer' } } }],
      }),
      environments: key(
        z.record(name(), environmentSchema, { error: 'expected environments: { name: { … } }' }).prefault({}),
        {
          description: 'Where releases serve, in the order in which they get there.',
          examples: [{ staging: { listen: 8081 }, production: { listen: 8080, instances: 4 } }],
        },
      ),
      policies: key(policiesSchema.default({}), {
        description:
          'What must be so before a release may come, by name; each refusal says which policy it is and how to meet it.',
        examples: [
          { soaked: { environments: ['production'], soak: '1h', verified: true } },
          { budget: { errorBudget: { rollbacks: 2, within: '7d' } } },
        ],
      }),
      ledger: key(ledgerSchema.optional(), {
        description: 'How the ledger is kept; everything for ever when left out.',
        examples: [{ keep: '400d' }],
      }),
      dora: key(doraSchema.optional(), {
        description: 'How deliveries are measured.',
        examples: [{ zone: 'Europe/Berlin', canaryAborts: 'ignore' }],
      }),
      notify: key(notifySchema.optional(), {
        description: 'Who is told what, and where; nobody anything when left out.',
        examples: [{ channels: { ops: { slack: { token: 'SLACK_TOKEN', channel: '#deploys' } } } }],
      }),
      source: key(sourceSchema.optional(), {
        description: 'Where commits come from, and who is told what became of them.',
        examples: [{ github: { repository: 'acme/storefront', webhookSecret: 'GITHUB_WEBHOOK_SECRET' } }],
      }),
    },
    { error: 'expected an object: export default defineConfig({ … })' },
  )
  .transform(({ access, dora, flags, ledger, notify, source, team, ...input }): Settings => ({
    ...input,
    start: input.start ?? null,
    ...(access === undefined ? {} : { access }),
    ...(dora === undefined ? {} : { dora }),
    ...(flags === undefined || flags.length === 0 ? {} : { flags: [...new Set(flags)].toSorted() }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(notify === undefined ? {} : { notify: withPublicUrl(notify, access?.url ?? null) }),
    ...(source === undefined ? {} : { source }),
    ...(team === undefined ? {} : { team }),
  }))

/** Messages link to where people sign in, unless the config says otherwise. */
const withPublicUrl = (notify: NotifySettings, signIn: string | null): NotifySettings => {
  const publicUrl = notify.publicUrl ?? signIn
  const source = publicUrl ?? 'urn:sluice'
  return {
    ...notify,
    publicUrl,
    channels: notify.channels.map((one) => (one.kind === 'cdevents' && one.source === '' ? { ...one, source } : one)),
  }
}

function startSchema(): z.ZodType<NonNullable<Settings['start']>> {
  return z
    .strictObject(
      {
        command: key(text('a shell command'), {
          description:
            'Shell command that starts one instance; it must listen on `HOST`:`PORT` of its environment variables.',
          examples: ['node dist/server.js'],
        }),
        artifact: key(name().optional(), {
          description: 'Which artifact of the pipeline the command runs in. May be left out when there is only one.',
          examples: ['app'],
        }),
      },
      { error: "expected how to start: { command: 'node dist/server.js' }" },
    )
    .transform((input) => ({ command: input.command, artifact: input.artifact ?? null }))
}
