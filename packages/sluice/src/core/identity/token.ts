/**
 * An API token. Its secret is not part of it, nor the hash of it: see `person.ts`.
 *
 * | status | event         | next               |
 * |--------|---------------|--------------------|
 * | absent | token_issued  | active             |
 * | active | token_used    | active (used then) |
 * | active | token_revoked | revoked            |
 *
 * That it expires is a matter of the clock, not of an event: whoever checks it compares. Its use is recorded now and then (`limits.lastUseEveryMs`), not each time.
 */
import type { Grant } from './access.ts'
import { type Machine, rememberingMachine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import type { Actor } from '../model.ts'
import type { TokenKind } from './token-text.ts'

/** What a token is issued with. */
export type TokenSubject = {
  readonly id: string
  readonly kind: Exclude<TokenKind, 'ses'>
  /** What it is for, in the words of whoever made it. */
  readonly label: string
  /** The person whose token it is; null for a program's. */
  readonly owner: string | null
  /** The most that it lets through; null for all that its owner may. A program's token may what it says. */
  readonly scope: readonly Grant[] | null
  /** Epoch ms. */
  readonly expiresAt: number
  /** The token that it was made with: it ends with that one. Absent for one of somebody who had signed in. */
  readonly madeWith?: string
  /** Of a workload: who vouched for it, and what it said of it. */
  readonly workload?: {
    readonly rule: string
    readonly issuer: string
    readonly subject: string
    /** Who started the job there, as the provider names it. */
    readonly startedBy: string | null
  }
}

type Known = TokenSubject & {
  readonly issuedAt: number
  readonly issuedBy: Actor
  /** Epoch ms, to within `limits.lastUseEveryMs`; null when it never was. */
  readonly usedAt: number | null
}

/** A token as it stands. */
export type TokenState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'active' })
  | (Known & { readonly status: 'revoked'; readonly revokedAt: number; readonly revokedBy: Actor })

/** What happens to a token. */
export type TokenEvent =
  | { readonly type: 'token_issued'; readonly at: number; readonly by: Actor; readonly subject: TokenSubject }
  | { readonly type: 'token_used'; readonly at: number }
  | { readonly type: 'token_revoked'; readonly at: number; readonly by: Actor }

const next = (state: TokenState, event: TokenEvent): TokenState => {
  if (event.type === 'token_issued') {
    const { subject, at, by } = event
    if (state.status !== 'absent') return state
    return { ...subject, status: 'active', issuedAt: at, issuedBy: by, usedAt: null }
  }
  if (state.status !== 'active') return state
  switch (event.type) {
    case 'token_used':
      return { ...state, usedAt: event.at }
    case 'token_revoked':
      return { ...state, status: 'revoked', revokedAt: event.at, revokedBy: event.by }
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const tokenMachine: Machine<TokenState, TokenEvent, never> = rememberingMachine({ name: 'token', next })
