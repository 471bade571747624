/** What the config says about who may ask: the `access` part of it, resolved. */
import type { Grant } from './access.ts'

/** A role that comes with a group of the identity provider. */
export type GroupRole = Grant & { readonly group: string }

/** An OpenID Connect provider that people sign in at. */
export type OidcRules = {
  readonly issuer: string
  readonly clientId: string
  /** Name of the environment variable of the control plane that holds the client's secret; null for a public client. */
  readonly clientSecretVariable: string | null
  readonly scopes: readonly string[]
  /** The claims that hold a person's name and its groups. */
  readonly nameClaim: string
  readonly groupsClaim: string
}

/** Which jobs of a CI service are let in, and as what. */
export type WorkloadRule = {
  readonly name: string
  readonly issuer: string
  readonly audience: string
  /** Claims that must be exactly these. */
  readonly claims: Readonly<Record<string, string>>
  readonly grant: Grant
  readonly lifetimeMs: number
}

/** See the file's header. */
export type AccessRules = {
  /** The address that browsers know this control plane by; null where it is loopback alone. */
  readonly url: string | null
  readonly oidc: OidcRules | null
  readonly groupRoles: readonly GroupRole[]
  readonly workloads: readonly WorkloadRule[]
}

/** What counts where the config says nothing. */
export const noAccessRules: AccessRules = { url: null, oidc: null, groupRoles: [], workloads: [] }
