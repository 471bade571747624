/** Types of the `notify` part of a config: who is told what, and where. Part of `types.ts`. */
import type { NoticeKind, NoticeSeverity } from '../notify/types.ts'

/** Who is told what, and where. */
export type NotifyConfig = {
  /** The address of the dashboard that messages link to; `access.url` where absent. */
  readonly publicUrl?: string
  /** Where notices go, by name. */
  readonly channels: Readonly<Record<string, ChannelConfig>>
  /** Which notices go to which channels; every route that matches counts. A channel that no route names is told what its kind is told by default. */
  readonly routes?: readonly NotifyRouteConfig[]
  /** Words of your own, by the kind of the notice. */
  readonly templates?: { readonly [Kind in NoticeKind]?: NoticeTemplateConfig }
}

/** Where notices go: exactly one kind of channel. Secrets are named, never written. */
export type ChannelConfig = {
  /** A bot in Slack; the message of a rollout is updated in place. */
  readonly slack?: SlackConfig
  /** An incoming webhook of Slack; every notice is a message. */
  readonly slackWebhook?: SlackWebhookConfig
  /** A Workflow of Microsoft Teams. */
  readonly teams?: TeamsConfig
  /** A webhook of Discord. */
  readonly discord?: DiscordConfig
  /** A service of PagerDuty. */
  readonly pagerduty?: PagerdutyConfig
  /** Mail. */
  readonly email?: EmailConfig
  /** A signed request to an address of your own. */
  readonly webhook?: WebhookConfig
  /** A sink of CDEvents. */
  readonly cdevents?: CdeventsConfig
  /** Commit statuses and deployments of a repository at GitHub. */
  readonly github?: GithubConfig
  /** Commit statuses and deployments of a project at GitLab. */
  readonly gitlab?: GitlabConfig
}

/** A bot in Slack. */
export type SlackConfig = {
  /** The name of the secret that holds a bot token with `chat:write`. */
  readonly token: string
  /** The channel that is posted to. */
  readonly channel: string
  /** The address of the API; GovSlack has its own. */
  readonly url?: string
}

/** An incoming webhook of Slack. */
export type SlackWebhookConfig = {
  /** The name of the secret that holds the address of an incoming webhook. */
  readonly url: string
}

/** A Workflow of Microsoft Teams. */
export type TeamsConfig = {
  /** The name of the secret that holds the address of a Workflow. */
  readonly url: string
}

/** A webhook of Discord. */
export type DiscordConfig = {
  /** The name of the secret that holds the address of a webhook. */
  readonly url: string
}

/** A service of PagerDuty. */
export type PagerdutyConfig = {
  /** The name of the secret that holds the integration key of the Events API v2. */
  readonly routingKey: string
  /** The address of the Events API. */
  readonly url?: string
}

/** Mail. */
export type EmailConfig = {
  /** The mail server, without who signs in. */
  readonly server: string
  /** Who signs in at the server. */
  readonly user?: string
  /** The name of the secret that holds the password. */
  readonly password?: string
  /** Who the mail is from. */
  readonly from: string
  /** Who the mail goes to. */
  readonly to: readonly string[]
}

/** A signed request to an address of your own. */
export type WebhookConfig = {
  /** Where notices are sent with POST, as JSON. */
  readonly url: string
  /** The name of the secret that holds what the requests are signed with. */
  readonly secret: string
}

/** A sink of CDEvents. */
export type CdeventsConfig = {
  /** Where events are sent with POST, as CloudEvents in binary mode. */
  readonly url: string
  /** The `source` of the events; the public address where absent. */
  readonly source?: string
}

/** A repository at GitHub. */
export type GithubConfig = {
  /** The repository, `owner/name`. */
  readonly repository: string
  /** The name of the secret that holds a token that may write statuses and deployments. */
  readonly token: string
  /** The address of the API. */
  readonly url?: string
}

/** A project at GitLab. */
export type GitlabConfig = {
  /** The project, `group/name` or its number. */
  readonly project: string
  /** The name of the secret that holds a token with the scope `api`. */
  readonly token: string
  /** The address of the server. */
  readonly url?: string
}

/** Which notices go where: all parts that are there must hold. */
export type NotifyRouteConfig = {
  /** Kinds of notices, or globs of them; any where absent. */
  readonly kinds?: readonly (NoticeKind | (string & {}))[]
  /** Environments that it is about; any where absent. */
  readonly environments?: readonly string[]
  /** Services that it is about; any where absent. */
  readonly services?: readonly string[]
  /** How much it must matter at least; not at all where absent. */
  readonly severity?: NoticeSeverity
  /** Names of the channels that are told. */
  readonly channels: readonly string[]
}

/** Words of a notice. */
export type NoticeTemplateConfig = {
  /** Its first line, with placeholders in braces; the built-in one where absent. */
  readonly title?: string
  /** What stands below, with placeholders in braces. A line whose placeholders are all empty is left out. */
  readonly text?: string
}
