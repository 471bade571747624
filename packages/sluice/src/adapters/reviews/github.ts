/** Reviews of pull requests at GitHub (docs.github.com/rest/pulls/reviews, version 2022-11-28; tests hold each request to GitHub's own OpenAPI description). */
import { z } from 'zod'
import type { ReviewRecord } from '../../core/evidence/gates/types.ts'
import type { CommitId } from '../../core/model.ts'
import { githubApi } from '../../core/notify/reports.ts'
import type { Reviewed } from '../../ports/reviews.ts'
import { askingAt, isUnknown } from './host.ts'

/** A repository, and the token to ask with. */
export type GithubPlace = {
  readonly repository: string
  readonly url: string
  readonly token: string
  readonly tokenName: string
}

const pullSchema = z.object({
  number: z.number().int(),
  state: z.string(),
  merged_at: z.string().nullable(),
  merge_commit_sha: z.string().nullable(),
  head: z.object({ sha: z.string() }),
  user: z.object({ login: z.string() }).nullable(),
})

const commitSchema = z.object({ author: z.object({ login: z.string().optional() }).nullable() })

const reviewSchema = z.object({
  author_association: z.string(),
  user: z.object({ login: z.string() }).nullable(),
  state: z.string(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
})

/** The reviews of the pull requests, open or merged, that a commit is in. */
export const githubReviews = async (
  { repository, url, token, tokenName }: GithubPlace,
  commit: CommitId,
  signal: AbortSignal,
): Promise<Reviewed> => {
  const asking = askingAt({ name: 'GitHub', token, tokenName, headersOf }, signal)
  if (isUnknown(asking)) return asking
  const api = `${githubApi(url)}/repos/${repository}`
  const pulls = await asking.list(`${api}/commits/${commit}/pulls`, pullSchema)
  if (isUnknown(pulls)) return pulls
  const reviews: ReviewRecord[] = []
  for (const pull of pulls) {
    if (pull.state !== 'open' && pull.merged_at === null) continue
    const all = await asking.list(`${api}/pulls/${pull.number}/reviews`, reviewSchema)
    if (isUnknown(all)) return all
    const written = await asking.list(`${api}/pulls/${pull.number}/commits`, commitSchema)
    if (isUnknown(written)) return written
    const authors = [pull.user, ...written.map(({ author }) => author)]
    const own = new Set(authors.flatMap((one) => one?.login ?? []))
    reviews.push(...all.flatMap((review) => recordOf(review, { pull, commit, own })))
  }
  return { status: 'known', reviews }
}

type Around = {
  readonly pull: z.infer<typeof pullSchema>
  readonly commit: CommitId
  readonly own: ReadonlySet<string>
}

/** Who belongs to the repository; on a public one anybody may review. */
const members: ReadonlySet<string> = new Set(['OWNER', 'MEMBER', 'COLLABORATOR'])

const verdicts: Readonly<Record<string, ReviewRecord['verdict']>> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes_requested',
  COMMENTED: 'commented',
  DISMISSED: 'dismissed',
}

/**
 * What merging a pull request makes of its head was reviewed with it; a commit on the way there was not. Nobody reviews what is their own: whoever asked for it, or wrote a commit of it. Nor does
 * a stranger's word count.
 */
const recordOf = (review: z.infer<typeof reviewSchema>, { pull, commit, own }: Around): readonly ReviewRecord[] => {
  const verdict = verdicts[review.state]
  const by = review.user?.login ?? null
  if (verdict === undefined || by === null || own.has(by) || !members.has(review.author_association)) return []
  const at = Date.parse(review.submitted_at ?? '')
  const seen = review.commit_id ?? ''
  const isOfHead = seen === pull.head.sha && pull.merged_at !== null && pull.merge_commit_sha === commit
  return [{ by, verdict, commit: isOfHead ? commit : seen, at: Number.isNaN(at) ? 0 : at }]
}

const headersOf = (token: string): Readonly<Record<string, string>> => ({
  accept: 'application/vnd.github+json',
  authorization: `Bearer ${token}`,
  'x-github-api-version': '2022-11-28',
})
