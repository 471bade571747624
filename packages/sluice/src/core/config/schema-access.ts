/** The keys of `access`: who may ask a control plane, and as what. */
import { z } from 'zod'
import type { Grant } from '../identity/access.ts'
import { roles } from '../identity/permissions.ts'
import type { AccessRules, GroupRole, OidcRules, WorkloadRule } from '../identity/rules.ts'
import { limits } from '../limits.ts'
import { duration, key, name, text, variableName } from './fields.ts'

/** Issuers by the names that people know them by. */
const knownIssuers: Readonly<Record<string, string>> = {
  github: 'https://token.actions.githubusercontent.com',
  gitlab: 'https://gitlab.com',
}

/** Claims that name whose job it is, and are never given to anybody else: names can be taken over once they are free, numbers cannot. */
const neededClaims: Readonly<Record<string, readonly string[]>> = {
  github: ['repository_id', 'repository_owner_id'],
  gitlab: ['project_id', 'namespace_id'],
}

const role = z.enum(roles, `expected a role: ${roles.join(', ')}`)

/** What is signed must not be read by others on its way; loopback is no way. */
const address = (): z.ZodType<string, string> =>
  text("an address such as 'https://sluice.example.com'").refine((value) => {
    const url = URL.canParse(value) ? new URL(value) : null
    const isLoopback = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
    return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))
  }, "expected an address over TLS, such as 'https://sluice.example.com' (http:// for loopback alone)")

const environments = (): z.ZodType<readonly string[] | undefined, string[] | undefined> =>
  key(z.array(name(), 'expected names of environments').min(1, 'expected at least one environment').optional(), {
    description: 'The environments that it counts in; all of them where absent.',
    examples: [['staging']],
  })

const oidcSchema: z.ZodType<OidcRules> = z
  .strictObject(
    {
      issuer: key(address(), {
        description: "The provider's issuer, as its discovery document names it.",
        examples: ['https://id.example.com'],
      }),
      clientId: key(text('the name of the client'), {
        description: 'What the provider calls this control plane.',
        examples: ['sluice'],
      }),
      clientSecretFrom: key(variableName().optional(), {
        description:
          "The environment variable of the control plane that holds the client's secret; absent for a public client.",
        examples: ['SLUICE_OIDC_SECRET'],
      }),
      scopes: key(z.array(text('a scope')).default(['openid', 'profile', 'email', 'groups']), {
        description: 'What is asked of the provider.',
        examples: [['openid', 'profile', 'email']],
      }),
      nameClaim: key(text('the name of a claim').default('preferred_username'), {
        description:
          "The claim that holds a person's name here: a login, or an address that the provider has verified.",
        examples: ['email'],
      }),
      groupsClaim: key(text('the name of a claim').default('groups'), {
        description: "The claim that lists a person's groups.",
        examples: ['roles'],
      }),
    },
    { error: "expected a provider: { issuer: 'https://id.example.com', clientId: 'sluice' }" },
  )
  .transform(({ clientSecretFrom, ...rest }) => ({ ...rest, clientSecretVariable: clientSecretFrom ?? null }))

const groupSchema = z
  .strictObject(
    {
      role: key(role, { description: 'The role that members of the group have.', examples: ['deployer'] }),
      environments: environments(),
    },
    { error: "expected a role: { role: 'deployer', environments: ['staging'] }" },
  )
  .transform((input): Grant => ({ role: input.role, environments: input.environments ?? null }))

type WorkloadDraft = Omit<WorkloadRule, 'name' | 'audience'> & { readonly audience: string | null }

