/** Looks at releases, loaded with the first look: most commands of a control plane have none to make. */
import type { Verifier } from '../../ports/verifier.ts'
import type { VerifierWorld } from './verifier.ts'

/** See `localVerifier`. */
export const openVerifier = (world: VerifierWorld): Verifier => ({
  verify: async (request, signal) => (await import('./verifier.ts')).localVerifier(world).verify(request, signal),
})
