/** The `github` context, and the default variables that say the same to processes. Source: docs.github.com, "Contexts reference" and "Variables reference", read 2026-08. */
import type { JsonValue, Texts } from '../../../core/pipeline/job-plan.ts'
import { textOf } from './expressions.ts'
import { refName, type GithubEvent } from './event.ts'
import { payloadOf, type EventCommit } from './payload.ts'

/** Which run; null before there is one. */
export type RunIdentity = { readonly id: string; readonly number: number; readonly attempt: number }

/** What the context is made of. */
export type GithubContextParts = {
  readonly event: GithubEvent
  readonly run: RunIdentity | null
  readonly commit: EventCommit | null
  readonly workflow: { readonly name: string; readonly file: string }
  /** Id of the job; null outside of one. */
  readonly job: string | null
  readonly token: string
}

/** The `github` context without what belongs to one step (`action`, `action_path`, `workspace`, files). */
export const githubContext = ({
  event,
  run,
  commit,
  workflow,
  job,
  token,
}: GithubContextParts): { readonly [key: string]: JsonValue } => {
  const [owner = ''] = event.repository.split('/')
  const workflowRef = `${event.repository}/${workflow.file}@${event.ref}`
  return {
    token,
    job: job ?? '',
    ref: event.ref,
    sha: event.sha,
    repository: event.repository,
    repository_owner: owner,
    repository_owner_id: '1',
    repositoryUrl: `git://github.com/${event.repository}.git`,
    run_id: run === null ? '' : runNumber(run),
    run_number: run === null ? '' : String(run.number),
    retention_days: '90',
    run_attempt: run === null ? '' : String(run.attempt),
    artifact_cache_size_limit: '10',
    repository_visibility: 'private',
    repository_id: '1',
    actor_id: '1',
    actor: event.actor,
    triggering_actor: event.actor,
    workflow: workflow.name,
    workflow_ref: workflowRef,
    workflow_sha: event.sha,
    head_ref: event.headRef ?? '',
    base_ref: event.baseRef ?? '',
    event_name: event.name,
    event: payloadOf(event, { commit, file: workflow.file }),
    server_url: 'https://github.com',
    api_url: 'https://api.github.com',
    graphql_url: 'https://api.github.com/graphql',
    ref_name: refName(event.ref),
    ref_protected: false,
    ref_type: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    secret_source: 'Actions',
  }
}

/** `GITHUB_…` variables that follow from the context. */
export const githubVariables = (context: { readonly [key: string]: JsonValue }): Texts => {
  const entries = variableNames.map((name) => [`GITHUB_${name.toUpperCase()}`, textOf(context[name] ?? null)])
  return Object.fromEntries(entries)
}

/** GitHub's run ids are numbers, and programs parse them; an id of ours that is none stands as the run's number. */
const runNumber = ({ id, number }: RunIdentity): string => (/^\d+$/.test(id) ? id : String(number))

const variableNames = [
  'actor',
  'actor_id',
  'api_url',
  'base_ref',
  'event_name',
  'graphql_url',
  'head_ref',
  'job',
  'ref',
  'ref_name',
  'ref_protected',
  'ref_type',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'retention_days',
  'run_attempt',
  'run_id',
  'run_number',
  'server_url',
  'sha',
  'triggering_actor',
  'workflow',
  'workflow_ref',
  'workflow_sha',
]
