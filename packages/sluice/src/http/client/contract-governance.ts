/** What the routes of governance take and give, as types. Part of `contract.ts`. */
import type { HotfixInput } from './contract-rollback.ts'
import type { DoneView, None, ReasonInput } from './contract.ts'
import type { ApprovalsView, ChangeDetailView, ChangeView, LineView } from './governance-views.ts'
import type { EnvironmentView } from './environment-views.ts'
import type { RolloutsInput } from './list-filters.ts'
import type { PageView, RolloutView, StartedView } from './views.ts'

/** Query, body and response of the routes of governance. */
export type GovernanceContract = {
  'approvals.list': { query: None; body: None; response: ApprovalsView }
  'environments.reject': {
    query: None
    body: { readonly release: string; readonly reason: string }
    response: DoneView
  }
  'rollouts.reject': { query: None; body: { readonly reason: string }; response: RolloutView }
  'line.show': { query: None; body: None; response: LineView }
  'line.stop': {
    query: None
    body: { readonly reason: string; readonly underway?: 'pause' | 'abort' | 'finish' | undefined }
    response: LineView
  }
  'line.resume': { query: None; body: ReasonInput; response: LineView }
  'environments.breakGlass': {
    query: None
    body: {
      readonly reason: string
      readonly release?: string | null | undefined
      readonly purpose?: 'deploy' | 'promote' | undefined
      readonly hotfix?: HotfixInput['hotfix']
    }
    response: StartedView
  }
  'environments.reviewGlass': { query: None; body: { readonly reason: string }; response: EnvironmentView }
  'changes.list': { query: RolloutsInput; body: None; response: PageView<ChangeView> }
  'changes.show': { query: None; body: None; response: ChangeDetailView }
}
