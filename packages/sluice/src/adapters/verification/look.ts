/** What one attempt of a check is given, and what it gives. */
import type { Release } from '../../core/model.ts'
import type { Upstream } from '../../core/routing.ts'
import type { Unmet } from '../../core/verification/expect.ts'
import type { VerificationScope } from '../../core/verification/types.ts'

/** What an attempt saw. Nothing unmet: it passed. */
export type Seen = {
  readonly unmet: readonly Unmet[]
  /** What was seen, when it passed. */
  readonly detail: string
  readonly evidence: readonly string[]
}

/** Where a check looks. */
export type Place = {
  readonly release: Release
  readonly environment: string
  readonly scope: VerificationScope
  readonly targets: readonly Upstream[]
  readonly previous: readonly Upstream[]
}

/** Something that could not be looked at. */
export const blind = (detail: string, evidence: readonly string[] = []): Seen => ({
  unmet: [{ outcome: 'broken', detail }],
  detail,
  evidence,
})
