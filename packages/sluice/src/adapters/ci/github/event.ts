/** What a workflow is run for, and the payload that GitHub would send with it. */
import type { JsonValue, Texts } from '../../../core/pipeline/job-plan.ts'

/** The event of a run. Nothing of it is asked from GitHub: whoever starts the run says it. */
export type GithubEvent = {
  /** `push`, `pull_request`, `workflow_dispatch`, `schedule` … */
  readonly name: string
  /** Activity of the event (`opened`); null for events without. */
  readonly action: string | null
  /** `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`. */
  readonly ref: string
  readonly sha: string
  /** The commit before (a push), or that of the base branch (a pull request); null where there is none. */
  readonly before: string | null
  /** Branches of a pull request; null otherwise. */
  readonly headRef: string | null
  readonly baseRef: string | null
  /** `owner/name`. */
  readonly repository: string
  readonly actor: string
  readonly defaultBranch: string
  /** Files that changed, relative to the root; null where that is not known (then path filters let everything pass). */
  readonly changedFiles: readonly string[] | null
  /** Inputs of a `workflow_dispatch`, as typed. */
  readonly inputs: Texts
  /** Which of the schedules, for `schedule`. */
  readonly cron: string | null
  /** What stands in `github.event` instead of what is made up here; null for none. */
  readonly payload: JsonValue
}

/** What whoever starts a run knows: which event, and what git says. */
export type EventFacts = Pick<
  GithubEvent,
  'name' | 'sha' | 'before' | 'repository' | 'actor' | 'defaultBranch' | 'changedFiles' | 'inputs' | 'payload'
> & {
  /** The branch that is checked out; null on none. */
  readonly branch: string | null
  /** A tag of the commit, where the run is one of a tag. */
  readonly tag: string | null
  /** Cron lines of the workflow; the first stands for the schedule. */
  readonly crons: readonly string[]
}

/** The event with refs as GitHub would have them: a pull request goes from the branch to the default one and is number 1; every other event is one of the branch, or of the tag. */
export const eventFrom = (facts: EventFacts): GithubEvent => {
  const { branch, tag, crons, ...rest } = facts
  const head = branch ?? facts.defaultBranch
  const isPullRequest = facts.name.startsWith('pull_request')
  const own = tag === null ? `refs/heads/${head}` : `refs/tags/${tag}`
  return {
    ...rest,
    action: isPullRequest ? 'synchronize' : null,
    ref: refOf(facts.name, { own, base: `refs/heads/${facts.defaultBranch}` }),
    headRef: isPullRequest ? head : null,
    baseRef: isPullRequest ? facts.defaultBranch : null,
    cron: facts.name === 'schedule' ? (crons[0] ?? null) : null,
  }
}

/** `pull_request` is of the merge of both branches, `pull_request_target` and schedules of the base. Source: docs.github.com, "Events that trigger workflows", read 2026-08. */
const refOf = (name: string, { own, base }: { readonly own: string; readonly base: string }): string => {
  if (name === 'pull_request') return 'refs/pull/1/merge'
  return name === 'pull_request_target' || name === 'schedule' ? base : own
}

/** The event that a run is for when nobody says one: a push if the workflow runs on that, else the next usual one, else its first. */
export const usualEvent = (events: readonly string[]): string =>
  ['push', 'pull_request', 'workflow_dispatch', 'schedule'].find((name) => events.includes(name)) ?? events[0] ?? 'push'

/** What is known about the commit, for the payload. */
export type EventCommit = { readonly id: string; readonly subject: string; readonly author: string }

/** The `github.event` of a run: its own payload, or a plausible one of the event's documented form. */
export const payloadOf = (event: GithubEvent, commit: EventCommit | null): JsonValue => {
  if (event.payload !== null) return event.payload
  const sender = { login: event.actor, id: 1, type: 'User' }
  const common = { repository: repositoryOf(event), sender }
  if (event.name === 'push') return { ...common, ...pushOf(event, commit) }
  if (event.name === 'pull_request' || event.name === 'pull_request_target')
    return { ...common, ...pullRequestOf(event, commit) }
  if (event.name === 'workflow_dispatch') return { ...common, inputs: event.inputs, ref: event.ref, workflow: null }
  if (event.name === 'schedule') return { ...common, schedule: event.cron ?? '' }
  return { ...common, ...(event.action === null ? {} : { action: event.action }) }
}

/** Short name of a ref: `main` of `refs/heads/main`, `7/merge` of `refs/pull/7/merge`. */
export const refName = (ref: string): string => ref.replace(/^refs\/(?:heads|tags|pull)\//, '')

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
  const author = { name: commit?.author ?? event.actor, username: event.actor, email: '' }
  const head = {
    id: event.sha,
    message: commit?.subject ?? '',
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
      title: commit?.subject ?? '',
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
