/** Rows of the API's table. People, tokens, sessions. */
import { z } from 'zod'
import { roles } from '../../core/identity/permissions.ts'
import { limits } from '../../core/limits.ts'
import { tokenStatuses } from '../client/list-filters.ts'
import { grantInput, personGrantInput } from '../schemas/identity.ts'
import { command, named, page, read, reason, filteredText, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

const password = z.string().min(1).max(limits.passwordCharactersMax).meta({ format: 'password' })
const personName = z.string().min(1).max(100).meta({ description: 'A login or an address, in small letters.' })

/** People, tokens, sessions. */
export const identityRows: Rows<'session' | 'sessions' | 'tokens' | 'people'> = {
  'session.show': {
    ...read,
    needs: 'signed_in',
    summary: 'Who asks: name, groups, roles, and what they may in each environment.',
    cli: 'whoami',
    response: 'Who',
    errors: [],
  },
  'session.start': {
    ...read,
    needs: 'open',
    summary: 'Signs a person in by password, for a command line: the token is good for a day, and shown this once.',
    cli: 'login',
    body: z.strictObject({ name: personName, password }),
    response: 'SessionStarted',
    errors: ['sign_in_failed', 'usage_invalid', 'overloaded', 'store_full'],
    withoutKey:
      'its answer holds a secret, which is kept nowhere; signing in again begins another session, and the one whose answer was lost ends by itself',
  },
  'session.ways': {
    ...read,
    needs: 'open',
    summary: 'How people may sign in: at which provider, if at one.',
    cli: 'login',
    response: 'SignInWays',
    errors: [],
  },
  'session.ticket': {
    ...read,
    needs: 'signed_in',
    summary:
      'Makes an address that signs a browser in as who asks: good once, and for two minutes. For people with a token that has all that they may.',
    cli: 'open',
    response: 'SignInTicket',
    errors: [],
    withoutKey:
      'its answer holds a secret, which is kept nowhere, and it writes nothing; asking again makes another address, and the one that was lost is good for nothing after two minutes',
  },
  'session.redeem': {
    ...read,
    needs: 'open',
    summary:
      'Signs a command line in by the code that its browser came back with (PKCE, S256): the token is good for a day at most, and shown this once.',
    cli: 'login',
    body: z.strictObject({
      code: z.string().min(1).max(128).meta({ description: 'What the browser came back with.' }),
      verifier: z.string().min(43).max(128).meta({ description: 'What the challenge was made of (RFC 7636).' }),
    }),
    response: 'SessionStarted',
    errors: ['sign_in_failed', 'usage_invalid', 'store_full'],
    withoutKey:
      'the code is good once, whatever key it comes with; one that comes a second time ends what was signed in by it',
  },
  'session.end': {
    ...read,
    needs: 'signed_in',
    summary: 'Signs out: ends the session, or revokes the token, that asks.',
    cli: 'logout',
    response: 'Done',
    errors: ['store_full'],
    withoutKey: 'who has signed out cannot ask again (`token_stale`), and is signed out',
  },
  'sessions.list': {
    ...read,
    needs: 'signed_in',
    summary: 'Sessions, those seen last first: your own, as an admin everybody’s.',
    query: page,
    response: 'Sessions',
    errors: [],
  },
  'sessions.end': {
    ...read,
    needs: 'signed_in',
    summary: 'Ends a session: one of your own, as an admin anybody’s.',
    body: withReason,
    response: 'Done',
    errors: command,
  },
  'tokens.list': {
    ...read,
    needs: 'signed_in',
    summary: `Tokens without their secrets, those used last first: your own, as an admin all of them. ${filteredText}`,
    cli: 'token ls',
    query: page.extend({
      owner: named('Those of that person.'),
      status: z.enum(tokenStatuses).optional().meta({ description: 'Those that are active, expired or revoked now.' }),
    }),
    response: 'Tokens',
    errors: [],
  },
  'tokens.create': {
    ...read,
    needs: 'signed_in',
    summary:
      'Makes a token, and shows it this once. It never lets through more than its maker may; a program’s own takes an admin. The same request under its idempotency key makes no second one: it is answered with `command_conflict`, which names the token, because the value was given out with the first answer and cannot be shown again.',
    cli: 'token create',
    body: z.strictObject({
      label: z.string().min(1).max(100).meta({ description: 'What it is for.' }),
      kind: z.enum(['personal', 'service']).optional().meta({
        description:
          '`personal` (the default): counts as you. `service`: a program’s own, with the roles of its scope.',
      }),
      scope: z
        .array(grantInput)
        .min(1)
        .max(limits.grantsMax)
        .nullish()
        .meta({ description: 'The most that it lets through; everything that you may when absent.' }),
      expiresInMs: z
        .number()
        .int()
        .min(limits.tokenLifetimeMsMin)
        .max(limits.tokenLifetimeMsMax)
        .nullish()
        .meta({ description: 'How long it lives, milliseconds; 30 days when absent.' }),
    }),
    response: 'TokenIssued',
    errors: ['command_conflict', 'store_full'],
  },
  'tokens.exchange': {
    ...read,
    needs: 'open',
    summary:
      'For the token that a CI service gave a job, a short-lived one of ours, with the role that a rule of the config says. Good once.',
    body: z.strictObject({
      token: z
        .string()
        .min(1)
        .max(limits.headBytesMax)
        .meta({ description: 'The OIDC token of the job (a JWT), made for this control plane.' }),
    }),
    response: 'TokenIssued',
    errors: ['sign_in_failed', 'usage_invalid', 'server_unreachable', 'command_conflict', 'store_full'],
    withoutKey:
      'what a job shows is good once, whatever key it comes with; a job whose answer was lost gets another token from its CI service',
  },
  'tokens.revoke': {
    ...read,
    needs: 'signed_in',
    summary: 'Revokes a token: one of your own, as an admin any.',
    cli: 'token revoke',
    body: withReason,
    response: 'Done',
    errors: command,
  },
  'people.list': {
    ...read,
    needs: 'view',
    summary: `People and their roles, those that changed last first. ${filteredText}`,
    cli: 'user ls',
    query: page.extend({
      role: z
        .enum(roles)
        .optional()
        .meta({ description: 'Those who were granted it by name, anywhere; not through a group.' }),
      search: named('Those with this text in their name, or in that of a group of theirs.'),
    }),
    response: 'People',
    errors: [],
  },
  'people.add': {
    ...read,
    needs: 'admin',
    summary: 'Adds a person who signs in by password here, with all that it begins with or not at all.',
    cli: 'user add',
    body: z.strictObject({
      name: personName,
      password: password.nullish(),
      grant: personGrantInput.nullish().meta({ description: 'A role to begin with.' }),
      reason,
    }),
    response: 'Person',
    errors: ['usage_invalid', 'command_conflict', 'overloaded', 'store_full'],
  },
  'people.remove': {
    ...read,
    needs: 'admin',
    summary: 'Removes a person: its sessions and tokens end at once.',
    cli: 'user rm',
    body: withReason,
    response: 'Done',
    errors: command,
  },
  'people.grant': {
    ...read,
    needs: 'admin',
    summary:
      'Gives a person a role, everywhere or in some environments; in these from now on, when it has it elsewhere.',
    cli: 'user role',
    body: z.strictObject({
      environments: z.array(z.string().min(1).max(limits.nameLengthMax)).min(1).max(100).nullish(),
      reason,
    }),
    response: 'Person',
    errors: command,
  },
  'people.revoke': {
    ...read,
    needs: 'admin',
    summary: 'Takes a role from a person.',
    cli: 'user role',
    body: withReason,
    response: 'Person',
    errors: command,
  },
  'people.password': {
    ...read,
    needs: 'signed_in',
    summary:
      'Sets a password: your own, saying the one that it is now; as an admin anybody’s. What was signed in with it ends.',
    cli: 'user password',
    body: z.strictObject({ password, current: password.nullish() }),
    response: 'Done',
    errors: ['not_found', 'sign_in_failed', 'command_conflict', 'overloaded', 'store_full'],
  },
}
