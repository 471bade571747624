/**
 * Who may do what, where. Deny by default: a principal may what one of its grants says, and where it came with a token of a narrower scope, what the scope says as well.
 *
 * A role is granted in some environments or in all of them. Looking, planning and running the pipeline are not of one environment: who may do them anywhere may do them for the whole
 * service. Everything else that is not of one environment (people, tokens, holds, policies) is for whoever may do it in all of them.
 */
import { type Permission, permissionWords, type Role, rolePermissions, rolesWith } from './permissions.ts'

/** A role, and where it counts. */
export type Grant = {
  readonly role: Role
  /** Names of environments; null for all of them. */
  readonly environments: readonly string[] | null
  /** The one service that it is for; absent for all that a control plane has. */
  readonly service?: string
}

/** How a principal showed who it is. */
export type Proof =
  /** The owner's token of the state directory, or a command in the control plane's own process. */
  | { readonly kind: 'root' }
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'session'; readonly id: string }

/** Whoever asks, once it is known who that is. */
export type Principal = {
  /** `service` and `workload` are programs: a token that an admin made, and a job of a CI service that was let in by a trust rule. */
  readonly kind: 'root' | 'person' | 'service' | 'workload'
  /** The name in the ledger. Only a person's has no colon in it, so that no program can take the name of a person. */
  readonly name: string
  readonly groups: readonly string[]
  readonly grants: readonly Grant[]
  /** What the token lets through of the grants; null where it lets through all. */
  readonly scope: readonly Grant[] | null
  readonly proof: Proof
  /** Epoch ms; null for what does not end by itself. */
  readonly expiresAt: number | null
}

/** Where something is to be done; null parts for what is of no one service, or of no one environment. */
export type Place = { readonly service: string | null; readonly environment: string | null }

/** Permissions that count for the whole service wherever they were granted. */
const anywhere: ReadonlySet<Permission> = new Set(['view', 'plan', 'run'])

/** Whether a principal may do something at a place. */
export const allows = ({ grants, scope }: Principal, permission: Permission, place: Place): boolean =>
  isGranted(grants, permission, place) && (scope === null || isGranted(scope, permission, place))

/** Whether a principal may do something in some environment, whichever: what is known before the place is. */
export const mayAtAll = ({ grants, scope }: Principal, permission: Permission): boolean =>
  [grants, scope ?? grants].every((some) => some.some(({ role }) => rolePermissions[role].includes(permission)))

const isGranted = (grants: readonly Grant[], permission: Permission, place: Place): boolean =>
  grants.some(
    (grant) =>
      rolePermissions[grant.role].includes(permission) &&
      (grant.service === undefined || grant.service === place.service) &&
      (grant.environments === null ||
        anywhere.has(permission) ||
        (place.environment !== null && grant.environments.includes(place.environment))),
  )

/** Whether every power in `scope` is one that the grants give: nobody hands on what it does not have. */
export const covers = (grants: readonly Grant[], scope: readonly Grant[]): boolean =>
  scope.every(({ role, environments, service = null }) =>
    rolePermissions[role].every((permission) =>
      (environments ?? [null]).every((environment) => isGranted(grants, permission, { service, environment })),
    ),
  )

/** Why a principal may not, and which roles may. */
export const refusalText = ({ name, scope }: Principal, permission: Permission, { environment }: Place): string => {
  const where = environment === null ? '' : ` in ${environment}`
  const who = scope === null ? name : `this token of ${name}`
  return `${who} may not ${permissionWords[permission]}${where}; that takes ${rolesWith(permission).join(' or ')}${where === '' ? '' : ' there'}`
}

/** A grant in words: `deployer in staging, production`. */
export const grantText = ({ role, environments, service }: Grant): string =>
  `${role}${environments === null ? '' : ` in ${environments.join(', ')}`}${service === undefined ? '' : ` of ${service}`}`

/** The owner of the control plane, under the name that it gives itself. */
export const rootPrincipal = (name: string): Principal => ({
  kind: 'root',
  name,
  groups: [],
  grants: [{ role: 'admin', environments: null }],
  scope: null,
  proof: { kind: 'root' },
  expiresAt: null,
})
