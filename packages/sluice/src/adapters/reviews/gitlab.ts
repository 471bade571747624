/**
 * Approvals of merge requests at GitLab (docs.gitlab.com/api/merge_request_approvals; tests hold each request to what was transcribed of GitLab's OpenAPI description: test/code-hosts/README.md). GitLab does not say
 * what was approved, but when: that is the version of the merge request that was there then.
 */
import { z } from 'zod'
import type { ReviewRecord } from '../../core/evidence/gates/types.ts'
import type { CommitId } from '../../core/model.ts'
import type { Reviewed } from '../../ports/reviews.ts'
import { askingAt, isUnknown } from './host.ts'

/** A project, and the token to ask with. */
export type GitlabPlace = {
  readonly project: string
  readonly url: string
  readonly token: string
  readonly tokenName: string
}

const requestSchema = z.object({
  iid: z.number().int(),
  state: z.string(),
  sha: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  squash_commit_sha: z.string().nullish(),
  author: z.object({ username: z.string() }).nullish(),
})

const approvalsSchema = z.object({
  approved_by: z.array(
    z.object({ user: z.object({ username: z.string(), name: z.string() }), approved_at: z.string().nullish() }),
  ),
})

const commitSchema = z.object({ author_name: z.string(), author_email: z.string() })

const versionSchema = z.object({ head_commit_sha: z.string(), created_at: z.string() })

/** The approvals of the merge requests, open or merged, that a commit is in. */
export const gitlabReviews = async (
  { project, url, token, tokenName }: GitlabPlace,
  commit: CommitId,
  signal: AbortSignal,
): Promise<Reviewed> => {
  const asking = askingAt({ name: 'GitLab', token, tokenName, headersOf }, signal)
  if (isUnknown(asking)) return asking
  const api = `${url}/api/v4/projects/${encodeURIComponent(project)}`
  const requests = await asking.list(`${api}/repository/commits/${commit}/merge_requests`, requestSchema)
  if (isUnknown(requests)) return requests
  const reviews: ReviewRecord[] = []
  for (const request of requests) {
    if (request.state !== 'opened' && request.state !== 'merged') continue
    const approvals = await asking.one(`${api}/merge_requests/${request.iid}/approvals`, approvalsSchema)
    if (isUnknown(approvals)) return approvals
    const versions = await asking.list(`${api}/merge_requests/${request.iid}/versions`, versionSchema)
    if (isUnknown(versions)) return versions
    const written = await asking.list(`${api}/merge_requests/${request.iid}/commits`, commitSchema)
    if (isUnknown(written)) return written
    for (const approval of approvals.approved_by) {
      const { user } = approval
      if (user.username === request.author?.username || written.some((one) => isBy(user, one))) continue
      reviews.push(recordOf(approval, { request, versions, commit }))
    }
  }
  return { status: 'known', reviews }
}

/**
 * Whether a commit may be that of a person: GitLab names its author as git does, by name and e-mail address, and not the account. Who is called like the author, or whom the private address
 * names (`<id>-<username>@users.noreply.<host>`), is taken for the author.
 */
const isBy = (
  { username, name }: z.infer<typeof approvalsSchema>['approved_by'][number]['user'],
  { author_name: author, author_email: email }: z.infer<typeof commitSchema>,
): boolean => {
  const called = author.trim().toLowerCase()
  if (called === name.trim().toLowerCase() || called === username.toLowerCase()) return true
  const [, named] = /^\d+-(.+)@users\.noreply\./.exec(email.toLowerCase()) ?? []
  return named === username.toLowerCase()
}

type Around = {
  readonly request: z.infer<typeof requestSchema>
  readonly versions: readonly z.infer<typeof versionSchema>[]
  readonly commit: CommitId
}

/** What merging makes of the head was approved with it. One that nobody says when it was given is of no commit, unless there never was another. */
const recordOf = (
  { user, approved_at: given }: z.infer<typeof approvalsSchema>['approved_by'][number],
  { request, versions, commit }: Around,
): ReviewRecord => {
  const at = Date.parse(given ?? '')
  const before = versions
    .filter(({ created_at: made }) => Date.parse(made) <= at || versions.length === 1)
    .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))
  const seen = before[0]?.head_commit_sha ?? ''
  const isMerged = request.merge_commit_sha === commit || request.squash_commit_sha === commit
  const isOfHead = seen !== '' && seen === request.sha && isMerged
  return {
    by: user.username,
    verdict: 'approved',
    commit: isOfHead ? commit : seen,
    at: Number.isNaN(at) ? 0 : at,
  }
}

const headersOf = (token: string): Readonly<Record<string, string>> => ({ 'private-token': token })
