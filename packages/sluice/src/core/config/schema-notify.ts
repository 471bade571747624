/** The keys of `notify`: who is told what, and where. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import type { NotifyRoute, NotifySettings } from '../notify/rules.ts'
import { type Channel, noticeSeverities } from '../notify/types.ts'
import { key, name, text, variableName } from './fields.ts'

const secret = (what: string): z.ZodType<string, string> =>
  key(variableName(), { description: `The name of the secret that holds ${what}.`, examples: ['OPS_CHANNEL'] })

const address = (error: string): z.ZodType<string, string> => z.url({ protocol: /^https?$/, error })

const urlChannel = (what: string) =>
  z.strictObject({ url: secret(what) }, { error: "expected the name of a secret: { url: 'OPS_CHANNEL' }" })

const slack = z.strictObject(
  {
    token: secret('a bot token with `chat:write`'),
    channel: key(text('a channel'), { description: 'The channel that is posted to.', examples: ['#deploys'] }),
    url: key(address('expected an address: https://…').default('https://slack.com/api'), {
      description: 'The address of the API; GovSlack has its own.',
      examples: ['https://slack-gov.com/api'],
    }),
  },
  { error: "expected { token: 'SLACK_TOKEN', channel: '#deploys' }" },
)

const pagerduty = z.strictObject(
  {
    routingKey: secret('the integration key of the Events API v2'),
    url: key(address('expected an address: https://…').default('https://events.pagerduty.com'), {
      description: 'The address of the Events API.',
      examples: ['https://events.eu.pagerduty.com'],
    }),
  },
  { error: "expected { routingKey: 'PAGERDUTY_KEY' }" },
)

const email = z.strictObject(
  {
    server: key(z.url({ protocol: /^smtps?$/, error: "expected an address such as 'smtps://mail.example.com'" }), {
      description: 'The mail server, without who signs in.',
      examples: ['smtps://mail.example.com'],
    }),
    user: key(text('a user').optional(), { description: 'Who signs in at the server.', examples: ['sluice'] }),
    password: key(variableName().optional(), {
      description: 'The name of the secret that holds the password.',
      examples: ['MAIL_PASSWORD'],
    }),
    from: key(text('an address'), { description: 'Who the mail is from.', examples: ['sluice@example.com'] }),
    to: key(z.array(text('an address'), 'expected addresses').min(1, 'expected at least one address'), {
      description: 'Who the mail goes to.',
      examples: [['ops@example.com']],
    }),
  },
  { error: "expected { server: 'smtps://mail.example.com', from: 'sluice@example.com', to: ['ops@example.com'] }" },
)

const webhook = z.strictObject(
  {
    url: key(address('expected an address: https://…'), {
      description: 'Where notices are sent with POST, as JSON.',
      examples: ['https://hooks.example.com/sluice'],
    }),
    secret: secret('what the requests are signed with'),
  },
  { error: "expected { url: 'https://hooks.example.com/sluice', secret: 'HOOK_SECRET' }" },
)

const cdevents = z.strictObject(
  {
    url: key(address('expected an address: https://…'), {
      description: 'Where events are sent with POST, as CloudEvents in binary mode.',
      examples: ['https://broker.example.com/events'],
    }),
    source: key(text('a source').optional(), {
      description: 'The `source` of the events; the public address where absent.',
      examples: ['https://sluice.example.com'],
    }),
  },
  { error: "expected { url: 'https://broker.example.com/events' }" },
)

const github = z.strictObject(
  {
    repository: key(
      text('owner/name').refine((value) => /^[\w.-]+\/[\w.-]+$/.test(value), "expected 'owner/name'"),
      { description: 'The repository, `owner/name`.', examples: ['acme/storefront'] },
    ),
    token: secret('a token that may write statuses and deployments'),
    url: key(address('expected an address: https://…').default('https://api.github.com'), {
      description: 'The address of the API.',
      examples: ['https://github.example.com/api/v3'],
    }),
  },
  { error: "expected { repository: 'acme/storefront', token: 'GITHUB_TOKEN' }" },
)

const gitlab = z.strictObject(
  {
    project: key(text('a project'), {
      description: 'The project, `group/name` or its number.',
      examples: ['acme/storefront'],
    }),
    token: secret('a token with the scope `api`'),
    url: key(address('expected an address: https://…').default('https://gitlab.com'), {
      description: 'The address of the server.',
      examples: ['https://gitlab.example.com'],
    }),
  },
  { error: "expected { project: 'acme/storefront', token: 'GITLAB_TOKEN' }" },
)

/** A channel without its name. */
type Draft = Channel extends infer One ? (One extends Channel ? Omit<One, 'name'> : never) : never

