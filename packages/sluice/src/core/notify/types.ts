/** What is told to people and to other systems, and where to. */
import type { Actor, Commit, ReleaseId } from '../model.ts'

/** How much something matters to whoever is told, the worst first. */
export const noticeSeverities = ['critical', 'high', 'medium', 'low'] as const

/** One of `noticeSeverities`. */
export type NoticeSeverity = (typeof noticeSeverities)[number]

/** The moments of which somebody may want to know. A name is `<subject>.<what happened>`; the closed table of them. */
export const noticeKinds = [
  'run.started',
  'run.succeeded',
  'run.failed',
  'run.canceled',
  'release.held',
  'rollout.started',
  'rollout.waiting',
  'rollout.paused',
  'rollout.resumed',
  'rollout.step',
  'rollout.promoted',
  'rollout.rolled_back',
  'rollout.failed',
  'approval.requested',
  'approval.given',
  'approval.rejected',
  'incident.opened',
  'incident.resolved',
  'environment.locked',
  'environment.unlocked',
  'line.stopped',
  'line.resumed',
  'glass.broken',
  'drill.failed',
  'train.failed',
  'channel.failing',
  'test',
] as const

/** One of `noticeKinds`. */
export type NoticeKind = (typeof noticeKinds)[number]

/** What a notice is about. Notices with the same subject are one conversation in a channel: the later ones take the place of the earlier ones, or answer them. */
export type NoticeSubject = {
  readonly kind:
    | 'run'
    | 'rollout'
    | 'release'
    | 'incident'
    | 'environment'
    | 'line'
    | 'drill'
    | 'train'
    | 'channel'
    | 'test'
  readonly id: string
}

/** The release that a notice speaks of. */
export type NoticeRelease = { readonly id: ReleaseId; readonly version: string | null; readonly commit: Commit }

/** One thing that happened, in words and in fields, made once of rows of the ledger; every channel says the same in its own form. Holds no secret: what the ledger has is masked. */
export type Notice = {
  /** `<number of the ledger row it was made of>`, so that the same row makes the same notice. */
  readonly id: string
  readonly kind: NoticeKind
  readonly severity: NoticeSeverity
  /** When it happened, epoch ms. */
  readonly at: number
  readonly subject: NoticeSubject
  /** How the subject stands after it; `null` where it has no end (an environment, the line). */
  readonly outcome: 'going_on' | 'waiting' | 'succeeded' | 'failed' | 'canceled' | null
  readonly service: string
  /** null where it is about no environment. */
  readonly environment: string | null
  /** Whether `environment` serves people who were promised something. */
  readonly isProduction: boolean
  /** One sentence without markup: what happened, the cause first where something failed. At most 256 characters. */
  readonly title: string
  /** What is written below the title, lines without markup; absent where no template says so. */
  readonly text?: string
  /** What else there is to know, in the order of its weight; names and values without markup. */
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  /** Why, in the words of whoever asked; null where nobody said. */
  readonly reason: string | null
  readonly actor: Actor
  /** The release that it is about: the one on its way, or the one that was taken back. */
  readonly release: NoticeRelease | null
  /** The release that serves after it, or that one would go back to. */
  readonly stable: NoticeRelease | null
  /** The commit that it is about, where there is no release (yet). */
  readonly commit: Commit | null
  /** The page of the dashboard that shows it; null where the config names no public address. */
  readonly url: string | null
}

/** Names the secret that holds a value; never the value. */
export type SecretName = string

/** Where notices go. One member for each kind of receiver; `name` is that of the config. */
export type Channel = { readonly name: string } & (
  | {
      readonly kind: 'slack'
      /** A bot token: `channel` is posted to, and the message of a subject is updated in place. */
      readonly token: SecretName
      readonly channel: string
      /** Of the API: `https://slack.com/api`, or `https://slack-gov.com/api`. */
      readonly url: string
    }
  | { readonly kind: 'slackWebhook'; readonly url: SecretName }
  | { readonly kind: 'teams'; readonly url: SecretName }
  | { readonly kind: 'discord'; readonly url: SecretName }
  | {
      readonly kind: 'pagerduty'
      readonly routingKey: SecretName
      /** Of the Events API: `https://events.pagerduty.com`, or `https://events.eu.pagerduty.com`. */
      readonly url: string
    }
  | {
      readonly kind: 'email'
      /** `smtp://` or `smtps://`, without who signs in. */
      readonly server: string
      readonly user: string | null
      readonly password: SecretName | null
      readonly from: string
      readonly to: readonly string[]
    }
  | {
      readonly kind: 'webhook'
      readonly url: string
      /** Signs what is sent: HMAC-SHA-256, in the manner of Standard Webhooks. */
      readonly secret: SecretName
    }
  | { readonly kind: 'cdevents'; readonly url: string; readonly source: string }
  | {
      /** Commit statuses, deployments and their statuses. */
      readonly kind: 'github'
      /** `owner/name`. */
      readonly repository: string
      readonly token: SecretName
      /** Of the API: `https://api.github.com`, or that of an own server. */
      readonly url: string
    }
  | {
      readonly kind: 'gitlab'
      /** `group/name`, or the number of the project. */
      readonly project: string
      readonly token: SecretName
      /** Of the server: `https://gitlab.com`, or that of an own one. */
      readonly url: string
    }
)

/** What a channel gave back for a subject: what names the message there, so that the next one about the same subject finds it. Small, JSON-safe, without secrets. */
export type Receipt = Readonly<Record<string, string>>
