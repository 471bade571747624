/** Secrets as the API tells them: names, versions, when and by whom; never a value. See `views.ts`. */
import type { Actor } from '../../core/model.ts'
import type { DoneView, None, ReasonInput } from './contract.ts'

/** One secret. */
export type SecretView = {
  readonly name: string
  /** The one that a release cut now would carry; it tells nothing of the value. */
  readonly version: string
  /** How many versions are kept. */
  readonly versions: number
  /** When this version was set, and by whom; null for one that was not set here. */
  readonly setAt: number | null
  readonly setBy: Actor | null
}

/** Every secret. */
export type SecretsView = { readonly secrets: readonly SecretView[] }

/** A secret that was set. */
export type SecretSetView = { readonly version: string }

/** Query, body and response of the routes of secrets. */
export type SecretsContract = {
  'secrets.list': { query: None; body: None; response: SecretsView }
  'secrets.set': { query: None; body: ReasonInput & { readonly value: string }; response: SecretSetView }
  'secrets.remove': { query: None; body: ReasonInput & { readonly force?: boolean | undefined }; response: DoneView }
}
