import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaVersion } from '../../src/adapters/store/schema.ts'
import { compileTexts } from '../../src/adapters/store/sqlite/dialect.ts'
import { sqliteTexts } from '../../src/adapters/store/sqlite/texts.ts'

test('the texts that SQLite is told are those that the schema and the statements compile to', () => {
  assert.deepEqual(sqliteTexts, compileTexts(), 'run node packages/sluice/test/store/write-texts.ts')
})

test('the schema goes forward one step at a time to the version that this Sluice writes', () => {
  assert.deepEqual(
    sqliteTexts.schema.map(({ version }) => version),
    Array.from({ length: schemaVersion }, (_, index) => index + 1),
  )
})
