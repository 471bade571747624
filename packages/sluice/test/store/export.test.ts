import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { exportLedger } from '../../src/adapters/store/export.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { commitOf, failsWith, step } from './steps.ts'
import { temporaryDirectory } from './directory.ts'
import type { Verification } from '../../src/core/ledger/verify.ts'

const rows = 700
let root = ''
let state = ''
let exported: readonly string[] = []

before(async () => {
  root = await temporaryDirectory()
  state = join(root, 'state')
  const store = await openSqliteStore({ directory: state, ballastBytes: 65_536 })
  const lease = await store.acquireLease('test', 0)
  await Promise.all(
    Array.from({ length: rows }, (_, index) =>
      store.commit(commitOf(lease, step({ kind: 'run', id: `run_${index}` }, 0))),
    ),
  )
  exported = await Array.fromAsync(exportLedger(store))
  assert.deepEqual(fault((await verifyLedgerFile(state)).found), ['whole', rows])
  await store.close()
})

after(() => rm(root, { recursive: true }))

const fault = (found: Verification): readonly unknown[] =>
  found.status === 'broken' ? [found.seq, found.why] : ['whole', found.rows]

const checkExport = async (lines: readonly string[]): Promise<readonly unknown[]> => {
  const path = join(root, 'ledger.jsonl')
  await writeFile(path, `${lines.join('\n')}\n`)
  const { kind, found } = await verifyLedgerFile(path)
  assert.equal(kind, 'export')
  return fault(found)
}

/** Changes a copy of the database behind Sluice's back and checks it. */
const checkTampered = async (change: string): Promise<readonly unknown[]> => {
  const path = join(root, 'tampered.db')
  await writeFile(path, await readFile(join(state, 'state.db')))
  const database = new DatabaseSync(path)
  database.exec('drop trigger ledger_kept; drop trigger ledger_whole')
  database.exec(change)
  database.close()
  const { kind, found } = await verifyLedgerFile(path)
  assert.equal(kind, 'database')
  return fault(found)
}

test('an export is checked without the state it came from', async () => {
  assert.equal(exported.length, rows + 2)
  assert.deepEqual(await checkExport(exported), ['whole', rows])
})

test('an export from a row on is checked from there', async () => {
  const store = await openSqliteStore({ directory: state })
  const tail = await Array.fromAsync(exportLedger(store, rows - 10))
  await assert.rejects(Array.fromAsync(exportLedger(store, rows + 1)), failsWith('not_found'))
  await store.close()
  assert.deepEqual(await checkExport(tail), ['whole', 10])
})

test('an export that was cut short, changed, or is something else, is broken', async () => {
  assert.deepEqual(await checkExport(exported.slice(0, 100)), [100, 'gap'])
  assert.deepEqual(await checkExport(exported.slice(0, -1)), [rows + 1, 'gap'])
  assert.deepEqual(await checkExport(exported.toSpliced(50, 1)), [50, 'gap'])
  assert.deepEqual(await checkExport(exported.with(50, (exported[50] ?? '').replace('"from":0', '"from":1'))), [
    50,
    'hash',
  ])
  assert.deepEqual(await checkExport(exported.with(50, (exported[50] ?? '').slice(0, 40))), [50, 'text'])
  assert.deepEqual(await checkExport(['{"hello":"world"}']), [0, 'text'])
})

test('a database that was changed past its guards is broken at the first row that was touched', async () => {
  assert.deepEqual(await checkTampered(''), ['whole', rows])
  assert.deepEqual(await checkTampered(`update ledger set text = replace(text, 'stepped', 'skipped') where seq = 9`), [
    9,
    'hash',
  ])
  assert.deepEqual(await checkTampered(`update ledger set type = 'skipped' where seq = 9`), [9, 'text'])
  assert.deepEqual(await checkTampered('delete from ledger where seq = 9'), [9, 'gap'])
  assert.deepEqual(await checkTampered(`delete from ledger where seq = ${rows}`), [0, 'version'])
  assert.deepEqual(await checkTampered(`delete from aggregate where id = 'run_9'`), [0, 'version'])
})

test('the database refuses to change, remove or replace what the ledger holds', async () => {
  const path = join(root, 'guarded.db')
  await writeFile(path, await readFile(join(state, 'state.db')))
  const database = new DatabaseSync(path)
  const refuses = (text: string): void => assert.throws(() => database.exec(text), /the ledger is append-only/, text)
  refuses(`update ledger set at = 0 where seq = 9`)
  refuses('delete from ledger where seq = 9')
  refuses('insert or replace into ledger select * from ledger where seq = 9')
  database.exec(`create temp table copy as select * from ledger where seq = 9; update copy set seq = ${rows + 1}`)
  refuses(
    'insert or replace into ledger (seq, kind, id, version, type, form, at, text, previous_hash, hash) select seq, kind, id, version, type, form, at, text, previous_hash, hash from copy',
  )
  database.close()
})

test('rows cut off the end, with their states, are found by an anchor', async () => {
  const anchor = { seq: rows, hash: JSON.parse(exported.at(-1) ?? '').end.hash }
  assert.deepEqual(fault((await verifyLedgerFile(state, { anchor })).found), ['whole', rows])
  const path = join(root, 'cut.db')
  await writeFile(path, await readFile(join(state, 'state.db')))
  const database = new DatabaseSync(path)
  const { id } = database.prepare(`select id from ledger where seq = ${rows}`).get() ?? {}
  database.exec(
    `drop trigger ledger_whole; delete from ledger where seq = ${rows}; delete from aggregate where id = '${String(id)}'`,
  )
  database.close()
  assert.deepEqual(fault((await verifyLedgerFile(path)).found), ['whole', rows - 1])
  assert.deepEqual(fault((await verifyLedgerFile(path, { anchor })).found), [rows, 'anchor'])
})

test('a file that is not there is named', async () => {
  await assert.rejects(verifyLedgerFile(join(root, 'nowhere')), failsWith('not_found'))
})
