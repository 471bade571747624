import { deepEqual } from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { databasePath } from '../../src/adapters/store/sqlite/files.ts'
import { limits } from '../../src/core/limits.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { storeContract } from '../contracts/store.contract.ts'
import { temporaryDirectory } from './directory.ts'

storeContract('the SQLite store', async () => {
  const directory = await temporaryDirectory()
  return {
    open: () => openSqliteStore({ directory, ballastBytes: 65_536 }),
    remove: () => rm(directory, { recursive: true }),
  }
})

test('answers that were kept long enough go while the store is open', async () => {
  const directory = await temporaryDirectory()
  const store = await openSqliteStore({ directory, ballastBytes: 65_536 })
  const now = Date.now()
  // As if it had been opened two days ago.
  const lease = await store.acquireLease('a', now - 2 * limits.requestKeptMs)
  const database = new DatabaseSync(databasePath(directory))
  const insert = database.prepare('insert into "request" ("key", "digest", "answer", "at") values (?, ?, ?, ?)')
  insert.run('yesterday', 'abc', '{}', now - limits.requestKeptMs - 1)
  insert.run('today', 'abc', '{}', now - limits.requestKeptMs / 2)
  database.close()
  await store.commit({ lease, transitions: [], request: { key: 'now', digest: 'abc', answer: {} } })
  const kept = await Promise.all(['yesterday', 'today', 'now'].map((key) => store.request(key)))
  deepEqual(
    kept.map((request) => request?.key ?? null),
    [null, 'today', 'now'],
  )
  await store.close()
  await rm(directory, { recursive: true })
})
