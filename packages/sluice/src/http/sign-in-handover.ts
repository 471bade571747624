/** What is handed between a command line and a browser: tickets, and the sessions that are made of them. The pages are in `sign-in-handover-pages.ts`. */
import { hash, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../core/errors.ts'
import type { Principal } from '../core/identity/access.ts'
import { endSession } from '../engine/identity/commands.ts'
import type { ApiContext, Call } from './context.ts'
import type { SessionStartedView, TicketView } from './client/identity-views.ts'
import type { Taken, TicketSubject, Use } from './sign-in-tickets.ts'

/** Makes a ticket for a browser, in the name of who asks. */
export const ticketFor = ({ tickets }: ApiContext, principal: Principal): TicketView => {
  const { kind, name, scope, proof, expiresAt } = principal
  if ((kind !== 'root' && kind !== 'person') || scope !== null || proof.kind === 'session') {
    throw new SluiceError('forbidden', {
      detail:
        proof.kind === 'session'
          ? 'a sign-in makes no other one; that takes a token'
          : `a browser has everything that a person may, and ${scope === null ? name : 'this token'} may not`,
      hint: 'sign in there: /sign-in',
    })
  }
  const madeWith = proof.kind === 'token' ? proof.id : null
  const method = kind === 'root' ? 'root' : 'token'
  const { code, expiresAt: goodUntil } = tickets.issue({ kind: 'open', name, method, madeWith, endsAt: expiresAt })
  return { path: `/sign-in/open?ticket=${code}`, expiresAt: goodUntil }
}

/** A command line's session, of the ticket that its browser came back with. */
export const redeemed = async (context: ApiContext, { body }: Call<'session.redeem'>): Promise<SessionStartedView> => {
  const taken = context.tickets.take(body.code)
  if (taken.kind !== 'good') throw await refused(context, taken, 'sluice login')
  const { subject, use } = taken
  if (subject.kind !== 'login' || !isVerified(subject.challenge, body.verifier))
    throw new SluiceError('sign_in_failed', {
      detail: 'the code was not made for who asks',
      hint: 'sluice login   begins anew',
    })
  const { id, text, expiresAt } = await begun(context, { subject, use, carrier: 'bearer' })
  return { id, token: text, name: subject.name, expiresAt }
}

type Beginning = { readonly subject: TicketSubject; readonly use: Use; readonly carrier: 'cookie' | 'bearer' }

/** The session that a ticket is good for. `sign_in_failed` when the ticket came again meanwhile. */
export const begun = async (
  { engine }: ApiContext,
  { subject, use, carrier }: Beginning,
): Promise<{ readonly id: string; readonly text: string; readonly expiresAt: number }> => {
  const { name, method, madeWith, endsAt } = subject
  const session = await engine.identity.begin({ name, method, carrier }, { madeWith, endsAt })
  use.session = session.id
  if (!use.hasComeAgain) return session
  await ended(engine, session.id)
  throw usedTwice()
}

/** What is told when a ticket is not good; what was made of one that came twice ends. */
export const refused = async (
  { engine, log }: ApiContext,
  taken: Exclude<Taken, { kind: 'good' }>,
  again: string,
): Promise<SluiceError> => {
  if (taken.kind === 'unknown') return notGood(again)
  log.warn('ticket_used_twice', { session: taken.session })
  if (taken.session !== null) await ended(engine, taken.session)
  return usedTwice()
}

const ended = (engine: ApiContext['engine'], session: string): Promise<void> =>
  endSession(engine.identity.desk, session, {
    by: { kind: 'system', name: 'sluice' },
    reason: 'the ticket that it was made of came a second time',
  })

const usedTwice = (): SluiceError =>
  new SluiceError('sign_in_failed', {
    detail: 'this address was used before; whoever signed in by it is signed out now',
    hint: 'make another one; if it was not you, somebody saw it on its way',
  })

/** What is told of a ticket that there is not, or not any more; `again` is the command that makes one. */
export const notGood = (again: string): SluiceError =>
  new SluiceError('sign_in_failed', {
    detail: 'this address is not good (any more): it is good once, and for a short time',
    hint: `${again}   makes another`,
  })

/** Whether a verifier is what a challenge was made of (RFC 7636, S256). */
const isVerified = (challenge: string, verifier: string): boolean => {
  const [wanted, given] = [Buffer.from(challenge), Buffer.from(hash('sha256', verifier, 'base64url'))]
  return wanted.length === given.length && timingSafeEqual(wanted, given)
}
