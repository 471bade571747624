/** Writes `src/adapters/store/sqlite/texts.ts` from the schema and the statements: run it after a change to either, then `npm run format`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileTexts } from '../../src/adapters/store/sqlite/dialect.ts'

const header = `/**
 * Everything that is said to SQLite. Made from \`schema.ts\`, \`read-statements.ts\` and \`write-statements.ts\` by
 * \`node packages/sluice/test/store/write-texts.ts\`; a test fails when it is not what they say.
 */
import type { SqliteTexts } from './messages.ts'

/** The compiled schema and statements. */
export const sqliteTexts: SqliteTexts = `

writeFileSync(
  join(import.meta.dirname, '../../src/adapters/store/sqlite/texts.ts'),
  `${header}${JSON.stringify(compileTexts(), null, 2)}\n`,
)
