/** Seeded bugs of the run machine: what may run, what waits, what is handed on, and when a run is over. */
import type { Mutant, MutantRow } from './mutant.ts'

const rows: readonly MutantRow[] = [
  [
    'progress.ts',
    "if (left === 0 && stateAt(board, index).status === 'waiting') board.arrivals.push(index)",
    "if (left <= 1 && stateAt(board, index).status === 'waiting') board.arrivals.push(index)",
    'a job starts when all of its needs but one are settled',
  ],
  [
    'progress.ts',
    "const obstacle = condition === 'success' ? obstacleTo(board, index) : null",
    "const obstacle = condition === 'failure' ? obstacleTo(board, index) : null",
    'a job that asks for success runs after a failure',
  ],
  [
    'progress.ts',
    'if (taken.all >= parallelMax) return',
    'if (taken.all > parallelMax) return',
    'one job more than the machine has room for',
  ],
  [
    'progress.ts',
    'return maxParallel === null || (byWhole.get(whole) ?? 0) < maxParallel',
    'return maxParallel === null || (byWhole.get(whole) ?? 0) <= maxParallel',
    'one leg more than the matrix allows',
  ],
  [
    'progress.ts',
    'if (!isRetried || past.length + 1 >= attemptsMax || board.called !== null)',
    'if (!isRetried || past.length >= attemptsMax || board.called !== null)',
    'a job is run once more than its policy says',
  ],
  [
    'progress.ts',
    "if (job.status === 'failed' && !job.isTolerated && planAt(board, whole).failFast) callOffLegs(board, whole)",
    "if (job.status === 'failed' && planAt(board, whole).failFast) callOffLegs(board, whole)",
    'a leg that may fail calls off those beside it',
  ],
  [
    'progress.ts',
    'const latest = done.toSorted((a, b) => a.finishedAt - b.finishedAt)',
    'const latest = done.toSorted((a, b) => b.finishedAt - a.finishedAt)',
    'outputs of the leg that finished first win',
  ],
  [
    'outcomes.ts',
    "if (job.status === 'failed') return job.isTolerated ? 'success' : 'failure'",
    "if (job.status === 'failed') return 'failure'",
    'a job that may fail is a failure to those after it',
  ],
  [
    'outcomes.ts',
    '  const culprit = bad ?? needs.find((need) => isTainted(stateAt(board, need)))',
    '  const culprit = bad',
    'success looks at the nearest jobs only',
  ],
  [
    'answers.ts',
    "if (outcome.type === 'effect_unknown' && job.attempt < limits.jobAttemptsMax) return reissue(board, index, job)\n  if (outcome.type !== 'effect_succeeded') {",
    "if (outcome.type !== 'effect_succeeded') {",
    'a job whose runner died counts as failed',
  ],
  [
    'answers.ts',
    "(mayFail.exitCodes.length === 0 || (reason.kind === 'exit_code' && mayFail.exitCodes.includes(reason.code)))",
    'mayFail.exitCodes.length >= 0',
    'every exit code is one that a job may fail with',
  ],
  [
    'closing.ts',
    'return cause === null && plan.draft !== null && base.release === null ? cutAction(base, jobs) : null',
    'return plan.draft !== null && base.release === null ? cutAction(base, jobs) : null',
    'a release is cut although a job failed',
  ],
  [
    'closing.ts',
    'const isPassed = mayPass(result.verdicts)',
    "const isPassed = result.verdicts.every(({ status }) => status !== 'fail')",
    'a gate that cannot see passes',
  ],
  [
    'machine.ts',
    "board.called = state.status === 'running' ? 'gracefully' : 'firmly'",
    "board.called = 'firmly'",
    'a run that is called off runs nothing more, not even what runs in any case',
  ],
  [
    'machine.ts',
    "board.cause ??= { kind: 'slot_lost', job, detail }",
    '',
    'a run whose test gave way to that of another run cuts a release all the same',
  ],
  [
    'progress.ts',
    'const condition = conditionOf(plan)',
    'const { condition } = plan',
    'legs out of an output run whatever the needs of their job came to',
  ],
  [
    'machine.ts',
    'begin(board, index, given)',
    "place(board, index, { status: 'ready', since: at, past: [], given })",
    'a job by hand passes its concurrency group and its matrix',
  ],
  [
    'slots.ts',
    'return holders.length > 0 ? [] : waiting.slice(0, 1)',
    'return holders.length > 1 ? [] : waiting.slice(0, 1)',
    'two jobs of a concurrency group run at once',
  ],
]

/** The rows as mutants. */
export const pipelineMutants: readonly Mutant[] = rows.map(([file, find, replace, why]) => ({
  file: `core/pipeline/${file}`,
  find,
  replace,
  why,
  killers: ['pipelineTests'],
}))
