import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { GateSettings, GateVerdict } from '../evidence/gates/types.ts'
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
import { jobPlan } from '../../../test/pipeline/jobs.ts'
import { isSettled, jobAt } from './board.ts'
import { runMachine } from './machine.ts'
import type { JobPlan } from './job-plan.ts'
import type { CarriedJob, JobState, RunEffect, RunEvent, RunPlan, RunState } from './types.ts'

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

const job = jobPlan

const gates: GateSettings = {
  tests: null,
  vulnerabilities: null,
  findings: null,
  securityScore: null,
  performance: [],
  size: [],
  time: null,
  licences: null,
  reviews: null,
  coverage: {
    linesBp: 8e3,
    branchesBp: null,
    functionsBp: null,
    changedLinesBp: null,
    maxDropBp: null,
    paths: [],
    waiver: null,
  },
}

const verdictOf = (status: GateVerdict['status']): GateVerdict => ({
  gate: 'coverage.lines',
  kind: 'coverage',
  status,
  sentence: '79 % of the lines',
  unit: 'percent',
  measured: 79,
  threshold: 80,
  bound: 'at_least',
  base: null,
  details: [],
  detailsTotal: 0,
  evidence: null,
  reports: [],
})

const planOf = (jobs: readonly JobPlan[], rest: Partial<RunPlan> = {}): RunPlan => ({
  form: 1,
  service: 'storefront',
  commit,
  version: '1.0.0+aaaaaaa',
  trigger: { event: 'manual', name: null, inputs: {} },
  parallelMax: 2,
  isolation: 'auto',
  jobs,
  gates: null,
  draft,
  ...rest,
})

const planned = (plan: RunPlan): RunEvent => ({ type: 'run_planned', at: 0, id, token: 7, plan, by, carried: [] })

/** Tells a run what happened, one event after the other. */
const told = (plan: RunPlan, ...events: readonly RunEvent[]): RunState =>
  [planned(plan), ...events].reduce<RunState>((state, event) => runMachine.decide(state, event).state, {
    status: 'absent',
  })

const succeed = (sequence: number, at: number, artifacts: readonly Artifact[] = []): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_succeeded', artifacts, outputs: {}, evidence: null },
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

/** Jobs with every way to start, to end and to be part of one another. */
const drawJob = (draw: Draw, name: string, needs: readonly string[]): JobPlan => {
  const one = <Value>(values: readonly [Value, ...Value[]]): Value => values[draw(values.length)] ?? values[0]
  return job(name, needs, {
    condition: one(['success', 'success', 'success', 'failure', 'always', 'settled', 'resolve']),
    work: one([{ kind: 'steps' }, { kind: 'steps' }, { kind: 'none' }, { kind: 'deploy', environment: 'staging' }]),
    retry: { attemptsMax: 1 + draw(2), backoffMs: 100, on: draw(2) === 0 ? [] : [{ kind: 'timeout' }] },
    mayFail: draw(4) === 0 ? { exitCodes: [] } : null,
    manual: draw(8) === 0 ? { inputs: [] } : null,
    delayMs: draw(6) === 0 ? 50 : 0,
    concurrency: draw(6) === 0 ? { group: 'g', onConflict: 'queue' } : null,
    definition: draw(4) > 0 ? null : { from: { job: 'a', output: 'o', as: 'O' }, if: 'success' },
  })
}

const drawPlan = (draw: Draw): RunPlan => {
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, 1 + draw(5))
  const jobs = names.flatMap((name, index): readonly JobPlan[] => {
    const mine = drawJob(
      draw,
      name,
      names.slice(0, index).filter(() => draw(3) === 0),
    )
    if (draw(4) !== 0) return [mine]
    const whole: JobPlan = { ...mine, work: { kind: 'none' }, failFast: draw(2) === 0, maxParallel: draw(2) + 1 }
    return [whole, ...legsOf(whole, 1 + draw(3))]
  })
  return planOf(jobs, {
    parallelMax: 1 + draw(3),
    gates: draw(3) === 0 ? gates : null,
    draft: draw(3) === 0 ? null : draft,
  })
}

