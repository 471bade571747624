import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Refusal, RefusalKind } from './admission.ts'
import { emptyEnvironment, type EnvironmentState } from './environment.ts'
import { limits } from './limits.ts'
import { type EnvironmentSpec, type ReleaseId, releaseId, rolloutId, sluice } from './model.ts'
import {
  aheadInLine,
  type Candidate,
  nextQueue,
  queueAt,
  type QueueEntry,
  type QueueEvent,
  queueMoves,
  queueTimePassed,
} from './queue.ts'

const ada = { kind: 'person', name: 'ada' } as const
const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const entry = (fill: string, rest: Partial<QueueEntry> = {}): QueueEntry => ({
  id: `rol_${fill}`,
  release: idOf(fill),
  purpose: 'promote',
  by: ada,
  reason: null,
  at: 0,
  ...rest,
})
const [a, b, c] = [entry('a'), entry('b'), entry('c')]

const queued = ({ id, release, purpose, by, reason }: QueueEntry, at = 0): QueueEvent => ({
  type: 'queued',
  at,
  entry: { id, release, purpose, by, reason },
})
const empty = emptyEnvironment('shop', 'production')
const after = (events: readonly QueueEvent[], state = empty): EnvironmentState => events.reduce(nextQueue, state)

const spec = (supersede: 'older' | 'none'): EnvironmentSpec => ({
  name: 'production',
  after: 'staging',
  listen: { host: '127.0.0.1', port: 8080 },
  instances: 1,
  config: {},
  secretVersions: {},
  strategy: { kind: 'recreate' },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
  sticky: { kind: 'none' },
  drainTimeoutMs: 1,
  stopGraceMs: 1,
  progressDeadlineMs: 1,
  approvals: 0,
  freeze: [],
  queue: { supersede },
})

const refusal = (kind: RefusalKind, until: number | null = null): Refusal => ({
  kind,
  who: 'grace',
  until,
  detail: `it is ${kind}`,
  hint: '',
})
const candidate = (
  cutAt: number,
  refusals: readonly Refusal[] = [],
  supersede: 'older' | 'none' = 'none',
): Candidate => ({
  spec: spec(supersede),
  cutAt,
  admission: refusals.length === 0 ? { kind: 'admitted' } : { kind: 'refused', refusals },
})

const moves = (
  entries: readonly QueueEntry[],
  known: Readonly<Record<string, Candidate | string>>,
  { live = null, now = 10 }: { readonly live?: string | null; readonly now?: number } = {},
) =>
  queueMoves({ queue: entries, live }, ({ id }) => known[id] ?? null, now).map((move) =>
    move.kind === 'start' ? `start ${move.entry.id}` : move.event,
  )

test('who came first is first, and one release waits once', () => {
  const state = after([queued(a, 1), queued(b, 2), queued({ ...entry('d'), release: b.release }, 3)])
  deepStrictEqual(
    state.queue?.map(({ id, at }) => [id, at]),
    [
      ['rol_a', 1],
      ['rol_b', 2],
    ],
  )
  deepStrictEqual(moves([a, b], { rol_a: candidate(1), rol_b: candidate(2) }), ['start rol_a'])
})

test('what Sluice would take in by itself and a person asks for is the person’s, at the same place', () => {
  const auto = entry('a', { id: 'que_auto_a', by: sluice })
  const state = after([queued(auto), queued(b), queued(a, 5)])
  deepStrictEqual(
    state.queue?.map(({ id }) => id),
    ['rol_a', 'rol_b'],
  )
  strictEqual(nextQueue(state, queued(auto)), state)
})

test('what a program asks for keeps the id that it was told, also when a person asks for the same', () => {
  const bot = { kind: 'system', name: 'ci' } as const
  const auto = entry('a', { id: 'que_auto_a', by: sluice })
  const taken = after([queued(auto), queued(entry('a', { by: bot }), 5)])
  deepStrictEqual(
    taken.queue?.map(({ id, by }) => [id, by.name]),
    [['rol_a', 'ci']],
  )
  deepStrictEqual(
    nextQueue(taken, queued(a, 6)).queue?.map(({ id, by }) => [id, by.name]),
    [['rol_a', 'ada']],
  )
})

