/** A GitLab on loopback, as far as Sluice talks to it, with its refusals of states that cannot follow each other. Its answers are held to what was transcribed of GitLab's description as they are given. */
import { type Asked, type Host, openHost, type Said } from './host.ts'

/** A GitLab that is listening, and what has become of it. */
export type GitlabHost = Host & {
  /** Statuses of commits with the states that each went through: `<name>: <state>, <state> (pipeline <id>)`. */
  readonly statuses: () => readonly string[]
  /** Deployments in the order of their making. */
  readonly deployments: () => readonly GitlabDeployment[]
  /** Merge requests by their numbers; all of them have the commit in them. */
  readonly requests: Map<number, MergeRequest>
}

/** A merge request that the commit is in. */
export type MergeRequest = {
  readonly author: string
  readonly mergedAs: string | null
  /** What was pushed to it, the newest first. */
  readonly versions: readonly { readonly head: string; readonly at: string }[]
  readonly approvals: readonly { readonly by: string; readonly at: string | null }[]
  /** Who wrote its commits, as git names them; nobody but Ada when absent. */
  readonly writers?: readonly { readonly name: string; readonly email: string }[]
}

/** A deployment as it is looked at by tests. */
export type GitlabDeployment = {
  readonly commit: string
  readonly environment: string
  readonly states: readonly string[]
}

/** The token that is let in. */
export const gitlabToken = 'glpat-0123456789abcdefghij'

type Status = {
  readonly id: number
  readonly name: string
  readonly sha: string
  readonly pipeline: number
  readonly states: string[]
}
type Kept = { readonly id: number; readonly body: Readonly<Record<string, unknown>>; readonly states: string[] }
type World = {
  readonly statuses: Status[]
  readonly kept: Kept[]
  readonly requests: GitlabHost['requests']
}

const at = '2026-11-27T03:00:00.000Z'

/** Opens one. */
export const openGitlab = async (): Promise<GitlabHost> => {
  const world: World = { statuses: [], kept: [], requests: new Map() }
  const host = await openHost({
    document: new URL('gitlab.openapi.json', import.meta.url),
    under: '',
    isLetIn: ({ headers }) => headers['private-token'] === gitlabToken,
    answer: (asked) => answerTo(asked, world),
  })
  return {
    ...host,
    requests: world.requests,
    statuses: () =>
      world.statuses.map(({ name, states, pipeline }) => `${name}: ${states.join(', ')} (pipeline ${pipeline})`),
    deployments: () =>
      world.kept.map(({ body, states }) => ({
        commit: String(body['sha']),
        environment: String(body['environment']),
        states: [...states],
      })),
  }
}

const ends: ReadonlySet<string> = new Set(['success', 'failed', 'canceled', 'skipped'])
const verbs: Readonly<Record<string, string>> = {
  pending: 'enqueue',
  running: 'run',
  success: 'succeed',
  failed: 'drop',
  canceled: 'cancel',
}

/** GitLab's own words for a state that cannot come after another. */
const refusal = (state: string, from: string): string =>
  `Cannot transition status via :${verbs[state] ?? state} from :${from} (Reason(s): Status cannot transition via "${verbs[state] ?? state}")`

