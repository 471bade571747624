/**
 * Ledgers of released versions, kept for ever: today's machines read them and come to the states that those versions came to. When a machine
 * decides otherwise than it did, a release that is out needs a lift, or a machine version with a migration. A version that is not released yet
 * may be recorded again: `node packages/sluice/test/store/golden/record.ts <version>`.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { aggregateKinds, parseEntryText } from '../../src/core/ledger/entry.ts'
import { parseExportLine } from '../../src/core/ledger/export.ts'
import { foldEntries } from '../../src/core/ledger/fold.ts'
import { ledgerForms } from '../../src/core/ledger/forms.ts'
import { machines } from '../../src/engine/machines.ts'
import type { AggregateKey, LedgerEntry } from '../../src/core/ledger/entry.ts'
import type { Folded } from '../../src/core/ledger/fold.ts'
import type { AnyEvent } from '../../src/engine/machines.ts'

const folder = join(import.meta.dirname, 'golden')
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl') && !name.endsWith('.states.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))

const linesOf = (name: string): readonly string[] =>
  readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')

const entriesOf = (name: string): readonly LedgerEntry[] =>
  linesOf(name).flatMap((text) => {
    const line = parseExportLine(text)
    const entry = line?.kind === 'row' ? parseEntryText(line.line.text) : null
    return entry === null ? [] : [entry]
  })

const eventIn = ({ type, at, body }: LedgerEntry): AnyEvent | null =>
  typeof body === 'object' && body !== null && 'type' in body && body.type === type ? { at, ...body, type } : null

const fold = (key: AggregateKey, entries: readonly LedgerEntry[]): Folded<unknown> =>
  foldEntries(
    entries.filter((entry) => entry.key.kind === key.kind && entry.key.id === key.id),
    {
      machine: machines[key.kind],
      initial: machines[key.kind].initial(key),
      forms: ledgerForms[key.kind],
      read: eventIn,
    },
  )

test('there are golden ledgers, and each verifies', async () => {
  assert.ok(names.length > 0)
  for (const name of names) {
    const { found } = await verifyLedgerFile(join(folder, `${name}.jsonl`))
    assert.equal(found.status, 'whole', `${name}: ${found.status === 'broken' ? found.detail : ''}`)
  }
})

test('folding a golden ledger gives the states that were stored with it', () => {
  for (const name of names) {
    const entries = entriesOf(name)
    for (const line of linesOf(`${name}.states`)) {
      const { kind, id, version, state } = JSON.parse(line)
      const folded = fold({ kind, id }, entries)
      assert.equal(folded.status, 'folded', `${name}, ${kind} ${id}: ${'detail' in folded ? folded.detail : ''}`)
      assert.deepEqual(
        JSON.parse(JSON.stringify(folded)),
        { status: 'folded', state, version },
        `${name}, ${kind} ${id}`,
      )
    }
  }
})

test('the golden ledgers hold every event that there is', () => {
  const seen = new Set(names.flatMap(entriesOf).map(({ key, type }) => `${key.kind} ${type}`))
  const missing = aggregateKinds.flatMap((kind) =>
    Object.keys(ledgerForms[kind])
      .map((type) => `${kind} ${type}`)
      .filter((event) => !seen.has(event)),
  )
  assert.deepEqual(missing, [], 'record a ledger with these, beside the others')
})
