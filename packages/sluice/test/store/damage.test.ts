/** State on disk that is damaged, foreign, too new or in use: each is told apart, says what to do next, and is left as it is. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { openSqliteStore, refuseOldSqlite } from '../../src/adapters/store/sqlite/store.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { limits } from '../../src/core/limits.ts'
import { temporaryDirectory } from './directory.ts'
import { commitOf, failsWith, step } from './steps.ts'

let root = ''
let sound = ''
let count = 0

before(async () => {
  root = await temporaryDirectory()
  sound = join(root, 'sound')
  const store = await openSqliteStore({ directory: sound, ballastBytes: 65_536 })
  const lease = await store.acquireLease('test', 0)
  for (let index = 0; index < 40; index += 1) {
    const transition = step({ kind: 'rollout', id: `rol_${index}` }, 0, { state: { filling: 'x'.repeat(3_000) } })
    await store.commit(commitOf(lease, transition))
  }
  await store.close()
})

after(() => rmSync(root, { recursive: true }))

/** A copy of the sound state to damage. */
const copy = (): { readonly directory: string; readonly file: string } => {
  const directory = join(root, `copy-${(count += 1)}`)
  mkdirSync(directory)
  const file = join(directory, 'state.db')
  copyFileSync(join(sound, 'state.db'), file)
  return { directory, file }
}

/** Opening is refused with a code, a detail that says what is wrong and a next step, and the file stays byte for byte as it is. */
const refuses = async (
  at: { readonly directory: string; readonly file: string },
  code: string,
  detail: RegExp,
): Promise<void> => {
  const bytes = existsSync(at.file) ? readFileSync(at.file) : null
  await assert.rejects(openSqliteStore({ directory: at.directory }), (error: unknown) => {
    assert.ok(error instanceof SluiceError)
    assert.equal(error.code, code, error.detail)
    assert.match(error.detail, detail)
    assert.ok(error.hint)
    return true
  })
  assert.deepEqual(existsSync(at.file) ? readFileSync(at.file) : null, bytes)
}

test('a database that was closed a moment ago and overwritten since is read again, and found corrupt', async () => {
  const at = copy()
  const store = await openSqliteStore({ directory: at.directory, ballastBytes: 65_536 })
  await store.close()
  await (await openSqliteStore({ directory: at.directory, ballastBytes: 65_536 })).close()
  const bytes = readFileSync(at.file)
  writeFileSync(at.file, bytes.fill(0xab, bytes.length / 2, bytes.length / 2 + 8_192))
  await refuses(at, 'store_corrupt', /./)
})

test('a database whose pages were overwritten is corrupt', async () => {
  const at = copy()
  const bytes = readFileSync(at.file)
  for (let page = 4; page < bytes.length / 4_096; page += 3) bytes.fill(0xa5, page * 4_096, page * 4_096 + 2_000)
  writeFileSync(at.file, bytes)
  await refuses(at, 'store_corrupt', /is damaged/)
})

test('a database that was cut short is corrupt, at whatever length', async () => {
  for (const keep of [0, 1, 15, 100, 4_096, 30_000, 100_000]) {
    const at = copy()
    truncateSync(at.file, keep)
    await refuses(at, 'store_corrupt', /is damaged/)
  }
})

test('a file that is no database, a database that is not ours, and a log without its database are corrupt', async () => {
  const text = copy()
  writeFileSync(text.file, 'hello '.repeat(1_000))
  await refuses(text, 'store_corrupt', /does not begin as a database does/)
  const foreign = copy()
  rmSync(foreign.file)
  const database = new DatabaseSync(foreign.file)
  database.exec('create table recipes (name text)')
  database.close()
  await refuses(foreign, 'store_corrupt', /not a state of Sluice/)
  const log = copy()
  rmSync(log.file)
  writeFileSync(`${log.file}-wal`, 'x'.repeat(5_000))
  await refuses(log, 'store_corrupt', /is missing, but its write-ahead log is there/)
})