const answerTo = (asked: Asked, world: World): Said => {
  const { name, path, query, body } = asked
  const { kept, requests } = world
  const found = kept.find(({ id }) => String(id) === path['deployment_id'])
  switch (name) {
    case 'post /api/v4/projects/{id}/statuses/{sha}':
      return tellStatus(asked, world)
    case 'get /api/v4/projects/{id}/deployments': {
      const all = kept.filter(
        (one) =>
          (!query.has('environment') || query.get('environment') === one.body['environment']) &&
          (!query.has('status') || query.get('status') === one.states.at(-1)),
      )
      const ordered = query.get('sort') === 'desc' ? all.toReversed() : all
      return { status: 200, body: ordered.slice(0, Number(query.get('per_page') ?? 20)).map(deploymentOf) }
    }
    case 'post /api/v4/projects/{id}/deployments': {
      const made: Kept = { id: 40 + kept.length, body, states: [String(body['status'])] }
      kept.push(made)
      return { status: 201, body: deploymentOf(made) }
    }
    case 'get /api/v4/projects/{id}/deployments/{deployment_id}':
      return found === undefined ? notFound : { status: 200, body: deploymentOf(found) }
    case 'put /api/v4/projects/{id}/deployments/{deployment_id}': {
      if (found === undefined) return notFound
      const from = found.states.at(-1) ?? ''
      const state = String(body['status'])
      if (from === state || ends.has(from))
        return { status: 400, body: { message: { status: [refusal(state, from)] } } }
      found.states.push(state)
      return { status: 200, body: deploymentOf(found) }
    }
    case 'get /api/v4/projects/{id}/repository/commits/{sha}/merge_requests':
      return {
        status: 200,
        body: [...requests].map(([iid, { author, mergedAs, versions }]) => ({
          id: 9_000 + iid,
          iid,
          state: mergedAs === null ? 'opened' : 'merged',
          sha: versions[0]?.head,
          ...(mergedAs === null ? {} : { merge_commit_sha: mergedAs }),
          author: { ...user, username: author },
        })),
      }
    default:
      return ofRequest(name, requests.get(Number(path['merge_request_iid'])))
  }
}

const ofRequest = (name: string, request: MergeRequest | undefined): Said => {
  switch (name) {
    case 'get /api/v4/projects/{id}/merge_requests/{merge_request_iid}/versions':
      return {
        status: 200,
        body: (request?.versions ?? []).map(({ head, at: made }, index) => ({
          id: 500 - index,
          head_commit_sha: head,
          created_at: made,
          state: 'collected',
        })),
      }
    case 'get /api/v4/projects/{id}/merge_requests/{merge_request_iid}/commits':
      return {
        status: 200,
        body: (request?.writers ?? [ada]).map(({ name: author, email }) => ({
          id: 'd'.repeat(40),
          title: 'feat: one',
          author_name: author,
          author_email: email,
          created_at: at,
        })),
      }
    case 'get /api/v4/projects/{id}/merge_requests/{merge_request_iid}/approvals':
      return {
        status: 200,
        body: {
          approved: true,
          approved_by: (request?.approvals ?? []).map(({ by, at: given }) => ({
            user: { ...user, username: by, name: `${by} of Acme` },
            ...(given === null ? {} : { approved_at: given }),
          })),
        },
      }
    default:
      return { status: 500, body: { message: `nobody has written ${name}` } }
  }
}

const notFound: Said = { status: 404, body: { message: '404 Not Found' } }

/** A status that is over is followed by a new one; one under way goes on, and not backwards. */
const tellStatus = ({ path, body }: Asked, { statuses }: World): Said => {
  const sha = path['sha'] ?? ''
  if (!/^[0-9a-f]{40}$/.test(sha)) return { status: 404, body: { message: '404 Commit Not Found' } }
  const name = String(body['name'])
  const state = String(body['state'])
  const open = statuses.findLast((one) => one.name === name && one.sha === sha && !ends.has(one.states.at(-1) ?? ''))
  if (open === undefined) {
    const pipeline = Number(body['pipeline_id'] ?? 700 + statuses.length)
    const made: Status = { id: 90 + statuses.length, name, sha, pipeline, states: [state] }
    statuses.push(made)
    return { status: 200, body: statusOf(made) }
  }
  const from = open.states.at(-1) ?? ''
  if (state === from || state === 'pending') return { status: 400, body: { message: refusal(state, from) } }
  open.states.push(state)
  return { status: 200, body: statusOf(open) }
}

const ada = { name: 'Ada', email: 'ada@acme.example' }
const user = { id: 1, username: 'ada', name: 'Ada', state: 'active', locked: false }

const statusOf = ({ id, name, sha, pipeline, states }: Status): object => ({
  id,
  sha,
  ref: 'main',
  status: states.at(-1),
  name,
  created_at: at,
  allow_failure: false,
  pipeline_id: pipeline,
  author: user,
})

const deploymentOf = ({ id, body, states }: Kept): object => ({
  id,
  iid: id,
  ref: body['ref'],
  sha: body['sha'],
  created_at: at,
  updated_at: at,
  user,
  environment: { id: 9, name: body['environment'], slug: 'production' },
  status: states.at(-1),
})
