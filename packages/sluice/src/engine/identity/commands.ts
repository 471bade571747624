/**
 * What is changed about people and tokens (`identity-writes.ts` does each once). A secret is kept before the event that makes it count, so that whoever dies between the two leaves one that opens
 * nothing; it is forgotten after the event that ends it. What is kept with an idempotency key holds no secret.
 */
import { SluiceError } from '../../core/errors.ts'
import { covers, type Grant, grantText } from '../../core/identity/access.ts'
import type { Role } from '../../core/identity/permissions.ts'
import { type PersonEvent, personNameForm, type PersonSource } from '../../core/identity/person.ts'
import type { SessionEvent, SessionSubject } from '../../core/identity/session.ts'
import type { TokenEvent, TokenSubject } from '../../core/identity/token.ts'
import { type TokenKind, tokenText } from '../../core/identity/token-text.ts'
import type { AggregateKey, AggregateKind } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Credentials } from '../../ports/credentials.ts'
import type { RequestRecord } from '../../ports/store.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { InTurn } from '../in-turn.ts'
import { existingPerson, type Person } from '../trusted.ts'

/** What the commands work with. */
export type IdentityDesk = Desk & {
  readonly credentials: Credentials
  /** What changes a person and its password, by its name: the two are kept in two places. */
  readonly inTurn: InTurn
}

/** Who asks, and why; `record` where an idempotency key came along. */
export type IdentityAsking = Omit<Asking, 'record'> & Partial<Pick<Asking, 'record'>>

/** A secret, handed out once. */
export type Issued = { readonly id: string; readonly text: string }

/** A person to be added; the role and the password that it begins with, null for none. */
export type NewPerson = {
  readonly name: string
  readonly source: PersonSource
  readonly grant?: Grant | null
  readonly password?: string | null
}

/** Adds a person with all that it begins with, or not at all. `usage_invalid` for a name or a password that is none, `command_conflict` when there is one by that name. */
export const addPerson = async (desk: IdentityDesk, wish: NewPerson, asking: IdentityAsking): Promise<Person> => {
  const { name, password = null } = wish
  if (!personNameForm.test(name)) {
    throw new SluiceError('usage_invalid', {
      detail: `${JSON.stringify(name.slice(0, 100))} is not a name: small letters, digits and ._@+- between them`,
      hint: 'sluice user add ada',
    })
  }
  if (password !== null) assertPassword(password)
  await desk.inTurn(name, () => added(desk, wish, asking))
  return activePerson(desk, name)
}

const added = async (
  desk: IdentityDesk,
  { name, source, grant = null, password = null }: NewPerson,
  asking: IdentityAsking,
): Promise<void> => {
  const { by } = asking
  const key: AggregateKey = { kind: 'person', id: name }
  // Whoever is here keeps its password.
  if ((await desk.reading.person(name))?.status === 'active') throw isHere(name)
  // What a person of that name had before is not what this one has.
  if (password === null) await desk.credentials.removePassword(name)
  else await desk.credentials.setPassword(name, password)
  const at = desk.clock.now()
  const events: readonly PersonEvent[] = [
    { type: 'person_added', at, by, name, source },
    ...(password === null ? [] : [{ type: 'password_set', at, by } as const]),
    ...(grant === null ? [] : [{ type: 'role_granted', at, by, grant } as const]),
  ]
  await desk.loop.transact(
    [key],
    (stateOf) => {
      if (existingPerson(stateOf(key))?.status === 'active') throw isHere(name)
      return events.map((event) => input(key, event, { ...asking, record: null }))
    },
    keeping(desk, { key, answer: existingPerson }, asking),
  )
}

const isHere = (name: string): SluiceError =>
  new SluiceError('command_conflict', { detail: `there is a person ${name} already`, hint: 'sluice user ls' })

/** Removes a person: its sessions and tokens end with it. */
export const removePerson = (desk: IdentityDesk, name: string, asking: IdentityAsking): Promise<void> =>
  desk.inTurn(name, async () => {
    await activePerson(desk, name)
    const event: PersonEvent = { type: 'person_removed', at: desk.clock.now(), by: asking.by }
    await record(desk, { kind: 'person', id: name, event }, asking)
    await desk.credentials.removePassword(name)
  })

