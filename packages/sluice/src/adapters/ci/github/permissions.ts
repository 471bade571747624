/** `permissions` of called workflows: none may ask for more than its caller has, or GitHub does not start the run. Source: docs.github.com, "Reusing workflow configurations", read 2026-08. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import { isMapping, textOf } from './expressions.ts'

/** What a token may do, by scope; a scope that is not there is not allowed. Null: nothing is said, so everything is. */
export type Permissions = Readonly<Record<string, string>> | 'read-all' | 'write-all' | null

/** Permissions as written on a job or workflow. */
export const permissionsOf = (written: JsonValue | undefined): Permissions => {
  if (written === 'read-all' || written === 'write-all') return written
  if (!isMapping(written)) return null
  return Object.fromEntries(Object.entries(written).map(([scope, level]) => [scope, textOf(level)]))
}

/** `'actions: write', but is only allowed 'actions: read'` for what is asked beyond what is allowed; null where it is all allowed. */
export const excess = (asked: Permissions, allowed: Permissions): string | null => {
  if (asked === null || allowed === null || allowed === 'write-all') return null
  if (typeof asked === 'string')
    return rank(asked) > rank(typeof allowed === 'string' ? allowed : 'none')
      ? `'${asked}', but is only allowed '${typeof allowed === 'string' ? allowed : listed(allowed)}'`
      : null
  const scopes = Object.keys(asked).filter((scope) => rank(asked[scope]) > rank(levelIn(allowed, scope)))
  if (scopes.length === 0) return null
  const told = (read: (scope: string) => string): string => scopes.map((scope) => `${scope}: ${read(scope)}`).join(', ')
  return `'${told((scope) => asked[scope] ?? 'none')}', but is only allowed '${told((scope) => levelIn(allowed, scope))}'`
}

const levelIn = (permissions: Exclude<Permissions, null>, scope: string): string => {
  if (permissions === 'read-all') return 'read'
  return permissions === 'write-all' ? 'write' : (permissions[scope] ?? 'none')
}

const rank = (level: string | undefined): number =>
  ({ none: 0, read: 1, 'read-all': 1, write: 2, 'write-all': 2 })[level ?? 'none'] ?? 0

const listed = (permissions: Readonly<Record<string, string>>): string =>
  Object.entries(permissions)
    .map(([scope, level]) => `${scope}: ${level}`)
    .join(', ')
