/** Insights over more than is usual. */
import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { digest } from '../../src/core/model.ts'
import { runMachine } from '../../src/core/pipeline/machine.ts'
import { plainJob, plainStep } from '../../src/core/pipeline/plain-plans.ts'
import type { RunState } from '../../src/core/pipeline/types.ts'
import type { ApiContext } from '../../src/http/context.ts'
import { rootPrincipal } from '../../src/core/identity/access.ts'
import { evidenceHandlers } from '../../src/http/handlers/evidence.ts'
import { plannedRun } from '../pipeline/jobs.ts'

const planned = plannedRun('run_1', [plainJob('test', { steps: [plainStep('test', 'true')] })])
const evidence = digest(`sha256:${'0'.repeat(64)}`)
const finished: RunState = runMachine.decide(planned, {
  type: 'effect_succeeded',
  at: 5,
  sequence: runMachine.outstanding(planned)[0]?.sequence ?? 0,
  result: { kind: 'job_succeeded', artifacts: [], outputs: {}, evidence },
}).state

/** More than a function takes arguments; a report may hold twice as many. */
const count = 200_000
const cases = Array.from({ length: count }, (_, index) => ({
  id: `test ${index}`,
  outcome: 'passed',
  durationMs: index,
  failedAttempts: 0,
}))
const report = { job: 'test', status: 'read', evidence: { contents: [{ kind: 'tests', cases, gaps: [] }] } }

const call = {
  params: {},
  query: {},
  body: {},
  caller: { by: { kind: 'person', name: 'Ada' }, idempotencyKey: null },
  principal: rootPrincipal('Ada'),
  signal: new AbortController().signal,
} as const

test('a report of more tests than a function takes arguments is counted', async () => {
  // Trusted: of the context, the handler asks for no more than this.
  const context = {
    engine: { reading: { runs: async () => ({ items: [finished], next: null }) } },
    evidence: { read: async () => [report] },
  } as unknown as ApiContext
  const { runs, flaky, slowest } = await evidenceHandlers['runs.insights'](context, call)
  deepStrictEqual([runs, flaky, slowest[0]?.name], [1, [], `test ${count - 1}`])
})

test('between a few whole runs and the next ones others have their turn', async () => {
  const seen: string[] = []
  let next = setImmediate(function again() {
    seen.push('another')
    next = setImmediate(again)
  })
  const read = async ({ limit }: { readonly limit: number }) => {
    seen.push(`${limit} runs`)
    return { items: Array.from({ length: limit }, () => planned), next: 'more' }
  }
  const context = { engine: { reading: { runs: read } } } as unknown as ApiContext
  const { runs } = await evidenceHandlers['runs.insights'](context, { ...call, query: { runs: 12 } })
  clearImmediate(next)
  deepStrictEqual([runs, seen], [12, ['5 runs', 'another', '5 runs', 'another', '2 runs']])
})
