/** Who is signed in, in this tab. The token of the control plane is kept in the tab's own storage and goes with it. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { type Client, createClient } from '../../../sluice/src/http/client/client.ts'

const tokenKey = 'sluice.token'
const nameKey = 'sluice.name'

/** How somebody is signed in. */
export type Session = { readonly token: string; readonly name: string }

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

/** Takes up what this tab knew, or the token that an address brought after `#`, which is then taken out of the address. */
export const restoreSession = (): void => {
  const brought = /^#token=([\w-]{20,200})$/.exec(window.location.hash)?.[1]
  if (brought !== undefined) window.history.replaceState(null, '', window.location.pathname + window.location.search)
  const token = brought ?? sessionStorage.getItem(tokenKey)
  if (token !== null) signIn({ token, name: localStorage.getItem(nameKey) ?? 'dashboard' })
}

/** Begins a session. */
export const signIn = (begun: Session): void => {
  sessionStorage.setItem(tokenKey, begun.token)
  localStorage.setItem(nameKey, begun.name)
  ended.value = null
  current.value = begun
}

/** Ends the session; `why` is told on the page that asks for the next one. */
export const signOut = (why: string | null): void => {
  sessionStorage.removeItem(tokenKey)
  ended.value = why === null ? null : { why }
  current.value = null
}

/** The name that was last given. */
export const lastName = (): string => localStorage.getItem(nameKey) ?? ''
