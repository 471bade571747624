/** Answers about people, tokens and sessions. */
import { SluiceError } from '../../core/errors.ts'
import { allows, type Grant, type Principal } from '../../core/identity/access.ts'
import { roles } from '../../core/identity/permissions.ts'
import { limits } from '../../core/limits.ts'
import { admitJob } from '../../engine/identity/arrivals.ts'
import { endSession, revokeToken, type TokenWish } from '../../engine/identity/commands.ts'
import type { GrantInput, IdentityContract, TokenInput } from '../client/contract-identity.ts'
import type { ApiContext, Call, Handlers } from '../context.ts'
import { redeemed, ticketFor } from '../sign-in-handover.ts'
import { personView, sessionView, tokenView, whoView } from '../present/identity.ts'
import { environmentsOf } from './lookup.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { personFilter, tokenFilter } from './list-filters.ts'

/** See the file's header. */
export const identityHandlers: Handlers<keyof IdentityContract> = {
  'session.show': async (context, { principal, signal }) => whoView(principal, await placesHere(context, signal)),
  'session.start': async ({ engine }, { body }) => {
    const { id, text, expiresAt } = await engine.identity.signIn({ ...body, carrier: 'bearer' })
    return { id, token: text, name: body.name, expiresAt }
  },
  'session.ways': async ({ access }) => {
    const { oidc, url } = await access()
    return { provider: oidc === null || url === null ? null : oidc.issuer }
  },
  'session.ticket': async (context, { principal }) => ticketFor(context, principal),
  'session.redeem': redeemed,
  'session.end': async ({ engine }, { principal, caller }) => {
    const { proof } = principal
    const { desk } = engine.identity
    const asking = { by: caller.by, reason: 'signed out' }
    if (proof.kind === 'session') await endSession(desk, proof.id, asking)
    if (proof.kind === 'token') await revokeToken(desk, proof.id, asking)
    return {}
  },
  'sessions.list': async ({ engine, clock }, { query, principal }) => {
    const isMine = isAdmin(principal) ? () => true : ({ name }: { name: string }) => name === ownName(principal)
    const filter = { isMeant: isMine }
    const { items, next } = await meantPage((asked) => engine.reading.sessions({ ...asked, filter }), pageOf(query))
    return { items: items.map((session) => sessionView(session, clock.now())), next }
  },
  'sessions.end': async ({ engine }, { params, body, principal, caller }) => {
    const session = await engine.reading.session(params.session)
    if (session === null || !(isAdmin(principal) || session.name === ownName(principal)))
      throw new SluiceError('not_found', { detail: `you have no session ${params.session}`, hint: 'sluice whoami' })
    await engine.identityWrites.endSession(session.id, { ...caller, reason: body.reason ?? null })
    return {}
  },
  'tokens.list': async ({ engine, clock }, { query, principal }) => {
    const now = clock.now()
    const filter = tokenFilter(query, { isMine: isAdmin(principal) ? () => true : isOwn(principal), now })
    const { items, next } = await meantPage((asked) => engine.reading.tokens({ ...asked, filter }), pageOf(query))
    return { items: items.map((token) => tokenView(token, now)), next }
  },
  'tokens.create': async (context, call) => {
    const wish = wishOf(context, call)
    const caller = { ...call.caller, reason: null }
    const { id, text } = await context.engine.identityWrites.issueToken(wish, call.body, caller)
    return { id, token: text, expiresAt: wish.expiresAt }
  },
  'tokens.exchange': async ({ engine, provider, access, clock, sha256 }, { body }) => {
    const { workloads } = await access()
    const job = await provider.recognise(body.token, workloads, clock.now())
    const { id, text, expiresAt } = await admitJob(engine.identity.desk, job, sha256)
    return { id, token: text, expiresAt }
  },
  'tokens.revoke': async ({ engine }, { params, body, principal, caller }) => {
    const token = await engine.reading.token(params.token)
    if (token === null || !(isAdmin(principal) || isOwn(principal)(token)))
      throw new SluiceError('not_found', { detail: `you have no token ${params.token}`, hint: 'sluice token ls' })
    await engine.identityWrites.revokeToken(token.id, { ...caller, reason: body.reason ?? null })
    return {}
  },
  'people.list': async ({ engine }, { query }) => {
    const filter = personFilter(query)
    const { items, next } = await meantPage((asked) => engine.reading.people({ ...asked, filter }), pageOf(query))
    return { items: items.map(personView), next }
  },
  'people.add': async ({ engine }, { body, caller }) => {
    const { name, password = null, grant = null, reason = null } = body
    const wish = { name, password, grant: grant === null ? null : grantOf(grant) }
    return personView(await engine.identityWrites.addPerson(wish, { ...caller, reason }))
  },
  'people.remove': async ({ engine }, { params, body, caller }) => {
    await engine.identityWrites.removePerson(params.person, { ...caller, reason: body.reason ?? null })
    return {}
  },
  'people.grant': async ({ engine }, { params, body, caller }) => {
    const grant = { role: roleNamed(params.role), environments: body.environments ?? null }
    const wish = { name: params.person, grant }
    return personView(await engine.identityWrites.grantRole(wish, { ...caller, reason: body.reason ?? null }))
  },
  'people.revoke': async ({ engine }, { params, body, caller }) => {
    const wish = { name: params.person, role: roleNamed(params.role) }
    return personView(await engine.identityWrites.revokeRole(wish, { ...caller, reason: body.reason ?? null }))
  },
  'people.password': async ({ engine }, { params, body, principal, caller }) => {
    const { person: name } = params
    const isOwnPassword = principal.kind === 'person' && principal.name === name && principal.scope === null
    if (!isAdmin(principal) && !isOwnPassword) throw notAdmin(principal, 'sets the passwords of others')
    // Whoever finds a signed-in browser does not keep the account.
    const shown = async (): Promise<void> => {
      if (!isAdmin(principal)) await engine.identity.checkPassword(name, body.current ?? '')
    }
    await engine.identityWrites.setPassword({ name, password: body.password, shown }, { ...caller, reason: null })
    return {}
  },
}

