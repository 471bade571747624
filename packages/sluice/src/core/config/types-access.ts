/** Types of the `access` part of a config: who may ask, and as what. Part of `types.ts`. */
import type { Role } from '../identity/permissions.ts'
import type { Duration } from './types.ts'

/** Who may ask a control plane, and as what. */
export type AccessConfig = {
  /** The address that browsers and CI services know the control plane by. */
  readonly url?: string
  /** An OpenID Connect provider that people sign in at. */
  readonly oidc?: OidcConfig
  /** Roles that come with groups of the provider. */
  readonly groups?: Readonly<Record<string, GroupConfig | readonly GroupConfig[]>>
  /** Jobs of CI services that are let in without a secret. */
  readonly workloads?: Readonly<Record<string, WorkloadConfig>>
}

/** An OpenID Connect provider that people sign in at. */
export type OidcConfig = {
  /** The provider's issuer, as its discovery document names it. */
  readonly issuer: string
  /** What the provider calls this control plane. */
  readonly clientId: string
  /** The environment variable of the control plane that holds the client's secret; absent for a public client. */
  readonly clientSecretFrom?: string
  /** What is asked of the provider. */
  readonly scopes?: readonly string[]
  /** The claim that holds a person's name here: a login, or an address that the provider has verified. */
  readonly nameClaim?: string
  /** The claim that lists a person's groups. */
  readonly groupsClaim?: string
}

/** A role, and where it counts. */
export type GroupConfig = {
  /** The role that members of the group have. */
  readonly role: Role
  /** The environments that it counts in; all of them where absent. */
  readonly environments?: readonly string[]
}

/** Jobs of a CI service that are let in, and as what. */
export type WorkloadConfig = {
  /** Who vouches for the job: `'github'`, `'gitlab'`, or the issuer of another service. */
  readonly issuer: string
  /** Whom the job's token must be made for; `access.url` where absent. */
  readonly audience?: string
  /** Claims of the job's token that must be exactly these. */
  readonly claims: Readonly<Record<string, string>>
  /** The role that such a job has. */
  readonly role: Role
  /** The environments that it counts in; all of them where absent. */
  readonly environments?: readonly string[]
  /** How long the token lives that such a job gets. */
  readonly lifetime?: Duration
}
