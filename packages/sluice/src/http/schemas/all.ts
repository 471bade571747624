/** The wire types as schemas: what OpenAPI tells, and what tests hold the answers to. */
import { z } from 'zod'
import type { AttachmentsView, EvidenceView, InsightsView } from '../client/evidence-views.ts'
import type { ComplianceView, DoraView } from '../client/delivery-views.ts'
import type {
  LedgerCheckpointView,
  LedgerConsistencyView,
  LedgerInclusionView,
  LedgerPageView,
  LedgerPrunedView,
  LedgerVerificationView,
} from '../client/ledger-views.ts'
import type { DrillView, IncidentView } from '../client/rollback-views.ts'
import type * as environmentViews from '../client/environment-views.ts'
import type * as governanceViews from '../client/governance-views.ts'
import type * as identityViews from '../client/identity-views.ts'
import type * as notificationViews from '../client/notification-views.ts'
import type * as releaseViews from '../client/release-views.ts'
import type * as runViews from '../client/run-views.ts'
import type * as secretViews from '../client/secret-views.ts'
import type * as sourceViews from '../client/source-views.ts'
import type * as trainViews from '../client/train-views.ts'
import type { PlanView } from '../client/plan-views.ts'
import type * as views from '../client/views.ts'
import { compliance, dora } from './deliveries.ts'
import { environment, environments, queue } from './environments.ts'
import { attachments, evidence, insights } from './evidence.ts'
import { at } from './fields.ts'
import { approvals, change, changeDetail, line } from './governance.ts'
import { person, session, sessionStarted, signInTicket, signInWays, token, tokenIssued, who } from './identity.ts'
import {
  ledgerCheckpoint,
  ledgerConsistency,
  ledgerInclusion,
  ledgerPruned,
  ledgerPage,
  ledgerVerification,
} from './ledger.ts'
import { channels, channelTest, message, notificationReasons, retried } from './notifications.ts'
import { release, releaseDetail, releaseVerification } from './releases.ts'
import { drill, incident } from './rollback.ts'
import { plan, rollout, rolloutDetail, why } from './rollouts.ts'
import { arrival, hookTaken, source } from './source.ts'
import { secretList, secretSet } from './secrets.ts'
import { train, trainStarted } from './trains.ts'
import { verification } from './verification.ts'
import { jobLog, runDetail, runListed, runStarted } from './runs.ts'

const pageOf = <Item>(item: z.ZodType<Item>): z.ZodType<views.PageView<Item>> =>
  z.strictObject({ items: z.array(item), next: z.string().nullable() })

/** The schema of each view, by the name that OpenAPI gives it. */
export const schemas: Schemas = {
  Server: z.strictObject({
    version: z.string(),
    pid: z.number(),
    startedAt: at,
    service: z.string().nullable(),
    projectDir: z.string(),
    stateDir: z.string(),
  }),
  Environment: environment,
  Environments: environments,
  Queue: queue,
  Plan: plan,
  Verification: verification,
  Started: z.strictObject({
    rollout: z.string(),
    kind: z.enum(['started', 'aborted', 'queued']),
    incident: z.string().optional(),
  }),
  Done: z.strictObject({}),
  Releases: pageOf(release),
  Release: releaseDetail,
  ReleaseVerification: releaseVerification,
  Runs: pageOf(runListed),
  Run: runDetail,
  RunStarted: runStarted,
  Evidence: evidence,
  Attachments: attachments,
  Insights: insights,
  JobLog: jobLog,
  Rollouts: pageOf(rollout),
  Rollout: rollout,
  RolloutDetail: rolloutDetail,
  Why: why,
  Approvals: approvals,
  Line: line,
  Change: changeDetail,
  Changes: pageOf(change),
  Incident: incident,
  Incidents: pageOf(incident),
  Drill: drill,
  Drills: pageOf(drill),
  Train: train,
  Trains: pageOf(train),
  TrainStarted: trainStarted,
  Message: message,
  Messages: pageOf(message),
  Retried: retried,
  Channels: channels,
  ChannelTest: channelTest,
  NotificationReasons: notificationReasons,
  Source: source,
  Arrival: arrival,
  Arrivals: pageOf(arrival),
  HookTaken: hookTaken,
  Who: who,
  SessionStarted: sessionStarted,
  Session: session,
  SignInWays: signInWays,
  SignInTicket: signInTicket,
  Sessions: pageOf(session),
  Token: token,
  Tokens: pageOf(token),
  TokenIssued: tokenIssued,
  Person: person,
  People: pageOf(person),
  Secrets: secretList,
  SecretSet: secretSet,
  LedgerPage: ledgerPage,
  LedgerVerification: ledgerVerification,
  LedgerCheckpoint: ledgerCheckpoint,
  Dora: dora,
  Compliance: compliance,
  LedgerInclusion: ledgerInclusion,
  LedgerPruned: ledgerPruned,
  LedgerConsistency: ledgerConsistency,
  Health: z.strictObject({ status: z.enum(['ok', 'unavailable']), detail: z.string() }),
  Problem: z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    name: z.string(),
    retry: z.enum(['never', 'same', 'later']),
    hint: z.string().nullable(),
    evidence: z.array(z.string()),
  }),
}

