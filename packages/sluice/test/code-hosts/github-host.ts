/** A GitHub on loopback, as far as Sluice talks to it. Its answers are in the forms of GitHub's own description, to which they are held as they are given. */
import { smallestOf } from './openapi.ts'
import { type Asked, type Host, openHost, type Said } from './host.ts'

/** A review of a pull request. */
export type Review = {
  readonly by: string
  readonly state: string
  readonly commit: string
  readonly at: string
  readonly association?: string
}

/** A pull request that the commit is in. */
export type PullRequest = {
  readonly author: string
  readonly head: string
  /** The commit that merging it made; null while it is open. */
  readonly mergedAs: string | null
  readonly isClosed?: true
  /** Who wrote its commits, where that is not its author alone; null for one that no account is known of. */
  readonly writers?: readonly (string | null)[]
  readonly reviews: readonly Review[]
}

/** A GitHub that is listening, and what has become of it. */
export type GithubHost = Host & {
  /** Statuses of commits, in the order in which they were said: `<context>: <state> (<description>)`. */
  readonly statuses: () => readonly string[]
  /** Deployments in the order of their making, each with the states that it went through. */
  readonly deployments: () => readonly GithubDeployment[]
  /** Pull requests by their numbers; all of them have the commit in them. */
  readonly pulls: Map<number, PullRequest>
}

/** A deployment as it is looked at by tests. */
export type GithubDeployment = {
  readonly commit: string
  readonly environment: string
  readonly isProduction: boolean
  readonly states: readonly string[]
}

/** The token that is let in. */
export const githubToken = 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB'

type Kept = {
  readonly id: number
  readonly body: Readonly<Record<string, unknown>>
  readonly statuses: Readonly<Record<string, unknown>>[]
}

const at = '2026-11-27T03:00:00Z'

/** Opens one. `under`: what comes before the paths of its API. */
export const openGithub = async (under = ''): Promise<GithubHost> => {
  const statuses: string[] = []
  const kept: Kept[] = []
  const pulls = new Map<number, PullRequest>()
  const host = await openHost({
    document: new URL('github.openapi.json', import.meta.url),
    under,
    isLetIn: ({ headers }) =>
      headers.authorization === `Bearer ${githubToken}` && headers['x-github-api-version'] === '2022-11-28',
    answer: (asked) => answerTo(asked, { statuses, kept, pulls }),
  })
  return {
    ...host,
    pulls,
    statuses: () => [...statuses],
    deployments: () =>
      kept.map(({ body, statuses: said }) => ({
        commit: String(body['ref']),
        environment: String(body['environment']),
        isProduction: body['production_environment'] === true,
        states: said.map(({ state }) => String(state)),
      })),
  }
}

type World = {
  readonly statuses: string[]
  readonly kept: Kept[]
  readonly pulls: ReadonlyMap<number, PullRequest>
}

const answerTo = (asked: Asked, { statuses, kept, pulls }: World): Said => {
  const { name, path, query, body } = asked
  const found = kept.find(({ id }) => String(id) === path['deployment_id'])
  switch (name) {
    case 'post /repos/{owner}/{repo}/statuses/{sha}':
      if (!/^[0-9a-f]{40}$/.test(path['sha'] ?? ''))
        return {
          status: 422,
          body: { message: `No commit found for SHA: ${path['sha'] ?? ''}`, documentation_url: '' },
        }
      statuses.push(`${String(body['context'])}: ${String(body['state'])} (${String(body['description'])})`)
      return { status: 201, body: statusOf(asked, statuses.length) }
    case 'get /repos/{owner}/{repo}/deployments': {
      const all = kept.filter(
        ({ body: one }) =>
          ['environment', 'task'].every((field) => !query.has(field) || query.get(field) === one[field]) &&
          (!query.has('sha') || query.get('sha') === one['ref']),
      )
      const page = all.toReversed().slice(0, Number(query.get('per_page') ?? 30))
      return { status: 200, body: page.map((one) => deploymentOf(one)) }
    }
    case 'post /repos/{owner}/{repo}/deployments': {
      // GitHub would merge the default branch into the commit, and ask for all its statuses, unless it is told not to.
      if (
        body['auto_merge'] !== false ||
        !Array.isArray(body['required_contexts']) ||
        body['required_contexts'].length > 0
      )
        return { status: 409, body: { message: 'Conflict: Commit status checks failed', documentation_url: '' } }
      const made: Kept = { id: 1_000 + kept.length, body, statuses: [] }
      kept.push(made)
      return { status: 201, body: deploymentOf(made) }
    }
    case 'get /repos/{owner}/{repo}/deployments/{deployment_id}/statuses':
      if (found === undefined)
        return { status: 404, body: { message: 'Not Found', documentation_url: '', status: '404' } }
      return {
        status: 200,
        body: found.statuses
          .map((one, index) => deploymentStatusOf(found, { said: one, index }))
          .toReversed()
          .slice(0, Number(query.get('per_page') ?? 30)),
      }
    case 'post /repos/{owner}/{repo}/deployments/{deployment_id}/statuses':
      if (found === undefined)
        return { status: 404, body: { message: 'Not Found', documentation_url: '', status: '404' } }
      found.statuses.push(body)
      if (body['state'] === 'success') leaveOthers(kept, found)
      return { status: 201, body: deploymentStatusOf(found, { said: body, index: found.statuses.length - 1 }) }
    case 'get /repos/{owner}/{repo}/commits/{commit_sha}/pulls':
      return { status: 200, body: pageOf([...pulls], query).map(pullRequestOf) }
    case 'get /repos/{owner}/{repo}/pulls/{pull_number}/commits': {
      const pull = pulls.get(Number(path['pull_number']))
      return { status: 200, body: pageOf(pull?.writers ?? [pull?.author ?? null], query).map(commitOf) }
    }
    case 'get /repos/{owner}/{repo}/pulls/{pull_number}/reviews':
      return { status: 200, body: pageOf(pulls.get(Number(path['pull_number']))?.reviews ?? [], query).map(reviewOf) }
    default:
      return { status: 500, body: { message: `nobody has written ${name}` } }
  }
}

