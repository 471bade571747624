/** What a checkpoint that was kept elsewhere shows: whoever holds the state and its key may write the ledger anew, but not so that it goes on from that. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { keptCheckpoints } from '../../src/adapters/store/checkpoint-key.ts'
import { checkCheckpoint, checkProofFile, isContinued } from '../../src/adapters/store/check-notes.ts'
import { sha256Bytes } from '../../src/lib/hash-bytes.ts'
import { checkLedgerFile } from '../../src/adapters/store/check-ledger.ts'
import { exportLedger } from '../../src/adapters/store/export.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { chainHash, entryText, type LedgerEntry } from '../../src/core/ledger/entry.ts'
import { formatExportEnd, formatExportRow, parseExportLine } from '../../src/core/ledger/export.ts'
import { formatRowProof } from '../../src/core/ledger/proof-file.ts'
import { genesisHash } from '../../src/core/ledger/entry.ts'
import { LedgerBook } from '../../src/engine/reading/ledger-book.ts'
import type { Store } from '../../src/ports/store.ts'
import { temporaryDirectory } from './directory.ts'
import { commitOf, failsWith, step } from './steps.ts'

const rows = 600
const early = 300
let root = ''
let state = ''
let store: Store | null = null
let exported: readonly string[] = []
const kept = { early: '', late: '', key: '' }

const bookOf = (of: Store): LedgerBook =>
  new LedgerBook({ store: of, checkpoints: keptCheckpoints(state), sha256Bytes, origin: async () => 'sluice/shop' })
const fill = async (to: Store, from: number, until: number): Promise<void> => {
  const lease = await to.acquireLease('test', 0)
  const steps = Array.from({ length: until - from }, (_, at) =>
    to.commit(commitOf(lease, step({ kind: 'run', id: `run_${from + at}` }, 0))),
  )
  await Promise.all(steps)
}

before(async () => {
  root = await temporaryDirectory()
  state = join(root, 'state')
  const opened = await openSqliteStore({ directory: state, ballastBytes: 65_536 })
  store = opened
  await fill(opened, 0, early)
  const first = await bookOf(opened).checkpoint()
  await fill(opened, early, rows)
  const second = await bookOf(opened).checkpoint()
  assert.equal(second.checkpoint.size, rows)
  Object.assign(kept, { early: first.note, late: second.note, key: second.key })
  exported = await Array.fromAsync(exportLedger(opened))
})

after(async () => {
  await store?.close()
  await rm(root, { recursive: true })
})

const fileOf = async (name: string, text: string): Promise<string> => {
  const path = join(root, name)
  await writeFile(path, text)
  return path
}

/** What an offline check says of an export, against the checkpoint that was kept. */
const check = async (lines: readonly string[], note: string): Promise<string> => {
  const path = await fileOf('tried.jsonl', `${lines.join('\n')}\n`)
  const checkpoint = await fileOf('tried.checkpoint', note)
  const { found } = await checkLedgerFile(path, { anchor: undefined, checkpoint, keys: [kept.key] })
  return found.status === 'broken' ? found.why : found.status
}

const entriesOf = (lines: readonly string[]): readonly LedgerEntry[] =>
  lines.flatMap((text) => {
    const line = parseExportLine(text)
    return line?.kind === 'row' && line.line.entry ? [line.line.entry] : []
  })

/** An export written anew: each row numbered and hashed as if it had been like that from the start. */
const forge = (entries: readonly LedgerEntry[]): readonly string[] => {
  const versions = new Map<string, number>()
  let previousHash = genesisHash
  const lines = entries.map((entry, at) => {
    const version = (versions.get(entry.key.id) ?? 0) + 1
    versions.set(entry.key.id, version)
    const placed = { ...entry, version, seq: at + 1 }
    const own = chainHash(previousHash, entryText(at + 1, placed), (text) => hash('sha256', text))
    const line = formatExportRow({ ...placed, previousHash, hash: own })
    previousHash = own
    return line
  })
  const end = formatExportEnd({ seq: entries.length, hash: previousHash })
  return [exported[0] ?? '', ...lines, end]
}

test('an export is checked against the checkpoints that were signed on its way', async () => {
  assert.equal(await check(exported, kept.early), 'whole')
  assert.equal(await check(exported, kept.late), 'whole')
  assert.deepEqual(forge(entriesOf(exported)), exported)
})

test('whatever is changed, removed, put in, put in another order or cut off is found, also when the chain was computed anew', async () => {
  const entries = entriesOf(exported)
  const place = fc.nat({ max: early - 1 })
  const tampers = fc.oneof(
    place.map((at) => entries.with(at, { ...(entries[at] ?? assert.fail()), reason: 'forged' })),
    place.map((at) =>
      entries.with(at, { ...(entries[at] ?? assert.fail()), actor: { kind: 'person', name: 'mallory' } }),
    ),
    place.map((at) => entries.toSpliced(at, 1)),
    place.map((at) =>
      entries.toSpliced(at, 0, { ...(entries[at] ?? assert.fail()), key: { kind: 'run', id: 'run_x' } }),
    ),
    fc
      .tuple(place, place)
      .filter(([a, b]) => a !== b)
      .map(([a, b]) => entries.with(a, entries[b] ?? assert.fail()).with(b, entries[a] ?? assert.fail())),
    place.map((at) => entries.slice(0, at)),
  )
  await fc.assert(
    fc.asyncProperty(tampers, async (forged) => {
      assert.equal(await check(forge(forged), kept.early), 'checkpoint')
    }),
    { numRuns: 60 },
  )
  // Without the checkpoint a chain that was computed anew is whole: this is what checkpoints are for.
  const { found } = await checkLedgerFile(await fileOf('forged.jsonl', `${forge(entries.slice(1)).join('\n')}\n`), {
    anchor: undefined,
    checkpoint: null,
    keys: [],
  })
  assert.equal(found.status, 'whole')
})

