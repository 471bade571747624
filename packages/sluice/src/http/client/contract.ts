/** What each route takes and gives, as types. `routes/` holds the schemas to them; the client is typed by them. */
import type { GovernanceContract } from './contract-governance.ts'
import type { ComplianceView, DoraView, PeriodInput } from './delivery-views.ts'
import type {
  LedgerCheckpointView,
  LedgerConsistencyView,
  LedgerExportInput,
  LedgerFilterInput,
  LedgerInclusionView,
  LedgerPageView,
  LedgerPrunedView,
  LedgerVerificationView,
} from './ledger-views.ts'
import type { IdentityContract } from './contract-identity.ts'
import type { NotificationsContract } from './contract-notifications.ts'
import type { HotfixInput, OverridesInput, RollbackContract, RollbackInput } from './contract-rollback.ts'
import type { ReleasesInput, RolloutsInput, RunsInput, TrainsInput } from './list-filters.ts'
import type { ParamsOf, paths, RouteId } from './paths.ts'
import type { SecretsContract } from './secret-views.ts'
import type { SourceContract } from './source-views.ts'
import type { PlanView } from './plan-views.ts'
import type { EnvironmentsView, EnvironmentView, QueueView, VerificationView } from './environment-views.ts'
import type { HealthView, PageView, RolloutDetailView, RolloutView, ServerView, StartedView, WhyView } from './views.ts'
import type { ReleaseDetailView, ReleaseVerificationView, ReleaseView } from './release-views.ts'
import type { AttachmentsView, EvidenceView, InsightsView } from './evidence-views.ts'
import type { TrainStartedView, TrainView } from './train-views.ts'
import type { JobLogView, RunDetailView, RunEventName, RunListView, RunStartedView } from './run-views.ts'

/** What people may say to a rollout. */
export type RolloutCommand = 'pause' | 'resume' | 'abort' | 'skip' | 'retry' | 'promote'

/** Nothing to say. */
export type None = Readonly<Record<string, never>>
/** A page of a list. */
export type PageInput = { readonly limit?: number | undefined; readonly cursor?: string | undefined }
/** A command's reason. */
export type ReasonInput = { readonly reason?: string | null | undefined }
/** A release (id, its beginning, version or `latest`) and why. */
export type ReleaseInput = ReasonInput & { readonly release?: string | null | undefined }
/** The same for a release that is to enter, and what it does while another rollout is under way; as the config says when absent. */
export type EnteringInput = ReleaseInput & { readonly whenBusy?: 'queue' | 'refuse' | 'replace' | null | undefined }

/** Releases that are to go together; a member without a service is of this control plane's own, one without a release takes what a promotion would. */
export type TrainInput = ReasonInput &
  OverridesInput & {
    readonly members: readonly {
      readonly service?: string | null | undefined
      readonly environment: string
      readonly release?: string | null | undefined
    }[]
    readonly order?: 'ordered' | 'parallel' | undefined
  }

/** The done of a command that gives nothing else. */
export type DoneView = None

/** A pipeline of another system; see `ports/pipelines.ts`. What is left out is as usual there. */
export type PipelineInput = {
  readonly kind: 'github' | 'gitlab'
  readonly file: string
  readonly event?: string | null | undefined
  readonly payload?: unknown
  readonly played?: readonly string[] | undefined
  readonly inputs?: Readonly<Record<string, string>> | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly secrets?: Readonly<Record<string, string | null>> | undefined
  readonly secretFiles?: Readonly<Record<string, string>> | undefined
  readonly runners?: Readonly<Record<string, 'here' | 'skip'>> | undefined
  readonly containers?: 'refuse' | 'here' | undefined
  readonly actions?: string | null | undefined
  readonly skippedActions?: readonly string[] | undefined
  readonly skippedIncludes?: readonly string[] | undefined
}

/** Query, body and response of every route. `stream` responses are read with `client.stream`. */
export type Contract = OwnContract &
  RollbackContract &
  IdentityContract &
  GovernanceContract &
  NotificationsContract &
  SecretsContract &
  SourceContract