const legsOf = (whole: JobPlan, count: number): readonly JobPlan[] =>
  Array.from({ length: count }, (_, nth) =>
    job(`${whole.name} (${nth})`, whole.needs, { partOf: whole.name, retry: whole.retry }),
  )

const drawResult = (draw: Draw, effect: RunEffect | undefined): Answered['result'] => {
  const left = { artifacts: [artifact('app')], outputs: { made: 'yes' }, evidence: null }
  switch (effect?.action.kind) {
    case 'cut_release':
      return { kind: 'release_cut', release }
    case 'stop_job':
      return { kind: 'done' }
    case 'judge_gates':
      return { kind: 'gates_judged', verdicts: [verdictOf(draw(3) === 0 ? 'fail' : 'pass')] }
    case 'resolve_job': {
      const { job: name } = effect.action
      if (draw(3) === 0) return { kind: 'job_resolved', resolution: { kind: 'skip', because: 'it is not main' } }
      if (draw(2) === 0) return { kind: 'job_resolved', resolution: { kind: 'run', job: job(name) } }
      const legs = legsOf(job(name), draw(3))
      const named = draw(2) === 0 ? {} : { outputs: { said: 'inner' } }
      return { kind: 'job_resolved', resolution: { kind: 'legs', legs, ...named } }
    }
    case 'name_outputs':
      return { kind: 'outputs_named', outputs: { said: 'yes' } }
    default:
      return draw(4) === 0
        ? { kind: 'job_failed', failure, reason: { kind: 'exit_code', code: 1 }, ...left }
        : { kind: 'job_succeeded', ...left }
  }
}

type Answered = Extract<RunEvent, { type: 'effect_succeeded' }>

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
    if ((state.status === 'cutting' || state.status === 'judging') && draw(2) === 0)
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
      case 8: {
        const name = ['a', 'b', 'c', 'd', 'e'][draw(5)] ?? 'a'
        if (draw(2) === 0) return { type: 'slot_granted', at, job: name }
        return draw(4) > 0
          ? { type: 'slot_lost', at, job: name, detail: 'deploy of run_2 took its place' }
          : { type: 'effect_succeeded', at, sequence, result: drawResult(draw, effect) }
      }
      case 7:
        return {
          type: 'play_requested',
          at,
          by,
          job: ['a', 'b', 'c', 'd', 'e'][draw(5)] ?? 'a',
          given: { LEVEL: 'minor' },
        }
      default:
        return { type: 'effect_succeeded', at, sequence, result: drawResult(draw, effect) }
    }
  },
  answers: (sequence) => [succeed(sequence, 5), fail(sequence, 5), lose(sequence, 5)],
}

checkLaws(subject)

test('the transition table in the header is the one of the code', () => {
  const header = documentedTransitions(readFileSync(new URL('machine.ts', import.meta.url), 'utf8'))
  deepStrictEqual(observedTransitions(subject, 20_000, header), header)
})

test('a run that has not settled always has an effect in flight, a time to wake at, or a job that waits for a person', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { state } of walk(subject, seed, 40)) {
      if (state.status === 'absent' || runMachine.settled(state)) continue
      const isWaiting = state.jobs.some(({ status }) => status === 'manual' || status === 'queued')
      ok(
        runMachine.outstanding(state).length > 0 || runMachine.nextAt(state) !== null || isWaiting,
        `seed ${seed}: ${state.status}`,
      )
    }
  }
})

