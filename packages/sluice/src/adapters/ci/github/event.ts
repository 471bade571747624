/** What a workflow is run for. */
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
  /** What git says about the commit; null where nobody asked. */
  readonly head: HeadCommit | null
}

/** The commit of an event: its whole message, who wrote it, and when it was committed (ISO 8601). */
export type HeadCommit = {
  readonly message: string
  readonly author: string
  readonly email: string
  readonly timestamp: string
}

/** What whoever starts a run knows: which event, and what git says. */
export type EventFacts = Pick<
  GithubEvent,
  'name' | 'sha' | 'before' | 'repository' | 'actor' | 'defaultBranch' | 'changedFiles' | 'inputs' | 'payload' | 'head'
> & {
  /** The branch that is checked out; null on none. */
  readonly branch: string | null
  /** A tag of the commit, where the run is one of a tag. */
  readonly tag: string | null
  /** Cron lines of the workflow; the first stands for the schedule. */
  readonly crons: readonly string[]
  /** Activities that the workflow waits for; the first stands for the event's, unless the usual one is among them. */
  readonly activities: readonly string[]
}

/**
 * The event with refs as GitHub would have them: a pull request goes from the branch to the default one and is number 1; every other event is one of the branch, or of the tag. What a given payload says
 * of it (activity, branches, ref, inputs, schedule, sender, repository) goes before.
 */
export const eventFrom = (facts: EventFacts): GithubEvent => {
  const { branch, tag, crons, activities, ...rest } = facts
  const said = saidBy(facts.payload)
  const main = said.defaultBranch ?? facts.defaultBranch
  const head = said.headRef ?? branch ?? main
  const isPullRequest = facts.name.startsWith('pull_request')
  const own = tag === null ? `refs/heads/${branch ?? main}` : `refs/tags/${tag}`
  const base = said.baseRef ?? main
  return {
    ...rest,
    repository: said.repository ?? facts.repository,
    actor: said.actor ?? facts.actor,
    defaultBranch: main,
    inputs: { ...said.inputs, ...facts.inputs },
    action: said.action ?? activityOf(facts.name, activities),
    ref: said.ref ?? refOf(facts.name, { own, base: `refs/heads/${base}`, number: said.number ?? 1 }),
    headRef: isPullRequest ? head : null,
    baseRef: isPullRequest ? base : null,
    cron: facts.name === 'schedule' ? (said.cron ?? crons[0] ?? null) : null,
  }
}

/** A push to an open pull request is the usual one; another event has whatever its workflow waits for. */
const activityOf = (name: string, activities: readonly string[]): string | null => {
  const usual = name === 'pull_request' || name === 'pull_request_target' ? 'synchronize' : null
  return usual !== null && (activities.length === 0 || activities.includes(usual)) ? usual : (activities[0] ?? null)
}

type Place = { readonly own: string; readonly base: string; readonly number: number }

/** Pull requests are of the merge of both branches, `pull_request_target` and schedules of the base. Source: docs.github.com, "Events that trigger workflows", read 2026-08. */
const refOf = (name: string, { own, base, number }: Place): string => {
  if (name === 'pull_request_target' || name === 'schedule') return base
  return name.startsWith('pull_request') ? `refs/pull/${number}/merge` : own
}

type Said = {
  readonly action: string | null
  readonly number: number | null
  readonly headRef: string | null
  readonly baseRef: string | null
  readonly ref: string | null
  readonly inputs: Texts
  readonly cron: string | null
  readonly actor: string | null
  readonly repository: string | null
  readonly defaultBranch: string | null
}

/** What a payload says of its event, in the fields that GitHub's own have. */
const saidBy = (payload: JsonValue): Said => {
  const read = (...path: readonly string[]): JsonValue =>
    path.reduce<JsonValue>((at, key) => (isMapping(at) ? (at[key] ?? null) : null), payload)
  const text = (...path: readonly string[]): string | null => {
    const value = read(...path)
    return typeof value === 'string' && value !== '' ? value : null
  }
  const number = read('pull_request', 'number') ?? read('number')
  const ref = text('ref')
  const tag = text('release', 'tag_name')
  const inputs = read('inputs')
  return {
    action: text('action'),
    number: typeof number === 'number' ? number : null,
    headRef: text('pull_request', 'head', 'ref'),
    baseRef: text('pull_request', 'base', 'ref'),
    ref: tag === null ? (ref?.startsWith('refs/') === true ? ref : null) : `refs/tags/${tag}`,
    inputs: Object.fromEntries(
      Object.entries(isMapping(inputs) ? inputs : {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
    cron: text('schedule'),
    actor: text('sender', 'login'),
    repository: text('repository', 'full_name'),
    defaultBranch: text('repository', 'default_branch'),
  }
}

/** The event that a run is for when nobody says one: a push if the workflow runs on that, else the next usual one, else its first. */
export const usualEvent = (events: readonly string[]): string =>
  ['push', 'pull_request', 'workflow_dispatch', 'schedule'].find((name) => events.includes(name)) ?? events[0] ?? 'push'

/** What in the commit's message keeps pushes and pull requests from starting anything; null for nothing. Source: docs.github.com, "Skip workflow runs", read 2026-08. */
export const skipInstruction = ({ name, head }: Pick<GithubEvent, 'name' | 'head'>): string | null => {
  if (head === null || (name !== 'push' && name !== 'pull_request')) return null
  const [word = null] = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]/.exec(head.message) ?? []
  return word ?? /\n\nskip-checks: ?true$/.exec(head.message)?.[0].trim() ?? null
}

/** Short name of a ref: `main` of `refs/heads/main`, `7/merge` of `refs/pull/7/merge`. */
export const refName = (ref: string): string => ref.replace(/^refs\/(?:heads|tags|pull)\//, '')

type Mapping = { readonly [key: string]: JsonValue }

const isMapping = (value: JsonValue): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
