/** Moving a run on: a job arrives once everything before it is settled, starts when there is room, and settles. Worked off from a list, never recursively: a chain may be 10 000 jobs long. */
import { limits } from '../limits.ts'
import { assert, unreachable } from '../machine.ts'
import type { Artifact } from '../model.ts'
import type { Failure } from '../rollout/types.ts'
import { type Board, isSettled, place, planAt, send, stateAt } from './board.ts'
import { ancestorsOf, behind, hasFailure, needsOf, obstacleTo, outcomeOf, taintOf, wholeOf } from './outcomes.ts'
import { conditionOf, fanOutOf } from './fan-out.ts'
import type { JobPlan, JsonValue, Texts } from './job-plan.ts'
import type { JobState, RunAction, SkipReason } from './types.ts'

type Settled = Extract<JobState, { status: 'succeeded' | 'failed' | 'skipped' | 'cancelled' }>

/** Looks at every job that arrived, and starts what there is room for. */
export const advance = (board: Board): void => {
  for (let index = board.arrivals.shift(); index !== undefined; index = board.arrivals.shift())
    if (stateAt(board, index).status === 'waiting') arrive(board, index)
  startReady(board)
}

/** A job ends: those that waited for it wait for one less. */
export const settle = (board: Board, index: number, job: Settled): void => {
  if (isSettled(stateAt(board, index))) return
  place(board, index, job)
  board.unsettled -= 1
  const plan = planAt(board, index)
  if (job.status === 'failed' && !job.isTolerated)
    board.cause ??= { kind: 'job_failed', job: plan.name, failure: job.failure }
  for (const dependent of board.links.dependents[index] ?? []) meet(board, dependent)
  settleParts(board, index)
  const whole = wholeOf(board, index)
  if (whole === null || stateAt(board, whole).status !== 'open') return
  if (job.status === 'failed' && !job.isTolerated && planAt(board, whole).failFast) callOffLegs(board, whole)
  board.unmet[whole] = (board.unmet[whole] ?? 0) - 1
  if (board.unmet[whole] === 0) closeWhole(board, whole)
}

/** One thing less to wait for. */
export const meet = (board: Board, index: number): void => {
  const left = (board.unmet[index] ?? 0) - 1
  board.unmet[index] = left
  if (left === 0 && stateAt(board, index).status === 'waiting') board.arrivals.push(index)
}

/** A job did not run, and the jobs that are part of it did not either. */
export const skip = (board: Board, index: number, because: SkipReason): void => {
  settle(board, index, { status: 'skipped', at: board.at, because, isTainted: taintOf(board, index) })
}

/** What is part of a job that ended without being opened ends with it. */
const settleParts = (board: Board, index: number): void => {
  const whole = stateAt(board, index)
  for (const leg of board.links.legs[index] ?? []) {
    if (isSettled(stateAt(board, leg))) continue
    if (whole.status === 'cancelled') cancel(board, leg)
    else skip(board, leg, whole.status === 'skipped' ? whole.because : { kind: 'need', job: planAt(board, index).name })
  }
}

/** What has not started never will; what runs is stopped first. */
export const cancel = (board: Board, index: number): void => {
  const job = stateAt(board, index)
  if (isSettled(job) || job.status === 'stopping') return
  if (job.status === 'running') return stop(board, index, job)
  if (job.status === 'open') {
    for (const leg of board.links.legs[index] ?? []) cancel(board, leg)
    return
  }
  const startedAt =
    'past' in job ? (job.past[0]?.startedAt ?? null) : 'startedAt' in job ? (job.startedAt ?? null) : null
  settle(board, index, { status: 'cancelled', startedAt, finishedAt: board.at, detail: null })
}

const stop = (board: Board, index: number, job: Extract<JobState, { status: 'running' }>): void => {
  const { name } = planAt(board, index)
  const flight = send(board, { kind: 'stop_job', job: name, target: job.effect.key }, limits.stopJobDeadlineMs)
  place(board, index, { status: 'stopping', startedAt: job.startedAt, past: job.past, ...flight })
}

