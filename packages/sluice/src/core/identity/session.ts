/**
 * A person's stay after signing in. The secret that the browser (or the command line) holds is not part of it: see `person.ts`.
 *
 * | status | event        | next             |
 * |--------|--------------|------------------|
 * | absent | signed_in    | open             |
 * | open   | session_seen | open (seen then)  |
 * | open   | signed_out   | over             |
 *
 * That it runs out (`limits.sessionMs`, `limits.sessionIdleMs`) is a matter of the clock. It is seen now and then on record, not each time; a restart may so end an idle one early, never late.
 */
import { type Machine, rememberingMachine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import type { Actor } from '../model.ts'

/** How somebody signed in: a password, a provider, the token of the state directory, a token of their own (`sluice open`), or a browser that is signed in (`sluice login`). */
export type SignInMethod = 'password' | 'oidc' | 'root' | 'token' | 'browser'

/** What a session begins with. */
export type SessionSubject = {
  readonly id: string
  /** The person; for the owner of the control plane the name that it gave itself. */
  readonly name: string
  readonly method: SignInMethod
  /** `cookie`: in a browser, and good for nothing else. `bearer`: for a command line. */
  readonly carrier: 'cookie' | 'bearer'
  /** The token that it was begun with, and ends with; absent for other ways. */
  readonly madeWith?: string
  /** When it ends at the latest, epoch ms. */
  readonly expiresAt: number
}

type Known = SessionSubject & { readonly startedAt: number; readonly seenAt: number }

/** A session as it stands. */
export type SessionState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'open' })
  | (Known & { readonly status: 'over'; readonly endedAt: number; readonly endedBy: Actor })

/** What happens to a session. */
export type SessionEvent =
  | { readonly type: 'signed_in'; readonly at: number; readonly subject: SessionSubject }
  | { readonly type: 'session_seen'; readonly at: number }
  | { readonly type: 'signed_out'; readonly at: number; readonly by: Actor }

const next = (state: SessionState, event: SessionEvent): SessionState => {
  if (event.type === 'signed_in') {
    if (state.status !== 'absent') return state
    return { ...event.subject, status: 'open', startedAt: event.at, seenAt: event.at }
  }
  if (state.status !== 'open') return state
  switch (event.type) {
    case 'session_seen':
      return { ...state, seenAt: event.at }
    case 'signed_out':
      return { ...state, status: 'over', endedAt: event.at, endedBy: event.by }
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const sessionMachine: Machine<SessionState, SessionEvent, never> = rememberingMachine({ name: 'session', next })
