import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  checkLaws,
  documentedTransitions,
  type Draw,
  observedTransitions,
  type Subject,
  walk,
} from '../../../test/laws.ts'
import { limits } from '../limits.ts'
import { type Artifact, commitId, digest, type Release, releaseId, runId } from '../model.ts'
import type { ReleaseDraft } from '../release.ts'
import type { Failure } from '../rollout/types.ts'
import { runMachine } from './machine.ts'
import type { PlannedJob, RunEffect, RunEvent, RunPlan, RunState } from './types.ts'

const id = runId('run_1')
const by = { kind: 'person', name: 'ada' } as const
const commit = { id: commitId('a'.repeat(40)), subject: 'change', author: 'ada', committedAt: 1 }
const artifact = (name: string): Artifact => ({ name, digest: digest(`sha256:${'b'.repeat(64)}`), bytes: 10 })
const draft: ReleaseDraft = {
  schema: 1,
  service: 'storefront',
  version: '1.0.0+aaaaaaa',
  commit,
  start: { command: 'node server.js', artifact: 'app' },
  environments: [],
  migrations: [],
}
const release: Release = {
  id: releaseId(`rel_${'c'.repeat(64)}`),
  content: { ...draft, artifacts: [artifact('app')] },
  cutBy: id,
  cutAt: 9,
}
const failure: Failure = { code: 'run_failed', retry: 'never', detail: 'exit code 1', evidence: ['1 test failed'] }

const job = (name: string, needs: readonly string[], height = 0): PlannedJob => ({
  name,
  needs,
  level: 0,
  height,
  steps: [{ name: 'true', run: 'true' }],
  env: {},
  secrets: [],
  timeoutMs: 60_000,
  artifacts: [],
})

const planOf = (jobs: readonly PlannedJob[], rest: Partial<RunPlan> = {}): RunPlan => ({
  form: 1,
  service: 'storefront',
  commit,
  version: '1.0.0+aaaaaaa',
  parallelMax: 2,
  jobs,
  draft,
  ...rest,
})

const planned = (plan: RunPlan): RunEvent => ({ type: 'run_planned', at: 0, id, token: 7, plan, by })

/** Tells a run what happened, one event after the other. */
const told = (plan: RunPlan, ...events: readonly RunEvent[]): RunState =>
  [planned(plan), ...events].reduce<RunState>((state, event) => runMachine.decide(state, event).state, {
    status: 'absent',
  })

const succeed = (sequence: number, at: number, artifacts: readonly Artifact[] = []): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_succeeded', artifacts },
})
const fail = (sequence: number, at: number): RunEvent => ({ type: 'effect_failed', at, sequence, failure })
const lose = (sequence: number, at: number): RunEvent => ({
  type: 'effect_unknown',
  at,
  sequence,
  detail: 'its runner died',
})
const cancel = (at: number): RunEvent => ({ type: 'cancel_requested', at, by, reason: 'wrong branch' })

const statuses = (state: RunState): readonly string[] =>
  state.status === 'absent' ? [] : state.jobs.map((one) => one.status)
const keys = (state: RunState): readonly string[] => runMachine.outstanding(state).map(({ key }) => key)

const drawPlan = (draw: Draw): RunPlan => {
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, 1 + draw(5))
  const jobs = names.map((name, index) =>
    job(
      name,
      names.slice(0, index).filter(() => draw(3) === 0),
      names.length - index,
    ),
  )
  return planOf(jobs, { parallelMax: 1 + draw(3), draft: draw(3) === 0 ? null : draft })
}

const drawResult = (effect: RunEffect | undefined): Extract<RunEvent, { type: 'effect_succeeded' }>['result'] => {
  if (effect?.action.kind === 'cut_release') return { kind: 'release_cut', release }
  return effect?.action.kind === 'stop_job' ? { kind: 'done' } : { kind: 'job_succeeded', artifacts: [artifact('app')] }
}