const callOffLegs = (board: Board, whole: number): void => {
  for (const leg of board.links.legs[whole] ?? []) if (stateAt(board, leg).status !== 'open') cancel(board, leg)
}

/** Everything before a job is settled: its condition decides. */
const arrive = (board: Board, index: number): void => {
  const plan = planAt(board, index)
  if (board.called === 'firmly' || (board.called !== null && !runsInAnyCase(board, index))) return cancel(board, index)
  const condition = conditionOf(plan)
  if (condition === 'resolve') return resolve(board, index)
  const obstacle = condition === 'success' ? obstacleTo(board, index) : null
  if (obstacle !== null) return skip(board, index, obstacle)
  if (condition === 'failure' && !hasFailure(board, index))
    return skip(board, index, { kind: 'condition', detail: 'nothing before it failed' })
  admit(board, index, plan)
}

/** Whether a job is for a run that was called off, too: by its own condition, or as a part of one that is. */
export const runsInAnyCase = (board: Board, index: number): boolean => {
  const condition = conditionOf(planAt(board, index))
  const whole = wholeOf(board, index)
  return condition === 'always' || condition === 'resolve' || (whole !== null && runsInAnyCase(board, whole))
}

/** `begun`: what a job that has begun keeps of that while it is found out what its legs are. */
const resolve = (
  board: Board,
  index: number,
  begun: { readonly startedAt?: number; readonly given?: Texts } = {},
): void => {
  const { name } = planAt(board, index)
  const needs = needsOf(board, index)
  const ancestors = ancestorsOf(board, index)
  const isCancelled = board.called !== null
  const flight = send(
    board,
    { kind: 'resolve_job', job: name, needs, ancestors, isCancelled },
    limits.resolveDeadlineMs,
  )
  place(board, index, { status: 'resolving', ...begun, ...flight })
}

/** A job that is to run: by hand, after a pause, or as soon as there is room. */
export const admit = (board: Board, index: number, plan: JobPlan): void => {
  if (plan.manual !== null) {
    // Nobody has to start what may fail; whoever waits for it goes on.
    if (plan.manual.isOptional ?? plan.mayFail !== null) return skip(board, index, { kind: 'nobody' })
    return place(board, index, { status: 'manual', since: board.at })
  }
  if (plan.delayMs > 0) return place(board, index, { status: 'delayed', until: board.at + plan.delayMs })
  begin(board, index)
}

/** A job begins: it gets in line, its legs are found out, it is opened, passes at once, or waits for room. */
export const begin = (board: Board, index: number, given: Texts = givenTo(board, index)): void => {
  const plan = planAt(board, index)
  const before = stateAt(board, index)
  if (plan.concurrency !== null && before.status !== 'queued')
    return place(board, index, { status: 'queued', since: board.at, ...handedOn(given) })
  if (plan.condition === 'resolve' && fanOutOf(plan) !== null)
    return resolve(board, index, { startedAt: board.at, ...handedOn(given) })
  if ((board.links.legs[index] ?? []).length > 0) {
    const naming = before.status === 'queued' ? before.naming : undefined
    return open(board, index, { ...(naming === undefined ? {} : { naming }), given })
  }
  if (plan.work.kind === 'none') return settle(board, index, passed(board, index, gathered(board, index, plan)))
  place(board, index, { status: 'ready', since: board.at, past: [], given })
}

/** What a person gave to a job, or to the one that it is part of. */
const givenTo = (board: Board, index: number): Texts => {
  const job = stateAt(board, index)
  if ('given' in job) return job.given
  const whole = wholeOf(board, index)
  return whole === null ? {} : givenTo(board, whole)
}

const handedOn = (given: Texts): { readonly given?: Texts } => (Object.keys(given).length === 0 ? {} : { given })

type Opening = { readonly naming?: JsonValue; readonly given?: Texts }

/** A job that others are part of begins: they no longer wait for it. */
export const open = (board: Board, index: number, { naming, given = givenTo(board, index) }: Opening = {}): void => {
  const legs = board.links.legs[index] ?? []
  const startedAt = startOf(board, index)
  place(board, index, { status: 'open', startedAt, ...(naming === undefined ? {} : { naming }), ...handedOn(given) })
  board.unmet[index] = legs.filter((leg) => !isSettled(stateAt(board, leg))).length
  if (board.unmet[index] === 0) return closeWhole(board, index)
  for (const leg of legs) meet(board, leg)
}

