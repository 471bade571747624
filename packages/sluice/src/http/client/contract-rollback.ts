/** What the routes of going back take and give, as types. Part of `contract.ts`. */
import type { Override } from '../../core/admission.ts'
import type { RollbackReason } from '../../core/hold.ts'
import type { DoneView, None, ReasonInput, ReleaseInput } from './contract.ts'
import type { DrillsInput, IncidentsInput } from './list-filters.ts'
import type { DrillView, IncidentView } from './rollback-views.ts'
import type { PageView } from './views.ts'

/** What is passed over although it is refused. */
export type OverridesInput = { readonly overrides?: readonly Override[] | null | undefined }

/** That it is a hotfix, and which rollouts it makes good (or their changes); null for neither. */
export type HotfixInput = { readonly hotfix?: { readonly remediates: readonly string[] } | null | undefined }

/** What is asked of a rollback. */
export type RollbackInput = ReleaseInput &
  OverridesInput & {
    readonly category?: RollbackReason | null | undefined
    readonly emergency?: boolean | null | undefined
  }

/** Query, body and response of the routes of going back. */
export type RollbackContract = {
  'releases.hold': {
    query: None
    body: { readonly reason: string; readonly category?: RollbackReason | null | undefined }
    response: DoneView
  }
  'releases.unhold': { query: None; body: ReasonInput; response: DoneView }
  'incidents.list': { query: IncidentsInput; body: None; response: PageView<IncidentView> }
  'incidents.show': { query: None; body: None; response: IncidentView }
  'incidents.open': {
    query: None
    body: {
      readonly environment: string
      readonly title: string
      readonly category?: RollbackReason | null | undefined
    }
    response: IncidentView
  }
  'incidents.resolve': { query: None; body: ReasonInput; response: IncidentView }
  'drills.list': { query: DrillsInput; body: None; response: PageView<DrillView> }
  'drills.show': { query: None; body: None; response: DrillView }
  'drills.start': {
    query: None
    body: ReasonInput & {
      readonly confirm?: string | null | undefined
      readonly dwellMs?: number | null | undefined
    }
    response: DrillView
  }
}
