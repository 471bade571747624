/** Whoever vouches for people and jobs. Every method rejects with SluiceError only: `sign_in_failed` when it says no, `server_unreachable` when it does not answer. */
import type { OidcRules, WorkloadRule } from '../core/identity/rules.ts'

/** What only this control plane knows of a sign-in that is under way. */
export type OidcFlow = { readonly state: string; readonly nonce: string; readonly verifier: string }

/** A person, as its provider tells. */
export type Vouched = {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly groups: readonly string[]
}

/** A job of a CI service that a rule lets in. */
export type VouchedJob = {
  readonly rule: WorkloadRule
  readonly subject: string
  /** The one use of what was shown: another token with the same is the same. */
  readonly once: string
  /** Who started the job there; null when it does not say. */
  readonly startedBy: string | null
}

/** See the file's header. */
export interface IdentityProvider {
  /** Begins a sign-in: where to send the browser, and what to keep meanwhile. */
  begin(rules: OidcRules, redirectUrl: string): Promise<{ readonly url: string; readonly flow: OidcFlow }>
  /** Ends it: who came back to this address. */
  finish(rules: OidcRules, back: { readonly url: string; readonly flow: OidcFlow }): Promise<Vouched>
  /** The job whose token this is, and the first rule that lets it in. */
  recognise(assertion: string, rules: readonly WorkloadRule[], now: number): Promise<VouchedJob>
}
