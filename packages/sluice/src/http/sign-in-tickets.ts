/**
 * Tickets: what is handed from a command line to a browser (`sluice open`) or back (`sluice login`) instead of anything that lasts. A ticket is good once and for a short time, and stands for somebody who has shown who it is. It may
 * be seen on its way (in the list of processes, in a browser's history): one that comes a second time is refused, and the session that was made of it ends, as RFC 6749, section 4.1.2, asks of codes.
 *
 * Kept in memory alone: after a restart of the control plane one asks for another.
 */
import { hash, randomBytes } from 'node:crypto'
import type { SignInMethod } from '../core/identity/session.ts'
import { limits } from '../core/limits.ts'
import type { Clock } from '../ports/clock.ts'

/** What a ticket stands for. `open`: a session of a browser. `login`: one of a command line, for whoever knows what `challenge` was made of (PKCE, RFC 7636, S256). */
export type TicketSubject = {
  readonly name: string
  readonly method: SignInMethod
  /** The token that asked for it: the session ends with it. */
  readonly madeWith: string | null
  /** The session ends then at the latest, epoch ms; null for no end but its own. */
  readonly endsAt: number | null
} & ({ readonly kind: 'open' } | { readonly kind: 'login'; readonly challenge: string })

type Ticket = { readonly subject: TicketSubject; readonly goodUntil: number; use: Use | null }

/** The use of a ticket: the session that was made, once it is; and whether the ticket came again. */
export type Use = { session: string | null; hasComeAgain: boolean }

/** How a ticket was taken. */
export type Taken =
  | { readonly kind: 'good'; readonly subject: TicketSubject; readonly use: Use }
  /** It had been used: `session` is what was made of it, which has to end. */
  | { readonly kind: 'again'; readonly session: string | null }
  | { readonly kind: 'unknown' }

/** See the file's header. */
export class SignInTickets {
  readonly #tickets = new Map<string, Ticket>()
  readonly #clock: Pick<Clock, 'now'>

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Makes a ticket. When there are too many, the oldest is forgotten. */
  issue(subject: TicketSubject): { readonly code: string; readonly expiresAt: number } {
    const now = this.#clock.now()
    for (const [key, { goodUntil }] of this.#tickets)
      if (goodUntil <= now || this.#tickets.size >= limits.signInTicketsMax) this.#tickets.delete(key)
    const code = randomBytes(32).toString('base64url')
    const expiresAt = now + limits.signInTicketMs
    this.#tickets.set(keyOf(code), { subject, goodUntil: expiresAt, use: null })
    return { code, expiresAt }
  }

  /** Whose it is, without using it. */
  look(code: string): Exclude<Taken, { kind: 'good' }> | { readonly kind: 'unused'; readonly subject: TicketSubject } {
    const ticket = this.#good(code)
    return ticket?.use === null ? { kind: 'unused', subject: ticket.subject } : this.#notGood(ticket)
  }

  /** Uses it up. */
  take(code: string): Taken {
    const ticket = this.#good(code)
    if (ticket?.use !== null) return this.#notGood(ticket)
    const use: Use = { session: null, hasComeAgain: false }
    ticket.use = use
    return { kind: 'good', subject: ticket.subject, use }
  }

  #notGood(ticket: Ticket | undefined): Exclude<Taken, { kind: 'good' }> {
    if (ticket === undefined || ticket.use === null) return { kind: 'unknown' }
    ticket.use.hasComeAgain = true
    return { kind: 'again', session: ticket.use.session }
  }

  #good(code: string): Ticket | undefined {
    const ticket = this.#tickets.get(keyOf(code))
    return ticket === undefined || ticket.goodUntil <= this.#clock.now() ? undefined : ticket
  }
}

/** Found by its hash, so that how long the search takes says nothing about it. */
const keyOf = (code: string): string => hash('sha256', code)