/** What a job without work hands on: nothing, or all that the jobs it gathers made. */
const gathered = (board: Board, index: number, { gathers, needsWithoutArtifacts }: JobPlan): readonly JobState[] =>
  gathers === true ? behind(board, index, needsWithoutArtifacts).map((need) => stateAt(board, need)) : []

type Passed = Extract<JobState, { status: 'succeeded' }>

const passed = (board: Board, index: number, legs: readonly JobState[]): Passed => {
  const done = legs.filter((leg) => leg.status === 'succeeded' || leg.status === 'failed')
  const latest = done.toSorted((a, b) => a.finishedAt - b.finishedAt)
  const artifacts: readonly Artifact[] = done.flatMap((leg) => leg.artifacts)
  return {
    status: 'succeeded',
    startedAt: startOf(board, index),
    finishedAt: board.at,
    past: [],
    artifacts,
    outputs: mergedOutputs(latest.map(({ outputs }) => outputs)),
    evidence: null,
    isTainted: taintOf(board, index),
    cache: null,
    carriedFrom: null,
  }
}

/** An output that a part leaves empty is not its own to say: another part may have one under the name. */
const mergedOutputs = (parts: readonly Texts[]): Texts => {
  const merged: Record<string, string> = {}
  for (const outputs of parts)
    for (const [name, value] of Object.entries(outputs)) if (value !== '' || !(name in merged)) merged[name] = value
  return merged
}

const startOf = (board: Board, index: number): number => {
  const job = stateAt(board, index)
  return 'startedAt' in job ? (job.startedAt ?? board.at) : board.at
}

/** The last part ended. What the dialect has to say about the outputs is asked first, unless nobody waits for them any more. */
const closeWhole = (board: Board, index: number): void => {
  const job = stateAt(board, index)
  if (job.status !== 'open' || job.naming === undefined || board.called === 'firmly') return settleWhole(board, index)
  const { name } = planAt(board, index)
  const legs = (board.links.legs[index] ?? []).map((leg) => outcomeOf(board, leg))
  const flight = send(board, { kind: 'name_outputs', job: name, legs, outputs: job.naming }, limits.resolveDeadlineMs)
  place(board, index, { status: 'resolving', startedAt: job.startedAt, ...flight })
}

/** The last part ended: the whole is what they are. Outputs of the part that finished last win, as in GitHub Actions (docs: "Defining outputs for jobs", 2026). */
export const settleWhole = (board: Board, index: number, outputs?: Texts): void => {
  const legs = (board.links.legs[index] ?? []).map((leg) => ({ leg, job: stateAt(board, leg) }))
  const failed = legs.find(({ job }) => job.status === 'failed' && !job.isTolerated)?.job
  const parts = legs.map(({ job }) => job)
  const merged = passed(board, index, parts)
  const whole: Passed = outputs === undefined ? merged : { ...merged, outputs }
  if (failed?.status === 'failed') {
    const isTolerated = planAt(board, index).mayFail !== null
    const { isTainted: _t, cache: _c, carriedFrom: _f, ...rest } = whole
    return settle(board, index, { ...rest, status: 'failed', failure: failed.failure, isTolerated })
  }
  if (legs.some(({ job }) => job.status === 'cancelled'))
    return settle(board, index, { status: 'cancelled', startedAt: whole.startedAt, finishedAt: board.at, detail: null })
  const skipped = legs.flatMap(({ job }) => (job.status === 'skipped' ? [job] : []))
  const [first] = skipped
  if (first !== undefined && skipped.length === legs.length) return settle(board, index, { ...first, at: board.at })
  settle(board, index, whole)
}

