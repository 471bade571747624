import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldEntries } from './fold.ts'
import { currentForm, upcast } from './upcast.ts'
import type { LedgerEntry } from './entry.ts'
import type { Reading } from './fold.ts'
import type { Forms } from './upcast.ts'

type Counter = { readonly total: number }
type Added = { readonly type: 'added'; readonly amount: number; readonly unit: string }

/** Form 1 said `n`, form 2 says `amount`, form 3 also says `unit`. */
const forms: Forms<'added'> = {
  added: [
    (body) => (isRecord(body) ? { type: 'added', amount: body['n'] } : body),
    (body) => (isRecord(body) ? { ...body, unit: 'piece' } : body),
  ],
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const reading: Reading<Counter, Added> = {
  machine: {
    decide: (state, event) => ({
      state: event.amount === 0 ? state : { total: state.total + event.amount },
      effects: [],
    }),
  },
  initial: { total: 0 },
  forms,
  read: ({ body }) =>
    isRecord(body) && typeof body['amount'] === 'number' && typeof body['unit'] === 'string'
      ? { type: 'added', amount: body['amount'], unit: body['unit'] }
      : null,
}

const entry = (version: number, form: number, body: unknown, type = 'added'): LedgerEntry => ({
  key: { kind: 'run', id: 'run_1' },
  version,
  type,
  form,
  at: version,
  actor: { kind: 'system', name: 'test' },
  reason: null,
  body,
})

test('entries of every form fold into one state', () => {
  const entries = [entry(1, 1, { n: 2 }), entry(2, 2, { amount: 3 }), entry(3, 3, { amount: 4, unit: 'box' })]
  assert.deepEqual(foldEntries(entries, reading), { status: 'folded', state: { total: 9 }, version: 3 })
})

test('nothing folds into the initial state', () => {
  assert.deepEqual(foldEntries([], reading), { status: 'folded', state: { total: 0 }, version: 0 })
})

test('an entry that cannot be folded is named: a gap, a newer form, an unknown type, a body of another shape, an event without effect', () => {
  const first = entry(1, 3, { amount: 1, unit: 'box' })
  const folds = (second: LedgerEntry): readonly unknown[] => {
    const folded = foldEntries([first, second], reading)
    return [folded.status, folded.version]
  }
  assert.deepEqual(folds(entry(3, 1, { n: 1 })), ['gap', 2])
  assert.deepEqual(folds(entry(2, 4, { n: 1 })), ['unreadable', 2])
  assert.deepEqual(folds(entry(2, 1, { n: 1 }, 'removed')), ['unreadable', 2])
  assert.deepEqual(folds(entry(2, 1, 'one')), ['unreadable', 2])
  assert.deepEqual(folds(entry(2, 1, { n: 0 })), ['refused', 2])
})

test('an entry is lifted form by form to the one that is appended today', () => {
  assert.equal(currentForm(forms, 'added'), 3)
  const old = entry(1, 1, { n: 2 })
  assert.deepEqual(upcast(old, forms), {
    status: 'lifted',
    entry: { ...old, form: 3, body: { type: 'added', amount: 2, unit: 'piece' } },
  })
  assert.deepEqual(upcast(entry(1, 9, {}), forms), { status: 'newer', form: 9, known: 3 })
  assert.deepEqual(upcast(entry(1, 1, {}, 'toString'), forms), { status: 'unknown', type: 'toString' })
})
