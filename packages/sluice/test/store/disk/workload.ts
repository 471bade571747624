/**
 * Works a store in a process of its own: `workload.ts <directory> <options as JSON>`. Each commit that was acknowledged is told at once, as a
 * line with its last row, in the file `acks` of the directory, and by a line on stdout. A line on stdout also says that a store is being opened.
 */
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '../../../src/adapters/store/sqlite/store.ts'
import { commitOf, step } from '../steps.ts'
import type { Synchronous } from '../../../src/adapters/store/sqlite/connection.ts'

/** What to do. */
export type Workload = {
  /** Part of the names of all that is made. */
  readonly name: string
  /** How often the store is opened, worked and closed. */
  readonly sessions: number
  readonly commits: number
  /** Aggregates that are moved at the same time. */
  readonly lanes: number
  readonly stateBytes: number
  readonly synchronous: Synchronous
  readonly checkpointPages: number
}

/** An acknowledged row. */
export type Ack = { readonly seq: number; readonly hash: string }

const tell = (line: string): void => {
  try {
    writeSync(1, line)
  } catch (error) {
    // Whoever reads is so far behind that the pipe is full, and has enough to read; the file tells all.
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
  }
}

const work = async (directory: string, workload: Workload, session: number): Promise<void> => {
  const { synchronous, checkpointPages } = workload
  const acks = openSync(join(directory, 'acks'), 'a')
  tell('opening\n')
  const store = await openSqliteStore({ directory, synchronous, checkpointPages, ballastBytes: 65_536 })
  const lease = await store.acquireLease(`session ${session}`, 0)
  const lane = async (name: number): Promise<void> => {
    const key = { kind: 'rollout', id: `rol_${workload.name}_${session}_${name}` } as const
    for (let version = 0; version < workload.commits / workload.lanes; version += 1) {
      const state = { version, filling: 'x'.repeat(workload.stateBytes) }
      const [row] = await store.commit(commitOf(lease, step(key, version, { state })))
      if (row === undefined) throw new Error('a commit of one entry gives one row')
      appendFileSync(acks, `${JSON.stringify({ seq: row.seq, hash: row.hash })}\n`)
      tell('acknowledged\n')
    }
  }
  await Promise.all(Array.from({ length: workload.lanes }, (_, index) => lane(index)))
  closeSync(acks)
  await store.close()
}

const [directory, options] = process.argv.slice(2)
if (directory === undefined || options === undefined) throw new Error('usage: workload.ts <directory> <options>')
const workload: Workload = JSON.parse(options)
for (let session = 0; session < workload.sessions; session += 1) await work(directory, workload, session)
