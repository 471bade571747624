/**
 * Who asks: from a secret to a principal. What is valid is a matter of the ledger, which is read at each question (from memory, as long as nothing changed it); that a secret is the right one, of the credentials beside it.
 */
import { SluiceError } from '../../core/errors.ts'
import { type Grant, type Principal, rootPrincipal } from '../../core/identity/access.ts'
import type { GroupRole } from '../../core/identity/rules.ts'
import type { SessionSubject } from '../../core/identity/session.ts'
import { parseToken } from '../../core/identity/token-text.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { sluice } from '../../core/model.ts'
import type { Log } from '../../ports/clock.ts'
import { beginSession, type IdentityDesk, identityIdOf, type Issued, record, type SessionBounds } from './commands.ts'
import { SignInDelays } from './sign-in-delays.ts'
import type { Person, Session, Token } from '../trusted.ts'

/** How a secret came: in a cookie, or as a bearer. What was handed out for one is good for nothing in the other. */
export type Carrier = SessionSubject['carrier']

/** A secret, how it came, and what groups mean. */
export type Showing = {
  readonly text: string
  readonly carrier: Carrier
  readonly groupRoles: readonly GroupRole[]
}

/** Recognises who asks, and signs people in. One an engine. */
export class Identity {
  readonly desk: IdentityDesk
  readonly #log: Log
  readonly #delays: SignInDelays
  /** States at hand, by kind and id; what changes one takes it out. */
  readonly #states = new Map<string, Promise<Person | Token | Session | null>>()
  /** When tokens and sessions were used last; on record only now and then. */
  readonly #uses = new Map<string, { readonly seenAt: number; readonly recordedAt: number }>()

  constructor(desk: IdentityDesk, log: Log) {
    this.desk = desk
    this.#log = log
    this.#delays = new SignInDelays()
  }

  /** Told of every row that became durable. */
  noticed(rows: readonly LedgerRow[]): void {
    for (const { key } of rows) if (isIdentity(key.kind)) this.#states.delete(`${key.kind}:${key.id}`)
  }

  /** Whoever holds this secret; `token_stale` for one that is not (or no longer) good. */
  async principalOf({ text, carrier, groupRoles }: Showing): Promise<Principal> {
    const parts = parseToken(text)
    if (parts === null) throw unknownToken()
    const id = identityIdOf(parts)
    const isRight = await this.desk.credentials.matches(id, parts.secret)
    if (parts.kind === 'ses') {
      const session = await this.#session(id)
      if (session === null || !isRight || session.carrier !== carrier) throw unknownToken()
      return this.#ofSession(session, groupRoles)
    }
    const token = await this.#token(id)
    if (token === null || !isRight || token.kind !== parts.kind || carrier === 'cookie') throw unknownToken()
    return this.#ofToken(token, groupRoles)
  }

  /** Signs a person in by password. `sign_in_failed`; `overloaded` when it was tried too often. */
  async signIn({
    name,
    password,
    carrier,
  }: {
    readonly name: string
    readonly password: string
    readonly carrier: Carrier
  }): Promise<Issued & { readonly expiresAt: number }> {
    await this.checkPassword(name, password)
    return this.begin({ name, method: 'password', carrier })
  }

  /** Whether it is a person's password: `sign_in_failed` when it is not; `overloaded` when it was tried too often. */
  async checkPassword(name: string, password: string): Promise<void> {
    const { clock, credentials } = this.desk
    this.#delays.check(name, clock.now())
    const person = await this.desk.reading.person(name)
    const isLocal = person?.status === 'active' && person.source.kind === 'local'
    // Whether or not there is such a person, it takes as long.
    const isRight = await credentials.matchesPassword(isLocal ? name : '', password)
    if (!isLocal || !isRight) {
      this.#delays.failed(name, clock.now())
      this.#log.warn('sign_in_failed', { name: name.slice(0, 100), method: 'password' })
      throw new SluiceError('sign_in_failed', {
        detail: 'the name or the password is wrong',
        hint: 'sluice user password <name>   sets a new one (as an admin)',
      })
    }
    this.#delays.succeeded(name)
  }

  /** Begins a session of somebody who has shown who it is. */
  begin(
    subject: Omit<SessionSubject, 'id' | 'expiresAt' | 'madeWith'>,
    bounds: SessionBounds = {},
  ): Promise<Issued & { readonly expiresAt: number }> {
    return beginSession(this.desk, subject, bounds)
  }

  async #ofSession(session: Session, groupRoles: readonly GroupRole[]): Promise<Principal> {
    const now = this.desk.clock.now()
    const { id, name, method, expiresAt, startedAt } = session
    const idleAt = Math.max(session.seenAt, this.#uses.get(id)?.seenAt ?? 0) + limits.sessionIdleMs
    if (session.status === 'over') throw ended('you were signed out')
    if (now >= expiresAt) throw ended('the sign-in has run out')
    if (now >= idleAt) throw ended('the sign-in was not used for too long')
    const maker = session.madeWith === undefined ? null : await this.#token(session.madeWith)
    if (maker?.status === 'revoked')
      throw ended(`the token that it was begun with was revoked by ${maker.revokedBy.name}`)
    const proof = { kind: 'session', id } as const
    this.#touch(`session:${id}`, { id, seenAt: session.seenAt, now })
    if (method === 'root') return { ...rootPrincipal(name), proof, expiresAt }
    const person = await this.#person(name)
    if (person?.status !== 'active' || person.addedAt > startedAt) throw ended(`${name} was removed`)
    if ((person.passwordAt ?? 0) > startedAt) throw ended(`the password of ${name} was changed`)
    return { ...personPrincipal(person, groupRoles), scope: null, proof, expiresAt }
  }

