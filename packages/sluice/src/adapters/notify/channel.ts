import type { Channel, SecretName } from '../../core/notify/types.ts'
import type { Delivered, Delivery } from '../../ports/notifier.ts'

/** What every kind of channel works with. */
export type Tools = {
  /** The value of a secret; it is masked in whatever the channel says of its failure. Rejects with a `SluiceError` where there is none. */
  readonly secret: (name: SecretName, signal: AbortSignal) => Promise<string>
  /** Of Sluice, for receivers that want to know who speaks. */
  readonly version: string
  /** How long one request may take, milliseconds. */
  readonly callDeadlineMs: number
}

/** A delivery to one kind of channel. */
export type DeliveryTo<Kind extends Channel['kind']> = Omit<Delivery, 'channel'> & {
  readonly channel: Extract<Channel, { readonly kind: Kind }>
}

/** Attempts a delivery to one kind of channel. Its `detail` is masked and cut by whoever called. */
export type Send<Kind extends Channel['kind']> = (
  delivery: DeliveryTo<Kind>,
  tools: Tools,
  signal: AbortSignal,
) => Promise<Delivered>
