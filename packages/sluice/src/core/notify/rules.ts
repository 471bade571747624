/** What a config says about who is told what, and where. */
import type { Channel, NoticeKind, NoticeSeverity } from './types.ts'

/** Who is told: all parts that are there must hold of a notice. */
export type NotifyRoute = {
  /** Kinds, or globs of them (`rollout.*`); null for any. */
  readonly kinds: readonly string[] | null
  readonly environments: readonly string[] | null
  readonly services: readonly string[] | null
  /** At least so severe. */
  readonly severity: NoticeSeverity | null
  /** Names of channels. */
  readonly channels: readonly string[]
}

/** Words of a team's own, with placeholders; null for the built-in ones. */
export type NoticeTemplate = { readonly title: string | null; readonly text: string | null }

/** All of it. */
export type NotifySettings = {
  /** The address of the dashboard, as readers of messages know it; null when nobody said. */
  readonly publicUrl: string | null
  readonly channels: readonly Channel[]
  readonly routes: readonly NotifyRoute[]
  readonly templates: { readonly [Kind in NoticeKind]?: NoticeTemplate | undefined }
}

/** The secrets that a channel names. */
export const secretsOf = (channel: Channel): readonly string[] => {
  switch (channel.kind) {
    case 'slack':
    case 'github':
    case 'gitlab':
      return [channel.token]
    case 'slackWebhook':
    case 'teams':
    case 'discord':
      return [channel.url]
    case 'pagerduty':
      return [channel.routingKey]
    case 'email':
      return channel.password === null ? [] : [channel.password]
    case 'webhook':
      return [channel.secret]
    case 'cdevents':
      return []
  }
}
