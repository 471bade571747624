/** Seeded bugs of the lane from outside: a metric source's counters and an external judge, beside the tripwire. */
import { type Mutant, mutantsIn } from './mutant.ts'

const outside = mutantsIn('core/', ['coreSim', 'coreTests'])

/** All of them. */
export const outsideMutants: readonly Mutant[] = [
  outside(
    'judge/outside/verdict.ts',
    'if (state === undefined || state.last === null || state.silent !== null)',
    'if (state === undefined || state.last === null)',
    'what a source said before it fell silent is still true',
  ),
  outside(
    'judge/outside/verdict.ts',
    'if (!(Math.abs(ageMs) <= spec.staleAfterMs))',
    'if (false)',
    'old counts are better than none',
  ),
  outside(
    'judge/outside/verdict.ts',
    "return { verdict: answer.directive === 'wait' ? 'hold' : 'pass', detail: says }",
    "return { verdict: 'pass', detail: says }",
    'a judge that says wait has nothing against it',
  ),
  outside(
    'judge/outside/verdict.ts',
    'if (outside === null || severity[outside.verdict] <= severity[record.verdict]) return record',
    "if (outside === null || outside.verdict !== 'fail') return record",
    'only an objection from outside counts, not its silence',
  ),
  outside(
    'judge/outside/fold.ts',
    'if (state.last === null || state.last.era !== reading.era) return heard',
    'if (state.last === null) return heard',
    'a source that began anew goes on where it was',
  ),
  outside(
    'judge/outside/fold.ts',
    'return units < 0 || badUnits < 0 ? null : { units, badUnits }',
    'return { units: Math.max(0, units), badUnits: Math.max(0, badUnits) }',
    'a counter that went back counted nothing',
  ),
  outside(
    'rollout/guard.ts',
    'const state = outside === undefined ? before : { ...before, outside }',
    'const state = before',
    'evidence from outside is looked at and not kept',
  ),
]