/** Names and types of the schemas. */
export type Schemas = {
  readonly Server: z.ZodType<views.ServerView>
  readonly Environment: z.ZodType<environmentViews.EnvironmentView>
  readonly Environments: z.ZodType<environmentViews.EnvironmentsView>
  readonly Queue: z.ZodType<environmentViews.QueueView>
  readonly Plan: z.ZodType<PlanView>
  readonly Verification: z.ZodType<environmentViews.VerificationView>
  readonly Started: z.ZodType<views.StartedView>
  readonly Done: z.ZodType<Readonly<Record<string, never>>>
  readonly Releases: z.ZodType<views.PageView<releaseViews.ReleaseView>>
  readonly Release: z.ZodType<releaseViews.ReleaseDetailView>
  readonly ReleaseVerification: z.ZodType<releaseViews.ReleaseVerificationView>
  readonly Runs: z.ZodType<views.PageView<runViews.RunListView>>
  readonly Run: z.ZodType<runViews.RunDetailView>
  readonly RunStarted: z.ZodType<runViews.RunStartedView>
  readonly Evidence: z.ZodType<EvidenceView>
  readonly Attachments: z.ZodType<AttachmentsView>
  readonly Insights: z.ZodType<InsightsView>
  readonly JobLog: z.ZodType<runViews.JobLogView>
  readonly Rollouts: z.ZodType<views.PageView<views.RolloutView>>
  readonly Rollout: z.ZodType<views.RolloutView>
  readonly RolloutDetail: z.ZodType<views.RolloutDetailView>
  readonly Why: z.ZodType<views.WhyView>
  readonly Approvals: z.ZodType<governanceViews.ApprovalsView>
  readonly Line: z.ZodType<governanceViews.LineView>
  readonly Change: z.ZodType<governanceViews.ChangeDetailView>
  readonly Changes: z.ZodType<views.PageView<governanceViews.ChangeView>>
  readonly Incident: z.ZodType<IncidentView>
  readonly Incidents: z.ZodType<views.PageView<IncidentView>>
  readonly Drill: z.ZodType<DrillView>
  readonly Drills: z.ZodType<views.PageView<DrillView>>
  readonly Train: z.ZodType<trainViews.TrainView>
  readonly Trains: z.ZodType<views.PageView<trainViews.TrainView>>
  readonly TrainStarted: z.ZodType<trainViews.TrainStartedView>
  readonly Message: z.ZodType<notificationViews.MessageView>
  readonly Messages: z.ZodType<views.PageView<notificationViews.MessageView>>
  readonly Retried: z.ZodType<notificationViews.RetriedView>
  readonly Channels: z.ZodType<notificationViews.ChannelsView>
  readonly ChannelTest: z.ZodType<notificationViews.ChannelTestView>
  readonly NotificationReasons: z.ZodType<notificationViews.NotificationReasonsView>
  readonly Source: z.ZodType<sourceViews.SourceView>
  readonly Arrival: z.ZodType<sourceViews.ArrivalView>
  readonly Arrivals: z.ZodType<views.PageView<sourceViews.ArrivalView>>
  readonly HookTaken: z.ZodType<sourceViews.HookTakenView>
  readonly Who: z.ZodType<identityViews.WhoView>
  readonly SessionStarted: z.ZodType<identityViews.SessionStartedView>
  readonly Session: z.ZodType<identityViews.SessionView>
  readonly SignInWays: z.ZodType<identityViews.SignInWaysView>
  readonly SignInTicket: z.ZodType<identityViews.TicketView>
  readonly Sessions: z.ZodType<views.PageView<identityViews.SessionView>>
  readonly Token: z.ZodType<identityViews.TokenView>
  readonly Tokens: z.ZodType<views.PageView<identityViews.TokenView>>
  readonly TokenIssued: z.ZodType<identityViews.TokenIssuedView>
  readonly Person: z.ZodType<identityViews.PersonView>
  readonly People: z.ZodType<views.PageView<identityViews.PersonView>>
  readonly Secrets: z.ZodType<secretViews.SecretsView>
  readonly SecretSet: z.ZodType<secretViews.SecretSetView>
  readonly LedgerPage: z.ZodType<LedgerPageView>
  readonly LedgerVerification: z.ZodType<LedgerVerificationView>
  readonly Dora: z.ZodType<DoraView>
  readonly Compliance: z.ZodType<ComplianceView>
  readonly LedgerCheckpoint: z.ZodType<LedgerCheckpointView>
  readonly LedgerPruned: z.ZodType<LedgerPrunedView>
  readonly LedgerInclusion: z.ZodType<LedgerInclusionView>
  readonly LedgerConsistency: z.ZodType<LedgerConsistencyView>
  readonly Health: z.ZodType<views.HealthView>
  readonly Problem: z.ZodType<views.ProblemView>
}