/** Gives a person a role, in these environments from now on; nothing when it has it there already. */
export const grantRole = async (
  desk: IdentityDesk,
  { name, grant }: { readonly name: string; readonly grant: Grant },
  asking: IdentityAsking,
): Promise<Person> => {
  await activePerson(desk, name)
  const event: PersonEvent = { type: 'role_granted', at: desk.clock.now(), by: asking.by, grant }
  await record(desk, { kind: 'person', id: name, event, answer: existingPerson }, asking)
  return activePerson(desk, name)
}

/** Takes a role from a person. `command_conflict` when it was not granted by name. */
export const revokeRole = async (
  desk: IdentityDesk,
  { name, role }: { readonly name: string; readonly role: Role },
  asking: IdentityAsking,
): Promise<Person> => {
  const { grants } = await activePerson(desk, name)
  const event: PersonEvent = { type: 'role_revoked', at: desk.clock.now(), by: asking.by, role }
  if (await record(desk, { kind: 'person', id: name, event, answer: existingPerson }, asking))
    return activePerson(desk, name)
  const has = grants.map(grantText).join(', ')
  throw new SluiceError('command_conflict', {
    detail: `${name} was not granted ${role} by name (but: ${has === '' ? 'nothing' : has}); what comes from groups stands in the config`,
    hint: 'sluice user ls',
  })
}

/** Sets a password: of a person of this control plane's own. What was signed in before ends. */
export const setPassword = (
  desk: IdentityDesk,
  { name, password }: { readonly name: string; readonly password: string },
  asking: IdentityAsking,
): Promise<void> =>
  desk.inTurn(name, async () => {
    const { source } = await activePerson(desk, name)
    if (source.kind !== 'local') {
      throw new SluiceError('usage_invalid', {
        detail: `${name} signs in at ${source.issuer}, and has no password here`,
        hint: 'change it there',
      })
    }
    assertPassword(password)
    await desk.credentials.setPassword(name, password)
    const event: PersonEvent = { type: 'password_set', at: desk.clock.now(), by: asking.by }
    await record(desk, { kind: 'person', id: name, event }, asking)
  })

const assertPassword = (password: string): void => {
  const { passwordCharactersMin: min, passwordCharactersMax: max } = limits
  if (password.length >= min && password.length <= max) return
  throw new SluiceError('usage_invalid', {
    detail: `a password has ${min} to ${max} characters`,
    hint: 'several words make a good one',
  })
}

/** What a token is asked for with. `giver`: what whoever asks may; a token never has more. */
export type TokenWish = Omit<TokenSubject, 'id'> & {
  readonly giver: readonly Grant[] | null
  /** The id, where it is not to be a fresh one. */
  readonly id?: string
}

/** Issues a token. `forbidden` when it would have more than its giver. */
export const issueToken = async (
  desk: IdentityDesk,
  { giver, id = desk.ids.next('tok'), ...wish }: TokenWish,
  asking: IdentityAsking,
): Promise<Issued> => {
  if (giver !== null && wish.scope !== null && !covers(giver, wish.scope)) {
    throw new SluiceError('forbidden', {
      detail: `${asking.by.name} cannot hand on ${wish.scope.map(grantText).join('; ')}: it has ${giver.map(grantText).join('; ') || 'no role'}`,
      hint: 'sluice whoami   shows what you may hand on',
    })
  }
  const secret = await desk.credentials.issue(id)
  const event: TokenEvent = { type: 'token_issued', at: desk.clock.now(), by: asking.by, subject: { ...wish, id } }
  const happened: Happened = { kind: 'token', id, event, answer: () => ({ id }) }
  const isIssued = await record(desk, happened, asking).catch(async (error: unknown) => {
    // The same request was first, in the same moment; nothing was written, and this secret is nobody's.
    if (error instanceof SluiceError && error.code === 'command_conflict') await desk.credentials.remove(id)
    throw error
  })
  if (!isIssued)
    throw new SluiceError('command_conflict', { detail: `token ${id} was issued before`, hint: 'ask for another' })
  return { id, text: tokenText({ kind: wish.kind, id: id.slice(prefixLength), secret }) }
}

