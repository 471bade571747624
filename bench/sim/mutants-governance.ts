/** Seeded bugs of governance: approvals, windows, the line, broken glass, policies; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const words = mutantsIn('core/', ['coreSim', 'governanceTests'])
const windows = mutantsIn('core/', ['coreSim', 'governanceTests'])
const rules = mutantsIn('core/governance/', ['governanceTests'])
const line = mutantsIn('engine/', ['governanceTests', 'engineSim'])

/** One after the other. */
export const governanceMutants: readonly Mutant[] = [
  words(
    'rollout/commands.ts',
    'if (stakes !== null && whyVoid(event, stakes) !== null) return unchanged(state)',
    '',
    'a yes is a yes, whoever says it',
  ),
  words(
    'rollout/commands.ts',
    "stage.kind === 'resting' || (stage.kind === 'awaiting' && !isReserved(state))",
    "stage.kind === 'resting' || stage.kind === 'awaiting'",
    'whoever may not say yes skips the question',
  ),
  words(
    'rollout/forward.ts',
    "(step.kind === 'approve' && !isReserved(state))",
    "step.kind === 'approve'",
    'haste passes over a yes that not everybody may give',
  ),
  words(
    'rollout/commands.ts',
    'tally({ count: step.approvals, groups: governance?.groups ?? [], stakes: null }, given)',
    'tally({ count: step.approvals, groups: [], stakes: null }, given)',
    'the group that must say yes is not asked',
  ),
  windows(
    'rollout/forward.ts',
    'const paused = closed ?? held',
    'const paused = held',
    'a step is begun while the window is closed',
  ),
  windows(
    'rollout/forward.ts',
    "if (state.paused?.kind === 'window') return takeUp(state, at)",
    '',
    'what a window held is never let go',
  ),
  windows(
    'rollout/forward.ts',
    'if (closed === null) return takeUp(state, at)',
    'if (closed === null || closed.until !== null) return takeUp(state, at)',
    'somebody resumes into a closed window',
  ),
  windows(
    'rollout/windows.ts',
    "if (paused?.kind === 'window' && governance?.overrun === 'pause') return paused.until ?? Infinity",
    "if (paused?.kind === 'window') return Infinity",
    'nobody wakes up when the window opens',
  ),
  mutantsIn('core/', ['coreSim'])(
    'admission.ts',
    '? [serving, live, ...(input.emergency === undefined ? [served] : []), contracted]',
    '? [serving, live, line, ...(input.emergency === undefined ? [served] : []), contracted]',
    'a stopped line stops everything',
  ),
  rules('approvals.ts', "if (by.kind !== 'person') return 'is no person'", '', 'a machine approves'),
  rules(
    'in-environment.ts',
    'found === undefined || found.by.name === by.name ||',
    'found === undefined ||',
    'whoever broke the glass says that it was right',
  ),
  rules(
    'refusals.ts',
    'return inForce === null ? [spec] : [spec, inForce]',
    'return [spec]',
    'a release takes away the rules that it has to meet',
  ),
  rules(
    'policies.ts',
    "const isMet = status === 'pass'",
    'const isMet = status !== undefined',
    'a waived gate has passed',
  ),
  rules(
    'windows.ts',
    'until: until >= looked.until ? null : until',
    'until',
    'the end of what was looked at is the end of the window',
  ),
  line(
    'commands/deploy.ts',
    'if (asked.length > 0 && isForward(type, asRollout(stateOf(key)))) mustRun(stateOf)',
    '',
    'what was paused by a stopped line is resumed past it',
  ),
  line(
    'keepers/queue-keeper.ts',
    "new Set(['environment', 'drill', 'line'])",
    "new Set(['environment', 'drill'])",
    'nobody looks at the queues when the line goes on',
  ),
]
