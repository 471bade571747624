import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { commitId } from '../../core/model.ts'
import type { RolloutDetailView, StepView } from '../../http/client/views.ts'
import { isOver, rolloutChanges, rolloutLines, rolloutReport } from './rollout.ts'
import { abilitiesOf, clip, createStyle, pad, widthOf } from './style.ts'

const plain = createStyle({ color: false, unicode: true })
const ascii = createStyle({ color: false, unicode: false })

const step = (index: number, status: StepView['status']): StepView => ({
  index,
  kind: 'wait',
  text: `step ${index}`,
  status,
})

const rollout: RolloutDetailView = {
  id: 'rol_1',
  service: 'shop',
  environment: 'production',
  status: 'advancing',
  purpose: 'promote',
  strategy: 'canary',
  from: { id: 'rel_a', version: '1.4.0' },
  to: { id: 'rel_b', version: '1.4.1' },
  commit: { id: commitId('0'.repeat(40)), subject: 's', author: 'a', committedAt: 0 },
  by: { kind: 'person', name: 'ada' },
  hotfix: null,
  startedAt: 0,
  settledAt: null,
  paused: null,
  cause: null,
  stage: { kind: 'resting', text: '2 s of 30 s', attempt: null, until: 30_000 },
  lastVerdict: null,
  limitLogE: Math.log(100),
  unhealthy: [],
  steps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) =>
    step(index, index < 4 ? 'done' : index === 4 ? 'current' : 'waiting'),
  ),
  wayBack: [],
  observed: {
    instances: [],
    traffic: {
      listen: { host: '127.0.0.1', port: 8080 },
      paused: false,
      logE: Math.log(10),
      limitLogE: Math.log(100),
      trip: null,
      observedAt: 0,
      arms: [
        {
          arm: 'stable',
          release: { id: 'rel_a', version: '1.4.0' },
          shareBp: 9_500,
          upstreams: 2,
          requests: 1_840,
          bad: 0,
          units: 1_840,
          badUnits: 0,
          inFlight: 0,
          p50Ms: 2,
          p99Ms: 10,
        },
        {
          arm: 'candidate',
          release: { id: 'rel_b', version: '1.4.1' },
          shareBp: 500,
          upstreams: 2,
          requests: 40,
          bad: 2,
          units: 40,
          badUnits: 2,
          inFlight: 0,
          p50Ms: 2,
          p99Ms: 10,
        },
      ],
    },
  },
  watch: null,
  takenBackBy: null,
  now: 2_000,
}

test('the live view tells the step, what is left, the split, both arms with their counts, and the evidence against its limit', () => {
  deepStrictEqual(rolloutLines(rollout, plain), [
    'shop → production   promote 1.4.0 → 1.4.1   canary   rol_1   00:00:02',
    '✔ 2 steps before',
    '✔ step 2',
    '✔ step 3',
    '● step 4   2 s of 30 s',
    '◷ step 5',
    '◷ step 6',
    '◷ step 7',
    '  … 2 more',
    '  traffic   ███████████████████████░  1.4.0 95 %  ·  1.4.1 5 %',
    '  stable    1.4.0 1,840 requests, 0 bad (0.00 %)   p50 ≤ 2 ms, p99 ≤ 10 ms',
    '  candidate 1.4.1 40 requests, 2 bad (5.00 %)   p50 ≤ 2 ms, p99 ≤ 10 ms',
    '  evidence  ████████████░░░░░░░░░░░░  E = 10 of 100, where it is stopped',
    '  next      in 28 s',
  ])
})

test('where the locale has no marks, every line is ASCII', () => {
  for (const line of rolloutLines(rollout, ascii)) match(line, /^[\x20-\x7e]*$/)
})

test('colour adds nothing to what is read', () => {
  const colored = rolloutLines(rollout, createStyle({ color: true, unicode: true }))
  ok(colored.some((line) => line.includes('\u001B[')))
  deepStrictEqual(colored.map(widthOf), rolloutLines(rollout, plain).map(widthOf))
})

test('a share that is not all of the traffic is never drawn as if it were', () => {
  const bar = (candidateBp: number): string => plain.bar(1 - candidateBp / 10_000, 24)
  strictEqual(bar(1).includes('░'), true)
  strictEqual(bar(9_999).includes('█'), true)
  strictEqual(bar(0).includes('░'), false)
})

test('a log has one line for each change, and none when nothing changed', () => {
  strictEqual(rolloutChanges(rollout, rollout).length, 0)
  const next = {
    ...rollout,
    steps: rollout.steps.map((one) =>
      step(one.index, one.index < 5 ? 'done' : one.index === 5 ? 'current' : 'waiting'),
    ),
  }
  deepStrictEqual(rolloutChanges(rollout, next), ['step 5/10 done: step 4', 'step 6/10 begins: step 5'])
  const cause = { kind: 'judged', text: 'too bad', code: null, evidence: [] }
  const back: RolloutDetailView = { ...rollout, status: 'rolled_back', settledAt: 3_000, cause, stage: null }
  deepStrictEqual(rolloutChanges(rollout, back), ['turned back: too bad', 'rolled back'])
  strictEqual(isOver(back), true)
  const way = ['done', 'current', 'waiting'].map((status, index) => ({ ...step(index, 'done'), status }))
  const turning = { ...rollout, status: 'reverting', cause, wayBack: way } as RolloutDetailView
  deepStrictEqual(rolloutChanges(rollout, turning), [
    'turned back: too bad',
    'reverting',
    'way back: step 1/3 done: step 0',
    'way back: step 2/3 begins: step 1',
  ])
  // Who comes later is told where it stands, not what was over before.
  deepStrictEqual(rolloutChanges(null, turning).slice(-1), ['way back: step 2/3 begins: step 1'])
})

test('the report at the end says what, why, now and next, in this order and within the columns', () => {
  const cause = {
    kind: 'judged',
    text: 'the judge stopped it: '.repeat(6).trim(),
    code: null,
    evidence: ['boom at tax.js:41'],
  }
  const lines = rolloutReport(
    { ...rollout, status: 'rolled_back', settledAt: 3_000, cause },
    'production serves 1.4.0',
    { ...plain, columns: 60 },
  )
  const names = lines
    .map((line) => line.trim().split(' ')[0])
    .filter((name) => ['Why', 'Log', 'Now', 'Next'].includes(name ?? ''))
  deepStrictEqual(names, ['Why', 'Log', 'Now', 'Next'])
  match(lines[0] ?? '', /SLU-1303 .*1\.4\.1 in production/)
  for (const line of lines) ok(widthOf(line) <= 60, line)
})

test('letters that take two cells are counted as two, so that no line is painted beyond the edge of the terminal', () => {
  const subject = 'feat: 決済 🚀 e\u0301'
  deepStrictEqual([widthOf(subject), widthOf('│ ✔ ⚠ é → …')], [15, 11])
  deepStrictEqual([clip(subject, 9), clip(subject, 10)], ['feat: 決', 'feat: 決済'])
  deepStrictEqual(widthOf(pad('決済', 10)), 10)
})

test('only a terminal that can move its cursor, with somebody in front of it, is painted in place', () => {
  const terminal = { isTTY: true, columns: 80, noColor: false }
  const repaints = (variables: Record<string, string>, isTTY = true): boolean | undefined =>
    abilitiesOf(variables, { ...terminal, isTTY }).repaints
  deepStrictEqual(
    [repaints({ TERM: 'xterm' }), repaints({ TERM: 'dumb' }), repaints({ CI: 'true' }), repaints({}, false)],
    [true, false, false, false],
  )
})
