import { deepEqual } from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { databasePath } from '../../src/adapters/store/sqlite/files.ts'
import { limits } from '../../src/core/limits.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { sqliteTexts } from '../../src/adapters/store/sqlite/texts.ts'
import { plainJob } from '../../src/core/pipeline/plain-plans.ts'
import { runSummary } from '../../src/core/pipeline/summary.ts'
import { Reading } from '../../src/engine/reading/reading.ts'
import { storeContract } from '../contracts/store.contract.ts'
import { plannedRun } from '../pipeline/jobs.ts'
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

const planned = plannedRun('run_old', [plainJob('build')])

test('a state of before lists told of runs without their states is taken up, and its runs are still listed', async () => {
  const directory = await temporaryDirectory()
  const database = new DatabaseSync(databasePath(directory))
  for (const { statements } of sqliteTexts.schema.filter(({ version }) => version <= 2))
    for (const statement of statements) database.exec(statement)
  database.exec(`insert into "meta" ("name", "value") values ('schema', '2')`)
  const insert = database.prepare(
    `insert into "aggregate" ("kind", "id", "state", "version", "machine_version", "settled", "claims", "updated_at", "state_version")
     values ('run', ?, ?, 1, 1, 1, 0, 7, 1)`,
  )
  insert.run('run_old', JSON.stringify(planned))
  database.close()

  const store = await openSqliteStore({ directory, ballastBytes: 65_536 })
  const { items } = await store.summaries({ kind: 'run', limit: 5 })
  deepEqual(items, [{ key: { kind: 'run', id: 'run_old' }, updatedAt: 7, summary: null }])
  const reading = new Reading(store, () => null)
  deepEqual(await reading.runSummaries({}), { items: [runSummary(planned)], next: null })
  await store.close()
  await rm(directory, { recursive: true })
})
