/** Wire types of people, tokens and sessions. None has room for a secret but those that hand one out. */
import type { Grant } from '../../core/identity/access.ts'
import type { Permission } from '../../core/identity/permissions.ts'
import type { SignInMethod } from '../../core/identity/session.ts'
import type { Actor } from '../../core/model.ts'

/** Who asks, and what they may. */
export type WhoView = {
  readonly kind: 'root' | 'person' | 'service' | 'workload'
  readonly name: string
  readonly groups: readonly string[]
  readonly grants: readonly Grant[]
  /** What the token lets through; null for all of it. */
  readonly scope: readonly Grant[] | null
  readonly by: 'root' | 'token' | 'session'
  /** The token or session; null for the root token. */
  readonly id: string | null
  readonly expiresAt: number | null
  /** What of the whole service. */
  readonly may: readonly Permission[]
  readonly environments: readonly { readonly name: string; readonly may: readonly Permission[] }[]
}

/** A sign-in of a command line; the token is shown this once. */
export type SessionStartedView = {
  readonly id: string
  readonly token: string
  readonly name: string
  readonly expiresAt: number
}

/** How people may sign in. */
export type SignInWaysView = {
  /** The issuer of the identity provider; null without one. */
  readonly provider: string | null
}

/** An address of this control plane that signs a browser in: once, and until then. */
export type TicketView = { readonly path: string; readonly expiresAt: number }

/** A session. */
export type SessionView = {
  readonly id: string
  readonly name: string
  readonly method: SignInMethod
  readonly carrier: 'cookie' | 'bearer'
  readonly status: 'open' | 'over' | 'expired'
  readonly startedAt: number
  readonly seenAt: number
  readonly expiresAt: number
}

/** A token, without its secret. */
export type TokenView = {
  readonly id: string
  readonly kind: 'pat' | 'svc' | 'wif'
  readonly label: string
  readonly owner: string | null
  readonly scope: readonly Grant[] | null
  readonly status: 'active' | 'expired' | 'revoked'
  readonly issuedAt: number
  readonly issuedBy: Actor
  readonly expiresAt: number
  /** To within an hour. */
  readonly usedAt: number | null
  readonly revokedAt: number | null
  readonly revokedBy: Actor | null
  readonly workload: {
    readonly rule: string
    readonly issuer: string
    readonly subject: string
    readonly startedBy: string | null
  } | null
}

/** A new token; its text is shown this once. */
export type TokenIssuedView = { readonly id: string; readonly token: string; readonly expiresAt: number }

/** A person. */
export type PersonView = {
  readonly name: string
  readonly status: 'active' | 'removed'
  readonly source: 'local' | 'oidc'
  readonly issuer: string | null
  readonly grants: readonly Grant[]
  readonly groups: readonly string[]
  readonly addedAt: number
  readonly addedBy: Actor
  readonly passwordAt: number | null
}
