/**
 * A state whose ledger has as many rows as are asked for, written by the store itself. What is written is the golden ledger over and over: every event that
 * there is, with the states that they led to, each time under other ids. Only what is settled is written, as it is after years of deliveries.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LedgerEntry, parseEntryText } from '../../packages/sluice/src/core/ledger/entry.ts'
import { parseExportLine } from '../../packages/sluice/src/core/ledger/export.ts'
import { machines, machineVersions } from '../../packages/sluice/src/engine/machines.ts'
import type { Store, Transition } from '../../packages/sluice/src/ports/store.ts'

/** An aggregate of the golden ledger: what happened to it, and the state that it came to. */
type Story = { readonly entries: readonly LedgerEntry[]; readonly state: unknown }

const folder = fileURLToPath(new URL('../../packages/sluice/test/store/golden', import.meta.url))
const linesOf = (name: string): readonly string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')

const settledStories = (): readonly Story[] => {
  const entries = linesOf('0.1.0.jsonl').flatMap((text) => {
    const line = parseExportLine(text)
    const entry = line?.kind === 'row' ? parseEntryText(line.line.text) : null
    return entry === null ? [] : [entry]
  })
  const byKey = Map.groupBy(entries, ({ key }) => `${key.kind}/${key.id}`)
  return linesOf('0.1.0.states.jsonl').flatMap((text) => {
    // Trusted: the file is recorded by the tests of this repository, and held to its ledger by one of them.
    const { kind, id, state } = JSON.parse(text) as { kind: keyof typeof machines; id: string; state: unknown }
    const own = byKey.get(`${kind}/${id}`) ?? []
    return machines[kind].settled(state) && own.length > 0 ? [{ entries: own, state }] : []
  })
}

/** Writes whole stories until there are so many rows at least; gives how many there are then, and how long it took. */
export const fillLedger = async (
  store: Store,
  rowsMin: number,
  told: (rows: number) => void,
): Promise<{ readonly rows: number; readonly tookMs: number }> => {
  const stories = settledStories()
  const lease = await store.acquireLease('bench', Date.now())
  let { seq: rows } = await store.anchor()
  const first = rows
  const startedAt = performance.now()
  for (let copy = 1; rows < rowsMin; copy += 1) {
    const transitions = stories.map((story) => transitionOf(story, copy))
    await store.commit({ lease, transitions, request: null })
    const written = transitions.reduce((sum, { entries }) => sum + entries.length, 0)
    if (Math.floor((rows + written) / 250_000) > Math.floor(rows / 250_000)) told(rows + written)
    rows += written
  }
  return { rows: rows - first, tookMs: performance.now() - startedAt }
}

const transitionOf = ({ entries, state }: Story, copy: number): Transition => {
  const renamed = entries.map((entry, at) => ({
    ...entry,
    key: { kind: entry.key.kind, id: idOf(entry.key.id, copy) },
    version: at + 1,
  }))
  const [first] = renamed
  if (first === undefined) throw new Error('a story has entries')
  return {
    key: first.key,
    expectedVersion: 0,
    machineVersion: machineVersions[first.key.kind],
    state,
    writes: 'state',
    settled: true,
    nextAt: null,
    entries: renamed,
    effects: [],
  }
}

// The service of an environment's id, or the id itself, with a number behind it.
const idOf = (id: string, copy: number): string => id.replace(/^[^/]+/, (name) => `${name}x${copy}`)
