/**
 * What is said to GitHub, as data: commit statuses, deployments and their statuses (docs.github.com/rest, version 2022-11-28; tests hold each request to GitHub's own
 * OpenAPI description).
 */
import { reportLimits } from '../../../core/limits/report.ts'
import {
  type CommitReport,
  type CommitState,
  described,
  type RolloutReport,
  type RolloutStanding,
} from '../../../core/notify/reports.ts'
import type { ApiCall } from '../../../lib/api-call.ts'

/** A repository: address of the API, and `owner/name`. */
export type Repository = { readonly url: string; readonly repository: string }

/** Of a task of its own among deployments that others make of the same commit. */
const task = 'deploy'

/** GitHub has no state for what was canceled: `error` is what it says itself of a workflow that was. */
const commitStates: Readonly<Record<CommitState, string>> = {
  running: 'pending',
  succeeded: 'success',
  failed: 'failure',
  canceled: 'error',
}

const rolloutStandings: Readonly<Record<RolloutStanding, string>> = {
  waiting: 'queued',
  running: 'in_progress',
  succeeded: 'success',
  failed: 'failure',
  canceled: 'inactive',
}

/** Says how a commit stands. Of several with the same context the newest counts. */
export const commitStatus = (place: Repository, report: CommitReport): ApiCall =>
  post(place, `statuses/${report.commit}`, {
    state: commitStates[report.state],
    context: report.context,
    description: described(report.description, reportLimits.reportDescriptionMax),
    ...(report.url === null ? {} : { target_url: report.url }),
  })

/** Deployments of a commit to an environment, the newest first. */
export const recordsOf = (place: Repository, report: RolloutReport): ApiCall =>
  get(place, 'deployments', {
    sha: report.commit,
    environment: report.environment,
    task,
    per_page: String(reportLimits.reportDeploymentsMax),
  })

/** The newest deployments of any commit to an environment. */
export const recordsTo = (place: Repository, environment: string): ApiCall =>
  get(place, 'deployments', { environment, task, per_page: String(reportLimits.reportEarlierMax) })

/** Asks for what the token must be able to see, and changes nothing. */
export const anything = (place: Repository): ApiCall => get(place, 'deployments', { per_page: '1' })

/** A deployment of just this commit: nothing is merged into it, and whether it is good enough was decided by its gates. */
export const newRecord = (place: Repository, report: RolloutReport): ApiCall =>
  post(place, 'deployments', {
    ref: report.commit,
    task,
    auto_merge: false,
    required_contexts: [],
    payload: { rollout: report.rollout, service: report.service, release: report.release },
    environment: report.environment,
    description: described(report.description, reportLimits.reportDescriptionMax),
    transient_environment: false,
    production_environment: report.isProduction,
  })

/** The newest status of a deployment. */
export const statusOf = (place: Repository, deployment: string): ApiCall =>
  get(place, `deployments/${deployment}/statuses`, { per_page: '1' })

/** What the newest status of a deployment has to be. */
export type RecordStatus = { readonly state: string; readonly description: string }

/** The status that a report asks for. */
export const statusFor = (report: RolloutReport): RecordStatus => ({
  state: rolloutStandings[report.state],
  description: described(report.description, reportLimits.reportDescriptionMax),
})

/** Says how a deployment stands. */
export const newStatus = (
  place: Repository,
  deployment: string,
  { state, description, url }: RecordStatus & { readonly url: string | null },
): ApiCall =>
  post(place, `deployments/${deployment}/statuses`, { state, description, ...(url === null ? {} : { log_url: url }) })

const get = (place: Repository, path: string, query: Readonly<Record<string, string>>): ApiCall => ({
  method: 'GET',
  url: `${addressOf(place, path)}?${new URLSearchParams(query).toString()}`,
  body: null,
})

const post = (place: Repository, path: string, body: Readonly<Record<string, unknown>>): ApiCall => ({
  method: 'POST',
  url: addressOf(place, path),
  body,
})

const addressOf = ({ url, repository }: Repository, path: string): string => `${url}/repos/${repository}/${path}`
