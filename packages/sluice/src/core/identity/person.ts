/**
 * A person who may sign in. Its password is not part of it: what it is checked against lies beside the ledger (`ports/credentials.ts`), because the ledger is for everybody to read and for ever.
 *
 * | status  | event          | next                            |
 * |---------|----------------|---------------------------------|
 * | absent  | person_added   | active                          |
 * | active  | role_granted   | active (with the role)          |
 * | active  | role_revoked   | active (without it)             |
 * | active  | groups_changed | active (in other groups)        |
 * | active  | password_set   | active                          |
 * | active  | person_removed | removed                         |
 * | removed | person_added   | active (with nothing of before) |
 *
 * A removed person stays on record: the ledger names it.
 */
import type { Grant } from './access.ts'
import { type Machine, rememberingMachine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import type { Actor } from '../model.ts'
import type { Role } from './permissions.ts'

/** Who vouches for a person: Sluice, by a password, or a provider, by a subject that it never gives to anybody else. */
export type PersonSource =
  | { readonly kind: 'local' }
  | { readonly kind: 'oidc'; readonly issuer: string; readonly subject: string }

/** What is known of a person. */
type Known = {
  readonly name: string
  readonly source: PersonSource
  readonly addedAt: number
  readonly addedBy: Actor
  /** Roles that were granted to this person by name; those of its groups come from the config. */
  readonly grants: readonly Grant[]
  /** The groups that its provider named at the last sign-in. */
  readonly groups: readonly string[]
  /** When the password was set last, epoch ms; null where there is none. What was signed in before is signed out. */
  readonly passwordAt: number | null
}

/** A person as it stands. */
export type PersonState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active' })
  | (Known & { readonly status: 'removed'; readonly removedAt: number; readonly removedBy: Actor })

/** What happens to a person. */
export type PersonEvent =
  | {
      readonly type: 'person_added'
      readonly at: number
      readonly by: Actor
      readonly name: string
      readonly source: PersonSource
    }
  | { readonly type: 'role_granted'; readonly at: number; readonly by: Actor; readonly grant: Grant }
  | { readonly type: 'role_revoked'; readonly at: number; readonly by: Actor; readonly role: Role }
  | { readonly type: 'groups_changed'; readonly at: number; readonly groups: readonly string[] }
  | { readonly type: 'password_set'; readonly at: number; readonly by: Actor }
  | { readonly type: 'person_removed'; readonly at: number; readonly by: Actor }

/** The form of a person's name: a login or an address. */
export const personNameForm: RegExp = /^[a-z0-9](?:[a-z0-9._@+-]{0,98}[a-z0-9])?$/

const next = (state: PersonState, event: PersonEvent): PersonState => {
  if (event.type === 'person_added') return state.status === 'active' ? state : added(event)
  if (state.status !== 'active') return state
  switch (event.type) {
    case 'role_granted':
      return granted(state, event.grant)
    case 'role_revoked': {
      const grants = state.grants.filter(({ role }) => role !== event.role)
      return grants.length === state.grants.length ? state : { ...state, grants }
    }
    case 'groups_changed':
      return sameTexts(state.groups, event.groups) ? state : { ...state, groups: event.groups }
    case 'password_set':
      return { ...state, passwordAt: event.at }
    case 'person_removed':
      return { ...state, status: 'removed', removedAt: event.at, removedBy: event.by }
    default:
      return unreachable(event)
  }
}

const added = ({ name, source, at, by }: Extract<PersonEvent, { type: 'person_added' }>): PersonState => ({
  status: 'active',
  name,
  source,
  addedAt: at,
  addedBy: by,
  grants: [],
  groups: [],
  passwordAt: null,
})

/** A role is granted once: in these environments now, wherever it was before. */
const granted = (state: Extract<PersonState, { status: 'active' }>, grant: Grant): PersonState => {
  const known = state.grants.find(({ role }) => role === grant.role)
  if (known !== undefined && sameTexts(known.environments, grant.environments)) return state
  return { ...state, grants: [...state.grants.filter(({ role }) => role !== grant.role), grant] }
}

const sameTexts = (one: readonly string[] | null, other: readonly string[] | null): boolean =>
  one === null || other === null
    ? one === other
    : one.length === other.length && one.every((text, index) => text === other[index])

/** See the table above. */
export const personMachine: Machine<PersonState, PersonEvent, never> = rememberingMachine({ name: 'person', next })
