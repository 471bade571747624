/** Checks of a release beside its traffic: before it has any, and of the environment after. */

/** What a check found. `broken`: it could not look, which is never a pass. */
export type CheckOutcome = 'passed' | 'failed' | 'broken'

/** One check's result, for people. `evidence`: what was seen (status, first bytes, last lines), masked and bounded. */
export type CheckResult = {
  readonly name: string
  readonly outcome: CheckOutcome
  readonly detail: string
  readonly durationMs: number
  readonly evidence: readonly string[]
}

/** Where the checks look: at the instances of one release directly, or at the environment as its users reach it. */
export type VerificationScope = 'candidate' | 'environment'

/** All results in the order of the config. Passed only if there is at least one and every one passed. */
export type VerificationReport = { readonly scope: VerificationScope; readonly results: readonly CheckResult[] }
