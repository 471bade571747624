/** What makes two requests under one idempotency key the same. */
import { deepStrictEqual, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../core/errors.ts'
import type { RequestRecord } from '../../ports/store.ts'
import type { Caller } from '../engine.ts'
import { createOnce } from './once.ts'

const ada: Caller = {
  by: { kind: 'person', name: 'ada' },
  reason: 'prices are wrong',
  idempotencyKey: 'one',
  keyOwner: 'person:ada',
}
const lock = { name: 'lock', target: { service: 'shop', environment: 'production' }, until: null }

/** Requests as they are kept, and how often something was done. */
const world = (kept: readonly RequestRecord[] = []) => {
  const records = new Map(kept.map((record) => [record.key, record]))
  // What is hashed is told apart by itself.
  const once = createOnce({
    store: { request: async (key: string) => records.get(key) ?? null } as never,
    sha256: (text) => text as never,
  })
  const done: (string | null)[] = []
  const ask = (caller: Caller, words: object = lock): Promise<unknown> =>
    once(caller, words, async (asking) => {
      done.push(asking.reason)
      const record = asking.record?.({ times: done.length }) ?? null
      if (record !== null) records.set(record.key, record)
      return { times: done.length }
    })
  return { ask, done }
}

const conflict = (error: unknown): boolean => error instanceof SluiceError && error.code === 'command_conflict'

test('the same key with the same words and reason is one request; with another reason, or with none, it is another', async () => {
  const { ask, done } = world()
  deepStrictEqual(await ask(ada), { times: 1 })
  deepStrictEqual(await ask(ada), { times: 1 })
  await rejects(ask({ ...ada, reason: 'a new disk' }), conflict)
  await rejects(ask({ ...ada, reason: null }), conflict)
  await rejects(ask(ada, { ...lock, until: 5 }), conflict)
  deepStrictEqual(await ask({ ...ada, idempotencyKey: 'two', reason: 'a new disk' }), { times: 2 })
  deepStrictEqual(done, ['prices are wrong', 'a new disk'])
})

test('a request that was kept without its reason, by a Sluice before this one, is answered when it is asked again', async () => {
  const { ask, done } = world([{ key: 'person:ada one', digest: JSON.stringify(lock), answer: { times: 7 } }])
  deepStrictEqual(await ask(ada), { times: 7 })
  await rejects(ask(ada, { ...lock, until: 5 }), conflict)
  deepStrictEqual(done, [])
})

test('what Sluice asks by a key of its own is the same, however its reason has changed since', async () => {
  const { ask, done } = world()
  const { keyOwner: _, ...sluice } = ada
  deepStrictEqual(await ask({ ...sluice, reason: 'due at 10:00' }), { times: 1 })
  deepStrictEqual(await ask({ ...sluice, reason: 'due at 10:00, 2 min late' }), { times: 1 })
  deepStrictEqual(done, ['due at 10:00'])
})