test('never more jobs run at once than the plan and what they are part of allow, and none before its needs settled', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { state } of walk(subject, seed, 40)) {
      if (state.status === 'absent') continue
      const isLive = (index: number): boolean => {
        const status = state.jobs[index]?.status
        return (status === 'running' && jobAt(state, index).work.kind === 'steps') || status === 'stopping'
      }
      ok([...state.jobs.keys()].filter(isLive).length <= state.plan.parallelMax, `seed ${seed}`)
      for (const [index, job] of state.jobs.entries()) {
        const { maxParallel } = jobAt(state, index)
        const legs = state.links.legs[index] ?? []
        ok(maxParallel === null || legs.filter(isLive).length <= maxParallel, `seed ${seed}`)
        if (!['running', 'stopping', 'succeeded', 'failed'].includes(job.status)) continue
        // A job that nobody had to start may be started after those that wait for it went on without it.
        const early: readonly number[] = (state.links.needs[index] ?? []).filter(
          (need) => !isSettled(state.jobs[need] ?? job) && jobAt(state, need).manual === null,
        )
        deepStrictEqual(early, [], `seed ${seed}`)
      }
    }
  }
})

test('what is kept beside the jobs (queue, active, timed, unmet, unsettled) is what follows from them', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { state } of walk(subject, seed, 40)) {
      if (state.status === 'absent') continue
      const among = (is: (job: JobState) => boolean): readonly number[] =>
        [...state.jobs.entries()].flatMap(([index, job]) => (is(job) ? [index] : []))
      const sorted = (list: readonly number[]): readonly number[] => list.toSorted((a, b) => a - b)
      deepStrictEqual(
        sorted(state.queue),
        among(({ status }) => status === 'ready'),
        `seed ${seed}`,
      )
      deepStrictEqual(
        sorted(state.active),
        among((job) => 'effect' in job),
        `seed ${seed}`,
      )
      deepStrictEqual(
        sorted(state.timed),
        among((job) => 'until' in job),
        `seed ${seed}`,
      )
      strictEqual(state.unsettled, among((job) => !isSettled(job)).length, `seed ${seed}`)
    }
  }
})

test('jobs start when their needs are met, the one with the longest way to the end first', () => {
  const plan = planOf([job('lint'), job('test'), job('build'), job('pack', ['build'])])
  deepStrictEqual(keys(told(plan)), ['run_1/job/build', 'run_1/job/lint'])
  deepStrictEqual(keys(told(plan, succeed(1, 5))), ['run_1/job/lint', 'run_1/job/test'])
  deepStrictEqual(keys(told(plan, succeed(1, 5), succeed(2, 6))), ['run_1/job/test', 'run_1/job/pack'])
})

