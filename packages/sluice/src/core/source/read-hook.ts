/**
 * What a webhook says, once it is known who sent it. Nothing of it is believed about content: a branch that is said to have moved is fetched. Sources: docs.github.com, "Webhook events and
 * payloads"; docs.gitlab.com, "Webhook events"; both read 2026-08.
 */
import { z } from 'zod'
import { limits } from '../limits.ts'
import { isRef } from './ref-name.ts'
import type { SourceRules } from './rules.ts'
import type { ArrivalHint, ArrivalSource, PullRequest } from './types.ts'

/** What one webhook tells of one ref, before it has an id. `because`: nothing comes of it, and why. */
export type Told = Omit<ArrivalHint, 'id'> & { readonly because: string | null }

/** `unread`: it is of a kind that starts nothing, and is not kept. `invalid`: it is not what its sender's documentation says. */
export type HookReading =
  | { readonly kind: 'told'; readonly told: readonly Told[] }
  | { readonly kind: 'unread'; readonly because: string }
  | { readonly kind: 'invalid'; readonly detail: string }

/** A webhook: the event as its headers call it, what the sender calls the delivery, and its body as JSON. */
export type Hook = { readonly event: string | null; readonly delivery: string | null; readonly body: unknown }

/** Reads a webhook of GitHub. */
export const readGithubHook = ({ event, delivery, body }: Hook, { github }: SourceRules): HookReading => {
  const known = githubEvents.find((one) => one === event)
  if (known === undefined) return unread(`nothing is started by ${JSON.stringify(event)}`)
  const read = githubBody.safeParse(body)
  if (!read.success) return invalid(read.error)
  const { repository, sender } = read.data
  const said = repository?.full_name
  if (said !== undefined && github !== null && said.toLowerCase() !== github.repository.toLowerCase())
    return unread(`it is about ${said}, and the source is ${github.repository}`)
  const common = { from: 'github', delivery, sender: sender?.login ?? null } as const
  switch (known) {
    case 'ping':
      return told({
        ...common,
        ...nothingOf,
        event: 'push',
        ref: 'refs/heads/',
        because: 'it is a ping: the webhook works',
      })
    case 'push':
      return githubPush(read.data, common)
    case 'create':
    case 'delete':
      return githubRef(read.data, { ...common, isDeleted: known === 'delete' })
    case 'pull_request':
      return githubPullRequest(read.data, common)
  }
}

/** Reads a webhook of GitLab. */
export const readGitlabHook = ({ delivery, body }: Hook, { gitlab }: SourceRules): HookReading => {
  const read = gitlabBody.safeParse(body)
  if (!read.success) return invalid(read.error)
  const { project, object_kind: kind } = read.data
  const names = [String(project?.id ?? ''), project?.path_with_namespace ?? '']
  if (gitlab !== null && project !== undefined && !names.includes(gitlab.project))
    return unread(`it is about ${names[1]}, and the source is ${gitlab.project}`)
  const common = {
    from: 'gitlab',
    delivery,
    sender: read.data.user_username ?? read.data.user?.username ?? null,
  } as const
  if (kind === 'push' || kind === 'tag_push') return gitlabPush(read.data, common)
  if (kind === 'merge_request') return gitlabMergeRequest(read.data, common)
  return unread(`nothing is started by ${JSON.stringify(kind)}`)
}

/** Reads a push that anybody else tells of: `{ "refs": [{ "ref", "before", "after" }] }`, or the one ref by itself, as Gitea and others have it. */
export const readPushHook = ({ delivery, body }: Hook, from: Extract<ArrivalSource, 'push' | 'bare'>): HookReading => {
  const read = pushBody.safeParse(body)
  if (!read.success) return invalid(read.error)
  const { refs, pusher, url } = read.data
  const sender = typeof pusher === 'string' ? pusher : (pusher?.login ?? null)
  const common = { from, delivery, sender, title: null, pullRequest: null, payload: null, url: url ?? null } as const
  return {
    kind: 'told',
    told: refs.map(({ ref, before, after }): Told => ({
      ...common,
      ...refKind(ref),
      before: objectOf(before),
      after: objectOf(after),
      because: null,
    })),
  }
}

const githubEvents = ['ping', 'push', 'create', 'delete', 'pull_request'] as const