type OwnContract = {
  'server.show': { query: None; body: None; response: ServerView }
  'environments.list': { query: None; body: None; response: EnvironmentsView }
  'environments.show': { query: None; body: None; response: EnvironmentView }
  'environments.plan': {
    query: {
      readonly release?: string | undefined
      readonly purpose?: 'deploy' | 'promote' | 'rollback' | undefined
      /** Requests per second to reckon with; `observed`: those of the next second. */
      readonly traffic?: number | 'observed' | undefined
      /** Whether it takes the place of a rollout that is under way; as the config says when absent. */
      readonly replace?: 'true' | 'false' | undefined
    }
    body: None
    response: PlanView
  }
  'environments.deploy': { query: None; body: EnteringInput & OverridesInput & HotfixInput; response: StartedView }
  'environments.promote': { query: None; body: EnteringInput & OverridesInput & HotfixInput; response: StartedView }
  'environments.rollback': { query: None; body: RollbackInput; response: StartedView }
  'environments.approve': { query: None; body: ReasonInput & { readonly release: string }; response: DoneView }
  'environments.lock': {
    query: None
    body: { readonly reason: string; readonly until?: number | null | undefined }
    response: EnvironmentView
  }
  'environments.unlock': { query: None; body: ReasonInput; response: EnvironmentView }
  'environments.freeze': {
    query: None
    body: { readonly reason: string; readonly from?: number | null | undefined; readonly until: number }
    response: EnvironmentView
  }
  'environments.maintain': {
    query: None
    body: {
      readonly reason: string
      readonly html?: string | null | undefined
      readonly retryAfterMs?: number | undefined
      readonly holdMs?: number | undefined
    }
    response: EnvironmentView
  }
  'environments.endMaintenance': { query: None; body: ReasonInput; response: EnvironmentView }
  'environments.unfreeze': { query: None; body: ReasonInput; response: EnvironmentView }
  'environments.queue': { query: None; body: None; response: QueueView }
  'environments.dequeue': { query: None; body: ReasonInput; response: QueueView }
  'environments.verify': { query: None; body: ReasonInput; response: VerificationView }
  'releases.list': { query: ReleasesInput; body: None; response: PageView<ReleaseView> }
  'releases.show': { query: None; body: None; response: ReleaseDetailView }
  'releases.verify': { query: { readonly key?: string | undefined }; body: None; response: ReleaseVerificationView }
  'runs.list': { query: RunsInput; body: None; response: PageView<RunListView> }
  'runs.start': {
    query: None
    body: ReasonInput & {
      readonly ref?: string | undefined
      readonly jobs?: readonly string[] | null | undefined
      /** `jobs` are what a change concerns: those that are not for this occasion stay out. */
      readonly affected?: boolean | undefined
      readonly retryOf?: string | null | undefined
      readonly failedOf?: string | null | undefined
      readonly event?: RunEventName | null | undefined
      readonly of?: 'tree' | null | undefined
      /** Whether jobs may come out of the caches; they may when absent. */
      readonly cache?: boolean | undefined
      readonly pipeline?: PipelineInput | null | undefined
    }
    response: RunStartedView
  }
  'runs.show': { query: None; body: None; response: RunDetailView }
  'runs.evidence': { query: None; body: None; response: EvidenceView }
  'runs.attachments': { query: None; body: None; response: AttachmentsView }
  'runs.attachment': { query: { readonly path: string }; body: None; response: 'file' }
  'runs.insights': { query: { readonly runs?: number | undefined }; body: None; response: InsightsView }
  'runs.logs': {
    query: {
      readonly after?: number | undefined
      readonly limit?: number | undefined
      readonly execution?: number | undefined
      readonly search?: string | undefined
      readonly marks?: 'true' | undefined
    }
    body: None
    response: JobLogView
  }
  'runs.play': {
    query: None
    body: ReasonInput & { readonly job: string; readonly inputs?: Readonly<Record<string, string>> | undefined }
    response: DoneView
  }
  'runs.cancel': { query: None; body: ReasonInput; response: DoneView }
  'rollouts.list': { query: RolloutsInput; body: None; response: PageView<RolloutView> }
  'rollouts.show': { query: None; body: None; response: RolloutDetailView }
  'rollouts.why': { query: None; body: None; response: WhyView }
  'rollouts.command': {
    query: None
    body: ReasonInput & { readonly command: RolloutCommand }
    response: RolloutView
  }
  'rollouts.approve': { query: None; body: ReasonInput; response: RolloutView }
  'trains.list': { query: TrainsInput; body: None; response: PageView<TrainView> }
  'trains.start': { query: None; body: TrainInput; response: TrainStartedView }
  'trains.show': { query: None; body: None; response: TrainView }
  'trains.command': {
    query: None
    body: ReasonInput & { readonly command: 'abort' | 'retry' }
    response: TrainView
  }
  'ledger.page': {
    query: {
      readonly after?: number | undefined
      readonly limit?: number | undefined
      readonly id?: string | undefined
      /** `newest`: from the last row, or the one before `before`, backwards; then `next` is the next `before`. */
      readonly order?: 'oldest' | 'newest' | undefined
      readonly before?: number | undefined
    } & LedgerFilterInput
    body: None
    response: LedgerPageView
  }
  'ledger.verify': { query: None; body: None; response: LedgerVerificationView }
  'ledger.export': { query: LedgerExportInput; body: None; response: 'ndjson' }
  'ledger.checkpoint': { query: { readonly size?: number | undefined }; body: None; response: LedgerCheckpointView }
  'ledger.inclusion': {
    query: { readonly seq: number; readonly size?: number | undefined }
    body: None
    response: LedgerInclusionView
  }
  'ledger.consistency': {
    query: { readonly from: number; readonly to?: number | undefined }
    body: None
    response: LedgerConsistencyView
  }
  'ledger.prune': {
    query: None
    body: { readonly before: number; readonly reason: string }
    response: LedgerPrunedView
  }
  'dora.show': { query: PeriodInput; body: None; response: DoraView }
  'report.compliance': { query: PeriodInput; body: None; response: ComplianceView }
  'events.stream': {
    query: {
      readonly after?: number | undefined
      readonly kind?: string | undefined
      readonly id?: string | undefined
      readonly gap?: 'snapshot' | undefined
    }
    body: None
    response: 'sse'
  }
  'metrics.show': { query: None; body: None; response: 'metrics' }
  'health.liveness': { query: None; body: None; response: HealthView }
  'health.readiness': { query: None; body: None; response: HealthView }
  'health.startup': { query: None; body: None; response: HealthView }
}

/** The parameters in a route's path. */
export type ParamsInput<Id extends RouteId> = { readonly [Name in ParamsOf<(typeof paths)[Id]['path']>]: string }

/** Everything a caller says to a route. */
export type RouteInput<Id extends RouteId> = {
  readonly params: ParamsInput<Id>
  readonly query: Contract[Id]['query']
  readonly body: Contract[Id]['body']
}
