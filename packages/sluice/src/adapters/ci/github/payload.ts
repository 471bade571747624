/** The payload that GitHub would send with an event. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { GithubEvent } from './event.ts'

/** What is known about the commit, for the payload. */
export type EventCommit = { readonly id: string; readonly subject: string; readonly author: string }

/** The `github.event` of a run of a workflow's file: its own payload, or a plausible one of the event's documented form. */
export const payloadOf = (
  event: GithubEvent,
  { commit, file }: { readonly commit: EventCommit | null; readonly file: string },
): JsonValue => {
  if (event.payload !== null) return event.payload
  const sender = { login: event.actor, id: 1, type: 'User' }
  const common = { repository: repositoryOf(event), sender }
  if (event.name === 'push') return { ...common, ...pushOf(event, commit) }
  if (event.name === 'pull_request' || event.name === 'pull_request_target')
    return { ...common, ...pullRequestOf(event, commit) }
  if (event.name === 'workflow_dispatch') return { ...common, inputs: event.inputs, ref: event.ref, workflow: file }
  if (event.name === 'release')
    return { ...common, action: event.action ?? 'published', release: releaseOf(event, commit) }
  if (event.name === 'schedule') return { ...common, schedule: event.cron ?? '', workflow: file }
  return { ...common, ...(event.action === null ? {} : { action: event.action }) }
}

const repositoryOf = (event: GithubEvent): JsonValue => {
  const [owner = '', name = ''] = event.repository.split('/')
  const url = `https://github.com/${event.repository}`
  return {
    id: 1,
    name,
    full_name: event.repository,
    private: true,
    fork: false,
    owner: { login: owner, name: owner, id: 1, type: 'User' },
    html_url: url,
    clone_url: `${url}.git`,
    default_branch: event.defaultBranch,
    master_branch: event.defaultBranch,
  }
}

const pushOf = (event: GithubEvent, commit: EventCommit | null): { readonly [key: string]: JsonValue } => {
  const author = {
    name: event.head?.author ?? commit?.author ?? event.actor,
    username: event.actor,
    email: event.head?.email ?? '',
  }
  const head = {
    id: event.sha,
    message: messageOf(event, commit),
    timestamp: event.head?.timestamp ?? '',
    author,
    committer: author,
    distinct: true,
    url: `https://github.com/${event.repository}/commit/${event.sha}`,
  }
  return {
    ref: event.ref,
    before: event.before ?? '0'.repeat(40),
    after: event.sha,
    base_ref: null,
    created: event.before === null,
    deleted: false,
    forced: false,
    compare: `https://github.com/${event.repository}/compare/${event.before ?? ''}...${event.sha}`,
    commits: [head],
    head_commit: head,
    pusher: { name: event.actor, email: '' },
  }
}

const releaseOf = (event: GithubEvent, commit: EventCommit | null): JsonValue => {
  const tag = event.ref.replace(/^refs\/(?:tags|heads)\//, '')
  return {
    id: 1,
    tag_name: tag,
    name: tag,
    target_commitish: event.defaultBranch,
    body: messageOf(event, commit),
    draft: false,
    prerelease: false,
    author: { login: event.actor, id: 1, type: 'User' },
    html_url: `https://github.com/${event.repository}/releases/tag/${tag}`,
  }
}

const messageOf = ({ head }: GithubEvent, commit: EventCommit | null): string => head?.message ?? commit?.subject ?? ''

const pullRequestOf = (event: GithubEvent, commit: EventCommit | null): { readonly [key: string]: JsonValue } => {
  const number = Number(/^refs\/pull\/(\d+)\//.exec(event.ref)?.[1] ?? 1)
  const repo = repositoryOf(event)
  const user = { login: event.actor, id: 1, type: 'User' }
  return {
    action: event.action ?? 'opened',
    number,
    pull_request: {
      id: number,
      number,
      state: 'open',
      title: messageOf(event, commit).split('\n', 1)[0] ?? '',
      body: null,
      draft: false,
      merged: false,
      labels: [],
      user,
      html_url: `https://github.com/${event.repository}/pull/${number}`,
      head: {
        ref: event.headRef ?? '',
        sha: event.sha,
        label: `${event.repository.split('/')[0] ?? ''}:${event.headRef ?? ''}`,
        repo,
        user,
      },
      base: { ref: event.baseRef ?? event.defaultBranch, sha: event.before ?? event.sha, repo, user },
    },
  }
}
