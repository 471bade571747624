/** Small commits for tests of stores. */
import assert from 'node:assert/strict'
import { SluiceError } from '../../src/core/errors.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { AggregateKey } from '../../src/core/ledger/entry.ts'
import type { Commit, Lease, Transition } from '../../src/ports/store.ts'

/** One step of an aggregate with one entry, for tests. */
export const step = (key: AggregateKey, expectedVersion: number, changes: Partial<Transition> = {}): Transition => ({
  key,
  expectedVersion,
  machineVersion: 1,
  state: { version: expectedVersion + 1 },
  writes: 'state',
  settled: false,
  nextAt: null,
  effects: [],
  entries: [
    {
      key,
      version: expectedVersion + 1,
      type: 'stepped',
      form: 1,
      at: 1_000 + expectedVersion,
      actor: { kind: 'system', name: 'test' },
      reason: null,
      body: { type: 'stepped', from: expectedVersion, text: 'größer "than" \u2028 life' },
    },
  ],
  ...changes,
})

/** A commit of these transitions without a request. */
export const commitOf = (lease: Lease, ...transitions: readonly Transition[]): Commit => ({
  lease,
  transitions,
  request: null,
})

/** For `assert.rejects`: a SluiceError with this code. */
export const failsWith =
  (code: ErrorCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof SluiceError, `a SluiceError, not ${String(error)}`)
    assert.equal(error.code, code, error.detail)
    return true
  }
