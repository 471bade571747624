/** The disk fails or is full. What was acknowledged stays, what is unknown is called so, and a rollback can still be written. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { buildShim } from './disk/log.ts'
import { temporaryDirectory } from './directory.ts'
import type { FullDisk } from './disk/full.ts'

let root = ''

before(async () => {
  root = await temporaryDirectory()
})

after(() => rmSync(root, { recursive: true }))

/** Fills a small disk in memory that only the filling process sees; null where this user may not mount one. */
const fill = (way: 'release' | 'restart'): FullDisk | null => {
  const directory = join(root, way)
  mkdirSync(directory)
  const namespaces = process.getuid?.() === 0 ? ['-m'] : ['-Urm']
  const script = join(import.meta.dirname, 'disk/full.ts')
  const inside = (command: string): string[] =>
    namespaces.concat(
      'sh',
      '-c',
      `mount -t tmpfs -o size=6m tmpfs "$0" && ${command}`,
      directory,
      process.execPath,
      script,
      way,
    )
  if (spawnSync('unshare', inside('true')).status !== 0) return null
  return JSON.parse(execFileSync('unshare', inside('exec "$1" "$2" "$0" "$3"')).toString())
}

const mayFill = (full: FullDisk): void => {
  assert.equal(full.code, 'store_full')
  assert.equal(full.readVersion, full.committed)
  assert.equal(full.afterRelease, 20, 'the ballast has room for a rollback')
  assert.deepEqual(
    full.ballast,
    [true, false, true],
    'it is there, it is released, and it is made again when there is room',
  )
  assert.equal(full.ledger, `${full.committed + 20 + 1} rows`)
}

test('on a full disk nothing acknowledged is lost, reads go on, and the ballast makes room for a rollback', (context) => {
  const full = fill('release')
  if (full === null) return context.skip('this user may not mount a small disk')
  mayFill(full)
})

test('a control plane that starts on a full disk takes the ballast, reads, and can roll back', (context) => {
  const full = fill('restart')
  if (full === null) return context.skip('this user may not mount a small disk')
  mayFill(full)
})

test('a commit whose sync failed is of unknown outcome: the store ends, and what was acknowledged is there after a new start', async (context) => {
  const shim = buildShim(root)
  if (shim === null) return context.skip('no C compiler to build the shim that fails the disk')
  const directory = join(root, 'failing')
  const flag = join(root, 'flag')
  const args = [join(import.meta.dirname, 'disk/failing-sync.ts'), directory, flag]
  const shimmed = {
    LD_PRELOAD: shim,
    SLUICE_DISK_ROOT: directory,
    SLUICE_DISK_LOG: join(root, 'log'),
    SLUICE_DISK_EIO: flag,
  }
  const { stdout } = spawnSync(process.execPath, args, { env: { ...process.env, ...shimmed } })
  assert.deepEqual(JSON.parse(stdout.toString()), ['ok', 'store_failed', 'store_failed', 'store_failed'])
  const store = await openSqliteStore({ directory })
  const version = (await store.load({ kind: 'rollout', id: 'rol_1' }))?.version
  await store.close()
  assert.ok(version === 1 || version === 2, `the first commit is there, the second may be: version ${version}`)
  assert.equal((await verifyLedgerFile(directory)).found.status, 'whole')
})
