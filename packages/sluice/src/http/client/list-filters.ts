/** What lists may be asked for: the words of each filter, and the values that it takes where they are closed. The server looks for what is meant, page by page. */
import type { Role } from '../../core/identity/permissions.ts'
import type { PageInput } from './contract.ts'
import type { TokenView } from './identity-views.ts'
import type { IncidentView } from './rollback-views.ts'
import type { RunEventName, RunListView } from './run-views.ts'
import type { TrainView } from './train-views.ts'
import type { RolloutView } from './views.ts'

/** What began in a period, epoch ms: up to, not including, `to`. */
export type BegunInput = { readonly from?: number | undefined; readonly to?: number | undefined }

/** Where a run may stand. */
export const runStatuses = ['running', 'stopping', 'judging', 'cutting', 'succeeded', 'failed', 'cancelled'] as const

/** What a run may be started as. */
export const runEvents = ['manual', 'push', 'pull_request', 'tag', 'schedule'] as const

/** Whose pipeline a run may follow: that of the config, or a document of another system. */
export const runPipelines = ['config', 'github', 'gitlab'] as const

/** Which runs are meant. */
export type RunsInput = PageInput &
  BegunInput & {
    readonly status?: RunListView['status'] | undefined
    readonly branch?: string | undefined
    /** The beginning of its id. */
    readonly commit?: string | undefined
    readonly event?: RunEventName | undefined
    readonly pipeline?: (typeof runPipelines)[number] | undefined
    readonly service?: string | undefined
  }

/** Which releases are meant. */
export type ReleasesInput = PageInput &
  BegunInput & {
    readonly service?: string | undefined
    /** The beginning of it, with or without `v`. */
    readonly version?: string | undefined
    readonly commit?: string | undefined
    /** The environment that they serve now. */
    readonly serves?: string | undefined
    readonly held?: 'true' | 'false' | undefined
  }

/** Where a rollout may stand. */
export const rolloutStatuses = ['advancing', 'reverting', 'succeeded', 'rolled_back', 'parked'] as const

/** Which rollouts are meant; which changes, likewise. */
export type RolloutsInput = PageInput &
  BegunInput & {
    readonly service?: string | undefined
    readonly environment?: string | undefined
    readonly status?: RolloutView['status'] | undefined
  }

/** Where an incident may stand. */
export const incidentStatuses = ['open', 'resolved'] as const

/** Which incidents are meant. */
export type IncidentsInput = PageInput &
  BegunInput & {
    readonly status?: IncidentView['status'] | undefined
    readonly environment?: string | undefined
  }

/** How a drill may end. */
export const drillOutcomes = ['passed', 'failed', 'stayed'] as const

/** Which drills are meant. */
export type DrillsInput = PageInput &
  BegunInput & {
    readonly environment?: string | undefined
    readonly outcome?: (typeof drillOutcomes)[number] | undefined
  }

/** Where a train may stand. */
export const trainStatuses = ['advancing', 'returning', 'parked', 'succeeded', 'rolled_back'] as const

/** Which trains are meant. */
export type TrainsInput = PageInput & BegunInput & { readonly status?: TrainView['status'] | undefined }

/** Which people are meant. */
export type PeopleInput = PageInput & {
  /** Granted by name: that of a group is the config's. */
  readonly role?: Role | undefined
  /** In the name, or in the name of a group. */
  readonly search?: string | undefined
}

/** How a token may stand. */
export const tokenStatuses = ['active', 'expired', 'revoked'] as const

/** Which tokens are meant. */
export type TokensInput = PageInput & {
  readonly owner?: string | undefined
  readonly status?: TokenView['status'] | undefined
}