test('any line of an export that is changed without the chain is found at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: rows }), fc.nat(), async (at, other) => {
      const line = exported[at] ?? ''
      const place = other % line.length
      const forged = `${line.slice(0, place)}${line[place] === '0' ? '1' : '0'}${line.slice(place + 1)}`
      assert.notEqual(await check(exported.with(at, forged), kept.early), 'whole')
    }),
    { numRuns: 60 },
  )
})

test('a checkpoint that the key has not signed, or whose text was changed, is refused', async () => {
  const changed = kept.late.replace(`\n${rows}\n`, `\n${early}\n`)
  for (const note of [changed, kept.late.replace(/— .*/s, ''), 'nothing'])
    await assert.rejects(check(exported, note), failsWith('ledger_broken'))
  const stranger = await keptCheckpoints(join(root, 'stranger')).key(async () => 'sluice/shop')
  const { formatNoteKey } = await import('../../src/core/ledger/signed-note.ts')
  assert.throws(() => checkCheckpoint({ note: kept.late }, [formatNoteKey(stranger)]), failsWith('ledger_broken'))
  assert.throws(() => checkCheckpoint({ note: kept.late }, ['nonsense']), failsWith('usage_invalid'))
  assert.equal(checkCheckpoint({ note: kept.late }, []).size, rows)
})

test('every row has a proof that needs neither server nor ledger; of another row or with another key it is none', async () => {
  const book = bookOf(store ?? assert.fail())
  for (const [seq, size] of [
    [1, null],
    [256, null],
    [257, 300],
    [300, 300],
    [600, null],
  ] as const) {
    const { proof } = await book.inclusion(seq, size)
    const path = await fileOf('row.tlog-proof', formatRowProof(proof))
    const found = checkProofFile(path, [kept.key])
    assert.deepEqual(
      found.status === 'proven' ? [found.entry.seq, found.checkpoint.size, found.signed] : found.reason,
      [seq, size ?? rows, true],
    )
    for (const forged of [
      { ...proof, text: proof.text.replace('"test"', '"mallory"') },
      { ...proof, previousHash: genesisHash.replace('0', '1') },
      { ...proof, index: seq % rows },
      { ...proof, hashes: proof.hashes.slice(1) },
    ]) {
      const tried = await fileOf('forged.tlog-proof', formatRowProof(forged))
      assert.equal(checkProofFile(tried, [kept.key]).status, 'refused')
    }
  }
  await assert.rejects(book.inclusion(rows + 1, null), failsWith('not_found'))
  await assert.rejects(book.inclusion(301, 300), failsWith('not_found'))
})

test('the ledger goes on from every earlier checkpoint, and a forked one does not', async () => {
  const book = bookOf(store ?? assert.fail())
  const earlier = checkCheckpoint({ note: kept.early }, [kept.key])
  for (const from of [1, 255, 256, early, rows]) {
    const { before: then, after: now, proof } = await book.consistency(from, null)
    assert.ok(isContinued({ before: then, after: now.checkpoint, proof }), `from ${from}`)
    if (from === early) assert.ok(isContinued({ before: earlier, after: now.checkpoint, proof }))
    else assert.ok(!isContinued({ before: { ...then, root: earlier.root }, after: now.checkpoint, proof }))
  }
  await assert.rejects(book.consistency(rows + 1, null), failsWith('not_found'))
})

test('a state that lost rows since it was signed, or has others, is not signed again', async () => {
  const other = await openSqliteStore({ directory: join(root, 'other'), ballastBytes: 65_536 })
  await fill(other, 0, early)
  await assert.rejects(bookOf(other).checkpoint(), failsWith('ledger_broken'))
  await fill(other, 10_000, 10_000 + rows)
  await assert.rejects(bookOf(other).checkpoint(), failsWith('ledger_broken'))
  await other.close()
})

test('a database that an older Sluice left without a tree gets one when it is opened', async () => {
  await store?.close()
  const path = join(state, 'state.db')
  const database = new DatabaseSync(path)
  assert.deepEqual(
    { ...database.prepare('select count(*) as count from tree').get() },
    { count: Math.floor(rows / 256) },
  )
  database.exec(`drop table tree; update meta set value = '3' where name = 'schema'`)
  database.close()
  const again = await openSqliteStore({ directory: state })
  store = again
  assert.equal((await bookOf(again).checkpoint()).note, kept.late)
})

test('the key is for its owner alone; one that others may read signs nothing', async () => {
  const path = join(state, 'keys', 'ledger.key')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await readFile(join(state, 'keys', 'ledger.pub'), 'utf8')).trim(), kept.key)
  await chmod(path, 0o640)
  await assert.rejects(bookOf(store ?? assert.fail()).checkpoint(), failsWith('config_invalid'))
  await chmod(path, 0o600)
})