const nothingOf = { before: null, after: null, url: null, title: null, pullRequest: null, payload: null } as const

const unread = (because: string): HookReading => ({ kind: 'unread', because })
const told = (one: Told): HookReading => ({ kind: 'told', told: [one] })

/** Paths alone: what somebody sent is not said back. */
const invalid = ({ issues }: z.ZodError): HookReading => ({
  kind: 'invalid',
  detail: `${issues[0]?.path.join('.') || 'the body'}: ${issues[0]?.message ?? 'unreadable'}`,
})

/** Short texts of the sender's; longer ones are no name of anything. */
const word = (max = 500): z.ZodType<string, string> => z.string().max(max)
const object = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'expected the name of a git object')
const branchName = word().refine((name) => isRef(`refs/heads/${name}`), 'expected the name of a branch')
const refName = word().refine((name) => isRef(name), 'expected a branch or a tag, by its whole name')

/** An address that a person may be shown as a link. */
const link = z
  .string()
  .max(2_000)
  .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value), 'expected an address')
  .optional()
  .catch(undefined)

/** GitHub and GitLab say "nothing" with zeros. */
const objectOf = (name: string | null | undefined): string | null =>
  name === undefined || name === null || /^0+$/.test(name) ? null : name

const refKind = (ref: string): { readonly ref: string; readonly event: 'push' | 'tag' } => ({
  ref,
  event: ref.startsWith('refs/tags/') ? 'tag' : 'push',
})

const githubSide = z.object({ ref: branchName, sha: object, repo: z.object({ full_name: word() }).nullable() })

const githubBody = z.object({
  ref: word().optional(),
  ref_type: word().optional(),
  before: object.optional(),
  after: object.optional(),
  action: word().optional(),
  compare: link,
  head_commit: z.object({ message: z.string(), url: link }).nullish(),
  repository: z.object({ full_name: word(), default_branch: word().optional(), html_url: link }).optional(),
  sender: z.object({ login: word() }).optional(),
  pull_request: z
    .object({
      number: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
      html_url: link,
      title: z.string(),
      head: githubSide,
      base: githubSide,
    })
    .optional(),
})

type GithubBody = z.infer<typeof githubBody>
type Common = Pick<Told, 'from' | 'delivery' | 'sender'>

const firstLine = (text: string | undefined): string | null =>
  text === undefined ? null : (text.split('\n', 1)[0]?.slice(0, limits.titleCharactersMax) ?? null)

/** What a workflow of theirs may ask for in `github.event`: what the run is about, and no more. */
const githubPayload = ({ repository, sender }: GithubBody): Record<string, Told['payload']> => ({
  ...(repository === undefined
    ? {}
    : { repository: { full_name: repository.full_name, default_branch: repository.default_branch ?? null } }),
  ...(sender === undefined ? {} : { sender: { login: sender.login } }),
})

const githubPush = (body: GithubBody, common: Common): HookReading => {
  const { ref = '', before, after, head_commit: head } = body
  if (!isRef(ref)) return { kind: 'invalid', detail: 'ref: expected a branch or a tag, by its whole name' }
  return told({
    ...common,
    ...refKind(ref),
    before: objectOf(before),
    after: objectOf(after),
    url: head?.url ?? body.compare ?? null,
    title: firstLine(head?.message),
    pullRequest: null,
    payload: { ...githubPayload(body), ref, before: before ?? null, after: after ?? null },
    because: null,
  })
}

/** A tag that was made, a branch or a tag that was deleted. A branch that was made is pushed, too. */
const githubRef = (
  body: GithubBody,
  { isDeleted, ...common }: Common & { readonly isDeleted: boolean },
): HookReading => {
  const { ref = '', ref_type: type = '' } = body
  const whole = `refs/${type === 'tag' ? 'tags' : 'heads'}/${ref}`
  if ((type !== 'tag' && type !== 'branch') || !isRef(whole))
    return { kind: 'invalid', detail: 'ref: expected the name of a branch or a tag' }
  if (type === 'branch' && !isDeleted) return unread('a branch that was made is told of by its push')
  const url = body.repository?.html_url ?? null
  const payload = { ...githubPayload(body), ref: whole }
  return told({ ...common, ...nothingOf, ...refKind(whole), url, payload, because: null })
}

const codeActions: ReadonlySet<string> = new Set(['opened', 'reopened', 'synchronize', 'ready_for_review'])

