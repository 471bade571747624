/** Seeded bugs of the judge: its verdicts, its α, its proofs, and what evidence may move; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const core = mutantsIn('core/', ['coreSim', 'coreTests'])

/** One after the other. */
export const judgeMutants: readonly Mutant[] = [
  core(
    'rollout/exposure.ts',
    "if (shift?.kind !== 'shift' || judge?.kind !== 'judge') return ramp",
    "if (shift === undefined) return ramp\n    if (shift.kind !== 'shift' || judge?.kind !== 'judge') {\n      next -= 1\n      continue\n    }",
    'evidence jumps over an approval',
  ),
  core(
    'rollout/guard.ts',
    'if (next !== undefined) return enter(state, next.index, at)',
    'return enter(state, next?.index ?? ramp[0]?.index ?? state.index, at)',
    'an exposure budget that is spent stops nobody',
  ),
  core(
    'judge/verdict.ts',
    'if (dependent !== null)',
    'if (false)',
    'a stable arm that differs from itself proves something',
  ),
  core(
    'judge/verdict.ts',
    "const isProven = demand.proof === 'suffices' && proof?.isGood === true",
    "const isProven = demand.proof === 'suffices'",
    'asking for a proof is having one',
  ),
  core(
    'judge/next-share.ts',
    'Math.max(0, bad.candidate - stable * statistics.candidate.units)',
    'bad.candidate',
    'errors that the stable release has too spend the exposure budget',
  ),
  core(
    'rollout/exposure.ts',
    'next.shares.length === 1 ? 1 : ',
    'next.shares.length === 1 ? 0 : ',
    'a release that has spent its exposure budget gets all of the traffic',
  ),
  core(
    'judge/proof.ts',
    'logE(evidenceOf(strata, ratio, inverseRatios)) >= limit',
    'true',
    'everything is proven good',
  ),
  core(
    'judge/metrics.ts',
    '(left * asked(metric)) / total',
    'asked(metric)',
    'each metric spends the whole α of the release',
  ),
  core(
    'judge/one-sample.ts',
    'mixture(counts, limit, rateRatios)',
    'mixture(counts, limit, inverseRatios)',
    'without a control, no errors are evidence against',
  ),
  core(
    'judge/verdict.ts',
    'candidate.units >= demand.unitsMin && candidate.units > 0',
    'candidate.units >= 0',
    'no measurement is a pass',
  ),
  core(
    'judge/verdict.ts',
    'if (!(Math.abs(ageMs) <= policy.staleAfterMs))',
    'if (ageMs > policy.staleAfterMs)',
    'counts from the future are fresh',
  ),
  core(
    'judge/verdict.ts',
    'if (!(Math.abs(ageMs) <= policy.staleAfterMs))',
    'if (false)',
    'yesterday’s counts are good enough',
  ),
  core(
    'judge/verdict.ts',
    "if (logE === null) return record('broken', 'the source keeps no evidence for this rollout')",
    '',
    'no evidence against is evidence for',
  ),
]