const subject: Subject<RunState, RunEvent, RunEffect> = {
  machine: runMachine,
  initial: { status: 'absent' },
  length: 40,
  event: (state, draw) => {
    if (state.status === 'absent') return planned(drawPlan(draw))
    const outstanding = runMachine.outstanding(state)
    const effect = outstanding[draw(Math.max(1, outstanding.length))]
    const sequence = draw(8) === 0 ? draw(12) : (effect?.sequence ?? 0)
    const at = draw(3) === 0 ? (runMachine.nextAt(state) ?? 0) : draw(1_000)
    if (state.status === 'cutting' && draw(2) === 0)
      return draw(2) === 0 ? lose(sequence, at) : { type: 'time_passed', at: runMachine.nextAt(state) ?? at }
    switch (draw(14)) {
      case 0:
        return draw(4) === 0 ? cancel(at) : { type: 'time_passed', at }
      case 1:
        return draw(3) === 0
          ? { type: 'work_parked', at, detail: 'five claims without progress' }
          : planned(drawPlan(draw))
      case 2:
      case 3:
        return {
          type: 'effect_failed',
          at,
          sequence,
          failure: { ...failure, retry: draw(2) === 0 ? 'later' : 'never' },
        }
      case 4:
      case 5:
        return lose(sequence, at)
      case 6:
        return { type: 'time_passed', at: runMachine.nextAt(state) ?? at }
      default:
        return { type: 'effect_succeeded', at, sequence, result: drawResult(effect) }
    }
  },
  answers: (sequence) => [succeed(sequence, 5), fail(sequence, 5), lose(sequence, 5)],
}

checkLaws(subject)

test('the transition table in the header is the one of the code', () => {
  const header = documentedTransitions(readFileSync(new URL('machine.ts', import.meta.url), 'utf8'))
  deepStrictEqual(observedTransitions(subject, 6_000), header)
})

test('a run that has not settled always has an effect in flight or a time to wake at', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { state } of walk(subject, seed, 40)) {
      if (state.status === 'absent' || runMachine.settled(state)) continue
      ok(runMachine.outstanding(state).length > 0 || runMachine.nextAt(state) !== null, `seed ${seed}: ${state.status}`)
    }
  }
})

test('never more jobs run at once than the plan allows, and none before its needs succeeded', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { state } of walk(subject, seed, 40)) {
      if (state.status === 'absent') continue
      const live = state.jobs.filter(({ status }) => status === 'running' || status === 'stopping')
      ok(live.length <= state.plan.parallelMax, `seed ${seed}`)
      const byName = new Map(state.plan.jobs.map(({ name }, index) => [name, state.jobs[index]?.status]))
      for (const [index, { needs }] of state.plan.jobs.entries()) {
        const ran = ['running', 'stopping', 'succeeded', 'failed'].includes(state.jobs[index]?.status ?? '')
        if (ran)
          deepStrictEqual(
            needs.filter((need) => byName.get(need) !== 'succeeded'),
            [],
            `seed ${seed}`,
          )
      }
    }
  }
})

test('jobs start when their needs are met, the one with the longest way to the end first', () => {
  const plan = planOf([job('lint', []), job('test', []), job('build', [], 1), job('pack', ['build'])])
  deepStrictEqual(keys(told(plan)), ['run_1/job/lint', 'run_1/job/build'])
  deepStrictEqual(keys(told(plan, succeed(1, 5))), ['run_1/job/lint', 'run_1/job/test'])
  deepStrictEqual(keys(told(plan, succeed(1, 5), succeed(2, 6))), ['run_1/job/test', 'run_1/job/pack'])
})

test('a job gets the artifacts of its needs, and the release is cut from all of them', () => {
  const plan = planOf([job('build', []), job('check', ['build'])])
  const checking = told(plan, succeed(1, 5, [artifact('app')]))
  deepStrictEqual(
    runMachine.outstanding(checking).map(({ action }) => action),
    [{ kind: 'run_job', job: 'check', inputs: [artifact('app')] }],
  )
  const cutting = told(plan, succeed(1, 5, [artifact('app')]), succeed(2, 6))
  deepStrictEqual(runMachine.outstanding(cutting), [
    {
      sequence: 3,
      key: 'run_1/cut',
      fence: { token: 7, sequence: 3 },
      deadlineMs: limits.cutDeadlineMs,
      action: { kind: 'cut_release', artifacts: [artifact('app')] },
    },
  ])
  const settled = runMachine.decide(cutting, {
    type: 'effect_succeeded',
    at: 9,
    sequence: 3,
    result: { kind: 'release_cut', release },
  }).state
  ok(settled.status === 'succeeded')
  deepStrictEqual(settled.release, release)
})

