/** Types of the `source` part of a config: where commits come from. Part of `types.ts`. */
import type { Duration } from './types.ts'

/** Where commits come from, and who is told what became of them. */
export type SourceConfig = {
  /** What commits are fetched from: an address or a path that git knows, or the name of a remote of the project. */
  readonly remote?: string
  /** The repository at GitHub whose webhooks start runs. */
  readonly github?: GithubSourceConfig
  /** The project at GitLab whose webhooks start runs. */
  readonly gitlab?: GitlabSourceConfig
  /** Pushes that anybody else tells of, by a signed request to `/hooks/push`. */
  readonly push?: PushSourceConfig
  /** Asks the remote which of its branches and tags have moved, where no webhook reaches the control plane. */
  readonly poll?: PollConfig
  /** Workflows of GitHub Actions and pipelines of GitLab that a push starts by their own rules, beside the pipeline of the config. */
  readonly pipelines?: readonly (string | ForeignPipelineConfig)[]
  /** What is told to GitHub and GitLab about the commits that came from there: everything, nothing, or only this. */
  readonly report?: boolean | readonly ('statuses' | 'deployments')[]
}

/** A repository at GitHub. */
export type GithubSourceConfig = {
  /** Owner and name of the repository. */
  readonly repository: string
  /** Name of the secret that GitHub signs its webhooks with. */
  readonly webhookSecret?: string
  /** Name of the secret that holds a token of GitHub, for fetching what is private and for reporting back. */
  readonly token?: string
  /** Address of a GitHub Enterprise Server. */
  readonly url?: string
}

/** A project at GitLab. */
export type GitlabSourceConfig = {
  /** Path or number of the project. */
  readonly project: string | number
  /** Name of the secret that GitLab sends with its webhooks (`X-Gitlab-Token`). */
  readonly webhookSecret?: string
  /** Name of the secret that GitLab signs its webhooks with (`webhook-signature`). */
  readonly signingToken?: string
  /** Name of the secret that holds a token of GitLab, for fetching what is private and for reporting back. */
  readonly token?: string
  /** Address of a GitLab of one's own. */
  readonly url?: string
}

/** A pipeline of another system. */
export type ForeignPipelineConfig = {
  /** The file, from the root of the repository. */
  readonly file: string
  /** Names of the secrets that the pipeline gets. */
  readonly secrets?: readonly string[]
}

/** Pushes that anybody tells of. */
export type PushSourceConfig = {
  /** Name of the secret that signs the requests, as Standard Webhooks has it. */
  readonly secret: string
}

/** How often a remote is asked. */
export type PollConfig = {
  /** Time between two looks at the remote; a few seconds more or less, so that not everybody asks at once. */
  readonly every?: Duration
}
