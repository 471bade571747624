/** What somebody may do, and who may do what they may not. */
import { type Permission, rolesWith } from '../../sluice/src/core/identity/permissions.ts'
import type { WhoView } from '../../sluice/src/http/client/identity-views.ts'

/** What something takes, and where; null for what is of no one environment. */
export type Needs = { readonly permission: Permission; readonly environment: string | null }

/** Why somebody may not, and who may; null for who may, and for as long as that is not known. */
export const barOf = (asker: WhoView | null, { permission, environment }: Needs): string | null => {
  if (asker === null) return null
  const there = environment === null ? undefined : asker.environments.find(({ name }) => name === environment)
  if ((there?.may ?? asker.may).includes(permission)) return null
  const where =
    environment === null
      ? asker.environments.some(({ may }) => may.includes(permission))
        ? ' everywhere'
        : ''
      : ` in ${environment}`
  return `takes ${rolesWith(permission).join(' or ')}${where}`
}
