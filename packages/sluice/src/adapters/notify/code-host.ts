/** What telling code hosts has in common: what an answer means for the message. */
import type { SecretName } from '../../core/notify/types.ts'
import type { ApiAnswer } from '../../lib/api-call.ts'
import type { Delivered } from '../../ports/notifier.ts'

/** An answer that is not the one that was hoped for. */
export type Told = Exclude<ApiAnswer, { readonly kind: 'ok' }>

/** What became of the message. */
export const delivered = (told: Told): Delivered =>
  told.kind === 'later'
    ? { status: 'later', detail: told.detail, retryAfterMs: told.retryAfterMs }
    : { status: 'refused', detail: told.detail }

/** An answer in a form that the service does not have: a proxy of somebody, or a service that is not the one it should be. */
export const notReadable = (name: string): Told => ({
  kind: 'later',
  detail: `${name}: an answer in another form than it should have`,
  retryAfterMs: null,
})

/** A token that is none; what it is must not be shown. */
export const noToken = (name: string, secretName: SecretName): Delivered => ({
  status: 'refused',
  detail: `${name}: the secret ${secretName} holds what cannot be a token`,
})
