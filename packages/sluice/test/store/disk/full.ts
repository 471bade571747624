/**
 * Fills the small disk that the directory of `full.ts <directory> <release | restart>` lies on, and tells as JSON on stdout what the store did.
 * The ballast is released by the caller (`release`), or by the store itself when it is opened on the full disk (`restart`).
 */
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../../src/core/errors.ts'
import { openSqliteStore } from '../../../src/adapters/store/sqlite/store.ts'
import { verifyLedgerFile } from '../../../src/adapters/store/verify-file.ts'
import { commitOf, step } from '../steps.ts'
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import type { Lease, Store } from '../../../src/ports/store.ts'

const key: AggregateKey = { kind: 'rollout', id: 'rol_1' }
const ballastBytes = 524_288

/** What happened on the full disk. */
export type FullDisk = {
  /** Commits until the disk was full, and the code of the refusal. */
  readonly committed: number
  readonly code: string
  /** The version that is read while the disk is full. */
  readonly readVersion: number
  /** Commits of 20 after the ballast was released. */
  readonly afterRelease: number
  /** Whether the ballast was there at the start, after its release, and once there was room again. */
  readonly ballast: readonly boolean[]
  readonly ledger: string
}

/** Commits up to `most` times; gives how often it went well, and the code of what ended it. */
const commitUpTo = async (store: Store, lease: Lease, most: number): Promise<{ count: number; code: string }> => {
  for (let count = 0; ; count += 1) {
    if (count === most) return { count, code: '' }
    const version = (await store.load(key))?.version ?? 0
    try {
      await store.commit(commitOf(lease, step(key, version, { state: { filling: 'x'.repeat(4_000) } })))
    } catch (error) {
      return { count, code: error instanceof SluiceError ? error.code : String(error) }
    }
  }
}

const fillUp = (path: string): void => {
  for (let bytes = 4_194_304; bytes >= 512; bytes /= 2) {
    for (let more = true; more;) {
      try {
        writeFileSync(path, 'x'.repeat(bytes), { flag: 'a' })
      } catch {
        more = false
      }
    }
  }
}

const run = async (directory: string, way: string): Promise<FullDisk> => {
  const options = { directory, ballastBytes, checkpointPages: 200 }
  const hasBallast = (): boolean =>
    statSync(join(directory, 'ballast'), { throwIfNoEntry: false })?.size === ballastBytes
  let store = await openSqliteStore(options)
  let lease = await store.acquireLease('first', 0)
  await commitUpTo(store, lease, 1)
  const before = hasBallast()
  fillUp(join(directory, 'filler'))
  const until = await commitUpTo(store, lease, 10_000)
  const readVersion = (await store.load(key))?.version ?? 0
  if (way === 'release') await store.releaseBallast()
  else {
    await store.close()
    fillUp(join(directory, 'filler'))
    store = await openSqliteStore(options)
    lease = await store.acquireLease('second', 1)
  }
  const released = hasBallast()
  const { count: afterRelease } = await commitUpTo(store, lease, 20)
  await store.close()

  rmSync(join(directory, 'filler'))
  const last = await openSqliteStore(options)
  await commitUpTo(last, await last.acquireLease('last', 2), 1)
  const ballast = [before, released, hasBallast()]
  await last.close()
  const { found } = await verifyLedgerFile(directory)
  const ledger = found.status === 'whole' ? `${found.rows} rows` : found.detail
  return { committed: until.count + 1, code: until.code, readVersion, afterRelease, ballast, ledger }
}

const [directory, way] = process.argv.slice(2)
if (directory === undefined || (way !== 'release' && way !== 'restart'))
  throw new Error('usage: full.ts <directory> <way>')
process.stdout.write(JSON.stringify(await run(directory, way)))
