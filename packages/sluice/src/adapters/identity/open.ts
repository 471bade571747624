/** Identity providers; their libraries are loaded by the first who signs in. */
import type { IssuerKeys } from './workload.ts'
import type { IdentityProvider } from '../../ports/identity-provider.ts'

/** Over HTTP. `variables`: where client secrets are read from. */
export const openIdentityProvider = (variables: Readonly<Record<string, string | undefined>>): IdentityProvider => {
  const keys: IssuerKeys = new Map()
  return {
    begin: async (...asked) => (await import('./oidc.ts')).beginSignIn(variables, ...asked),
    finish: async (...asked) => (await import('./oidc.ts')).finishSignIn(variables, ...asked),
    recognise: async (assertion, rules, now) =>
      (await import('./workload.ts')).recogniseJob(keys, { assertion, rules, now }),
  }
}