const isAdmin = (principal: Principal): boolean => allows(principal, 'admin', { service: null, environment: null })

/** The name that a principal's own things are under; programs own nothing. */
const ownName = ({ kind, name }: Principal): string | null => (kind === 'person' || kind === 'root' ? name : null)

const isOwn =
  ({ kind, name, proof }: Principal) =>
  ({ id, owner }: { readonly id: string; readonly owner: string | null }): boolean =>
    (kind === 'person' && owner === name) || (proof.kind === 'token' && proof.id === id)

const notAdmin = ({ name }: Principal, what: string): SluiceError =>
  new SluiceError('forbidden', { detail: `only an admin ${what}, and ${name} is none`, hint: 'sluice whoami' })

const roleNamed = (text: string): Grant['role'] => {
  const role = roles.find((one) => one === text)
  if (role !== undefined) return role
  throw new SluiceError('not_found', {
    detail: `there is no role ${JSON.stringify(text.slice(0, 100))}; there are ${roles.join(', ')}`,
    hint: 'sluice user role ada deployer',
  })
}

/** What a token becomes: no more, and no longer, than whoever makes it. */
const wishOf = ({ clock }: ApiContext, { body, principal }: Call<'tokens.create'>): TokenWish => {
  const isService = body.kind === 'service'
  if (isService && !isAdmin(principal)) throw notAdmin(principal, 'makes tokens of programs')
  if (!isService && principal.kind !== 'person') {
    throw new SluiceError('command_conflict', {
      detail: `${principal.name} is no person, and so has no tokens of its own`,
      hint: 'sluice token create --service <label> --role deployer, or sluice login first',
    })
  }
  const isMadeWithToken = principal.proof.kind === 'token'
  const wantedAt = clock.now() + (body.expiresInMs ?? limits.tokenLifetimeMsDefault)
  return {
    kind: isService ? 'svc' : 'pat',
    label: body.label,
    owner: isService ? null : principal.name,
    scope: scopeOf(body, { isService, principal }),
    expiresAt: isMadeWithToken ? Math.min(wantedAt, principal.expiresAt ?? wantedAt) : wantedAt,
    giver: principal.scope ?? principal.grants,
    ...(principal.proof.kind === 'token' ? { madeWith: principal.proof.id } : {}),
  }
}

const scopeOf = (
  { scope }: TokenInput,
  { isService, principal }: { readonly isService: boolean; readonly principal: Principal },
): readonly Grant[] | null => {
  if (scope !== null && scope !== undefined) return scope.map(grantOf)
  if (!isService) return principal.scope
  throw new SluiceError('usage_invalid', {
    detail: 'a program’s token has the roles of its scope, and none was named',
    hint: 'sluice token create --service <label> --role deployer --env staging',
  })
}

const grantOf = ({ role, environments = null, service = null }: GrantInput): Grant => ({
  role,
  environments,
  ...(service === null ? {} : { service }),
})

const placesHere = async (
  context: ApiContext,
  signal: AbortSignal,
): Promise<{ readonly service: string | null; readonly environments: readonly string[] }> => {
  try {
    const { service, environments } = await environmentsOf(context, signal)
    return { service, environments: environments.map(({ name }) => name) }
  } catch (error) {
    // Who one is can be said without a config.
    if (error instanceof SluiceError) return { service: null, environments: [] }
    throw error
  }
}