test('a failed job skips its descendants with the reason, lets the others finish, and is the cause', () => {
  const plan = planOf([job('test', []), job('lint', []), job('build', ['test']), job('pack', ['build'])])
  const running = told(plan, fail(1, 5))
  deepStrictEqual(statuses(running), ['failed', 'running', 'skipped', 'skipped'])
  const settled = told(plan, fail(1, 5), { ...fail(2, 6) })
  ok(settled.status === 'failed')
  deepStrictEqual(settled.cause, { kind: 'job_failed', job: 'test', failure })
  deepStrictEqual(settled.jobs[3], { status: 'skipped', at: 5, because: 'test' })
})

test('a job whose outcome is unknown is issued again under the same key, and fails after the last attempt', () => {
  const plan = planOf([job('test', [])])
  const again = told(plan, lose(1, 5))
  deepStrictEqual(
    runMachine.outstanding(again).map(({ key, sequence }) => ({ key, sequence })),
    [{ key: 'run_1/job/test', sequence: 2 }],
  )
  const settled = told(plan, lose(1, 5), lose(2, 6), lose(3, 7))
  ok(settled.status === 'failed' && settled.cause.kind === 'job_failed')
  strictEqual(settled.cause.failure.code, 'outcome_unknown')
})

test('an answer that does not come by the deadline is unknown, and the deadline starts anew with each attempt', () => {
  const plan = planOf([job('test', [])])
  const deadline = 60_000 + limits.stopJobDeadlineMs
  strictEqual(runMachine.nextAt(told(plan)), deadline)
  deepStrictEqual(told(plan, { type: 'time_passed', at: deadline - 1 }), told(plan))
  const again = told(plan, { type: 'time_passed', at: deadline })
  strictEqual(runMachine.nextAt(again), 2 * deadline)
  deepStrictEqual(keys(again), ['run_1/job/test'])
})

test('a cancelled run stops what runs, never starts what waits, and says who and why', () => {
  const plan = planOf([job('test', []), job('build', ['test'])])
  const stopping = told(plan, cancel(5))
  deepStrictEqual(statuses(stopping), ['stopping', 'cancelled'])
  deepStrictEqual(
    runMachine.outstanding(stopping).map(({ action }) => action),
    [{ kind: 'stop_job', job: 'test', target: 'run_1/job/test' }],
  )
  const settled = told(plan, cancel(5), { type: 'effect_succeeded', at: 8, sequence: 2, result: { kind: 'done' } })
  ok(settled.status === 'cancelled')
  deepStrictEqual(settled.cause, { kind: 'command', command: 'cancel', by, reason: 'wrong branch' })
  deepStrictEqual(settled.jobs[0], { status: 'cancelled', startedAt: 0, finishedAt: 8, detail: null })
})

test('a run that was cancelled after a job had failed ends with the failure as its cause', () => {
  const plan = planOf([job('test', []), job('lint', [])])
  const settled = told(plan, fail(1, 5), cancel(6), {
    type: 'effect_succeeded',
    at: 8,
    sequence: 3,
    result: { kind: 'done' },
  })
  ok(settled.status === 'failed')
  deepStrictEqual(settled.cause, { kind: 'job_failed', job: 'test', failure })
  deepStrictEqual(statuses(settled), ['failed', 'cancelled'])
})

test('a job that cannot be stopped does not hold the run for ever, and the run says that processes may be left', () => {
  const settled = told(planOf([job('test', [])]), cancel(5), lose(2, 6), lose(3, 7), lose(4, 8))
  ok(settled.status === 'cancelled')
  deepStrictEqual(settled.jobs[0], {
    status: 'cancelled',
    startedAt: 0,
    finishedAt: 8,
    detail: 'it could not be stopped (its runner died); its processes may still run',
  })
})

test('a part of the pipeline succeeds without a release', () => {
  const settled = told(planOf([job('test', [])], { draft: null }), succeed(1, 5))
  ok(settled.status === 'succeeded')
  strictEqual(settled.release, null)
})

test('ten thousand jobs are scheduled in linear memory and reasonable time', () => {
  const jobs = Array.from({ length: limits.jobsMax }, (_, index) =>
    job(`j${index}`, index < 2 ? [] : [`j${index - 2}`]),
  )
  let state = told(planOf(jobs, { draft: null }))
  for (let sequence = 1; sequence <= 200; sequence += 1)
    state = runMachine.decide(state, succeed(sequence, sequence)).state
  strictEqual(statuses(state).filter((status) => status === 'succeeded').length, 200)
})