/** Starts the highest of the ready jobs, as many as there is room for in the run and in what they are part of. Linear in what is active and ready, not in the legs. */
const startReady = (board: Board): void => {
  if (board.queue.length === 0) return
  const { parallelMax } = board.base.plan
  const taken: Taken = { all: 0, byWhole: new Map() }
  for (const index of board.active) if (takesRoom(board, index)) take(board, index, taken)
  for (const index of board.queue.slice()) {
    if (taken.all >= parallelMax) return
    if (!hasRoom(board, index, taken)) continue
    start(board, index)
    if (takesRoom(board, index)) take(board, index, taken)
  }
}

/** How many jobs take room: of all, and of those that are part of another, by that one. */
type Taken = { all: number; readonly byWhole: Map<number, number> }

const take = (board: Board, index: number, taken: Taken): void => {
  const whole = wholeOf(board, index)
  taken.all += 1
  if (whole !== null) taken.byWhole.set(whole, (taken.byWhole.get(whole) ?? 0) + 1)
}

const takesRoom = (board: Board, index: number): boolean => {
  const { status } = stateAt(board, index)
  return (status === 'running' && planAt(board, index).work.kind === 'steps') || status === 'stopping'
}

const hasRoom = (board: Board, index: number, { byWhole }: Taken): boolean => {
  const whole = wholeOf(board, index)
  if (whole === null) return true
  const { maxParallel } = planAt(board, whole)
  return maxParallel === null || (byWhole.get(whole) ?? 0) < maxParallel
}

const start = (board: Board, index: number): void => {
  const job = stateAt(board, index)
  assert(job.status === 'ready', 'what starts is ready')
  const plan = planAt(board, index)
  const { past, given } = job
  const execution = past.length + 1
  const action = actionOf(board, index, { plan, execution, given })
  const deadlineMs =
    action.kind === 'deliver'
      ? limits.deliverDeadlineMs
      : plan.timeoutMs + limits.jobMarginMs + limits.stopJobDeadlineMs
  const flight = send(board, action, deadlineMs)
  place(board, index, { status: 'running', startedAt: board.at, past, given, ...flight })
}

type Starting = { readonly plan: JobPlan; readonly execution: number; readonly given: Readonly<Record<string, string>> }

const actionOf = (board: Board, index: number, { plan, execution, given }: Starting): RunAction => {
  const { name, work, needsWithoutArtifacts } = plan
  switch (work.kind) {
    case 'steps':
    case 'none': {
      const needs = needsOf(board, index)
      const made = behind(board, index, needsWithoutArtifacts).flatMap((need) => {
        const before = stateAt(board, need)
        return 'artifacts' in before ? before.artifacts : []
      })
      const inputs = [...new Map(made.map((artifact) => [`${artifact.name} ${artifact.digest}`, artifact])).values()]
      return { kind: 'run_job', job: name, execution, inputs, needs, given }
    }
    case 'deploy':
    case 'promote': {
      const { release } = board.base
      assert(release !== null, 'what takes a release somewhere runs once there is one')
      return { kind: 'deliver', job: name, execution, environment: work.environment, purpose: work.kind, release }
    }
    default:
      return unreachable(work)
  }
}

/** A job failed: it is run again if its policy says so, or it settles. `isRetried`: whether the reason is worth another execution. */
export const fail = (
  board: Board,
  index: number,
  end: { readonly failure: Failure; readonly isRetried: boolean; readonly isTolerated: boolean } & Pick<
    Passed,
    'artifacts' | 'outputs' | 'evidence'
  >,
): void => {
  const job = stateAt(board, index)
  assert(job.status === 'running', 'what fails was running')
  const { startedAt, past, given } = job
  const { failure, isRetried, isTolerated, ...left } = end
  const { attemptsMax, backoffMs } = planAt(board, index).retry
  if (!isRetried || past.length + 1 >= attemptsMax || board.called !== null)
    return settle(board, index, {
      status: 'failed',
      startedAt,
      finishedAt: board.at,
      past,
      failure,
      isTolerated,
      ...left,
    })
  const until = board.at + Math.min(limits.retryBackoffMsMax, backoffMs * 2 ** past.length)
  const again = [...past, { startedAt, finishedAt: board.at, failure }]
  place(board, index, { status: 'backing_off', until, past: again, given })
}
