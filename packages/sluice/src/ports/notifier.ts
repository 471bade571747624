import type { NotifySettings } from '../core/notify/rules.ts'
import type { Channel, Notice, Receipt } from '../core/notify/types.ts'

/** One notice for one channel. */
export type Delivery = {
  /** The same for every attempt: whoever receives it twice can tell, and does nothing twice where it offers that. */
  readonly key: string
  readonly channel: Channel
  readonly notice: Notice
  /** What the channel gave back for the last notice of the same subject; null for the first. */
  readonly previous: Receipt | null
}

/**
 * What became of an attempt. `later`: no answer, or one that asks to come back (408, 429, 5xx), `retryAfterMs` where it said when. `refused`: the receiver says no, and will again.
 * Neither `detail` holds a secret, nor an address that is one.
 */
export type Delivered =
  | { readonly status: 'delivered'; readonly receipt: Receipt }
  | { readonly status: 'later'; readonly detail: string; readonly retryAfterMs: number | null }
  | { readonly status: 'refused'; readonly detail: string }

/** Tells people and other systems. */
export interface Notifier {
  /** Attempts it once. Rejects for nothing that the receiver does. */
  send(delivery: Delivery, signal: AbortSignal): Promise<Delivered>
}

/** What the config says about notifications, as it was read last. `settings`: null where nobody is to be told anything. */
export type NotifyRead =
  | { readonly status: 'read'; readonly settings: NotifySettings | null; readonly service: string }
  /** Somebody is editing it, or it is gone. */
  | { readonly status: 'unreadable'; readonly detail: string }

/** Reads what the config says about notifications. */
export interface NotifyRules {
  /** What was read last, if that is not old; `now`: as it stands. Never rejects. */
  read(freshness: 'recent' | 'now'): Promise<NotifyRead>
}
