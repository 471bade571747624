/**
 * Who is signed in. In a browser that signed in at the control plane's own page it is the cookie that says so, which no script reads; else the token, which this tab keeps in its own storage and
 * which goes with it.
 */
import { type ReadonlySignal, signal } from '@preact/signals'
import { type Client, createClient } from '../../../sluice/src/http/client/client.ts'

const tokenKey = 'sluice.token'
const nameKey = 'sluice.name'

/** How somebody is signed in; without a token, by cookie. */
export type Session = { readonly token: string | null; readonly name: string }

/** Why nobody is signed in any longer; null when nobody was. */
export type Ended = { readonly why: string } | null

const current = signal<Session | null>(null)
const ended = signal<Ended>(null)

/** The session; null asks for one. */
export const session: ReadonlySignal<Session | null> = current

/** Why the last session ended. */
export const sessionEnded: ReadonlySignal<Ended> = ended

/** How long an answer may take, milliseconds. */
const answerMs = 15_000

/** A client for some credentials. */
export const clientFor = ({ token, name }: Session): Client =>
  createClient({
    url: window.location.origin,
    token,
    actor: name,
    transport: (request) => fetch(request),
    timeoutMs: answerMs,
  })

/** Takes up the token that this tab knew, or else the browser's cookie, if it has one that is good. */
export const restoreSession = async (): Promise<void> => {
  const token = sessionStorage.getItem(tokenKey)
  if (token !== null) return begin({ token, name: lastName() })
  const byCookie = { token: null, name: '' }
  const who = await clientFor(byCookie)
    .call('session.show', {})
    .catch(() => null)
  if (who !== null) begin({ ...byCookie, name: who.name })
}

/** Begins a session of this tab. */
export const signIn = (begun: { readonly token: string; readonly name: string }): void => {
  sessionStorage.setItem(tokenKey, begun.token)
  localStorage.setItem(nameKey, begun.name)
  begin(begun)
}

const begin = (begun: Session): void => {
  ended.value = null
  current.value = begun
}

/** Ends the session; `why` is told on the page that asks for the next one. */
export const signOut = (why: string | null): void => {
  const isOfCookie = current.value?.token === null
  sessionStorage.removeItem(tokenKey)
  ended.value = why === null ? null : { why }
  current.value = null
  // The cookie is the server's to take away, and its own page asks for the next one.
  if (isOfCookie) void fetch('/sign-out', { method: 'POST' }).finally(() => window.location.assign('/'))
}

/** The name that was last given. */
export const lastName = (): string => localStorage.getItem(nameKey) ?? ''

/** Goes to the control plane's own page for signing in, where it has one. */
export const goToSignIn = async (): Promise<void> => {
  const answer = await fetch('/sign-in', { method: 'HEAD' }).catch(() => null)
  const { pathname, search, hash } = window.location
  if (answer?.ok === true) window.location.replace(`/sign-in?next=${encodeURIComponent(pathname + search + hash)}`)
}
