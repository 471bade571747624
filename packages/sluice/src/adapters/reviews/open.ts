/** Who reviewed a commit, asked of the code hosts that the config's `source` names. Loaded with the first gate that asks. */
import { SluiceError } from '../../core/errors.ts'
import type { CommitId } from '../../core/model.ts'
import type { SourceRules } from '../../core/source/rules.ts'
import type { Reviewed, Reviews } from '../../ports/reviews.ts'
import type { SecretSource } from '../../ports/secrets.ts'

/** What it is made with. `load` gives the `source` of the config; null where it has none. */
export type ReviewsOptions = {
  readonly secrets: SecretSource
  readonly load: (signal: AbortSignal) => Promise<SourceRules | null>
}

/** Asks every host of which the config has a token. */
export const openReviews = ({ secrets, load }: ReviewsOptions): Reviews => ({
  of: async (commit, signal) => {
    try {
      const source = await load(signal)
      const secret = async (name: string): Promise<string> => {
        const values = await secrets.values(await secrets.versions([name], signal), signal)
        return values[name] ?? ''
      }
      return await askAll(source, { commit, secret, signal })
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      return { status: 'unknown', why: error.detail }
    }
  },
})

type Question = {
  readonly commit: CommitId
  readonly secret: (name: string) => Promise<string>
  readonly signal: AbortSignal
}

const askAll = async (source: SourceRules | null, { commit, secret, signal }: Question): Promise<Reviewed> => {
  const answers: Reviewed[] = []
  const github = source?.github ?? null
  const gitlab = source?.gitlab ?? null
  if (github !== null && github.token !== null) {
    const { repository, url, token } = github
    const { githubReviews } = await import('./github.ts')
    answers.push(await githubReviews({ repository, url, token: await secret(token), tokenName: token }, commit, signal))
  }
  if (gitlab !== null && gitlab.token !== null) {
    const { project, url, token } = gitlab
    const { gitlabReviews } = await import('./gitlab.ts')
    answers.push(await gitlabReviews({ project, url, token: await secret(token), tokenName: token }, commit, signal))
  }
  const unknown = answers.find(({ status }) => status === 'unknown')
  if (unknown !== undefined) return unknown
  if (answers.length === 0) return { status: 'unknown', why: 'there is nowhere to ask who reviewed the commit' }
  return {
    status: 'known',
    reviews: answers.flatMap((answer) => (answer.status === 'known' ? answer.reviews : [])),
  }
}
