/**
 * Seeded bugs. Each is one replacement in one file of `packages/sluice/src`, with the reason why somebody might write it; a simulator, a law
 * or a test must notice. A simulator that lets them pass is broken, however many schedules it survives.
 */
import { type Mutant, mutantsIn } from './mutant.ts'
import { besideMutants } from './mutants-beside.ts'
import { engineMutants } from './mutants-engine.ts'
import { governanceMutants } from './mutants-governance.ts'
import { judgeMutants } from './mutants-judge.ts'
import { gatewayMutants } from './mutants-gateway.ts'
import { notifyMutants } from './mutants-notify.ts'
import { outsideMutants } from './mutants-outside.ts'
import { pipelineMutants } from './mutants-pipeline.ts'
import { rollbackMutants } from './mutants-rollback.ts'
import { promotionMutants } from './mutants-promotion.ts'
import { strategyMutants } from './mutants-strategies.ts'

const core = mutantsIn('core/', ['coreSim', 'coreTests'])

const machineMutants: readonly Mutant[] = [
  core(
    'rollout/machine.ts',
    "if (state.status !== 'advancing' && state.status !== 'reverting') return []",
    "if (state.status !== 'advancing') return []",
    'a restart forgets what a way back has in flight',
  ),
  core(
    'rollout/machine.ts',
    "if (state.status === 'advancing' && state.guard.kind === 'measuring') effects.push(state.guard.effect)",
    '',
    'a restart forgets that the judge was looking',
  ),
  core(
    'rollout/machine.ts',
    "return state.status === 'advancing' ? wasTripped(state, event) : unchanged(state)",
    'return unchanged(state)',
    'the notice of a trip is for the log',
  ),
  core(
    'rollout/machine.ts',
    "return state.status === 'advancing' ? wasTripped(state, event) : unchanged(state)",
    'return wasTripped(state as Advancing, event)',
    'a trip always starts the way back again, with itself as the cause',
  ),
  core(
    'rollout/machine.ts',
    'event.release !== state.plan.to || isKnown !== event.healthy',
    'isKnown !== event.healthy',
    'a sick stable turns its own cure back',
  ),
  core(
    'rollout/machine.ts',
    'if (unhealthy.length <= unhealthyMax) return unchanged(next)',
    'if (unhealthy.length <= unhealthyMax + 1) return unchanged(next)',
    'one sick instance more than allowed',
  ),
  core(
    'rollout/machine.ts',
    "return state.status === 'parked' ? unchanged(state) : park(state, event.detail)",
    'return unchanged(state)',
    'poison work is never set aside',
  ),
  core(
    'rollout/effects.ts',
    'sequence: state.sequence + 1,\n  key',
    'sequence: state.sequence,\n  key',
    'sequences repeat',
  ),
  core(
    'rollout/effects.ts',
    'fence: { token: state.token, sequence: state.sequence + 1 }',
    'fence: { token: state.token, sequence: 0 }',
    'the fence is the token alone: a late request of the same rollout lands after its way back',
  ),
  core(
    'rollout/effects.ts',
    'fence: { token: state.token, sequence: state.sequence + 1 }',
    'fence: { token: 0, sequence: state.sequence + 1 }',
    'the fence knows no rollout',
  ),
  core(
    'rollout/effects.ts',
    'action.release === from ? fromSpec : spec',
    'action.release === from ? spec : spec',
    'the old release gets the time to start that the new one needs',
  ),
  core(
    'rollout/forward.ts',
    "const warm = state.warm && !(step.kind === 'retire' && step.release === from)",
    'const warm = state.warm',
    'after the old release was retired the way back still counts on it',
  ),
  core(
    'rollout/forward.ts',
    'state.hurried !== null && waits(step, state)',
    'state.hurried !== null',
    'promote passes over actions too',
  ),
  core(
    'rollout/forward.ts',
    'const isBegun = paused === null && isAction(step)',
    'const isBegun = isAction(step)',
    'a pause stops nothing',
  ),
  core(
    'rollout/forward.ts',
    "guard.kind === 'off' && state.paused?.kind === 'broken' ? null : state.paused",
    'state.paused',
    'a pause for a silent source outlives the comparison',
  ),
  core(
    'rollout/forward.ts',
    'enter(state, state.index + 1, at)',
    'enter(state, state.index + 2, at)',
    'a step is passed over',
  ),
  core(
    'rollout/forward.ts',
    'Math.min(Math.max(0, at - stage.since), 2 * portionMs(totalMs))',
    'Math.max(0, at - stage.since)',
    'a jump of the clock ends a bake',
  ),
  core(
    'rollout/forward.ts',
    "if (stage.kind === 'ready') return enter(resumed, state.index, at)",
    '',
    'a rollout that was paused between steps never goes on',
  ),
  core(
    'rollout/results.ts',
    "stage.kind === 'performing' && stage.effect.sequence === event.sequence",
    "stage.kind === 'performing'",
    'a late answer passes for the answer',
  ),
  core(
    'rollout/results.ts',
    "if (event.type === 'effect_succeeded') return succeeded(state, { stage, result: event.result }, event.at)",
    "if (event.type !== 'effect_failed') return succeeded(state, { stage, result: { kind: 'done' } }, event.at)",
    'no answer is a good answer',
  ),
  core(
    'rollout/results.ts',
    'if (healthy < action.count - action.failuresMax)',
    'if (healthy < 1)',
    'one healthy instance is enough for any share',
  ),
  core('rollout/results.ts', 'if (isHopeless) return goCold(state, at)', '', 'the way back waits for the dead'),
  core(
    'rollout/results.ts',
    "failure.code === 'retire_refused' ? 0 : state.index",
    'state.index',
    'a refused retire is asked again for ever',
  ),
  core(
    'rollout/results.ts',
    "if (failure.retry !== 'never' && (isHook || stage.attempt < limits.stepAttemptsMax))",
    'if (false)',
    'the first hiccup turns back',
  ),
  core(
    'rollout/results.ts',
    "if (failure.retry !== 'never' && (isHook || stage.attempt < limits.stepAttemptsMax))",
    'if (true)',
    'forward never gives up',
  ),
  core(
    'rollout/revert.ts',
    'const action = state.plan.revert[state.route][index]',
    'const action = state.plan.revert[state.route][index + 1]',
    'the way back forgets its first step',
  ),
  core(
    'rollout/revert.ts',
    '= { id, token, sequence, plan,',
    '= { id, token, sequence: 0, plan,',
    'a way back numbers anew',
  ),
  core(
    'rollout/revert.ts',
    "(warm ? 'warm' : 'cold')",
    "(warm ? 'warm' : 'warm')",
    'the way back always counts on the old release being up',
  ),
  core(
    'rollout/time.ts',
    "if (stage.kind === 'performing' && at >= stage.deadlineAt)",
    "if (stage.kind === 'performing' && at > stage.deadlineAt + 3_600_000)",
    'nobody asks again for an hour',
  ),
  core(
    'rollout/time.ts',
    'if (near !== before) return unchanged(near)',
    '',
    'a clock that is set back stops judge, bake and retry for as long',
  ),
  core(
    'rollout/time.ts',
    'at - (nextAt(before) ?? at) > limits.wakeLateMsMax ? withoutAbsence(before, at) : before',
    'before',
    'downtime of the control plane counts as lack of progress',
  ),
  core(
    'rollout/time.ts',
    "case 'backing_off':\n    case 'asking':\n      return stage.until",
    "case 'backing_off':\n    case 'asking':\n      return Infinity",
    'a retry is planned and nobody wakes for it',
  ),
  core(
    'rollout/time.ts',
    "if (at >= overdueAt(state)) return state.status === 'advancing' ? overdue(state, at) : finishBack(state, at)",
    '',
    'no progress is no reason',
  ),
  core('rollout/clock.ts', 'Math.min(guard.at, at + intervalMs)', 'guard.at', 'a clock set back blinds the judge'),
  core(
    'rollout/guard.ts',
    "if (verdict.verdict === 'fail') return fail({ ...state, lastVerdict: verdict }, verdict, at)",
    '',
    'evidence changes nothing',
  ),
  core(
    'rollout/guard.ts',
    "if (verdict.verdict === 'broken') return wasSilent({ ...state, lastVerdict: verdict }, at, verdict.detail)",
    '',
    'a broken judge is a patient judge',
  ),
  core(
    'rollout/guard.ts',
    "verdict.verdict === 'pass' && state.paused === null ? passed",
    "verdict.verdict === 'pass' ? passed",
    'evidence overrules a pause',
  ),
  core(
    'rollout/guard.ts',
    "verdict.verdict === 'pass' && state.paused === null ? passed",
    "verdict.verdict !== 'fail' && state.paused === null ? passed",
    'hold promotes',
  ),
  core(
    'rollout/guard.ts',
    'const isBroken = at - silentSince >= state.plan.spec.judge.staleAfterMs',
    'const isBroken = false',
    'a silent source never pauses',
  ),
  core('rollout/exposure.ts', 'return served > 1 ||', 'return', 'the judge never looks'),
  core(
    'rollout/commands.ts',
    "return turnBack(state, { route: wayBack(state), cause: { kind: 'command', command: 'abort', by, reason } }, at)",
    "return state.paused === null ? turnBack(state, { route: wayBack(state), cause: { kind: 'command', command: 'abort', by, reason } }, at) : unchanged(state)",
    'a paused rollout cannot be aborted',
  ),
  core(
    'rollout/commands.ts',
    'if (stage.approvals.includes(event.by.name)) return unchanged(state)',
    '',
    'one person can be two',
  ),
  core(
    'rollout/commands.ts',
    'return isWaiting || isStuckDrain || isGate ? finishStep(state, at) : unchanged(state)',
    'return finishStep(state, at)',
    'skip passes over actions in flight',
  ),
  core(
    'rollout/commands.ts',
    'return enter(standing(state, resume), resume.index, event.at)',
    'return enter(standing(state, { index: resume.index, warm: true }), resume.index, event.at)',
    'what was parked after a retire comes back as if nothing had been retired',
  ),
  core(
    'rollout/plan.ts',
    '...leftovers.flatMap((release) => takeDown(release, 0)),',
    '',
    'releases kept from before are forgotten',
  ),
  core(
    'rollout/plan.ts',
    "spec.strategy.kind === 'recreate' ||",
    'false &&',
    'the way back of a service that may not run twice runs it twice',
  ),
  core(
    'rollout/strategies/rolling.ts',
    'steps.push(...takeDown(from.release, keep))',
    'steps.push(...takeDown(from.release, Math.max(0, keep - 1)))',
    'one old instance too many is taken down',
  ),
  core(
    'rollout/strategies/common.ts',
    "{ kind: 'drain', release, keep },",
    '',
    'instances are retired under their requests',
  ),
  core(
    'rollout/strategies/registry.ts',
    "cold: company === 'alone' ? [holdAll, ...down, ...up, all] : [...up, all, ...down],",
    "cold: company === 'alone' ? [holdAll, ...down, all] : [all, ...down],",
    'traffic goes back before the old release is up again',
  ),
  core(
    'rollout/strategies/registry.ts',
    "cold: company === 'alone' ? [holdAll, ...down, ...up, all] : [...up, all, ...down],",
    "cold: company === 'alone' ? [holdAll, ...down, ...up, all] : [...up, ...down, all],",
    'the new release is taken down under its traffic',
  ),
  core(
    'rollout/strategies/blue-green.ts',
    'const steps: Step[] = [...bringUp(to.release, to.instances, 0)]',
    "const steps: Step[] = [{ kind: 'start', release: to.release, count: to.instances }]",
    'green is switched to unseen',
  ),
  core(
    'rollout/strategies/canary.ts',
    '...promotion(input, { stable, candidate: whole }, options),',
    '',
    'the last share is taken for all of it',
  ),
  core(
    'environment.ts',
    'return state.live === null ? { ...state, live: event.rollout, token: state.token + 1 } : state',
    'return { ...state, live: event.rollout, token: state.token + 1 }',
    'two rollouts at once',
  ),
  core('environment.ts', 'token: state.token + 1', 'token: state.token', 'the next rollout is no newer than the last'),
  core(
    'environment.ts',
    'return state.live === event.rollout ? settle(state, event) : state',
    'return settle(state, event)',
    'a late end of an old rollout ends the new one',
  ),
  core(
    'environment.ts',
    'kept: event.keepsPrevious && from !== null ? [from] : [],',
    'kept: [],',
    'what was kept for an instant return is forgotten, and runs for ever',
  ),
  core(
    'admission.ts',
    '? [serving, live, ...(input.emergency === undefined ? [served] : []), contracted]',
    '? [serving, live, ...(input.emergency === undefined ? [served] : []), contracted, locked]',
    'a lock stands in the way of a rollback',
  ),
  core(
    'environment.ts',
    'else line.splice(known + 1)',
    'else line.push(release)',
    'a second rollback returns to what the first one left behind',
  ),
  core(
    'admission.ts',
    '? [serving, live, ...(input.emergency === undefined ? [served] : []), contracted]',
    '? [serving, live, contracted]',
    'a rollback takes any release past lock, freeze and approvals',
  ),
]

/** All of them. */
export const mutants: readonly Mutant[] = [
  ...machineMutants,
  ...strategyMutants,
  ...judgeMutants,
  ...outsideMutants,
  ...notifyMutants,
  ...engineMutants,
  ...rollbackMutants,
  ...gatewayMutants,
  ...pipelineMutants,
  ...promotionMutants,
  ...governanceMutants,
  ...besideMutants,
]
