/** What the scripts that record golden ledgers share: they decide events, this commits them as the loop does, and writes what came of it. */
import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { exportLedger } from '../../../src/adapters/store/export.ts'
import { createMemoryDisk } from '../../../src/adapters/store/memory.ts'
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import { machines } from '../../../src/engine/machines.ts'
import { type Held, type Input, keyText, planTransaction, unwritten } from '../../../src/engine/loop/transaction.ts'

/** An event as the scripts write it: the recording sets the clock. */
export type Untimed<Event> = Event extends { readonly at: number } ? Omit<Event, 'at'> : never

/** The hash of the recorded ledgers. */
export const sha256 = (text: string): string => hash('sha256', text)

/** A ledger that is being recorded. */
export type Recording = {
  readonly stateOf: (key: AggregateKey) => unknown
  /** Commits what an event changes; false when it changes nothing. */
  readonly offer: (input: Input) => Promise<boolean>
  /** Commits what an event changes, and rejects when it changes nothing. */
  readonly take: (input: Input) => Promise<void>
  /** Writes the export of everything that was committed, and the state that each aggregate has, beside this file. */
  readonly write: () => Promise<void>
}

/** Begins a recording under the name that the script was started with. */
export const startRecording = async (): Promise<Recording> => {
  const [, script = '', name] = process.argv
  if (name === undefined) throw new Error(`usage: ${basename(script)} <name>`)
  const store = createMemoryDisk(sha256).open()
  const lease = await store.acquireLease('record', 0)
  const held = new Map<string, Held>()
  const hold = (key: AggregateKey): Held => held.get(keyText(key)) ?? unwritten(key)
  const offer = async (input: Input): Promise<boolean> => {
    const plan = planTransaction([input], hold)
    if (plan.transitions.length === 0) return false
    await store.commit({ lease, transitions: plan.transitions, request: null })
    for (const one of plan.held) held.set(keyText(one.key), one)
    return true
  }
  const writeLines = (file: string, lines: readonly string[]): void =>
    writeFileSync(join(import.meta.dirname, `${file}.jsonl`), `${lines.join('\n')}\n`)
  return {
    stateOf: (key) => hold(key).state,
    offer,
    take: async (input) => {
      if (!(await offer(input))) throw new Error(`${input.event.type} changes nothing`)
    },
    write: async () => {
      writeLines(name, await Array.fromAsync(exportLedger(store)))
      const stateOf = ({ key, version, state }: Held): string =>
        JSON.stringify({ ...key, version, machineVersion: machines[key.kind].version, state })
      writeLines(`${name}.states`, [...held.values()].map(stateOf))
    },
  }
}
