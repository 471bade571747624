/** What the API tells of traffic besides its split, and of maintenance; see `views.ts`. */
import type { Actor } from '../../core/model.ts'
import type { ReleaseRef } from './views.ts'

/** Requests that are no sample: a rule chose the arm, the client stayed with its release, an asset of another release, or copies. */
export type ApartView = {
  readonly why: 'rule' | 'preview' | 'skew' | 'asset' | 'mirror'
  readonly release: ReleaseRef
  readonly requests: number
  readonly bad: number
  /** Copies that were left out. */
  readonly skipped: number
}

/** What somebody wants between clients and the release, and whether the data plane has it. */
export type MaintenanceView = {
  /** `off`: it is being ended. */
  readonly kind: 'page' | 'hold' | 'off'
  /** Null when it is being ended. */
  readonly by: Actor | null
  readonly reason: string | null
  readonly since: number | null
  /** When requests go on by themselves; null for a page. */
  readonly until: number | null
  readonly status: 'applying' | 'in_force' | 'refused'
  /** Why it is not in force; null when it is. */
  readonly detail: string | null
}
