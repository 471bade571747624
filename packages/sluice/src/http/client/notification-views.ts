/** Notices and messages as the API tells them. */
import type { DeadCause, Message } from '../../core/notify/message.ts'
import type { Channel, Notice, NoticeKind, NoticeSeverity } from '../../core/notify/types.ts'
import type { Actor } from '../../core/model.ts'
import type { ReleaseRef } from './views.ts'

/** What is told. */
export type NoticeView = {
  /** The number of the row of the ledger that it was made of. */
  readonly id: string
  readonly kind: NoticeKind
  readonly severity: NoticeSeverity
  readonly at: number
  readonly subject: Notice['subject']
  readonly outcome: Notice['outcome']
  readonly service: string
  readonly environment: string | null
  readonly isProduction: boolean
  readonly title: string
  readonly text: string | null
  readonly facts: Notice['facts']
  readonly reason: string | null
  readonly actor: Actor
  readonly release: ReleaseRef | null
  readonly stable: ReleaseRef | null
  readonly url: string | null
}

/** How many messages are tried again. */
export type RetriedView = {
  readonly retried: number
  /** Whether there may be more that were set aside: ask once more. */
  readonly isMore: boolean
}

/** A notice on its way to a channel. */
export type MessageView = {
  readonly id: string
  readonly channel: string
  readonly status: Message['status']
  readonly notice: NoticeView
  /** Why this channel is told. */
  readonly because: string
  readonly queuedAt: number
  /** When it is given up, while it waits. */
  readonly expiresAt: number | null
  readonly settledAt: number | null
  /** How often it was sent. */
  readonly attempts: number
  /** The last attempts that came to nothing, the newest last. */
  readonly recent: readonly { readonly at: number; readonly detail: string }[]
  /** Before when it is not tried again; null when it waits for its turn, or no longer. */
  readonly notBeforeAt: number | null
  readonly isSending: boolean
  /** Why it was set aside. */
  readonly cause: DeadCause | null
  readonly detail: string | null
  /** Who gave it up. */
  readonly discardedBy: Actor | null
}

/** A channel, and how it stands. */
export type ChannelView = {
  readonly name: string
  readonly kind: Channel['kind']
  /** Where it goes, as far as that is no secret. */
  readonly target: string | null
  /** Names of the secrets that it needs. */
  readonly secrets: readonly string[]
  readonly backlog: number
  readonly failures: number
  readonly isFailing: boolean
  readonly lastDeliveredAt: number | null
  readonly lastFailure: { readonly at: number; readonly detail: string } | null
}

/** The channels of the config. */
export type ChannelsView = { readonly items: readonly ChannelView[] }

/** What came back of a test. */
export type ChannelTestView = {
  readonly items: readonly {
    readonly channel: string
    readonly kind: Channel['kind']
    readonly status: 'delivered' | 'later' | 'refused'
    /** What the receiver said; null where it took it. */
    readonly detail: string | null
  }[]
}

/** Why somebody was told of the moments of a thing, or not. */
export type NotificationReasonsView = {
  readonly subject: string
  readonly items: readonly {
    readonly notice: NoticeView
    readonly channels: readonly {
      readonly channel: string
      /** By what the config says now. */
      readonly isTold: boolean
      readonly because: string
      /** The message that it became, if it did. */
      readonly message: string | null
      readonly status: Message['status'] | null
    }[]
  }[]
}