  async #ofToken(token: Token, groupRoles: readonly GroupRole[]): Promise<Principal> {
    const now = this.desk.clock.now()
    const { id, owner, scope, expiresAt, issuedAt } = token
    if (token.status === 'revoked') throw ended(`the token was revoked by ${token.revokedBy.name}`)
    if (now >= expiresAt) throw ended(`the token has expired (${new Date(expiresAt).toISOString()})`)
    const maker = token.madeWith === undefined ? null : await this.#token(token.madeWith)
    if (maker?.status === 'revoked')
      throw ended(`the token that it was made with was revoked by ${maker.revokedBy.name}`)
    const proof = { kind: 'token', id } as const
    if (owner === null) {
      this.#touch(`token:${id}`, { id, seenAt: token.usedAt ?? -Infinity, now })
      const isService = token.kind === 'svc'
      const name = isService ? `token:${token.label}` : `workload:${token.label}`
      const kind = isService ? 'service' : 'workload'
      return { kind, name, groups: [], grants: scope ?? [], scope: null, proof, expiresAt }
    }
    const person = await this.#person(owner)
    if (person?.status !== 'active' || person.addedAt > issuedAt) throw ended(`${owner} was removed`)
    this.#touch(`token:${id}`, { id, seenAt: token.usedAt ?? -Infinity, now })
    return { ...personPrincipal(person, groupRoles), scope, proof, expiresAt }
  }

  /** Remembers the use, and has it on record when the last one there is old. Nobody waits for that, nor fails by it. */
  #touch(
    key: string,
    { id, seenAt, now }: { readonly id: string; readonly seenAt: number; readonly now: number },
  ): void {
    if (this.#uses.size > limits.identitiesHeldMax) this.#uses.clear()
    const recordedAt = Math.max(seenAt, this.#uses.get(id)?.recordedAt ?? -Infinity)
    const isDue = now - recordedAt >= limits.lastUseEveryMs
    this.#uses.set(id, { seenAt: now, recordedAt: isDue ? now : recordedAt })
    if (!isDue || !this.desk.loop.isRunning) return
    const happened = key.startsWith('token:')
      ? ({ kind: 'token', id, event: { type: 'token_used', at: now } } as const)
      : ({ kind: 'session', id, event: { type: 'session_seen', at: now } } as const)
    record(this.desk, happened, { by: sluice, reason: null }).catch((error: unknown) => {
      this.#log.warn('use_not_recorded', { id, error: String(error) })
    })
  }

  #person(name: string): Promise<Person | null> {
    return this.#held(`person:${name}`, () => this.desk.reading.person(name))
  }

  #token(id: string): Promise<Token | null> {
    return this.#held(`token:${id}`, () => this.desk.reading.token(id))
  }

  #session(id: string): Promise<Session | null> {
    return this.#held(`session:${id}`, () => this.desk.reading.session(id))
  }

  async #held<State extends Person | Token | Session>(
    key: string,
    load: () => Promise<State | null>,
  ): Promise<State | null> {
    const known = this.#states.get(key)
    // Trusted cast: what is kept under a kind's key was read as that kind.
    if (known !== undefined) return (await known) as State | null
    if (this.#states.size >= limits.identitiesHeldMax) this.#states.clear()
    const loading = load()
    this.#states.set(key, loading)
    try {
      const state = await loading
      // Who guesses ids fills no memory with what there is not.
      if (state === null && this.#states.get(key) === loading) this.#states.delete(key)
      return state
    } catch (error) {
      this.#states.delete(key)
      throw error
    }
  }
}

/** Whether a row of the ledger says something about who may what. */
export const isIdentity = (kind: LedgerRow['key']['kind']): boolean =>
  kind === 'person' || kind === 'token' || kind === 'session'

const personPrincipal = (
  { name, groups, grants }: Person,
  groupRoles: readonly GroupRole[],
): Pick<Principal, 'kind' | 'name' | 'groups' | 'grants'> => ({
  kind: 'person',
  name,
  groups,
  grants: [...grants, ...groupRoles.filter(({ group }) => groups.includes(group)).map(grantOf)],
})

const grantOf = ({ role, environments, service }: GroupRole): Grant => ({
  role,
  environments,
  ...(service === undefined ? {} : { service }),
})

/** One text for all that is not known: whether an id exists is nobody's business. */
const unknownToken = (): SluiceError =>
  new SluiceError('token_stale', {
    detail: 'the token is not one of this control plane, or not any more',
    hint: 'sluice login, or read .sluice/token again (SLUICE_TOKEN, when set, is used instead)',
  })

const ended = (why: string): SluiceError => new SluiceError('token_stale', { detail: why, hint: 'sluice login' })
