/** Whatever the store acknowledged is there after `kill -9` at any moment: while it opens, while it commits, while it checkpoints. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openReader } from '../../src/adapters/store/sqlite/connection.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { seeded } from './disk/chance.ts'
import { temporaryDirectory } from './directory.ts'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Ack, Workload } from './disk/workload.ts'
import type { Chance } from './disk/model.ts'

const kills = process.env['SLUICE_TEST_LONG'] === '1' ? 500 : 20
const lanes = Math.min(3, availableParallelism() + 1)
let root = ''

before(async () => {
  root = await temporaryDirectory()
  // One writer that ends by itself leaves compiled code behind, so that those to be killed start in less time.
  await once(start(join(root, 'first'), { ...endless, name: 'first', commits: 4 }), 'exit')
})

after(() => rmSync(root, { recursive: true }))

const sizes = { sessions: 1, commits: 1_000_000, lanes: 4, stateBytes: 2_000, checkpointPages: 40 }
const endless = { ...sizes, synchronous: 'full' } as const

const start = (directory: string, workload: Workload): ChildProcessByStdio<null, Readable, null> => {
  mkdirSync(directory, { recursive: true })
  const args = [join(import.meta.dirname, 'disk/workload.ts'), directory, JSON.stringify(workload)]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'cache') }
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Starts a writer that never ends by itself, and kills it: some time into its opening, or after some acknowledgements. */
const killOnce = async (directory: string, name: string, chance: Chance): Promise<void> => {
  const child = start(directory, { ...endless, name })
  const ended = once(child, 'exit')
  let told = 0
  const enough = chance(4) === 0 ? 1 : 2 + chance(100)
  for await (const chunk of child.stdout) {
    // The first line says that the store is being opened, each further one that a commit was acknowledged.
    told += String(chunk).split('\n').length - 1
    if (told < enough) continue
    if (enough === 1) await setTimeout(chance(120))
    child.kill('SIGKILL')
  }
  const [code, signal] = await ended
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the writer works until it is killed')
}

/** The acknowledged rows that are gone; only whole lines count, the last may have been cut by the kill. */
const lostOf = (directory: string): readonly Ack[] => {
  const lines = readFileSync(join(directory, 'acks'), 'utf8').split('\n').slice(0, -1)
  // Killed while it was being made, the database is not there, and nothing may have been acknowledged.
  if (!existsSync(join(directory, 'state.db'))) return lines.map((line): Ack => JSON.parse(line))
  const reader = openReader(join(directory, 'state.db'))
  const hashes = new Map(reader.ask('select seq, hash from ledger').map(({ seq, hash }) => [seq, hash]))
  reader.close()
  return lines.map((line): Ack => JSON.parse(line)).filter(({ seq, hash }) => hashes.get(seq) !== hash)
}

test('nothing acknowledged is lost and the ledger verifies after each of many kills', async (context) => {
  const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)
  const torture = async (lane: number): Promise<number> => {
    const directory = join(root, `lane-${lane}`)
    const chance = seeded(seed + lane)
    for (let kill = lane; kill < kills; kill += lanes) {
      await killOnce(directory, `${kill}`, chance)
      assert.deepEqual(lostOf(directory), [], `SLUICE_TEST_SEED=${seed}, kill ${kill}`)
    }
    const { found } = await verifyLedgerFile(directory)
    assert.equal(found.status, 'whole', found.status === 'broken' ? found.detail : '')
    return found.status === 'whole' ? found.rows : 0
  }
  const rows = await Promise.all(Array.from({ length: lanes }, (_, lane) => torture(lane)))
  context.diagnostic(`${kills} kills, ${rows.reduce((sum, count) => sum + count, 0)} rows`)
})
