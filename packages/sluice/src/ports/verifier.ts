import type { EnvironmentSpec, Release } from '../core/model.ts'
import type { Upstream } from '../core/routing.ts'
import type { VerificationReport, VerificationScope } from '../core/verification/types.ts'

/** Looks at a release from outside, as its users would. Rejects with SluiceError only when nothing could be asked at all. */
export interface Verifier {
  /** Runs every check of `spec` that has this scope against these addresses; a check that cannot look is `broken` in the report. */
  verify(
    request: {
      readonly release: Release
      readonly spec: EnvironmentSpec
      readonly scope: VerificationScope
      readonly targets: readonly Upstream[]
      /** Where the router serves the release alone; looked at before the targets, but for response times. Absent: nowhere. */
      readonly through?: Upstream
      /** What the release it replaces listens on, for comparisons; empty when nothing does. */
      readonly previous: readonly Upstream[]
    },
    signal: AbortSignal,
  ): Promise<VerificationReport>
}
