/** People, tokens and sessions as the API tells them: made field by field, so that nothing else can come along. */
import { allows, type Principal } from '../../core/identity/access.ts'
import { permissions } from '../../core/identity/permissions.ts'
import { limits } from '../../core/limits.ts'
import type { Person, Session, Token } from '../../engine/trusted.ts'
import type { PersonView, SessionView, TokenView, WhoView } from '../client/identity-views.ts'

/** Who asks; `environments` are those that there are. */
export const whoView = (
  principal: Principal,
  { service, environments }: { readonly service: string | null; readonly environments: readonly string[] },
): WhoView => {
  const { kind, name, groups, grants, scope, proof, expiresAt } = principal
  const mayAt = (environment: string | null): WhoView['may'] =>
    permissions.filter((permission) => allows(principal, permission, { service, environment }))
  return {
    kind,
    name,
    groups,
    grants,
    scope,
    by: proof.kind,
    id: proof.kind === 'root' ? null : proof.id,
    expiresAt,
    may: mayAt(null),
    environments: environments.map((environment) => ({ name: environment, may: mayAt(environment) })),
  }
}

/** A token at a moment. */
export const tokenView = (token: Token, now: number): TokenView => {
  const { id, kind, label, owner, scope, issuedAt, issuedBy, expiresAt, usedAt, workload } = token
  const isRevoked = token.status === 'revoked'
  return {
    id,
    kind,
    label,
    owner,
    scope,
    status: isRevoked ? 'revoked' : now >= expiresAt ? 'expired' : 'active',
    issuedAt,
    issuedBy,
    expiresAt,
    usedAt,
    revokedAt: isRevoked ? token.revokedAt : null,
    revokedBy: isRevoked ? token.revokedBy : null,
    workload: workload ?? null,
  }
}

/** A session at a moment. */
export const sessionView = (session: Session, now: number): SessionView => {
  const { id, name, method, carrier, startedAt, seenAt, expiresAt } = session
  const isExpired = now >= Math.min(expiresAt, seenAt + limits.sessionIdleMs)
  const status = session.status === 'over' ? 'over' : isExpired ? 'expired' : 'open'
  return { id, name, method, carrier, status, startedAt, seenAt, expiresAt }
}

/** A person. */
export const personView = ({
  name,
  status,
  source,
  grants,
  groups,
  addedAt,
  addedBy,
  passwordAt,
}: Person): PersonView => ({
  name,
  status,
  source: source.kind,
  issuer: source.kind === 'oidc' ? source.issuer : null,
  grants,
  groups,
  addedAt,
  addedBy,
  passwordAt,
})
