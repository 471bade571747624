import { deepStrictEqual, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { PlanView } from '../../http/client/plan-views.ts'
import type { StepView } from '../../http/client/views.ts'
import { planLines } from './plan.ts'
import { createStyle } from './style.ts'

const style = createStyle({ color: false, unicode: true })

const step = (index: number, kind: string, text: string): StepView => ({ index, kind, text, status: 'waiting' })

const plan: PlanView = {
  environment: 'production',
  purpose: 'promote',
  strategy: 'canary',
  from: { id: 'rel_a', version: '1.4.0' },
  to: { id: 'rel_b', version: '1.4.1' },
  steps: [
    step(0, 'start', 'start 2 instances of 1.4.1'),
    step(1, 'shift', 'traffic: 95 % to 1.4.0, 5 % to 1.4.1'),
    step(2, 'judge', 'judge for at least 10 min'),
    step(3, 'shift', 'traffic: 50 % to 1.4.0, 50 % to 1.4.1'),
    step(4, 'approve', 'wait for 1 approval: go on'),
    step(5, 'shift', 'traffic: 100 % to 1.4.1'),
    step(6, 'retire', 'retire 1.4.0'),
  ],
  exposure: {
    requestsPerSecond: 100,
    stages: [
      { step: 1, shareBp: 500, atLeastMs: 600_000, waitsFor: 'evidence', requests: 3_000 },
      { step: 3, shareBp: 5_000, atLeastMs: 0, waitsFor: 'person', requests: 0 },
      { step: 5, shareBp: 10_000, atLeastMs: 0, waitsFor: 'nothing', requests: 0 },
    ],
  },
  stops: {
    shareBp: 500,
    alpha: 0.01,
    stableRate: 0.001,
    isAssumed: true,
    forecasts: [{ candidateRate: 0.5, requests: 5, bad: 3 }],
  },
  gates: [
    { text: 'verified in staging', met: true },
    { text: '1 approval', met: false },
  ],
  windows: [{ from: Date.UTC(2026, 11, 24), until: Date.UTC(2026, 11, 27), reason: 'holidays', by: 'ada' }],
  checks: { candidate: ['home', 'smoke'], environment: [] },
  migrations: [],
  changes: [],
  wayBack: [step(0, 'shift', 'traffic: 100 % to 1.4.0')],
  wayBackCold: [step(0, 'start', 'start 2 instances of 1.4.0'), step(1, 'shift', 'traffic: 100 % to 1.4.0')],
  coldFrom: 6,
  closures: [],
  policies: [],
  refusals: [
    { kind: 'approval_missing', who: 'nobody', until: null, detail: 'no approval yet', hint: 'sluice approve 1.4.1' },
  ],
}

test('a plan tells every step, what it exposes, the gates and windows, both ways back, and who stands in the way', () => {
  deepStrictEqual(planLines(plan, style), [
    'production  promote 1.4.0 → 1.4.1   canary   nothing was changed',
    '   1  start 2 instances of 1.4.1',
    '   2  traffic: 95 % to 1.4.0, 5 % to 1.4.1   for at least 10 min, ≈ 3,000 requests',
    '   3  judge for at least 10 min',
    '   4  traffic: 50 % to 1.4.0, 50 % to 1.4.1   until somebody says go on',
    '   5  wait for 1 approval: go on',
    '   6  traffic: 100 % to 1.4.1',
    '   7  retire 1.4.0',
    '  exposure   ≈ 3,000 requests in at least 10 min and what people take before it has all traffic, at 100 requests/s',
    '  judge      stops it at 5 % after, if 50 % bad: ≈ 5 requests, 3 of them bad   false alarms at most 1 %; bad now: 0.1 % assumed',
    '  gates      ✔ verified in staging  ✖ 1 approval',
    '  window     frozen from 2026-12-24T00:00:00Z until 2026-12-27T00:00:00Z by ada: holidays',
    '  checks     before it has traffic: home, smoke',
    '  migrations none',
    '  the way back, until step 7 of 7 steps:',
    '   1  traffic: 100 % to 1.4.0',
    '  the way back from step 7 on, once 1.4.0 is retired:',
    '   1  start 2 instances of 1.4.0',
    '   2  traffic: 100 % to 1.4.0',
    '  ✖ no approval yet   sluice approve 1.4.1',
  ])
})

test('without a known traffic, a first release and a rollback say what they can', () => {
  const lines = (parts: Partial<PlanView>): string => planLines({ ...plan, ...parts }, style).join('\n')
  const unknown = {
    requestsPerSecond: null,
    stages: plan.exposure.stages.map((stage) => ({ ...stage, requests: null })),
  }
  match(lines({ exposure: unknown }), /exposure +5 %, 50 %, then all of it; at least 10 min and what people take/)
  match(lines({ from: null, stops: null }), /nothing serves now/)
  match(lines({ purpose: 'rollback', gates: [], refusals: [] }), /gates +none: nothing stands in the way of a rollback/)
  const once = { requestsPerSecond: 100, stages: plan.exposure.stages.slice(2) }
  match(lines({ exposure: once, coldFrom: null }), /all of the traffic at once[^]*the way back, at any moment/)
  ok(!lines({ stops: null }).includes('judge  '))
})
