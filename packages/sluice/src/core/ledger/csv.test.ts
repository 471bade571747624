import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvCell, csvColumns, csvLine } from './csv.ts'
import type { LedgerRow } from './entry.ts'

const row: LedgerRow = {
  seq: 7,
  key: { kind: 'rollout', id: 'rol_1' },
  version: 2,
  type: 'approved',
  form: 1,
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  actor: { kind: 'person', name: '=HYPERLINK("http://x")' },
  reason: 'a "b",\nc',
  body: { type: 'approved' },
  where: { address: '10.0.0.1', client: '@sum' },
  previousHash: '0',
  hash: 'ab',
}

test('a line has a cell for each column, quotes and line ends inside them, and no formula', () => {
  assert.equal(
    csvLine(row, 'production'),
    `7,"2026-01-02T03:04:05Z","person","'=HYPERLINK(""http://x"")","10.0.0.1","'@sum","rollout","rol_1","production",2,"approved","a ""b"",\nc","{""type"":""approved""}","ab"\r\n`,
  )
  assert.equal(csvColumns.length, 14)
})

test('whatever is written, no cell begins as a formula does, and its text is still in it', () => {
  const starts = fc.constantFrom('=', '+', '-', '@', '\t', '\r', ' =', '\u0000=', '\uff1d', '\ufeff+', '')
  fc.assert(
    fc.property(starts, fc.string({ unit: 'binary', maxLength: 10 }), (first, rest) => {
      const cell = csvCell(`${first}${rest}`)
      const inside = cell.slice(1, -1).replaceAll('""', '"')
      assert.ok(!/^[\s\p{Cc}\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u.test(inside), JSON.stringify(cell))
      assert.ok(inside.endsWith(`${first}${rest}`))
    }),
  )
})
