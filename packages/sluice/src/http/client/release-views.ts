/** What the API answers about releases. */
import type { Artifact, Commit, EnvironmentSpec } from '../../core/model.ts'
import type { HoldView } from './rollback-views.ts'
import type { ReleaseRef } from './views.ts'

/** A release. */
export type ReleaseView = ReleaseRef & {
  readonly service: string
  readonly commit: Commit
  readonly cutAt: number
  readonly cutBy: string
  readonly artifacts: readonly Artifact[]
  readonly environments: readonly string[]
  /** Environments that it serves now. */
  readonly serves: readonly string[]
  /** Why it may not be shipped; null when it may. */
  readonly hold: HoldView | null
}

/** A release with everything it fixes. Secret versions are in it, values never are. */
export type ReleaseDetailView = ReleaseView & {
  readonly start: { readonly command: string; readonly artifact: string }
  readonly migrations: readonly string[]
  /** Feature flags that its code reads. */
  readonly flags: readonly string[]
  /** What the gates of its run said; empty when it had none. */
  readonly gates: readonly { readonly gate: string; readonly status: 'pass' | 'waived' }[]
  readonly specs: readonly EnvironmentSpec[]
}

/** Whether a release is what its id says, and its artifacts what their digests say. */
export type ReleaseVerificationView = {
  readonly release: ReleaseRef
  readonly intact: boolean
  readonly artifacts: readonly {
    readonly name: string
    readonly digest: string
    readonly status: 'ok' | 'missing' | 'mismatch'
    /** Null when no run left any. */
    readonly provenance: {
      readonly status: 'verified' | 'refused'
      readonly detail: string | null
      /** SHA-256 of each key that signed. */
      readonly keys: readonly string[]
    } | null
  }[]
}