const channelSchema = z
  .strictObject(
    {
      slack: key(slack.optional(), {
        description: 'A bot in Slack; the message of a rollout is updated in place.',
        examples: [{ token: 'SLACK_TOKEN', channel: '#deploys' }],
      }),
      slackWebhook: key(urlChannel('the address of an incoming webhook').optional(), {
        description: 'An incoming webhook of Slack; every notice is a message.',
        examples: [{ url: 'SLACK_WEBHOOK' }],
      }),
      teams: key(urlChannel('the address of a Workflow').optional(), {
        description: 'A Workflow of Microsoft Teams.',
        examples: [{ url: 'TEAMS_WORKFLOW' }],
      }),
      discord: key(urlChannel('the address of a webhook').optional(), {
        description: 'A webhook of Discord.',
        examples: [{ url: 'DISCORD_WEBHOOK' }],
      }),
      pagerduty: key(pagerduty.optional(), {
        description: 'A service of PagerDuty.',
        examples: [{ routingKey: 'PAGERDUTY_KEY' }],
      }),
      email: key(email.optional(), {
        description: 'Mail.',
        examples: [{ server: 'smtps://mail.example.com', from: 'sluice@example.com', to: ['ops@example.com'] }],
      }),
      webhook: key(webhook.optional(), {
        description: 'A signed request to an address of your own.',
        examples: [{ url: 'https://hooks.example.com/sluice', secret: 'HOOK_SECRET' }],
      }),
      cdevents: key(cdevents.optional(), {
        description: 'A sink of CDEvents.',
        examples: [{ url: 'https://broker.example.com/events' }],
      }),
      github: key(github.optional(), {
        description: 'Commit statuses and deployments of a repository at GitHub.',
        examples: [{ repository: 'acme/storefront', token: 'GITHUB_TOKEN' }],
      }),
      gitlab: key(gitlab.optional(), {
        description: 'Commit statuses and deployments of a project at GitLab.',
        examples: [{ project: 'acme/storefront', token: 'GITLAB_TOKEN' }],
      }),
    },
    { error: "expected a channel: { slack: { token: 'SLACK_TOKEN', channel: '#deploys' } }" },
  )
  .refine(
    (input) => Object.values(input).filter((value) => value !== undefined).length === 1,
    'expected exactly one kind of channel',
  )
  .transform((input): Draft => {
    if (input.slack !== undefined) return { kind: 'slack', ...input.slack }
    if (input.slackWebhook !== undefined) return { kind: 'slackWebhook', ...input.slackWebhook }
    if (input.teams !== undefined) return { kind: 'teams', ...input.teams }
    if (input.discord !== undefined) return { kind: 'discord', ...input.discord }
    if (input.pagerduty !== undefined) return { kind: 'pagerduty', ...input.pagerduty }
    if (input.email !== undefined) {
      const { user, password, ...rest } = input.email
      return { kind: 'email', ...rest, user: user ?? null, password: password ?? null }
    }
    if (input.webhook !== undefined) return { kind: 'webhook', ...input.webhook }
    if (input.github !== undefined) return { kind: 'github', ...input.github }
    if (input.gitlab !== undefined) return { kind: 'gitlab', ...input.gitlab }
    const { url, source } = input.cdevents ?? { url: '' }
    // Where nobody said, `notify` fills in the public address.
    return { kind: 'cdevents', url, source: source ?? '' }
  })

