/** Schemas of people, tokens and sessions. */
import { z } from 'zod'
import type { Grant } from '../../core/identity/access.ts'
import { permissions, roles } from '../../core/identity/permissions.ts'
import { limits } from '../../core/limits.ts'
import type { GrantInput } from '../client/contract-identity.ts'
import type {
  PersonView,
  SessionStartedView,
  SessionView,
  SignInWaysView,
  TokenIssuedView,
  TicketView,
  TokenView,
  WhoView,
} from '../client/identity-views.ts'
import { actor, at } from './fields.ts'

const name = z.string().min(1).max(limits.nameLengthMax)

const asked = {
  role: z.enum(roles),
  environments: z
    .array(name)
    .min(1)
    .max(100)
    .nullish()
    .meta({ description: 'Where it counts; everywhere when absent.' }),
}

/** A role of a person that is asked for. */
export const personGrantInput: z.ZodType<Omit<GrantInput, 'service'>> = z.strictObject(asked)

/** A role that is asked for. */
export const grantInput: z.ZodType<GrantInput> = z.strictObject({
  ...asked,
  service: name.nullish().meta({ description: 'Of which service; of all when absent.' }),
})

const grant: z.ZodType<Grant> = z.strictObject({
  role: z.enum(roles),
  environments: z.array(z.string()).nullable(),
  service: z.string().exactOptional(),
})

const may = z.array(z.enum(permissions))

/** Who asks. */
export const who: z.ZodType<WhoView> = z.strictObject({
  kind: z.enum(['root', 'person', 'service', 'workload']),
  name: z.string(),
  groups: z.array(z.string()),
  grants: z.array(grant),
  scope: z.array(grant).nullable(),
  by: z.enum(['root', 'token', 'session']),
  id: z.string().nullable(),
  expiresAt: at.nullable(),
  may,
  environments: z.array(z.strictObject({ name: z.string(), may })),
})

/** A sign-in. */
export const sessionStarted: z.ZodType<SessionStartedView> = z.strictObject({
  id: z.string(),
  token: z.string(),
  name: z.string(),
  expiresAt: at,
})

/** How people may sign in. */
export const signInWays: z.ZodType<SignInWaysView> = z.strictObject({ provider: z.string().nullable() })

/** An address that signs a browser in. */
export const signInTicket: z.ZodType<TicketView> = z.strictObject({ path: z.string(), expiresAt: at })

/** A session. */
export const session: z.ZodType<SessionView> = z.strictObject({
  id: z.string(),
  name: z.string(),
  method: z.enum(['password', 'oidc', 'root', 'token', 'browser']),
  carrier: z.enum(['cookie', 'bearer']),
  status: z.enum(['open', 'over', 'expired']),
  startedAt: at,
  seenAt: at,
  expiresAt: at,
})

/** A token. */
export const token: z.ZodType<TokenView> = z.strictObject({
  id: z.string(),
  kind: z.enum(['pat', 'svc', 'wif']),
  label: z.string(),
  owner: z.string().nullable(),
  scope: z.array(grant).nullable(),
  status: z.enum(['active', 'expired', 'revoked']),
  issuedAt: at,
  issuedBy: actor,
  expiresAt: at,
  usedAt: at.nullable(),
  revokedAt: at.nullable(),
  revokedBy: actor.nullable(),
  workload: z
    .strictObject({
      rule: z.string(),
      issuer: z.string(),
      subject: z.string(),
      startedBy: z.string().nullable(),
    })
    .nullable(),
})

/** A new token. */
export const tokenIssued: z.ZodType<TokenIssuedView> = z.strictObject({
  id: z.string(),
  token: z.string(),
  expiresAt: at,
})

/** A person. */
export const person: z.ZodType<PersonView> = z.strictObject({
  name: z.string(),
  status: z.enum(['active', 'removed']),
  source: z.enum(['local', 'oidc']),
  issuer: z.string().nullable(),
  grants: z.array(grant),
  groups: z.array(z.string()),
  addedAt: at,
  addedBy: actor,
  passwordAt: at.nullable(),
})
