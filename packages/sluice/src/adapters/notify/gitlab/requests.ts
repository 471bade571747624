/** What is said to GitLab, as data: commit statuses and deployments (docs.gitlab.com/api; tests hold each request to what was transcribed of GitLab's OpenAPI description: test/code-hosts/README.md). */
import { reportLimits } from '../../../core/limits/report.ts'
import {
  type CommitReport,
  type CommitState,
  described,
  type RolloutReport,
  type RolloutStanding,
} from '../../../core/notify/reports.ts'
import type { ApiCall } from '../../../lib/api-call.ts'

/** A project: address of the server, and its number or path. */
export type Project = { readonly url: string; readonly project: string }

const commitStates: Readonly<Record<CommitState, string>> = {
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
}

/** GitLab knows no deployment that waits for somebody but its own. */
const rolloutStandings: Readonly<Record<RolloutStanding, string>> = {
  waiting: 'running',
  running: 'running',
  succeeded: 'success',
  failed: 'failed',
  canceled: 'canceled',
}

/** Says how a commit stands. `pipeline`: the one that an earlier status of the run went to, so that all of them go to the same. */
export const commitStatus = (place: Project, report: CommitReport, pipeline: number | null): ApiCall => ({
  method: 'POST',
  url: `${addressOf(place)}/statuses/${report.commit}`,
  body: {
    state: commitStates[report.state],
    name: report.context,
    description: described(report.description, reportLimits.reportDescriptionMaxGitlab),
    ...(report.url === null ? {} : { target_url: report.url }),
    ...(pipeline === null ? {} : { pipeline_id: pipeline }),
  },
})

/** The state that a report asks for, in GitLab's words. */
export const stateFor = (report: RolloutReport): string => rolloutStandings[report.state]

/** The state of what is not in service any more, in GitLab's words. */
export const outOfService = 'canceled'

/** Deployments to an environment, the newest first. */
export const newestRecords = (place: Project, { environment }: RolloutReport): ApiCall => {
  const query = new URLSearchParams({
    environment,
    order_by: 'id',
    sort: 'desc',
    per_page: String(reportLimits.reportDeploymentsMax),
  })
  return { method: 'GET', url: `${addressOf(place)}/deployments?${query.toString()}`, body: null }
}

/** Asks for what the token must be able to see, and changes nothing. */
export const anything = (place: Project): ApiCall => ({
  method: 'GET',
  url: `${addressOf(place)}/deployments?per_page=1`,
  body: null,
})

/** A deployment that is under way; its environment is made with it where there is none of that name. */
export const newRecord = (place: Project, { commit, environment }: RolloutReport): ApiCall => ({
  method: 'POST',
  url: `${addressOf(place)}/deployments`,
  // GitLab wants a name for what is deployed; a release has none but its commit.
  body: { environment, sha: commit, ref: commit, tag: false, status: 'running' },
})

/** How a deployment stands. */
export const recordOf = (place: Project, deployment: string): ApiCall => ({
  method: 'GET',
  url: `${addressOf(place)}/deployments/${deployment}`,
  body: null,
})

/** Says how a deployment stands. */
export const newState = (place: Project, deployment: string, status: string): ApiCall => ({
  method: 'PUT',
  url: `${addressOf(place)}/deployments/${deployment}`,
  body: { status },
})

const addressOf = ({ url, project }: Project): string => `${url}/api/v4/projects/${encodeURIComponent(project)}`
