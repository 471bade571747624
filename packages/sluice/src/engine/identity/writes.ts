/**
 * What is asked about people, tokens and sessions, each once however often it is said. What is kept of a request holds no secret: of a password a text that is slow to try, of a token its id. A token's
 * value is given out with the first answer alone, so that who asks again is told which token that was.
 */
import { SluiceError } from '../../core/errors.ts'
import type { Grant } from '../../core/identity/access.ts'
import type { Role } from '../../core/identity/permissions.ts'
import type { Caller } from '../engine.ts'
import {
  addPerson,
  endSession,
  grantRole,
  type IdentityDesk,
  type Issued,
  issueToken,
  removePerson,
  revokeRole,
  revokeToken,
  setPassword,
  type TokenWish,
} from './commands.ts'
import { nothing, type Once } from '../commands/once.ts'
import type { Person } from '../trusted.ts'

/** A person who signs in here, with the role and the password that it begins with; null for none. */
export type PersonWish = { readonly name: string; readonly password: string | null; readonly grant: Grant | null }

/** A password to be set. `shown` rejects unless whoever asks may set it; it is not asked of a request that was answered before. */
export type PasswordWish = { readonly name: string; readonly password: string; readonly shown: () => Promise<void> }

/** See the file's header. */
export class IdentityWrites {
  readonly #desk: IdentityDesk
  readonly #once: Once

  constructor(desk: IdentityDesk, once: Once) {
    this.#desk = desk
    this.#once = once
  }

  /** Adds a person with all that it begins with, or not at all. */
  async addPerson({ name, password, grant }: PersonWish, caller: Caller): Promise<Person> {
    const words = { name: 'addPerson', person: name, grant, password: await this.#tag(name, password, caller) }
    const wish = { name, source: { kind: 'local' }, password, grant } as const
    return this.#once(caller, words, (asking) => addPerson(this.#desk, wish, asking))
  }

  /** Removes a person. */
  removePerson(name: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'removePerson', person: name }, (asking) =>
      nothing(removePerson(this.#desk, name, asking)),
    )
  }

  /** Gives a person a role. */
  grantRole(wish: { readonly name: string; readonly grant: Grant }, caller: Caller): Promise<Person> {
    return this.#once(caller, { name: 'grantRole', wish }, (asking) => grantRole(this.#desk, wish, asking))
  }

  /** Takes a role from a person. */
  revokeRole(wish: { readonly name: string; readonly role: Role }, caller: Caller): Promise<Person> {
    return this.#once(caller, { name: 'revokeRole', wish }, (asking) => revokeRole(this.#desk, wish, asking))
  }

  /** Sets a person's password. */
  async setPassword({ name, password, shown }: PasswordWish, caller: Caller): Promise<object> {
    const words = { name: 'setPassword', person: name, password: await this.#tag(name, password, caller) }
    return this.#once(caller, words, async (asking) => {
      await shown()
      return nothing(setPassword(this.#desk, { name, password }, asking))
    })
  }

  /** Issues a token; `request` is what was asked for, in the words of whoever did. `command_conflict` names the token that the same request made before. */
  async issueToken(wish: TokenWish, request: object, caller: Caller): Promise<Issued> {
    const issued = await this.#once<Issued | Pick<Issued, 'id'>>(caller, { name: 'issueToken', request }, (asking) =>
      issueToken(this.#desk, wish, asking),
    )
    if ('text' in issued) return issued
    throw new SluiceError('command_conflict', {
      detail: `this request made token ${issued.id}; its value was given out with the first answer, and cannot be shown again`,
      hint: `sluice token revoke ${issued.id}   when that answer was lost; and ask for another, under another key`,
    })
  }

  /** Revokes a token. */
  revokeToken(id: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'revokeToken', id }, (asking) => nothing(revokeToken(this.#desk, id, asking)))
  }

  /** Ends a session. */
  endSession(id: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'endSession', id }, (asking) => nothing(endSession(this.#desk, id, asking)))
  }

  /** What stands for a password in what is kept of a request. */
  async #tag(name: string, password: string | null, { idempotencyKey, keyOwner = '' }: Caller): Promise<string | null> {
    if (password === null || idempotencyKey === null) return null
    return this.#desk.credentials.passwordTag(`${keyOwner} ${idempotencyKey} ${name}`, password)
  }
}
