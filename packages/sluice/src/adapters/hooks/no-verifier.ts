import { SluiceError } from '../../core/errors.ts'
import type { Verifier } from '../../ports/verifier.ts'

/** A verifier that refuses: nothing here can make checks, and what was not checked has not passed. */
export const noVerifier: Verifier = {
  verify: ({ scope }) =>
    Promise.reject(
      new SluiceError('verification_failed', {
        detail: `the ${scope} cannot be verified: this control plane has nothing that makes checks`,
        hint: 'take verify out of the strategy in sluice.config.ts',
      }),
    ),
}
