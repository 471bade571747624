import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { LedgerRow } from '../core/ledger/entry.ts'
import { SharedAnswer } from './shared-answer.ts'

/** A ledger that announces when it is told to, a clock that stands, and an answer that counts how often it was made. */
const world = () => {
  const listeners = new Set<(rows: readonly LedgerRow[]) => void>()
  let now = 1_000
  let made = 0
  const engine = { subscribe: (listener: (rows: readonly LedgerRow[]) => void) => (listeners.add(listener), () => {}) }
  const shared = new SharedAnswer<number>(engine, { clock: { now: () => now }, freshMs: 100 })
  return {
    ask: () => shared.get(async () => (made += 1)),
    fail: () => shared.get(() => Promise.reject(new Error('unreadable'))),
    announce: () => listeners.forEach((listener) => listener([])),
    pass: (ms: number) => (now += ms),
  }
}

test('all who ask at the same time get one answer; who asks later, or after a row, gets a new one', async () => {
  const { ask, announce, pass } = world()
  deepStrictEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1])
  pass(99)
  strictEqual(await ask(), 1)
  pass(1)
  strictEqual(await ask(), 2)
  const before = ask()
  announce()
  deepStrictEqual([await before, await ask()], [2, 3])
})

test('a clock that was set back does not keep an answer, and one that failed is not kept', async () => {
  const { ask, fail, pass } = world()
  strictEqual(await ask(), 1)
  pass(-500)
  strictEqual(await ask(), 2)
  pass(200)
  await rejects(fail())
  strictEqual(await ask(), 3)
})