test('an automatic promotion that finds the queue full comes in as soon as somebody leaves it', () => {
  const fill = (index: number): QueueEntry =>
    entry('a', { id: `rol_${index}`, release: releaseId(`rel_${index.toString(16).padStart(64, '0')}`) })
  const many = Array.from({ length: limits.queueEntriesMax }, (_, index) => fill(index))
  const auto = entry('c', { id: 'que_auto_c', by: sluice })
  const offered = after([...many.map((one) => queued(one)), queued(auto, 7), queued(auto, 8)])
  strictEqual(offered.queue?.length, limits.queueEntriesMax)
  deepStrictEqual(
    offered.offers?.map(({ id, at }) => [id, at]),
    [['que_auto_c', 7]],
  )
  const left = nextQueue(offered, { type: 'queue_refused', at: 9, entry: 'rol_3', detail: 'gone' })
  strictEqual('offers' in left, false)
  deepStrictEqual([left.queue?.length, left.queue?.at(-1)?.id], [limits.queueEntriesMax, 'que_auto_c'])
  // Somebody who asks is told that there is no room; what they asked for is not kept.
  strictEqual(nextQueue(offered, queued(entry('b'))), offered)
})

test('a queue is full at its limit, and empty without a trace', () => {
  const many = Array.from({ length: limits.queueEntriesMax }, (_, index) =>
    entry('a', { id: `rol_${index}`, release: releaseId(`rel_${index.toString(16).padStart(64, '0')}`) }),
  )
  const full = after(many.map((one) => queued(one)))
  strictEqual(nextQueue(full, queued(c)), full)
  const cancelled: QueueEvent = { type: 'queue_cancelled', at: 1, entry: a.id, by: ada, reason: null }
  deepStrictEqual(after([queued(a), cancelled]), empty)
  strictEqual(nextQueue(full, cancelled), full)
})

test('nothing starts while a rollout is live', () => {
  deepStrictEqual(moves([a], { rol_a: candidate(1) }, { live: rolloutId('rol_1') }), [])
})

test('what waits for a person keeps its place and says why, and lets those behind it go', () => {
  const known = { rol_a: candidate(1, [refusal('approval_missing')]), rol_b: candidate(2) }
  const deferred = {
    type: 'queue_deferred',
    at: 10,
    entry: 'rol_a',
    why: ['approval_missing'],
    detail: 'it is approval_missing',
    lookAt: limits.queueWaitMsMax,
  } as const
  deepStrictEqual(moves([a, b], known), [deferred, 'start rol_b'])
  const waiting = after([queued(a), deferred])
  // Asked again with the same answer, nothing is recorded: a queue that waits is quiet.
  deepStrictEqual(moves(waiting.queue ?? [], known), [])
  deepStrictEqual(aheadInLine(waiting), [])
  deepStrictEqual(
    aheadInLine(after([queued(b)], waiting)).map(({ id }) => id),
    ['rol_b'],
  )
})

test('what is refused for good leaves with its reason, and so does what waited too long', () => {
  deepStrictEqual(moves([a, b], { rol_a: candidate(1, [refusal('already_serving')]), rol_b: 'it is gone' }), [
    { type: 'queue_refused', at: 10, entry: 'rol_a', detail: 'it is already_serving' },
    { type: 'queue_refused', at: 10, entry: 'rol_b', detail: 'it is gone' },
  ])
  const [left] = moves([a], { rol_a: candidate(1, [refusal('locked')]) }, { now: limits.queueWaitMsMax })
  deepStrictEqual(left, {
    type: 'queue_refused',
    at: limits.queueWaitMsMax,
    entry: 'rol_a',
    detail: 'waited for 7 days: it is locked',
  })
})

test('a wait for a time wakes at that time, the last of several, and not while a rollout is live', () => {
  const known = { rol_a: candidate(1, [refusal('locked', 500), refusal('frozen', 900)]) }
  const [move] = moves([a], known)
  if (typeof move === 'string' || move === undefined) throw new Error('nothing was deferred')
  const state = after([queued(a), move])
  strictEqual(queueAt(state), 900)
  strictEqual(queueAt({ ...state, live: rolloutId('rol_1') }), null)
  strictEqual(queueTimePassed(state, 899), state)
  strictEqual(queueAt(queueTimePassed(state, 900)), null)
})

test('an older release gives way to a newer one behind it where the config says so, even while a rollout is live', () => {
  const known = (policy: 'older' | 'none') => ({
    rol_a: candidate(1),
    rol_b: candidate(3, [], policy),
    rol_c: candidate(2, [], policy),
  })
  deepStrictEqual(moves([a, b, c], known('older')), [
    { type: 'queue_superseded', at: 10, entry: 'rol_a', by: 'rol_c' },
    'start rol_b',
  ])
  deepStrictEqual(moves([a, b], known('older'), { live: 'rol_1' }), [
    { type: 'queue_superseded', at: 10, entry: 'rol_a', by: 'rol_b' },
  ])
  deepStrictEqual(moves([a, b, c], known('none')), ['start rol_a'])
})