const githubPullRequest = (body: GithubBody, common: Common): HookReading => {
  const { pull_request: request, action = '' } = body
  if (request === undefined) return { kind: 'invalid', detail: 'pull_request: expected what it is about' }
  if (!codeActions.has(action)) return unread(`a pull request that is ${action} has no new commits`)
  const { number, head, base, title, html_url: url } = request
  const isFork = head.repo === null || head.repo.full_name !== base.repo?.full_name
  const pullRequest: PullRequest = { number, action, base: base.ref, head: head.ref }
  return told({
    ...common,
    event: 'pull_request',
    ref: `refs/pull/${number}/head`,
    before: null,
    after: head.sha,
    url: url ?? null,
    title: firstLine(title),
    pullRequest,
    payload: {
      ...githubPayload(body),
      action,
      number,
      pull_request: { number, head: { ref: head.ref, sha: head.sha }, base: { ref: base.ref, sha: base.sha } },
    },
    because: isFork ? fromFork(head.repo?.full_name ?? 'a repository that is gone') : null,
  })
}

const fromFork = (where: string): string =>
  `it is from a fork (${where}): whoever has a fork could run anything here, so nothing of it is run`

const gitlabBody = z.object({
  object_kind: word(),
  ref: word().optional(),
  before: object.optional(),
  after: object.optional(),
  user_username: word().optional(),
  user: z.object({ username: word() }).optional(),
  project: z
    .object({ id: z.number().int(), path_with_namespace: word(), default_branch: word().nullish(), web_url: link })
    .optional(),
  commits: z.array(z.object({ id: word(), title: z.string().optional(), url: link })).optional(),
  object_attributes: z
    .object({
      iid: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
      action: word().optional(),
      oldrev: word().optional(),
      title: z.string().optional(),
      url: link,
      source_branch: branchName,
      target_branch: branchName,
      source_project_id: z.number().int().nullable(),
      target_project_id: z.number().int(),
      last_commit: z.object({ id: object }).nullish(),
    })
    .optional()
    // Other kinds have other attributes under the same name; only those of a merge request are asked for.
    .catch(undefined),
})

type GitlabBody = z.infer<typeof gitlabBody>

const gitlabPush = ({ ref = '', before, after, commits = [], project }: GitlabBody, common: Common): HookReading => {
  if (!isRef(ref)) return { kind: 'invalid', detail: 'ref: expected a branch or a tag, by its whole name' }
  const head = commits.find(({ id }) => id === after)
  return told({
    ...common,
    ...refKind(ref),
    before: objectOf(before),
    after: objectOf(after),
    url: head?.url ?? project?.web_url ?? null,
    title: firstLine(head?.title),
    pullRequest: null,
    payload: null,
    because: null,
  })
}

const gitlabActions: Readonly<Record<string, string>> = { open: 'opened', reopen: 'reopened', update: 'synchronize' }

const gitlabMergeRequest = ({ object_attributes: request }: GitlabBody, common: Common): HookReading => {
  if (request === undefined) return { kind: 'invalid', detail: 'object_attributes: expected a merge request' }
  const { action: said = '', oldrev, iid } = request
  const action = gitlabActions[said]
  if (action === undefined || (said === 'update' && oldrev === undefined))
    return unread('nothing of its commits has changed')
  const isFork = request.source_project_id !== request.target_project_id
  return told({
    ...common,
    event: 'pull_request',
    ref: `refs/merge-requests/${iid}/head`,
    before: objectOf(oldrev),
    after: request.last_commit?.id ?? null,
    url: request.url ?? null,
    title: firstLine(request.title),
    pullRequest: { number: iid, action, base: request.target_branch, head: request.source_branch },
    payload: null,
    because: isFork ? fromFork(`project ${request.source_project_id ?? 'that is gone'}`) : null,
  })
}

const pushRef = z.object({ ref: refName, before: object.nullish(), after: object.nullish() })

const pushRest = {
  pusher: z.union([word(), z.object({ login: word().optional() })]).nullish(),
  url: link,
}

const pushBody = z.union([
  z.object({ refs: z.array(pushRef).min(1).max(limits.refsOfPushMax), ...pushRest }),
  pushRef.extend(pushRest).transform(({ pusher, url, ...one }) => ({ refs: [one], pusher, url })),
])
