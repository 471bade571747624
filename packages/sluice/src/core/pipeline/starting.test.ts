import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { jobPlan as job } from '../../../test/pipeline/jobs.ts'
import { commitId, runId } from '../model.ts'
import type { Failure } from '../rollout/types.ts'
import type { JobPlan } from './job-plan.ts'
import { runMachine } from './machine.ts'
import type { RunEvent, RunPlan, RunState } from './types.ts'

const by = { kind: 'person', name: 'ada' } as const
const commit = { id: commitId('a'.repeat(40)), subject: 'change', author: 'ada', committedAt: 1 }
const failure: Failure = { code: 'run_failed', retry: 'never', detail: 'exit code 1', evidence: [] }

const planOf = (jobs: readonly JobPlan[], parallelMax = 2): RunPlan => ({
  form: 1,
  service: 'storefront',
  commit,
  version: '1.0.0',
  trigger: { event: 'manual', name: null, inputs: {} },
  parallelMax,
  isolation: 'auto',
  jobs,
  gates: null,
  draft: null,
})

/** Tells a run what happened, one event after the other. */
const told = (plan: RunPlan, ...events: readonly RunEvent[]): RunState => {
  const planned: RunEvent = { type: 'run_planned', at: 0, id: runId('run_1'), token: 7, plan, by, carried: [] }
  return [planned, ...events].reduce<RunState>((state, event) => runMachine.decide(state, event).state, {
    status: 'absent',
  })
}

const left = { artifacts: [], outputs: {}, evidence: null }
const succeed = (sequence: number, at: number): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_succeeded', ...left },
})
const failed = (sequence: number, at: number): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_failed', failure, reason: { kind: 'exit_code', code: 1 }, ...left },
})
const cancel = (at: number): RunEvent => ({ type: 'cancel_requested', at, by, reason: null })

const legsOf = (whole: JobPlan, count: number): readonly JobPlan[] =>
  Array.from({ length: count }, (_, nth) => job(`${whole.name} (${nth})`, whole.needs, { partOf: whole.name }))

const statuses = (state: RunState): readonly string[] =>
  state.status === 'absent' ? [] : state.jobs.map((one) => one.status)
const keys = (state: RunState): readonly string[] => runMachine.outstanding(state).map(({ key }) => key)

const play = (name: string, at: number, given = { LEVEL: 'minor' }): RunEvent => ({
  type: 'play_requested',
  at,
  by,
  job: name,
  given,
})
const givens = (state: RunState): readonly unknown[] =>
  runMachine.outstanding(state).map(({ action }) => 'given' in action && action.given)

test('a job by hand that shares a group waits for its turn once it was started, and then has what it was given', () => {
  const concurrency = { group: 'prod', onConflict: 'queue' } as const
  const plan = planOf([job('deploy', [], { manual: { inputs: [] }, concurrency })])
  deepStrictEqual([statuses(told(plan, play('deploy', 5))), keys(told(plan, play('deploy', 5)))], [['queued'], []])
  deepStrictEqual(givens(told(plan, play('deploy', 5), { type: 'slot_granted', at: 6, job: 'deploy' })), [
    { LEVEL: 'minor' },
  ])
})

test('a matrix by hand runs its legs once it was started, with what it was given, also when it had been left', () => {
  const manual = { inputs: [] }
  const whole = job('go', [], { work: { kind: 'none' }, manual })
  const last = job('last', ['go'])
  const plan = planOf([whole, ...legsOf(whole, 2), last])
  deepStrictEqual(statuses(told(plan)), ['manual', 'waiting', 'waiting', 'waiting'])
  const played = told(plan, play('go', 5))
  deepStrictEqual(
    [statuses(played), givens(played)],
    [
      ['open', 'running', 'running', 'waiting'],
      [{ LEVEL: 'minor' }, { LEVEL: 'minor' }],
    ],
  )
  const settled = told(plan, play('go', 5), succeed(1, 6), succeed(2, 7), succeed(3, 8))
  deepStrictEqual([settled.status, ...statuses(settled)], ['succeeded', ...Array<string>(4).fill('succeeded')])
  const optional = { ...whole, mayFail: { exitCodes: [] } }
  const left = told(planOf([optional, ...legsOf(whole, 2), last]), play('go', 5))
  ok(left.status === 'running')
  deepStrictEqual([left.jobs[0]?.status, left.unsettled], ['open', 4])
})

const fanned = (rest: Partial<JobPlan> = {}, when: JobPlan['condition'] = 'success'): JobPlan =>
  job('publish', ['list', 'test'], {
    condition: 'resolve',
    definition: { from: { job: 'list', output: 'packages', as: 'PACKAGE' }, if: when },
    ...rest,
  })
const legsOfPublish = (sequence: number, at: number): RunEvent => ({
  type: 'effect_succeeded',
  at,
  sequence,
  result: { kind: 'job_resolved', resolution: { kind: 'legs', legs: legsOf(fanned(), 2) } },
})

test('legs out of an output are found out only when the job itself would start: by its condition, a person, its group', () => {
  const before = [job('list'), job('test')]
  const statusAfter = (publish: JobPlan, ...events: readonly RunEvent[]): string | undefined =>
    statuses(told(planOf([...before, publish]), ...events))[2]
  strictEqual(statusAfter(fanned(), succeed(1, 5), failed(2, 6)), 'skipped')
  strictEqual(statusAfter(fanned(), succeed(1, 5), succeed(2, 6)), 'resolving')
  strictEqual(statusAfter(fanned({}, 'always'), succeed(1, 5), failed(2, 6)), 'resolving')
  strictEqual(statusAfter(fanned({}, 'failure'), succeed(1, 5), succeed(2, 6)), 'skipped')
  strictEqual(statusAfter(fanned(), cancel(5)), 'cancelled')
  const byHand = fanned({ manual: { inputs: [] }, concurrency: { group: 'g', onConflict: 'queue' } })
  const before2 = [succeed(1, 5), succeed(2, 6)]
  strictEqual(statusAfter(byHand, ...before2), 'manual')
  strictEqual(statusAfter(byHand, ...before2, play('publish', 7)), 'queued')
  const granted: RunEvent = { type: 'slot_granted', at: 8, job: 'publish' }
  strictEqual(statusAfter(byHand, ...before2, play('publish', 7), granted), 'resolving')
  const running = told(planOf([...before, byHand]), ...before2, play('publish', 7), granted, legsOfPublish(3, 9))
  deepStrictEqual(
    [statuses(running).slice(2), givens(running)],
    [
      ['open', 'running', 'running'],
      [{ LEVEL: 'minor' }, { LEVEL: 'minor' }],
    ],
  )
})

test('a leg that ends has the next one started without a look at all the legs for each that waits', () => {
  const wholes = Array.from({ length: 4 }, (_, nth) => job(`m${nth}`, [], { work: { kind: 'none' }, maxParallel: 1 }))
  const state = told(
    planOf(
      wholes.flatMap((whole) => [whole, ...legsOf(whole, 64)]),
      8,
    ),
  )
  ok(state.status === 'running')
  let looks = 0
  const legs = state.links.legs.map(
    (list) =>
      new Proxy(list, {
        get: (target, name, receiver): unknown => {
          looks += 1
          return Reflect.get(target, name, receiver)
        },
      }),
  )
  const { effects } = runMachine.decide({ ...state, links: { ...state.links, legs } }, succeed(1, 5))
  strictEqual(effects.length, 1)
  ok(looks < 64, `${looks} looks at legs`)
})
