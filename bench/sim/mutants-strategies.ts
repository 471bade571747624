/** Seeded bugs in stages, hooks, checks, the ramp, in admission, and in taking another rollout's place. */
import { type Mutant, mutantsIn } from './mutant.ts'

const core = mutantsIn('core/', ['coreSim', 'coreTests'])

/** See the file's header. */
export const strategyMutants: readonly Mutant[] = [
  core(
    'rollout/gates.ts',
    'if (bad === undefined && results.length > 0) return null',
    'if (bad === undefined) return null',
    'where there are no checks there is nothing to fail',
  ),
  core(
    'rollout/gates.ts',
    "?? results.find(({ outcome }) => outcome !== 'passed')",
    '',
    'a check that could not look did not fail',
  ),
  core(
    'rollout/gates.ts',
    'wanted > gateLimits.hookRetryMsMin ? wanted : gateLimits.hookRetryMsMin',
    'Math.max(wanted, gateLimits.hookRetryMsMin)',
    'the larger of two numbers is a number',
  ),
  core(
    'rollout/gates.ts',
    "  return answer.status === 'failed'\n",
    "  return answer.status === 'failed' && answer.evidence.length > 0\n",
    'a no without evidence is no no',
  ),
  core(
    'rollout/results.ts',
    "if (result.kind === 'answered' && result.answer.status === 'in_progress')",
    'if (state === null)',
    'whoever does not say no says yes',
  ),
  core(
    'rollout/results.ts',
    "if (isHook && failure.retry === 'never') return finishBack(state, at)",
    '',
    'a hook may say no to a way back, too',
  ),
  core(
    'rollout/time.ts',
    'if (at >= overdueAt(state)) return state.status',
    "if (state.status === 'advancing' && at >= overdueAt(state)) return state.status",
    'a hook on the way back has all the time that it likes',
  ),
  core(
    'rollout/time.ts',
    "    case 'continue':\n      return finishStep(state, at)\n",
    "    case 'continue':\n      return turnBack(state, { route: wayBack(state), cause }, at)\n",
    'no answer is a no, whatever the config says',
  ),
  core(
    'rollout/forward.ts',
    "return spec.onFail === 'pause' && purpose !== 'rollback' && !isCut",
    "return spec.onFail === 'pause' && purpose !== 'rollback'",
    'what the data plane has cut may wait as well',
  ),
  core(
    'rollout/revert.ts',
    "    return isEvidence(state.cause)\n      ? unchanged({ ...state, index, stage: { kind: 'awaiting', approvals: [] } })\n      : step(state, { index: index + 1, attempt: 1 }, at)",
    "    return unchanged({ ...state, index, stage: { kind: 'awaiting', approvals: [] } })",
    'an abort waits for somebody to look at what was aborted',
  ),
  core(
    'rollout/commands.ts',
    "const isAsked = event.type === 'retry_requested' || event.type === 'abort_requested'",
    "const isAsked = event.type === 'retry_requested'",
    'a rollout that turns back cannot be aborted',
  ),
  core(
    'rollout/commands.ts',
    "return state.paused !== null && state.paused.kind !== 'broken'",
    "return state.paused?.kind === 'command'",
    'a pause of a person says more than the failure that was there first',
  ),
  core('rollout/exposure.ts', 'if (shareBp === 0) continue', '', 'who reaches the candidate by a rule is a sample'),
  core(
    'rollout/guard.ts',
    'baked: !isProof && accrued(stage, bakeMs, at) >= bakeMs',
    'baked: accrued(stage, bakeMs, at) >= bakeMs',
    'who was watched for long enough is proven',
  ),
  core(
    'rollout/plan.ts',
    '[...bringUp(release, instances, instances - 1), allOn(release, instances), ...down, ...steps]',
    '[...down, ...steps]',
    'what is replaced has no traffic any more',
  ),
  core(
    'rollout/replace.ts',
    "if (plan.purpose === 'rollback') return",
    "if (plan.purpose === 'rollback' && release === plan.from) return",
    'a deploy takes the place of a rollback',
  ),
  core('rollout/plan.ts', '...cleared, ...told]', '...told]', 'what was replaced is left to the word of the router'),
  core(
    'environment.ts',
    'const abandoned = event.superseded === true ? [...others, to] : others',
    'const abandoned = others',
    'who took the place of another has cleared up after it',
  ),
  core(
    'admission.ts',
    'environment.live === null || environment.live === replaces',
    'environment.live === null || replaces !== undefined',
    'whoever asks to replace one rollout may replace any',
  ),
  core(
    'rollout/strategies/rolling.ts',
    'const keep = Math.min(old, Math.max(done === 0 ? 1 : 0, total - unavailable - done))',
    'const keep = Math.min(old, Math.max(0, total - unavailable - done))',
    'all may be missing, so all are taken away first',
  ),
  core(
    'rollout/hooks.ts',
    'timeoutMs: Math.min(timeoutMs, gateLimits.revertHookMsMax)',
    'timeoutMs',
    'a hook has its own time on the way back, too',
  ),
]
