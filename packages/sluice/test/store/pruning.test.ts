/** Texts that were taken out of the ledger: what is left still verifies, and nothing else can be taken out. */
import assert from 'node:assert/strict'
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { checkLedgerFile } from '../../src/adapters/store/check-ledger.ts'
import { keptCheckpoints } from '../../src/adapters/store/checkpoint-key.ts'
import { exportLedger } from '../../src/adapters/store/export.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { limits } from '../../src/core/limits.ts'
import { LedgerBook } from '../../src/engine/reading/ledger-book.ts'
import { sha256Bytes } from '../../src/lib/hash-bytes.ts'
import { ada, SmallWorld } from '../engine/small-world.ts'
import { temporaryDirectory } from './directory.ts'
import { commitOf, failsWith, step } from './steps.ts'

const dayMs = 86_400_000
let root = ''

before(async () => {
  root = await temporaryDirectory()
})
after(() => rm(root, { recursive: true }))

/** A database of 40 aggregates that are over, one that is not, and the row that says what was pruned. */
const prunedState = async (name: string, until: number): Promise<string> => {
  const directory = join(root, name)
  const store = await openSqliteStore({ directory, ballastBytes: 65_536 })
  const lease = await store.acquireLease('test', 0)
  await store.commit(commitOf(lease, step({ kind: 'run', id: 'run_open' }, 0)))
  for (let at = 0; at < 40; at += 1)
    await store.commit(commitOf(lease, step({ kind: 'run', id: `run_${at}` }, 0, { settled: true })))
  const key = { kind: 'ledger', id: 'rows' } as const
  const body = { type: 'ledger_pruned', at: 1, by: ada.by, until: 20, before: 1, size: 41, root: 'ab' }
  const entry = { key, version: 1, type: 'ledger_pruned', form: 1, at: 1, actor: ada.by, reason: null, body }
  await store.commit(commitOf(lease, step(key, 0, { settled: true, entries: [entry] })))
  await store.prune({ after: 0, until })
  await writeFile(join(root, `${name}.jsonl`), `${(await Array.fromAsync(exportLedger(store))).join('\n')}\n`)
  await store.close()
  return directory
}

test('a pruned database and its export are whole, and say how many rows were pruned', async () => {
  const directory = await prunedState('sound', 20)
  for (const path of [directory, join(root, 'sound.jsonl')]) {
    const { found } = await verifyLedgerFile(path)
    // The first row is of what is not over.
    assert.deepEqual(found.status === 'whole' ? [found.rows, found.pruned] : found, [42, 19])
  }
})

test('a row without a text that the ledger does not say was pruned is broken', async () => {
  const directory = await prunedState('further', 21)
  for (const path of [directory, join(root, 'further.jsonl')]) {
    const { found } = await verifyLedgerFile(path)
    assert.deepEqual(found.status === 'broken' ? [found.seq, found.why] : found, [21, 'text'])
  }
})

test('past its guards nothing but the text of a row can be taken out, and only as far as was said', async () => {
  const directory = await prunedState('guarded', 20)
  const path = join(root, 'guarded.db')
  await cp(join(directory, 'state.db'), path)
  const database = new DatabaseSync(path)
  const refuses = (text: string): void => assert.throws(() => database.exec(text), /the ledger is append-only/, text)
  refuses(`update ledger set text = '' where seq = 21`)
  refuses(`update ledger set text = 'x' where seq = 10`)
  refuses(`update ledger set text = '', hash = 'x' where seq = 10`)
  refuses(`update ledger set text = '', type = 'x' where seq = 1`)
  refuses('delete from ledger where seq = 10')
  database.close()
})

test('prune says so in the ledger behind a signed checkpoint, leaves younger rows and what is not over, and verifies with checkpoints of before', async () => {
  const world = new SmallWorld()
  const [first, second] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  const { id: old } = await world.rollOut(first)
  const book = new LedgerBook({
    store: world.disk.open(),
    checkpoints: keptCheckpoints(root),
    sha256Bytes,
    origin: async () => 'sluice/shop',
  })
  const kept = await book.checkpoint()
  const proven = await book.consistency(2, null)
  await world.later(60 * dayMs)
  const { id: young } = await world.rollOut(second)
  const until = kept.checkpoint.size
  const moment = world.now - 40 * dayMs
  await assert.rejects(
    world.engine.prune({ before: world.now - limits.retentionMsMin + 1, book }, ada),
    failsWith('usage_invalid'),
  )
  const keyed = { ...ada, idempotencyKey: 'prune-1' }
  const done = await world.engine.prune({ before: moment, book }, keyed)
  assert.equal(done.until, until)
  assert.ok(done.rows > 5)
  // Asked again, it does what was left undone: nothing.
  assert.deepEqual(await world.engine.prune({ before: moment, book }, keyed), { until, rows: 0 })
  await assert.rejects(world.engine.prune({ before: moment - 1, book }, keyed), failsWith('command_conflict'))
  assert.deepEqual(await world.engine.prune({ before: moment, book }, ada), { until, rows: 0 })
  const said = world.rows.filter(({ type }) => type === 'ledger_pruned')
  assert.deepEqual(
    said.map(({ actor, reason }) => [actor.name, reason]),
    [['ada', 'because']],
  )
  const isPruned = (id: string): boolean => world.rows.some((row) => row.key.id === id && row.isPruned === true)
  assert.deepEqual([isPruned(old), isPruned(young)], [true, false])

  const path = join(root, 'pruned.jsonl')
  await writeFile(path, `${(await Array.fromAsync(exportLedger(world.disk.open()))).join('\n')}\n`)
  const note = join(root, 'kept.checkpoint')
  await writeFile(note, kept.note)
  const { found } = await checkLedgerFile(path, { anchor: undefined, checkpoint: note, keys: [kept.key] })
  assert.deepEqual(found.status === 'whole' ? found.pruned : found, done.rows)
  const again = await book.consistency(2, until)
  assert.deepEqual([again.proof, again.before], [proven.proof, proven.before])
  await assert.rejects(book.inclusion(said[0] === undefined ? 0 : 1, null), failsWith('not_found'))
  assert.equal((await book.inclusion(said[0]?.seq ?? 0, null)).proof.index, (said[0]?.seq ?? 0) - 1)
  await world.engine.stop()
})
