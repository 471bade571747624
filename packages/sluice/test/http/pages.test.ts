/** Long reads of the ledger. */
import { deepStrictEqual } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk } from '../../src/adapters/store/memory.ts'
import { limits } from '../../src/core/limits.ts'
import { ledgerPages } from '../../src/http/handlers/lookup.ts'
import { commitOf, step } from '../store/steps.ts'

test('whoever reads a long ledger lets others have their turn between two pages', async () => {
  const store = createMemoryDisk((text) => hash('sha256', text)).open()
  const lease = await store.acquireLease('test', 0)
  const key = { kind: 'run', id: 'run_1' } as const
  const rows = 2 * limits.pageItemsMax + 1
  for (let version = 0; version < rows; version += 1) await store.commit(commitOf(lease, step(key, version)))
  const seen: (number | string)[] = []
  const other = setImmediate(function again() {
    seen.push('another')
    next = setImmediate(again)
  })
  let next = other
  for await (const page of ledgerPages(store, { key })) seen.push(page.length)
  clearImmediate(next)
  deepStrictEqual(seen, [limits.pageItemsMax, 'another', limits.pageItemsMax, 'another', 1])
  const bounded: number[] = []
  for await (const page of ledgerPages(store, { rowsMax: limits.pageItemsMax })) bounded.push(page.length)
  deepStrictEqual(bounded, [limits.pageItemsMax])
})
