import { deepStrictEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { jobPlan } from '../../../test/pipeline/jobs.ts'
import { commitId, runId } from '../model.ts'
import type { ConcurrencyPlan, JobPlan } from './job-plan.ts'
import { runMachine } from './machine.ts'
import { slotMoves } from './slots.ts'
import type { RunState } from './types.ts'

type Run = Exclude<RunState, { status: 'absent' }>

const by = { kind: 'person', name: 'ada' } as const
const commit = { id: commitId('a'.repeat(40)), subject: 'change', author: 'ada', committedAt: 1 }

/** A run with one job of the group `deploy`, that asked for its turn at `at`. */
const asking = (nth: number, at: number, onConflict: ConcurrencyPlan['onConflict']): Run =>
  askingWith(nth, at, { concurrency: { group: 'deploy', onConflict } })

const askingWith = (nth: number, at: number, job: Partial<JobPlan>): Run => {
  const jobs = [jobPlan('deploy', [], job)]
  const trigger = { event: 'manual', name: null, inputs: {} } as const
  const { state } = runMachine.decide(
    { status: 'absent' },
    {
      type: 'run_planned',
      at,
      id: runId(`run_${nth}`),
      token: 1,
      by,
      carried: [],
      plan: {
        form: 1,
        service: 'shop',
        commit,
        version: '1.0.0',
        trigger,
        parallelMax: 2,
        isolation: 'auto',
        jobs,
        gates: null,
        draft: null,
      },
    },
  )
  ok(state.status === 'running')
  return state
}

/** The runs once every move was made, as statuses of their jobs, with what was moved. */
const settle = (runs: readonly Run[]): { readonly jobs: readonly string[]; readonly moves: readonly string[] } => {
  let now = runs
  const moves: string[] = []
  for (let due = slotMoves(now, 9); due.length > 0; due = slotMoves(now, 9)) {
    for (const { run, event } of due) {
      moves.push(`${run} ${event.type}`)
      now = now.map((one) => {
        const { state } = runMachine.decide(one, event)
        return one.id === run && state.status !== 'absent' ? state : one
      })
    }
  }
  return { jobs: now.map(({ jobs }) => jobs[0]?.status ?? ''), moves }
}

test('of jobs that queue, the one that asked first goes, and none is dropped', () => {
  deepStrictEqual(settle([asking(2, 20, 'queue'), asking(1, 10, 'queue'), asking(3, 30, 'queue')]), {
    jobs: ['queued', 'running', 'queued'],
    moves: ['run_1 slot_granted'],
  })
})

test('a newcomer that replaces takes the place of those that wait, and leaves what runs alone', () => {
  const [first] = [asking(1, 10, 'replace_waiting')]
  const running = runMachine.decide(first, { type: 'slot_granted', at: 11, job: 'deploy' }).state
  ok(running.status === 'running')
  deepStrictEqual(settle([running, asking(2, 20, 'replace_waiting'), asking(3, 30, 'replace_waiting')]), {
    jobs: ['running', 'cancelled', 'queued'],
    moves: ['run_2 slot_lost'],
  })
})

test('of those that ask at once while nothing runs the first begins, the last waits, and those between lose their place', () => {
  const asked = [1, 2, 3].map((run) => asking(run, 10, 'replace_waiting'))
  deepStrictEqual(settle(asked), {
    jobs: ['running', 'cancelled', 'queued'],
    moves: ['run_1 slot_granted', 'run_2 slot_lost'],
  })
  deepStrictEqual(settle([asking(1, 10, 'cancel_running'), asking(2, 10, 'cancel_running')]), {
    jobs: ['cancelled', 'running'],
    moves: ['run_1 slot_lost', 'run_2 slot_granted'],
  })
})

test('a newcomer that cancels has what runs stopped, and waits until it is', () => {
  const running = runMachine.decide(asking(1, 10, 'queue'), { type: 'slot_granted', at: 11, job: 'deploy' }).state
  ok(running.status === 'running')
  const moves = slotMoves([running, asking(2, 20, 'cancel_running')], 30)
  deepStrictEqual(
    moves.map(({ run, event }) => [run, event.type]),
    [['run_1', 'slot_lost']],
  )
  const [move] = moves
  ok(move !== undefined)
  const stopping = runMachine.decide(running, move.event).state
  ok(stopping.status === 'running')
  deepStrictEqual(stopping.jobs[0]?.status, 'stopping')
})

test('a job whose legs are being found out has its turn, and nobody else of the group has', () => {
  const definition = { from: { job: 'list', output: 'packages', as: 'PACKAGE' }, if: 'success' }
  const concurrency = { group: 'deploy', onConflict: 'queue' } as const
  const fanned = askingWith(1, 10, { concurrency, condition: 'resolve', definition })
  deepStrictEqual(settle([fanned, asking(2, 20, 'queue')]), {
    jobs: ['resolving', 'queued'],
    moves: ['run_1 slot_granted'],
  })
})
