/** What a ledger of a million rows costs: to check it, to prove a row of it, to append to it, and to start a control plane on it. */
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { keptCheckpoints } from '../../packages/sluice/src/adapters/store/checkpoint-key.ts'
import { sha256Bytes } from '../../packages/sluice/src/lib/hash-bytes.ts'
import { exportLedger } from '../../packages/sluice/src/adapters/store/export.ts'
import { openSqliteStore } from '../../packages/sluice/src/adapters/store/sqlite/store.ts'
import { verifyLedgerFile } from '../../packages/sluice/src/adapters/store/verify-file.ts'
import { checkCheckpoint } from '../../packages/sluice/src/adapters/store/check-notes.ts'
import { appendLeaf, emptyFrontier, leafOfRow } from '../../packages/sluice/src/core/ledger/merkle.ts'
import { LedgerBook } from '../../packages/sluice/src/engine/reading/ledger-book.ts'
import type { Store } from '../../packages/sluice/src/ports/store.ts'
import { makeStateDir, openDesk, removeState } from '../../packages/sluice/test/e2e/plane.ts'
import { makeProject } from '../../packages/sluice/test/e2e/project.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'
import { median, progress } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, onThisMachine } from '../lib/targets.ts'
import { memoryMbOf } from '../lib/machine.ts'
import { chooseProgram } from '../startup/program.ts'
import { startServer } from '../startup/server.ts'
import { fillLedger } from './ledger-fixture.ts'

/** Measures; the short form has a twentieth of the rows. */
export const measureLedger = async ({ quick }: { readonly quick: boolean }): Promise<readonly Bounded[]> => {
  const rowsMin = quick ? 50_000 : 1_000_000
  const port = await freePort()
  const project = await makeProject({ production: { listen: port, instances: 1, stopGrace: '1s' } })
  const stateDir = await makeStateDir()
  try {
    const desk = await openDesk(project.directory, stateDir)
    await desk.rollOut('production', (await desk.cut()).id)
    await desk.close()
    const store = await openSqliteStore({ directory: stateDir })
    progress(`writing ${rowsMin.toLocaleString('en')} rows`)
    const filled = await fillLedger(store, rowsMin, (rows) => progress(`  ${rows.toLocaleString('en')}`))
    const proofs = await measureProofs(store, stateDir, (await store.anchor()).seq)
    const exported = join(stateDir, 'bench.jsonl')
    await writeExport(store, exported)
    await store.close()
    const figures: Bounded[] = [
      { name: 'ledger.rows', value: filled.rows, unit: 'rows' },
      { name: 'ledger.appendRowsPerSecond', value: (filled.rows / filled.tookMs) * 1_000, unit: 'rows/s' },
      { name: 'ledger.treeMicrosecondsPerRow', value: treeMicroseconds(200_000), unit: 'µs' },
      ...proofs.figures,
      ...(await measureChecks({ stateDir, exported, note: proofs.note, runs: quick ? 1 : 3 })),
      ...(await measureStart({ projectDir: project.directory, stateDir, runs: quick ? 3 : 7 })),
    ]
    await rm(exported)
    return figures
  } finally {
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
  }
}

/** What growing the tree costs, apart from everything else that a commit does. */
const treeMicroseconds = (rows: number): number => {
  const texts = Array.from({ length: 256 }, (_, at) => hash('sha256', String(at)))
  let frontier = emptyFrontier
  const startedAt = performance.now()
  for (let at = 0; at < rows; at += 1)
    frontier = appendLeaf(frontier, leafOfRow(texts[at % 256] ?? '', sha256Bytes), sha256Bytes).frontier
  return ((performance.now() - startedAt) / rows) * 1_000
}

const measureProofs = async (
  store: Store,
  stateDir: string,
  rows: number,
): Promise<{ readonly figures: readonly Bounded[]; readonly note: string }> => {
  const book = new LedgerBook({
    store,
    checkpoints: keptCheckpoints(stateDir),
    sha256Bytes,
    origin: async () => 'bench',
  })
  const { note } = await book.checkpoint()
  const timed = async (act: (at: number) => Promise<unknown>): Promise<number> => {
    const took: number[] = []
    for (let at = 1; at <= 50; at += 1) {
      const startedAt = performance.now()
      await act(1 + ((at * 7_919) % rows))
      took.push(performance.now() - startedAt)
    }
    return median(took)
  }
  progress('proofs')
  return {
    note,
    figures: [
      { name: 'ledger.checkpointMs', value: await timed(() => book.checkpoint()), unit: 'ms' },
      { name: 'ledger.inclusionMs', value: await timed((seq) => book.inclusion(seq, null)), unit: 'ms' },
      { name: 'ledger.consistencyMs', value: await timed((from) => book.consistency(from, null)), unit: 'ms' },
    ],
  }
}

const writeExport = async (store: Store, path: string): Promise<void> => {
  const file = createWriteStream(path)
  let piece = ''
  for await (const line of exportLedger(store)) {
    piece += `${line}\n`
    if (piece.length < 1_048_576) continue
    if (!file.write(piece)) await once(file, 'drain')
    piece = ''
  }
  file.end(piece)
  await once(file, 'finish')
}

type Checks = { readonly stateDir: string; readonly exported: string; readonly note: string; readonly runs: number }

const measureChecks = async ({ stateDir, exported, note, runs }: Checks): Promise<readonly Bounded[]> => {
  const tree = { sha256Bytes, checkpoints: [checkCheckpoint({ note }, [])] }
  const rate = async (path: string, noted: Parameters<typeof verifyLedgerFile>[1]): Promise<number> => {
    const rates: number[] = []
    for (let left = runs; left > 0; left -= 1) {
      const startedAt = performance.now()
      const { found } = await verifyLedgerFile(path, noted)
      if (found.status === 'broken') throw new Error(`the ledger of the benchmark is broken: ${found.detail}`)
      rates.push((found.rows / (performance.now() - startedAt)) * 1_000)
    }
    return median(rates)
  }
  progress('checks')
  const named = (name: string, value: number): Bounded =>
    onThisMachine(atLeast({ name, value, unit: 'rows/s' }, 100_000))
  return [
    named('ledger.verifyRowsPerSecond', await rate(stateDir, {})),
    named('ledger.verifyExportRowsPerSecond', await rate(exported, {})),
    { name: 'ledger.verifyCheckpointRowsPerSecond', value: await rate(exported, { tree }), unit: 'rows/s' },
  ]
}

type Start = { readonly projectDir: string; readonly stateDir: string; readonly runs: number }

const measureStart = async ({ projectDir, stateDir, runs }: Start): Promise<readonly Bounded[]> => {
  progress('cold starts')
  const program = chooseProgram()
  const readyMs: number[] = []
  let rssMb = 0
  try {
    for (let left = runs; left > 0; left -= 1) {
      const server = await startServer(program, { projectDir, stateDir, port: await freePort() })
      readyMs.push(server.readyMs)
      rssMb = Math.max(rssMb, memoryMbOf(server.pid))
      await server.end()
    }
  } finally {
    if (program.folder !== null) await rm(program.folder, { recursive: true, force: true })
  }
  return [
    onThisMachine(atMost({ name: 'server.coldStartMs', value: median(readyMs), unit: 'ms' }, 2_000)),
    { name: 'server.coldStartRssMb', value: rssMb, unit: 'MB resident' },
  ]
}