test('a write-ahead log that was cut short loses only its end', async () => {
  const at = copy()
  const database = new DatabaseSync(at.file)
  database.exec(`pragma wal_autocheckpoint = 0; insert into meta values ('a', '1'); insert into meta values ('b', '2')`)
  const crashed = copy()
  copyFileSync(at.file, crashed.file)
  copyFileSync(`${at.file}-wal`, `${crashed.file}-wal`)
  database.close()
  truncateSync(`${crashed.file}-wal`, readFileSync(`${crashed.file}-wal`).length - 1)
  const store = await openSqliteStore({ directory: crashed.directory })
  assert.equal((await store.load({ kind: 'rollout', id: 'rol_39' }))?.version, 1)
  await store.close()
})

test('a state that a newer Sluice wrote is left to it', async () => {
  const at = copy()
  const database = new DatabaseSync(at.file)
  database.exec(`update meta set value = '99' where name = 'schema'`)
  database.close()
  await refuses(at, 'store_newer', /schema 99/)
})

test('a ledger row that cannot be read is broken, and named', async () => {
  const at = copy()
  const database = new DatabaseSync(at.file)
  database.exec(`drop trigger ledger_kept; update ledger set text = '[7]' where seq = 7`)
  database.close()
  const store = await openSqliteStore({ directory: at.directory })
  await assert.rejects(store.ledger({ after: 0, limit: 10 }), (error: unknown) => {
    assert.ok(error instanceof SluiceError)
    assert.equal(error.code, 'ledger_broken')
    assert.match(error.detail, /Row 7 /)
    return true
  })
  await store.close()
})

test('more commits than the disk can follow are refused, and the others are kept', async () => {
  const store = await openSqliteStore({ directory: copy().directory })
  const lease = await store.acquireLease('test', 0)
  const commits = Array.from({ length: limits.commitQueueMax + 5 }, (_, index) =>
    store.commit(commitOf(lease, step({ kind: 'run', id: `run_${index}` }, 0))),
  )
  const refused = (await Promise.allSettled(commits)).filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 5)
  await assert.rejects(commits.at(-1) ?? assert.fail(), failsWith('overloaded'))
  await store.close()
})

test('a SQLite that loses data is refused', () => {
  refuseOldSqlite('3.51.3')
  refuseOldSqlite('3.53.0')
  refuseOldSqlite('4.0.0')
  for (const version of ['3.51.2', '3.49.9', '2.99.99', '3']) {
    assert.throws(() => refuseOldSqlite(version), failsWith('node_too_old'), version)
  }
})

test('a state directory that cannot be made is named', async () => {
  const path = join(root, 'a-file')
  writeFileSync(path, '')
  await refuses({ directory: join(path, 'state'), file: path }, 'store_failed', /a-file/)
})

test('a second control plane is refused while the first lives, names it, and is let in once the first was killed', async () => {
  const at = copy()
  const script = `
    import { openSqliteStore } from ${JSON.stringify(join(import.meta.dirname, '../../src/adapters/store/sqlite/store.ts'))}
    const store = await openSqliteStore({ directory: ${JSON.stringify(at.directory)} })
    process.stdout.write('open')
    setInterval(() => store, 1_000)`
  const first = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(first, 'exit')
  const [told] = await Promise.race([once(first.stdout, 'data'), ended])
  assert.equal(String(told), 'open')
  await assert.rejects(openSqliteStore({ directory: at.directory }), (error: unknown) => {
    assert.ok(error instanceof SluiceError)
    assert.equal(error.code, 'server_running')
    assert.match(error.detail, new RegExp(`process ${first.pid}\\b`))
    return true
  })
  first.kill('SIGKILL')
  await ended
  const second = await openSqliteStore({ directory: at.directory })
  await assert.rejects(openSqliteStore({ directory: at.directory }), failsWith('server_running'))
  await second.close()
  await (await openSqliteStore({ directory: at.directory })).close()
})
