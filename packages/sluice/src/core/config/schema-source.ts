/** The keys of `source`: where commits come from. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import type { ForeignPipeline, GithubSource, GitlabSource, ReportKind, SourceRules } from '../source/rules.ts'
import { count, duration, key, text, variableName } from './fields.ts'

const reportKinds = ['statuses', 'deployments'] as const

/** What lets in at a server, and what it signs with, must not be read by others on their way; loopback is no way. */
const server = (what: string): z.ZodType<string | undefined, string | undefined> =>
  text(what)
    .refine((value) => {
      const url = URL.canParse(value) ? new URL(value) : null
      const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
      return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))
    }, `expected ${what} (http:// for loopback alone)`)
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()

const secret = (description: string, example: string): z.ZodType<string | undefined, string | undefined> =>
  key(variableName().optional(), { description, examples: [example] })

const githubSchema: z.ZodType<GithubSource> = z
  .strictObject(
    {
      repository: key(
        z
          .string("expected the repository as 'owner/name'")
          .regex(/^[A-Za-z0-9_.-]+\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/, "expected the repository as 'owner/name'"),
        { description: 'Owner and name of the repository.', examples: ['acme/storefront'] },
      ),
      webhookSecret: secret('Name of the secret that GitHub signs its webhooks with.', 'GITHUB_WEBHOOK_SECRET'),
      token: secret(
        'Name of the secret that holds a token of GitHub, for fetching what is private and for reporting back.',
        'GITHUB_TOKEN',
      ),
      url: key(server("an address such as 'https://github.example.com'"), {
        description: 'Address of a GitHub Enterprise Server.',
        examples: ['https://github.example.com'],
      }),
    },
    { error: "expected a repository at GitHub: { repository: 'owner/name', webhookSecret: 'GITHUB_WEBHOOK_SECRET' }" },
  )
  .transform(({ repository, webhookSecret = null, token = null, url = 'https://github.com' }) => ({
    repository,
    webhookSecret,
    token,
    url,
  }))

const gitlabSchema: z.ZodType<GitlabSource> = z
  .strictObject(
    {
      project: key(
        z.union(
          [
            z.string().regex(/^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)+$/),
            count(1, Number.MAX_SAFE_INTEGER).transform(String),
          ],
          "expected the project as 'group/name', or its number",
        ),
        { description: 'Path or number of the project.', examples: ['acme/storefront', 4711] },
      ),
      webhookSecret: secret(
        'Name of the secret that GitLab sends with its webhooks (`X-Gitlab-Token`).',
        'GITLAB_WEBHOOK_SECRET',
      ),
      signingToken: secret(
        'Name of the secret that GitLab signs its webhooks with (`webhook-signature`).',
        'GITLAB_SIGNING_TOKEN',
      ),
      token: secret(
        'Name of the secret that holds a token of GitLab, for fetching what is private and for reporting back.',
        'GITLAB_TOKEN',
      ),
      url: key(server("an address such as 'https://gitlab.example.com'"), {
        description: "Address of a GitLab of one's own.",
        examples: ['https://gitlab.example.com'],
      }),
    },
    { error: "expected a project at GitLab: { project: 'group/name', webhookSecret: 'GITLAB_WEBHOOK_SECRET' }" },
  )
  .transform(({ project, webhookSecret = null, signingToken = null, token = null, url = 'https://gitlab.com' }) => ({
    project,
    webhookSecret,
    signingToken,
    token,
    url,
  }))

/** By its place, which is how either system finds its own. */
const pipelineFile = (): z.ZodType<string, string> => {
  const message = "expected a workflow ('.github/workflows/ci.yml') or a pipeline of GitLab ('.gitlab-ci.yml')"
  const form = /^(?:\.github\/workflows\/[A-Za-z0-9_.-]+\.ya?ml|(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*\/)*\.gitlab-ci\.ya?ml)$/
  return z.string(message).regex(form, message)
}

const foreignOf = (file: string, secrets: readonly string[]): ForeignPipeline => ({
  kind: file.startsWith('.github/') ? 'github' : 'gitlab',
  file,
  secrets,
})

const pipelineSchema: z.ZodType<ForeignPipeline> = z.union(
  [
    pipelineFile().transform((file) => foreignOf(file, [])),
    z
      .strictObject({
        file: key(pipelineFile(), {
          description: 'The file, from the root of the repository.',
          examples: ['.github/workflows/ci.yml'],
        }),
        secrets: key(z.array(variableName(), 'expected a list of names').default([]), {
          description: 'Names of the secrets that the pipeline gets.',
          examples: [['NPM_TOKEN']],
        }),
      })
      .transform(({ file, secrets }) => foreignOf(file, secrets)),
  ],
  "expected a file such as '.github/workflows/ci.yml', or { file, secrets }",
)

