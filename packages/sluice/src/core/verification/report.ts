/** Which checks look where, how long they may take, and what they came to together. */
import { limits } from '../limits.ts'
import type { EnvironmentSpec } from '../model.ts'
import type { Upstream } from '../routing.ts'
import type { Check, CheckOutcome, VerificationReport, VerificationScope } from './types.ts'

/** The checks of an environment that look there, in the order of the config. A rollout needs no step for a scope without any. */
export const checksOf = (
  { verify = [] }: Pick<EnvironmentSpec, 'verify'>,
  scope: VerificationScope,
): readonly Check[] => verify.filter(({ scopes }) => scopes.includes(scope))

/** What a report comes to. Fails closed: nothing looked at is `broken`; what failed outweighs what is broken, because it was seen. */
export const outcomeOf = ({ results }: Pick<VerificationReport, 'results'>): CheckOutcome => {
  if (results.some(({ outcome }) => outcome === 'failed')) return 'failed'
  return results.length > 0 && results.every(({ outcome }) => outcome === 'passed') ? 'passed' : 'broken'
}

/** A report as one sentence: what did not pass, and why. */
export const reportText = (report: VerificationReport): string => {
  const { results } = report
  if (results.length === 0) return `no check looked at the ${report.scope}`
  const bad = results.filter(({ outcome }) => outcome !== 'passed')
  if (bad.length === 0) return `${results.length} of ${results.length} checks passed`
  const told = bad.map(
    ({ name, outcome, detail }) => `${name} ${outcome === 'failed' ? 'failed' : 'is broken'}: ${detail}`,
  )
  return `${bad.length} of ${results.length} checks did not pass: ${told.join('; ')}`
}

/** Last lines of the evidence of what did not pass, bounded. */
export const reportEvidence = ({ results }: VerificationReport): readonly string[] =>
  results
    .filter(({ outcome }) => outcome !== 'passed')
    .flatMap(({ name, evidence }) => evidence.map((line) => `${name}: ${line}`))
    .slice(0, limits.evidenceLinesMax)

/** Where an environment is reached from this machine: a listener on every address answers on the loopback one. */
export const environmentTarget = ({ name, listen }: Pick<EnvironmentSpec, 'name' | 'listen'>): Upstream => {
  const { host, port } = listen
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '[::]' || host === '::' ? '::1' : host
  return { instance: name, host: reached.replace(/^\[(.*)\]$/, '$1'), port }
}
