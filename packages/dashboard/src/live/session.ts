/** Who is signed in. A cookie says so that no script reads; the control plane's own page gives it, at `/sign-in`. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { type Client, createClient } from '../../../sluice/src/http/client/client.ts'
import type { WhoView } from '../../../sluice/src/http/client/identity-views.ts'

/** Who is signed in. */
export type Session = { readonly name: string }

const current = signal<Session | null>(null)

/** The session; null before it is known, and once it is over. */
export const session: ReadonlySignal<Session | null> = current

const powers = signal<WhoView | null>(null)

/** Who that is, and what they may, as it was last said. */
export const who: ReadonlySignal<WhoView | null> = powers

/** How long an answer may take, milliseconds. */
const answerMs = 15_000

/** The client of this browser. */
export const client: () => Client = () =>
  createClient({
    url: window.location.origin,
    token: null,
    actor: current.peek()?.name ?? '',
    transport: (request) => fetch(request),
    timeoutMs: answerMs,
  })

/** Asks whom the cookie names. Rejects with SluiceError: `token_missing` or `token_stale` for nobody that is known. */
export const beginSession = async (): Promise<void> => {
  const told = await client().call('session.show', {})
  powers.value = told
  // The stream is opened anew for somebody else, not for a role that was granted meanwhile.
  if (current.peek()?.name !== told.name) current.value = { name: told.name }
}

/** Goes to where one signs in, and comes back to this page from there. */
export const goToSignIn = (): void => {
  current.value = null
  const { pathname, search, hash } = window.location
  window.location.assign(`/sign-in?next=${encodeURIComponent(pathname + search + hash)}`)
}

/** Signs this browser out; the control plane ends its session and takes the cookie away. */
export const signOut = async (): Promise<void> => {
  current.value = null
  await fetch('/sign-out', { method: 'POST' }).catch(() => null)
  window.location.assign('/')
}