/** GitHub's `auto_inactive`: success takes the others of the environment out of service, but in production. */
const leaveOthers = (kept: readonly Kept[], by: Kept): void => {
  for (const other of kept) {
    if (other === by || other.body['environment'] !== by.body['environment']) continue
    if (other.body['production_environment'] === true || other.statuses.at(-1)?.['state'] !== 'success') continue
    other.statuses.push({ state: 'inactive' })
  }
}

const api = 'https://api.github.com/repos/acme/storefront'

const user = {
  login: 'octocat',
  id: 1,
  node_id: 'MDQ6VXNlcjE=',
  avatar_url: 'https://github.com/images/error/octocat_happy.gif',
  gravatar_id: '',
  url: 'https://api.github.com/users/octocat',
  html_url: 'https://github.com/octocat',
  followers_url: 'https://api.github.com/users/octocat/followers',
  following_url: 'https://api.github.com/users/octocat/following',
  gists_url: 'https://api.github.com/users/octocat/gists',
  starred_url: 'https://api.github.com/users/octocat/starred',
  subscriptions_url: 'https://api.github.com/users/octocat/subscriptions',
  organizations_url: 'https://api.github.com/users/octocat/orgs',
  repos_url: 'https://api.github.com/users/octocat/repos',
  events_url: 'https://api.github.com/users/octocat/events',
  received_events_url: 'https://api.github.com/users/octocat/received_events',
  type: 'User',
  site_admin: false,
}

const statusOf = ({ path, body }: Asked, id: number): object => ({
  url: `${api}/statuses/${path['sha'] ?? ''}`,
  avatar_url: null,
  id,
  node_id: 'MDY6U3RhdHVz',
  state: body['state'],
  description: body['description'] ?? null,
  target_url: body['target_url'] ?? null,
  context: body['context'],
  created_at: at,
  updated_at: at,
  creator: user,
})

const deploymentOf = ({ id, body }: Kept): object => ({
  url: `${api}/deployments/${id}`,
  id,
  node_id: 'MDEwOkRlcGxveW1lbnQ=',
  sha: body['ref'],
  ref: body['ref'],
  task: body['task'],
  // As GitHub does for payloads that were sent as a text.
  payload: id % 2 === 0 ? body['payload'] : JSON.stringify(body['payload']),
  original_environment: body['environment'],
  environment: body['environment'],
  description: body['description'],
  creator: user,
  created_at: at,
  updated_at: at,
  statuses_url: `${api}/deployments/${id}/statuses`,
  repository_url: api,
  transient_environment: body['transient_environment'],
  production_environment: body['production_environment'],
})

type SaidOf = { readonly said: Readonly<Record<string, unknown>>; readonly index: number }

const deploymentStatusOf = ({ id }: Kept, { said, index }: SaidOf): object => ({
  url: `${api}/deployments/${id}/statuses/${index}`,
  id: index,
  node_id: 'MDE2OkRlcGxveW1lbnRTdGF0dXMx',
  state: said['state'],
  creator: user,
  description: said['description'] ?? '',
  target_url: said['log_url'] ?? 'https://github.com/acme/storefront',
  log_url: said['log_url'] ?? 'https://github.com/acme/storefront',
  created_at: at,
  updated_at: at,
  deployment_url: `${api}/deployments/${id}`,
  repository_url: api,
})

const reviewOf = ({ by, state, commit, at: submitted, association }: Review, index: number): object => ({
  id: index,
  node_id: 'MDE3OlB1bGxSZXF1ZXN0UmV2aWV3ODA=',
  user: { ...user, login: by },
  body: '',
  state,
  html_url: 'https://github.com/acme/storefront/pull/1#pullrequestreview-80',
  pull_request_url: `${api}/pulls/1`,
  author_association: association ?? 'COLLABORATOR',
  _links: { html: { href: 'https://github.com' }, pull_request: { href: `${api}/pulls/1` } },
  submitted_at: submitted,
  commit_id: commit,
})

const commitOf = (writer: string | null): object => ({
  ...smallestOf(new URL('github.openapi.json', import.meta.url), 'commit'),
  author: writer === null ? null : { ...user, login: writer },
})

const pageOf = <Item>(all: readonly Item[], query: URLSearchParams): readonly Item[] => {
  const size = Number(query.get('per_page') ?? 30)
  const from = (Number(query.get('page') ?? 1) - 1) * size
  return all.slice(from, from + size)
}

const pullRequestOf = ([number, { author, head, mergedAs, isClosed }]: readonly [number, PullRequest]): object => {
  const smallest = smallestOf(new URL('github.openapi.json', import.meta.url), 'pull-request-simple')
  return {
    ...smallest,
    number,
    state: mergedAs === null && isClosed === undefined ? 'open' : 'closed',
    merged_at: mergedAs === null ? null : at,
    merge_commit_sha: mergedAs,
    head: { ...(smallest['head'] as object), sha: head },
    user: { ...user, login: author },
  }
}
