/** Seeded bugs of going back: holds, targets, the watch, drills; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const back = mutantsIn('', ['rollbackTests', 'engineSim'])

/** One after the other. */
export const rollbackMutants: readonly Mutant[] = [
  back(
    'core/consequences.ts',
    "if (after.status === 'succeeded' || after.plan.purpose === 'rollback') return []",
    'return []',
    'what came back by itself is shipped again by whatever goes on by itself',
  ),
  back(
    'core/consequences.ts',
    "if (plan.purpose === 'rollback' || plan.from === null) return []",
    '',
    'a rollback is rolled back',
  ),
  back(
    'core/release-machine.ts',
    'return state.hold === undefined ? { ...state, hold: event.hold } : state',
    'return { ...state, hold: event.hold }',
    'the first cause of a hold is forgotten',
  ),
  back('core/admission.ts', '  ahead,\n  held,\n', '  ahead,\n', 'nobody looks at holds'),
  back(
    'core/point-of-no-return.ts',
    "migrationClass(name) === 'contract' && !known.has(name)",
    "migrationClass(name) === 'contract' && known.has(name)",
    'the point of no return is passed unseen',
  ),
  back(
    'core/rollback-targets.ts',
    'if (known >= 0) line.splice(known)',
    'if (known >= 0) line.splice(known + 1)',
    'what serves is its own predecessor',
  ),
  back(
    'engine/admission/wanted.ts',
    'command.initiator === undefined && window !== undefined',
    'window !== undefined',
    'a job of an old run takes production back without being asked',
  ),
  back(
    'engine/commands/queue.ts',
    '...(overrides.length === 0 ? {} : { overrides }),',
    '',
    'what a person passes over is forgotten while the release waits',
  ),
  back('engine/commands/queue.ts', "wanted.purpose === 'rollback' || ", '', 'a way back waits in a queue'),
  back(
    'engine/admission/holds.ts',
    'return [heldBy(plan.from, hold, asking), ...others]',
    'return others',
    'a rollback leaves no hold',
  ),
  back(
    'engine/commands/rollback.ts',
    'if (isWayBack) return join(desk, { command, live, leaves: live.plan.from }, asking)',
    '',
    'the second person who rolls back undoes the rollback of the first',
  ),
  back(
    'engine/commands/rollback.ts',
    "...(state.status === 'parked' ? [input(key, retry, asking)] : []),",
    '',
    'a rollback that was set aside stays there, whoever asks',
  ),
  back(
    'engine/commands/rollback.ts',
    "...(release === null || asking.by.kind === 'system' ? {} : { replace: true }),",
    '',
    'a live rollout blocks a rollback to what somebody named',
  ),
  back(
    'engine/commands/rollback.ts',
    '...(alsoLeft === null ? [] : [heldBy(alsoLeft, holdOn({ command, at }, asking), asking)]),',
    '',
    'the candidate that a rollback takes down is shipped again',
  ),
  back(
    'core/rollout/plan.ts',
    'if (from === null || overtakes !== undefined)',
    'if (from === null)',
    'on its way to another release a rollback goes through the one that it leaves',
  ),
  back(
    'engine/commands/rollback.ts',
    'if (!isOver && (now.live !== live.id || !isGoing(state)))',
    'if (!isOver && now.live !== live.id)',
    'a rollback that is coming back itself is the answer to who asks for one',
  ),
  back(
    'engine/commands/rollback.ts',
    "if (status === 'succeeded' || (now.live !== live.id && !isBack))",
    "if (status === 'succeeded')",
    'whoever took the place of what is rolled back goes on',
  ),
  back(
    'engine/commands/rollback.ts',
    '    await desk.loop.whole()\n',
    '',
    'a rollback gives up where a write has just failed',
  ),
  back(
    'engine/loop/loop.ts',
    "const record = typeof request === 'function' ? request() : null",
    'const record = null',
    'an answer for which nothing had to change is forgotten, and the same rollback asked again goes one release further',
  ),
  back(
    'engine/admission/live-drill.ts',
    'if (loop.isRunning && !loop.isWhole)\n    throw',
    'if (false)\n    throw',
    'after a write that failed there is no drill',
  ),
  back(
    'core/rollback-targets.ts',
    'by = passage.release === arrival.release ? null : (by ?? passage.rollout)',
    'by ??= passage.rollout',
    'what a drill showed for a while was taken back for good',
  ),
  back(
    'engine/keepers/queue-keeper.ts',
    'state.live ?? liveDrill(this.#desk, state)?.plan.id ?? null',
    'state.live',
    'what waits enters in the middle of a drill',
  ),
  back(
    'core/watch/triggers.ts',
    'if (current.units < previous.units || current.badUnits < previous.badUnits) return null',
    '',
    'counts that began anew are measured against the old ones',
  ),
  back('core/watch/triggers.ts', 'if (units < rate.requestsMin) return null', '', 'three bad answers are enough'),
  back(
    'core/watch/machine.ts',
    "const outcome = isMeasured ? 'passed' : 'unmeasured'",
    "const outcome = 'passed'",
    'no measurement is a pass',
  ),
  back(
    'core/watch/machine.ts',
    'last === null ? 0 : Math.min(Math.max(0, at - last.at), 2 * triggers.intervalMs)',
    'last === null ? 0 : at - last.at',
    'a clock that jumps ends a watch',
  ),
  back(
    'core/drill/machine.ts',
    "enter({ ...state, back: { ...state.back, proof } }, 'return', at)",
    "unchanged(end(state, { outcome: 'passed', detail: '', at }))",
    'a drill does not return',
  ),
  back(
    'engine/perform/drill.ts',
    'if (known !== null) return known',
    '',
    'a control plane that comes back asks for the same way of a drill again',
  ),
]