/** Revokes a token; `not_found`, `command_conflict` when it is already. */
export const revokeToken = async (desk: IdentityDesk, id: string, asking: IdentityAsking): Promise<void> => {
  const token = await desk.reading.token(id)
  if (token === null) throw new SluiceError('not_found', { detail: `there is no token ${id}`, hint: 'sluice token ls' })
  const event: TokenEvent = { type: 'token_revoked', at: desk.clock.now(), by: asking.by }
  const isRevoked = await record(desk, { kind: 'token', id, event }, asking)
  await desk.credentials.remove(id)
  if (isRevoked) return
  throw new SluiceError('command_conflict', { detail: `token ${id} is revoked already`, hint: 'sluice token ls' })
}

/** What a session lives no longer than: the token that it was begun with, and a time (epoch ms). */
export type SessionBounds = { readonly madeWith?: string | null; readonly endsAt?: number | null }

/** Begins a session of somebody who has shown who it is. */
export const beginSession = async (
  desk: IdentityDesk,
  subject: Omit<SessionSubject, 'id' | 'expiresAt' | 'madeWith'>,
  { madeWith = null, endsAt = null }: SessionBounds = {},
): Promise<Issued & Pick<SessionSubject, 'expiresAt'>> => {
  const id = desk.ids.next('ses')
  const secret = await desk.credentials.issue(id)
  const at = desk.clock.now()
  const expiresAt = Math.min(at + limits.sessionMs, endsAt ?? Infinity)
  const bound = madeWith === null ? {} : { madeWith }
  const event: SessionEvent = { type: 'signed_in', at, subject: { ...subject, ...bound, id, expiresAt } }
  const by = { kind: 'person', name: subject.name } as const
  await record(desk, { kind: 'session', id, event }, { by, reason: null })
  return { id, expiresAt, text: tokenText({ kind: 'ses', id: id.slice(prefixLength), secret }) }
}

/** Ends a session; nothing when it is over. */
export const endSession = async (desk: IdentityDesk, id: string, asking: IdentityAsking): Promise<void> => {
  const session = await desk.reading.session(id)
  if (session === null) throw new SluiceError('not_found', { detail: `there is no session ${id}` })
  const event: SessionEvent = { type: 'signed_out', at: desk.clock.now(), by: asking.by }
  await record(desk, { kind: 'session', id, event }, asking)
  await desk.credentials.remove(id)
}

/** `tok_` and `ses_`: the form of a token says its kind itself. */
const prefixLength = 4

/** The name in the ledger's keys of what a token names. */
export const identityIdOf = ({ kind, id }: { readonly kind: TokenKind; readonly id: string }): string =>
  `${kind === 'ses' ? 'ses' : 'tok'}_${id}`

/** The person that there is by that name; `not_found`. */
const activePerson = async (
  { reading }: Pick<Desk, 'reading'>,
  name: string,
): Promise<Extract<Person, { status: 'active' }>> => {
  const person = await reading.person(name)
  if (person?.status === 'active') return person
  throw new SluiceError('not_found', {
    detail: `there is nobody named ${JSON.stringify(name.slice(0, 100))} here`,
    hint: 'sluice user ls',
  })
}

type Happened = {
  readonly kind: Extract<AggregateKind, 'person' | 'token' | 'session'>
  readonly id: string
  readonly event: PersonEvent | TokenEvent | SessionEvent
  /** What is answered to the same request again, made of the state that it came to; that it was done when absent. */
  readonly answer?: (state: unknown) => unknown
}

/** Whether it changed anything. */
export const record = async (
  desk: Desk,
  { kind, id, event, answer = () => ({}) }: Happened,
  asking: IdentityAsking,
): Promise<boolean> => {
  const key: AggregateKey = { kind, id }
  const request = keeping(desk, { key, answer }, asking)
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, { ...asking, record: null })], request)
  return accepted === true
}

type Kept = { readonly key: AggregateKey; readonly answer: (state: unknown) => unknown }

/** What is kept for an idempotency key with what was decided; null where none came along. */
const keeping = (
  { loop }: Pick<Desk, 'loop'>,
  { key, answer }: Kept,
  { record: kept = null }: IdentityAsking,
): (() => RequestRecord) | null => (kept === null ? null : () => kept(answer(loop.heldState(key))))