/** Not the transports of git that run a program of whoever writes the address. */
const remote = (): z.ZodType<string, string> => {
  const message = 'expected an address, a path, or the name of a remote'
  return text('an address, a path, or the name of a remote').refine(
    (value) => !value.startsWith('-') && !/^[a-z0-9+.-]+::/i.test(value) && !/[\0\r\n]/.test(value),
    message,
  )
}

/** See the file's header. */
export const sourceSchema: z.ZodType<SourceRules> = z
  .strictObject(
    {
      remote: key(remote().optional(), {
        description:
          'What commits are fetched from: an address or a path that git knows, or the name of a remote of the project. That of GitHub or GitLab where absent, else `origin`.',
        examples: ['/srv/git/storefront.git', 'ssh://git@git.example.com/storefront.git'],
      }),
      github: key(githubSchema.optional(), {
        description: 'The repository at GitHub whose webhooks start runs.',
        examples: [{ repository: 'acme/storefront', webhookSecret: 'GITHUB_WEBHOOK_SECRET', token: 'GITHUB_TOKEN' }],
      }),
      gitlab: key(gitlabSchema.optional(), {
        description: 'The project at GitLab whose webhooks start runs.',
        examples: [{ project: 'acme/storefront', signingToken: 'GITLAB_SIGNING_TOKEN' }],
      }),
      push: key(
        z
          .strictObject({
            secret: key(variableName(), {
              description: 'Name of the secret that signs the requests, as Standard Webhooks has it.',
              examples: ['PUSH_SECRET'],
            }),
          })
          .optional(),
        {
          description: 'Pushes that anybody else tells of, by a signed request to `/hooks/push`.',
          examples: [{ secret: 'PUSH_SECRET' }],
        },
      ),
      poll: key(
        z
          .strictObject({
            every: key(
              duration()
                .refine((ms) => ms >= limits.pollMsMin, `expected at least ${limits.pollMsMin / 1_000}s`)
                .default(limits.pollMs),
              {
                description:
                  'Time between two looks at the remote; a few seconds more or less, so that not everybody asks at once.',
                unit: 'duration',
                examples: ['1m'],
              },
            ),
          })
          .transform(({ every }) => ({ everyMs: every }))
          .optional(),
        {
          description:
            'Asks the remote which of its branches and tags have moved, where no webhook reaches the control plane.',
          examples: [{ every: '1m' }],
        },
      ),
      pipelines: key(
        z
          .array(pipelineSchema)
          .max(limits.sourcePipelinesMax, `expected at most ${limits.sourcePipelinesMax}`)
          .default([]),
        {
          description:
            'Workflows of GitHub Actions and pipelines of GitLab that a push starts by their own rules, beside the pipeline of the config.',
          examples: [['.github/workflows/ci.yml'], [{ file: '.gitlab-ci.yml', secrets: ['NPM_TOKEN'] }]],
        },
      ),
      report: key(
        z
          .union(
            [z.boolean(), z.array(z.enum(reportKinds))],
            `expected true, false, or a list of ${reportKinds.join(' and ')}`,
          )
          .default(false),
        {
          description:
            'What is told to GitHub and GitLab about the commits that came from there: everything, nothing, or only this.',
          examples: [true, ['statuses']],
        },
      ),
    },
    { error: "expected where commits come from: { remote, github: { repository: 'owner/name' } }" },
  )
  .superRefine(({ report, github, gitlab }, context) => {
    if (report === false || (Array.isArray(report) && report.length === 0)) return
    if ((github?.token ?? null) === null && (gitlab?.token ?? null) === null)
      context.addIssue({
        code: 'custom',
        path: ['report'],
        message: 'expected a github.token or gitlab.token beside it, with which GitHub or GitLab is told',
      })
  })
  .transform(
    ({ remote: address = null, github = null, gitlab = null, push = null, poll = null, pipelines, report }) => ({
      remote: address,
      github,
      gitlab,
      push,
      poll,
      pipelines,
      report: reportsOf(report),
    }),
  )

function reportsOf(report: boolean | readonly ReportKind[]): readonly ReportKind[] {
  if (typeof report !== 'boolean') return report
  return report ? reportKinds : []
}
