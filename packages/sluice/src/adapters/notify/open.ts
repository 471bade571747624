/** The notifier of this machine: what a kind of channel needs is loaded when the first notice goes there. */
import type { SecretSource } from '../../ports/secrets.ts'
import type { Notifier } from '../../ports/notifier.ts'

/** Opens it. Nothing is loaded yet. */
export const openNotifier = (_options: { readonly secrets: SecretSource; readonly version: string }): Notifier => ({
  send: ({ channel }) =>
    Promise.resolve({ status: 'refused', detail: `channels of the kind ${channel.kind} are not there yet` }),
})