const list = (what: string): z.ZodType<readonly string[], string[]> =>
  z.array(text(what), `expected a list: ['…']`).min(1, 'expected at least one')

const routeSchema = z
  .strictObject(
    {
      kinds: key(list('a kind of notice').optional(), {
        description: 'Kinds of notices, or globs of them; any where absent.',
        examples: [['rollout.*', 'incident.*']],
      }),
      environments: key(list('an environment').optional(), {
        description: 'Environments that it is about; any where absent.',
        examples: [['production']],
      }),
      services: key(list('a service').optional(), {
        description: 'Services that it is about; any where absent.',
        examples: [['storefront']],
      }),
      severity: key(z.enum(noticeSeverities, `expected one of ${noticeSeverities.join(', ')}`).optional(), {
        description: 'How much it must matter at least; not at all where absent.',
        examples: ['high'],
      }),
      channels: key(list('the name of a channel'), {
        description: 'Names of the channels that are told.',
        examples: [['ops']],
      }),
    },
    { error: "expected a route: { kinds: ['rollout.*'], channels: ['ops'] }" },
  )
  .transform((input): NotifyRoute => ({
    kinds: input.kinds ?? null,
    environments: input.environments ?? null,
    services: input.services ?? null,
    severity: input.severity ?? null,
    channels: input.channels,
  }))

const templateSchema = z
  .strictObject(
    {
      title: key(text('a title').optional(), {
        description: 'Its first line, with placeholders in braces; the built-in one where absent.',
        examples: ['{service} needs you: {title}'],
      }),
      text: key(text('a text').optional(), {
        description:
          'What stands below, with placeholders in braces. A line whose placeholders are all empty is left out.',
        examples: ['Since {time}. Runbook: https://wiki.example.com/runbooks/{service}'],
      }),
    },
    { error: "expected words: { title: '{service}: {title}', text: 'Since {time}.' }" },
  )
  .transform((input) => ({ title: input.title ?? null, text: input.text ?? null }))

/** See the file's header. */
export const notifySchema: z.ZodType<NotifySettings> = z
  .strictObject(
    {
      publicUrl: key(address("expected an address such as 'https://sluice.example.com'").optional(), {
        description: 'The address of the dashboard that messages link to; `access.url` where absent.',
        examples: ['https://sluice.example.com'],
      }),
      channels: key(
        z
          .record(name(), channelSchema, { error: 'expected channels: { name: { … } }' })
          .refine(
            (channels) => Object.keys(channels).length <= limits.channelsMax,
            `expected at most ${limits.channelsMax} channels`,
          ),
        {
          description: 'Where notices go, by name.',
          examples: [{ ops: { slack: { token: 'SLACK_TOKEN', channel: '#deploys' } } }],
        },
      ),
      routes: key(
        z
          .array(routeSchema, 'expected a list of routes')
          .max(limits.routesMax, `expected at most ${limits.routesMax} routes`)
          .default([]),
        {
          description:
            'Which notices go to which channels; every route that matches counts. A channel that no route names is told what its kind is told by default.',
          examples: [[{ kinds: ['incident.*'], severity: 'high', channels: ['ops'] }]],
        },
      ),
      templates: key(
        z.record(z.string(), templateSchema, { error: 'expected templates: { kind: { … } }' }).default({}),
        {
          description: 'Words of your own, by the kind of the notice.',
          examples: [{ 'incident.opened': { title: '{service} needs you: {title}' } }],
        },
      ),
    },
    { error: 'expected where notices go: { channels: { … } }' },
  )
  .transform(({ publicUrl, channels, routes, templates }): NotifySettings => ({
    publicUrl: publicUrl ?? null,
    channels: Object.entries(channels).map(([channel, draft]): Channel => ({ ...draft, name: channel })),
    routes,
    templates,
  }))
