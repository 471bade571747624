/**
 * A power cut at any moment loses nothing that was acknowledged. A real store works in a process whose disk operations are logged; the log is
 * replayed into a model of a disk, the power is cut at chosen operations, and what is left is opened by the store's own code.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { prepareDatabase } from '../../src/adapters/store/sqlite/prepare.ts'
import { sqliteTexts } from '../../src/adapters/store/sqlite/texts.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { seeded } from './disk/chance.ts'
import { buildShim, parseLog } from './disk/log.ts'
import { DiskModel } from './disk/model.ts'
import { temporaryDirectory } from './directory.ts'
import type { Synchronous } from '../../src/adapters/store/sqlite/connection.ts'
import type { Operation } from './disk/log.ts'
import type { Loss } from './disk/model.ts'
import type { Ack, Workload } from './disk/workload.ts'

const long = process.env['SLUICE_TEST_LONG'] === '1'
const { schema } = sqliteTexts
let root = ''
let shim: string | null = null

before(async () => {
  root = await temporaryDirectory()
  shim = buildShim(root)
})

after(() => rmSync(root, { recursive: true }))

type Recorded = { readonly operations: readonly Operation[]; readonly log: string }

const record = (synchronous: Synchronous): Recorded => {
  const directory = join(root, synchronous)
  const log = join(root, `${synchronous}.log`)
  mkdirSync(directory)
  const commits = long ? 240 : 60
  const sizes = { sessions: 2, commits, lanes: 3, stateBytes: 6_000, checkpointPages: 50 }
  const workload: Workload = { name: synchronous, synchronous, ...sizes }
  execFileSync(process.execPath, [join(import.meta.dirname, 'disk/workload.ts'), directory, JSON.stringify(workload)], {
    env: { ...process.env, LD_PRELOAD: shim ?? '', SLUICE_DISK_ROOT: directory, SLUICE_DISK_LOG: log },
  })
  return { operations: parseLog(readFileSync(log)), log }
}

/** Cuts the power after each of `cuts` operations (ascending) and calls back with what is left and what was acknowledged. */
const cutAt = async (
  { operations }: Recorded,
  cuts: readonly number[],
  check: (disk: DiskModel, acks: readonly Ack[], cut: number) => Promise<void>,
): Promise<void> => {
  const disk = new DiskModel()
  const acks: Ack[] = []
  let done = 0
  for (const cut of cuts) {
    for (const operation of operations.slice(done, cut)) {
      disk.apply(operation)
      if (operation.kind === 'write' && operation.path === 'acks') acks.push(JSON.parse(operation.data.toString()))
    }
    done = cut
    await check(disk, acks, cut)
  }
}

/** Opens what is left and gives how many acknowledged rows are gone; throws when what is left is not whole. */
const lostAfter = async (files: ReadonlyMap<string, Buffer>, acks: readonly Ack[]): Promise<number> => {
  const directory = join(root, 'left')
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  for (const [path, content] of files) if (path.startsWith('state.db')) writeFileSync(join(directory, path), content)
  const { connection } = prepareDatabase({ directory, schema, synchronous: 'full' })
  try {
    assert.equal(connection.ask('pragma integrity_check')[0]?.['integrity_check'], 'ok')
    const { found } = await verifyLedgerFile(directory)
    assert.equal(found.status, 'whole', found.status === 'broken' ? found.detail : '')
    const hashes = new Map(connection.ask('select seq, hash from ledger').map(({ seq, hash }) => [seq, hash]))
    return acks.filter(({ seq, hash }) => hashes.get(seq) !== hash).length
  } finally {
    connection.close()
  }
}

/** Cuts at every operation of a long test, at a random few of a short one. */
const cutsOf = ({ operations }: Recorded, count: number, seed: number): readonly number[] => {
  if (long) return operations.map((_, index) => index + 1)
  const chance = seeded(seed)
  return Array.from({ length: count }, () => chance(operations.length + 1)).sort((a, b) => a - b)
}

const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Cuts the power again and again; gives how often. */
const noLoss = async (recorded: Recorded, loss: Loss, count: number): Promise<number> => {
  const cuts = cutsOf(recorded, count, seed)
  await cutAt(recorded, cuts, async (disk, acks, cut) => {
    const lost = await lostAfter(disk.cut(loss, seeded(seed + cut)), acks).catch((error: unknown) => String(error))
    if (lost === 0) return
    const kept = join(tmpdir(), `sluice-power-loss-${process.pid}.log`)
    if (kept !== recorded.log) copyFileSync(recorded.log, kept)
    const replay = `SLUICE_POWER_LOG=${kept} SLUICE_TEST_SEED=${seed} node --test packages/sluice/test/store/power-loss.test.ts`
    assert.fail(`cut after operation ${cut}, lost ${loss}: ${lost} of ${acks.length} acknowledged\nreplay: ${replay}`)
  })
  return cuts.length
}

test('a power cut loses no acknowledged commit, whatever of the unsynced writes is lost or torn', async (context) => {
  if (shim === null) return context.skip('no C compiler to build the shim that logs the disk')
  const kept = process.env['SLUICE_POWER_LOG']
  if (kept !== undefined) {
    await noLoss({ operations: parseLog(readFileSync(kept)), log: kept }, 'some', 35)
    return
  }
  const recorded = record('full')
  const disk = new DiskModel()
  for (const operation of recorded.operations) disk.apply(operation)
  for (const [path, content] of disk.live()) {
    assert.ok(content.equals(readFileSync(join(root, 'full', path))), `the log says all that was done to ${path}`)
  }
  const cuts = (await noLoss(recorded, 'all', 25)) + (await noLoss(recorded, 'some', 35))
  context.diagnostic(`${cuts} power cuts within ${recorded.operations.length} disk operations`)
})

test('the same power cuts do lose acknowledged commits when a commit is not synced', async (context) => {
  if (shim === null) return context.skip('no C compiler to build the shim that logs the disk')
  const recorded = record('normal')
  let cutsWithLoss = 0
  const cuts = cutsOf(recorded, 24, 7).filter((_, index) => index % (long ? 20 : 1) === 0)
  await cutAt(recorded, cuts, async (disk, acks) => {
    if ((await lostAfter(disk.cut('all', seeded(7)), acks)) > 0) cutsWithLoss += 1
  })
  // About half of them do; which operations there are depends on how commits fall together.
  assert.ok(cutsWithLoss > cuts.length / 6, `${cutsWithLoss} of ${cuts.length} cuts lost something`)
})