test('a job gets the artifacts of its needs, and the release is cut from all of them', () => {
  const plan = planOf([job('build', []), job('check', ['build'])])
  const checking = told(plan, succeed(1, 5, [artifact('app')]))
  deepStrictEqual(
    runMachine.outstanding(checking).map(({ action }) => action),
    [
      {
        kind: 'run_job',
        job: 'check',
        execution: 1,
        inputs: [artifact('app')],
        given: {},
        needs: [
          {
            name: 'build',
            result: 'success',
            outputs: {},
          },
        ],
      },
    ],
  )
  const cutting = told(plan, succeed(1, 5, [artifact('app')]), succeed(2, 6))
  deepStrictEqual(runMachine.outstanding(cutting), [
    {
      sequence: 3,
      key: 'run_1/cut',
      fence: { token: 7, sequence: 3 },
      deadlineMs: limits.cutDeadlineMs,
      action: { kind: 'cut_release', artifacts: [artifact('app')], gates: [] },
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

test('a job whose dialect names its outputs is done once they are named, with what they are', () => {
  const whole = job('call', [], { condition: 'resolve', work: { kind: 'none' } })
  const inner = job('call / inner', [], { partOf: 'call' })
  const plan = planOf([whole, job('last', ['call'])])
  const resolved: RunEvent = {
    type: 'effect_succeeded',
    at: 5,
    sequence: 1,
    result: {
      kind: 'job_resolved',
      resolution: {
        kind: 'legs',
        legs: [inner],
        outputs: { said: 'inner' },
      },
    },
  }
  const naming = told(plan, resolved, succeed(2, 6))
  deepStrictEqual(statuses(naming), ['resolving', 'waiting', 'succeeded'])
  deepStrictEqual(
    runMachine.outstanding(naming).map(({ key, action }) => ({ key, action })),
    [
      {
        key: 'run_1/outputs/call',
        action: {
          kind: 'name_outputs',
          job: 'call',
          outputs: { said: 'inner' },
          legs: [
            {
              name: 'call / inner',
              result: 'success',
              outputs: {},
            },
          ],
        },
      },
    ],
  )
  const named: RunEvent = {
    type: 'effect_succeeded',
    at: 7,
    sequence: 3,
    result: {
      kind: 'outputs_named',
      outputs: { said: 'yes' },
    },
  }
  const after = told(plan, resolved, succeed(2, 6), named)
  deepStrictEqual(statuses(after), ['succeeded', 'running', 'succeeded'])
  deepStrictEqual(
    runMachine.outstanding(after).map(({ action }) => ('needs' in action ? action.needs : null)),
    [[{ name: 'call', result: 'success', outputs: { said: 'yes' } }]],
  )
})

test('a failed job skips its descendants with the reason, lets the others finish, and is the cause', () => {
  const plan = planOf([job('test', []), job('lint', []), job('build', ['test']), job('pack', ['build'])])
  const running = told(plan, fail(1, 5))
  deepStrictEqual(statuses(running), ['failed', 'running', 'skipped', 'skipped'])
  const settled = told(plan, fail(1, 5), { ...fail(2, 6) })
  ok(settled.status === 'failed')
  deepStrictEqual(settled.cause, { kind: 'job_failed', job: 'test', failure })
  deepStrictEqual(settled.jobs[3], {
    status: 'skipped',
    at: 5,
    because: { kind: 'need', job: 'test' },
    isTainted: true,
  })
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
  const deadline = 60_000 + limits.jobMarginMs + limits.stopJobDeadlineMs
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

test('a run with a job that gave way, waiting or running, cuts no release and is cancelled, with who took the place', () => {
  const slot = (event: 'slot_granted' | 'slot_lost', at: number): RunEvent =>
    event === 'slot_granted'
      ? { type: event, at, job: 'test' }
      : { type: event, at, job: 'test', detail: 'test of run_2 took its place in e2e' }
  const plan = planOf([
    job('build'),
    job('test', [], { concurrency: { group: 'e2e', onConflict: 'cancel_running' } }),
    job('stage', ['build'], { work: { kind: 'deploy', environment: 'staging' } }),
  ])
  const stopped: RunEvent = { type: 'effect_succeeded', at: 6, sequence: 3, result: { kind: 'done' } }
  const whileItWaited = told(plan, slot('slot_lost', 3), succeed(1, 5, [artifact('app')]))
  const whileItRan = told(
    plan,
    slot('slot_granted', 2),
    slot('slot_lost', 3),
    succeed(1, 5, [artifact('app')]),
    stopped,
  )
  for (const state of [whileItWaited, whileItRan]) {
    ok(state.status === 'cancelled')
    deepStrictEqual(state.cause, { kind: 'slot_lost', job: 'test', detail: 'test of run_2 took its place in e2e' })
    deepStrictEqual(state.jobs[2]?.status, 'skipped')
    strictEqual(state.release, null)
  }
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

const left = { artifacts: [], outputs: {}, evidence: null }
const failed = (sequence: number, at: number, code = 1): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_failed', failure, reason: { kind: 'exit_code', code }, ...left },
})
const gave = (sequence: number, at: number, outputs: Readonly<Record<string, string>>): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_succeeded', ...left, outputs },
})
const noRelease = { draft: null }

test('a job that failed is run again as its policy says, under a key of its own, and keeps what its first execution was', () => {
  const retry = { attemptsMax: 2, backoffMs: 500, on: [{ kind: 'exit_code', code: 7 }] } as const
  const plan = planOf([job('test', [], { retry })], noRelease)
  strictEqual(told(plan, failed(1, 5, 1)).status, 'failed')
  const waiting = told(plan, failed(1, 5, 7))
  strictEqual(runMachine.nextAt(waiting), 505)
  const again = told(plan, failed(1, 5, 7), { type: 'time_passed', at: 505 })
  deepStrictEqual(keys(again), ['run_1/job/test~2'])
  const settled = told(plan, failed(1, 5, 7), { type: 'time_passed', at: 505 }, succeed(2, 600))
  ok(settled.status === 'succeeded' && settled.jobs[0]?.status === 'succeeded')
  deepStrictEqual(settled.jobs[0].past, [{ startedAt: 0, finishedAt: 5, failure }])
})

test('a job that may fail fails visibly, and the run succeeds; with exit codes, only with those', () => {
  const plan = planOf([job('lint', [], { mayFail: { exitCodes: [3] } }), job('build', ['lint'])], noRelease)
  deepStrictEqual(statuses(told(plan, failed(1, 5, 3))), ['failed', 'running'])
  strictEqual(told(plan, failed(1, 5, 3), succeed(2, 6)).status, 'succeeded')
  deepStrictEqual(statuses(told(plan, failed(1, 5, 4))), ['failed', 'skipped'])
})

test('legs run side by side, what needs the whole waits for all of them, and gets outputs of the last to finish', () => {
  const whole = job('test', [], { work: { kind: 'none' }, maxParallel: 2 })
  const plan = planOf([whole, ...legsOf(whole, 3), job('report', ['test'])], noRelease)
  deepStrictEqual(keys(told(plan)), ['run_1/job/test (0)', 'run_1/job/test (1)'])
  const reporting = told(plan, gave(2, 5, { n: 'b' }), gave(1, 6, { n: 'a' }), gave(3, 9, { n: 'c' }))
  deepStrictEqual(
    runMachine.outstanding(reporting).map(({ action }) => 'needs' in action && action.needs),
    [[{ name: 'test', result: 'success', outputs: { n: 'c' } }]],
  )
})

test('a leg that fails calls off those beside it where the matrix says so, and lets them finish where it does not', () => {
  const after = (failFast: boolean): readonly string[] => {
    const whole = job('test', [], { work: { kind: 'none' }, failFast })
    return statuses(told(planOf([whole, ...legsOf(whole, 3)], noRelease), failed(1, 5)))
  }
  deepStrictEqual(after(true), ['open', 'failed', 'stopping', 'cancelled'])
  deepStrictEqual(after(false), ['open', 'failed', 'running', 'running'])
})

test('what runs in any case runs when something failed and when the run was called off, and success looks at all before it', () => {
  const plan = planOf(
    [
      job('test'),
      job('clean', ['test'], { condition: 'always' }),
      job('tell', ['clean']),
      job('alarm', ['test'], { condition: 'failure' }),
    ],
    noRelease,
  )
  deepStrictEqual(statuses(told(plan, failed(1, 5))), ['failed', 'running', 'waiting', 'running'])
  const settled = told(plan, failed(1, 5), succeed(2, 6), succeed(3, 7))
  deepStrictEqual(statuses(settled), ['failed', 'succeeded', 'skipped', 'succeeded'])
  const stopped: RunEvent = { type: 'effect_succeeded', at: 8, sequence: 2, result: { kind: 'done' } }
  deepStrictEqual(statuses(told(plan, cancel(5), stopped)), ['cancelled', 'running', 'cancelled', 'cancelled'])
})

test('a job by hand waits for a person, whose inputs it gets; one that may fail holds nobody up and may still be started', () => {
  const plan = planOf([job('go', [], { manual: { inputs: [] } }), job('after', ['go'])], noRelease)
  deepStrictEqual(statuses(told(plan)), ['manual', 'waiting'])
  const played = told(plan, { type: 'play_requested', at: 5, by, job: 'go', given: { LEVEL: 'minor' } })
  deepStrictEqual(
    runMachine.outstanding(played).map(({ action }) => 'given' in action && action.given),
    [{ LEVEL: 'minor' }],
  )
  const optional = planOf(
    [job('go', [], { manual: { inputs: [] }, mayFail: { exitCodes: [] } }), job('test')],
    noRelease,
  )
  deepStrictEqual(statuses(told(optional)), ['skipped', 'running'])
  deepStrictEqual(statuses(told(optional, { type: 'play_requested', at: 5, by, job: 'go', given: {} })), [
    'running',
    'running',
  ])
})

test('a job that takes the release somewhere runs once it is cut, and what needs it after that', () => {
  const deploy = { work: { kind: 'deploy', environment: 'staging' } } as const
  const plan = planOf([job('build'), job('stage', ['build'], deploy), job('smoke', ['stage'])])
  deepStrictEqual(keys(told(plan)), ['run_1/job/build'])
  const wasCut: RunEvent = { type: 'effect_succeeded', at: 6, sequence: 2, result: { kind: 'release_cut', release } }
  const delivering = told(plan, succeed(1, 5, [artifact('app')]), wasCut)
  deepStrictEqual(
    runMachine.outstanding(delivering).map(({ action }) => action),
    [{ kind: 'deliver', job: 'stage', execution: 1, environment: 'staging', purpose: 'deploy', release }],
  )
  const settled = told(plan, failed(1, 5))
  ok(settled.status === 'failed')
  deepStrictEqual(statuses(settled), ['failed', 'skipped', 'skipped'])
})

test('a gate that fails fails the run before the release is cut, and one that cannot see does, too', () => {
  const plan = planOf([job('test')], { gates })
  const verdict = verdictOf('fail')
  const judged: RunEvent = {
    type: 'effect_succeeded',
    at: 6,
    sequence: 2,
    result: { kind: 'gates_judged', verdicts: [verdict] },
  }
  const settled = told(plan, succeed(1, 5), judged)
  ok(settled.status === 'failed')
  deepStrictEqual(settled.cause, { kind: 'gate_failed', verdicts: [verdict] })
  const blind = told(plan, succeed(1, 5), fail(2, 6))
  ok(blind.status === 'failed' && blind.cause.kind === 'gate_failed')
  strictEqual(blind.cause.verdicts[0]?.status, 'broken')
})

test('a chain of ten thousand jobs that all fall away with the first takes no stack', () => {
  const jobs = Array.from({ length: limits.jobsMax }, (_, index) =>
    job(`j${index}`, index === 0 ? [] : [`j${index - 1}`]),
  )
  strictEqual(told(planOf(jobs), failed(1, 5)).status, 'failed')
})

test('a job that may fail is a success to those after it, and a leg that may fail calls nobody off', () => {
  const plan = planOf([job('lint', [], { mayFail: { exitCodes: [] } }), job('build', ['lint'])], noRelease)
  deepStrictEqual(
    runMachine.outstanding(told(plan, failed(1, 5))).map(({ action }) => 'needs' in action && action.needs),
    [[{ name: 'lint', result: 'success', outputs: {} }]],
  )
  const whole = job('test', [], { work: { kind: 'none' }, failFast: true })
  const legs = legsOf(whole, 2).map((leg) => ({ ...leg, mayFail: { exitCodes: [] } }))
  deepStrictEqual(statuses(told(planOf([whole, ...legs], noRelease), failed(1, 5))), ['open', 'failed', 'running'])
})

test('evidence that an earlier run left for a job that is not run again is judged with the rest', () => {
  const evidence = digest(`sha256:${'e'.repeat(64)}`)
  const carried: CarriedJob = { job: 'test', from: runId('run_0'), artifacts: [], outputs: {}, evidence }
  const start = planned(planOf([job('test')], { gates }))
  ok(start.type === 'run_planned')
  const { effects } = runMachine.decide({ status: 'absent' }, { ...start, carried: [carried] })
  deepStrictEqual(
    effects.map(({ action }) => action),
    [{ kind: 'judge_gates', evidence: [{ job: 'test', digest: evidence }] }],
  )
})

test('a gate that was judged broken is never a pass', () => {
  const verdicts = [verdictOf('broken')]
  const judged: RunEvent = { type: 'effect_succeeded', at: 6, sequence: 2, result: { kind: 'gates_judged', verdicts } }
  const settled = told(planOf([job('test')], { gates }), succeed(1, 5), judged)
  ok(settled.status === 'failed')
  deepStrictEqual(settled.cause, { kind: 'gate_failed', verdicts })
})
