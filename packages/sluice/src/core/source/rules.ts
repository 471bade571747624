/** What the config says about where commits come from: the `source` part of it, resolved. Secrets stand in it by their names alone. */

/** What is told to a code host. */
export type ReportKind = 'statuses' | 'deployments'

/** A repository at GitHub. Names are those of the secret source. */
export type GithubSource = {
  /** `owner/name`. */
  readonly repository: string
  /** Address of the server, without a slash at its end. */
  readonly url: string
  /** Name of the secret that signs what GitHub sends; null: nothing that it sends is taken. */
  readonly webhookSecret: string | null
  /** Name of the secret that lets in at GitHub; null for a public repository of which nothing is told. */
  readonly token: string | null
}

/** A project at GitLab. Names are those of the secret source. */
export type GitlabSource = {
  /** Its number, or its path: `group/name`. */
  readonly project: string
  /** Address of the server, without a slash at its end. */
  readonly url: string
  /** Name of the secret that GitLab sends along with each of its hooks; null: none is taken by it. */
  readonly webhookSecret: string | null
  /** Name of the secret that signs GitLab's hooks; null: none is taken by it. */
  readonly signingToken: string | null
  /** Name of the secret that lets in at GitLab; null for a public project of which nothing is told. */
  readonly token: string | null
}

/** A pipeline of another system that pushes start, and the names of the secrets that it gets. */
export type ForeignPipeline = {
  readonly kind: 'github' | 'gitlab'
  readonly file: string
  readonly secrets: readonly string[]
}

/** See the file's header. */
export type SourceRules = {
  /** What git fetches from; null: what GitHub or GitLab say, or the remote `origin` of the project. */
  readonly remote: string | null
  readonly github: GithubSource | null
  readonly gitlab: GitlabSource | null
  /** `secret`: the name of what signs pushes that anybody else tells of. */
  readonly push: { readonly secret: string } | null
  readonly poll: { readonly everyMs: number } | null
  readonly pipelines: readonly ForeignPipeline[]
  /** What is told to GitHub and GitLab. */
  readonly report: readonly ReportKind[]
}