const workloadSchema: z.ZodType<WorkloadDraft> = z
  .strictObject(
    {
      issuer: key(z.union([z.enum(['github', 'gitlab']), address()]), {
        description: "Who vouches for the job: `'github'`, `'gitlab'`, or the issuer of another service.",
        examples: ['github'],
      }),
      audience: key(text('an audience').optional(), {
        description: "Whom the job's token must be made for; `access.url` where absent.",
        examples: ['https://sluice.example.com'],
      }),
      claims: key(z.record(z.string(), text('the value of a claim'), { error: 'expected claims: { name: value }' }), {
        description: "Claims of the job's token that must be exactly these.",
        examples: [{ repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' }],
      }),
      role: key(role, { description: 'The role that such a job has.', examples: ['deployer'] }),
      environments: environments(),
      lifetime: key(duration().default(limits.workloadTokenMs), {
        description: 'How long the token lives that such a job gets.',
        examples: ['15m'],
      }),
    },
    { error: "expected a rule: { issuer: 'github', claims: { … }, role: 'deployer' }" },
  )
  .superRefine(({ issuer, claims, lifetime }, context) => {
    const say = (path: readonly string[], message: string): void =>
      context.addIssue({ code: 'custom', path: [...path], message })
    for (const claim of neededClaims[issuer] ?? []) {
      if (!/^\d+$/.test(claims[claim] ?? ''))
        say(['claims'], `expected ${claim}, a number: names can be taken over, numbers cannot`)
    }
    if (neededClaims[issuer] === undefined && claims['sub'] === undefined && claims['project_id'] === undefined)
      say(['claims'], 'expected sub or project_id: who vouches for everybody says nothing about this job')
    for (const [claim, value] of Object.entries(claims))
      if (/[*?]/.test(value)) say(['claims', claim], 'expected one exact value: nothing here matches by a pattern')
    if (lifetime < limits.tokenLifetimeMsMin || lifetime > limits.sessionMs)
      say(['lifetime'], 'expected a lifetime from 1m to 1d')
  })
  .transform(({ issuer, audience, claims, role: given, environments: where, lifetime }) => ({
    issuer: knownIssuers[issuer] ?? issuer,
    audience: audience ?? null,
    claims,
    grant: { role: given, environments: where ?? null },
    lifetimeMs: lifetime,
  }))

/** See the file's header. */
export const accessSchema: z.ZodType<AccessRules> = z
  .strictObject(
    {
      url: key(address().optional(), {
        description: 'The address that browsers and CI services know the control plane by.',
        examples: ['https://sluice.example.com'],
      }),
      oidc: key(oidcSchema.optional(), {
        description: 'An OpenID Connect provider that people sign in at.',
        examples: [{ issuer: 'https://id.example.com', clientId: 'sluice' }],
      }),
      groups: key(
        z
          .record(z.string(), z.union([groupSchema, z.array(groupSchema)]), {
            error: 'expected groups: { name: { role } }',
          })
          .default({}),
        {
          description: 'Roles that come with groups of the provider.',
          examples: [{ sre: { role: 'deployer' }, everybody: { role: 'viewer' } }],
        },
      ),
      workloads: key(z.record(name(), workloadSchema, { error: 'expected workloads: { name: { … } }' }).default({}), {
        description: 'Jobs of CI services that are let in without a secret.',
        examples: [
          {
            ci: {
              issuer: 'github',
              audience: 'https://sluice.example.com',
              claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' },
              role: 'deployer',
              environments: ['staging'],
            },
          },
        ],
      }),
    },
    { error: 'expected who may ask: { url, oidc, groups, workloads }' },
  )
  .superRefine(({ url, oidc, workloads }, context) => {
    if (oidc !== undefined && url === undefined)
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'expected the address that the provider sends people back to',
      })
    for (const [rule, { audience }] of Object.entries(workloads)) {
      if (audience === null && url === undefined)
        context.addIssue({
          code: 'custom',
          path: ['workloads', rule, 'audience'],
          message: 'expected an audience, because there is no access.url to be it',
        })
    }
  })
  .transform(({ url = null, oidc, groups, workloads }) => ({
    url,
    oidc: oidc ?? null,
    groupRoles: Object.entries(groups).flatMap(([group, given]) =>
      [given].flat().map((grant): GroupRole => ({ ...grant, group })),
    ),
    workloads: Object.entries(workloads).map(([rule, { audience, ...rest }]): WorkloadRule => ({
      ...rest,
      name: rule,
      audience: audience ?? url ?? '',
    })),
  }))
