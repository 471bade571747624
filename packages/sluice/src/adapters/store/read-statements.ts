/** The statements that only read. */
import { sql } from 'kysely'
import { compiled, p } from './compile.ts'
import { treeStatements, type TreeStatements } from './tree-statements.ts'
import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import type { Statement } from './statement.ts'

/** Compiles them. Parameters have the names of their columns but where noted. */
export const readStatements = (db: Kysely<Tables>): ReadStatements => {
  const rows = db
    .selectFrom('ledger')
    .selectAll()
    .where('seq', '>', p<number>('after'))
    .orderBy('seq')
    .limit(p<number>('limit'))
  return {
    ...listStatements(db),
    ...treeStatements(db),
    load: compiled(
      db.selectFrom('aggregate').selectAll().where('kind', '=', p<string>('kind')).where('id', '=', p<string>('id')),
    ),
    /** Unsettled aggregates of one kind up to a machine version. */
    open: compiled(
      db
        .selectFrom('aggregate')
        .selectAll()
        .where('settled', '=', sql.lit(0))
        .where('kind', '=', p<string>('kind'))
        .where('machine_version', '<=', p<number>('machine_version'))
        .orderBy('id'),
    ),
    ledger: compiled(rows),
    /** The number of the newest row; none in an empty ledger. */
    ledgerHead: compiled(db.selectFrom('ledger').select('seq').orderBy('seq', 'desc').limit(sql.lit(1))),
    ledgerOf: compiled(rows.where('kind', '=', p<string>('kind')).where('id', '=', p<string>('id'))),
    /** What happened to one aggregate after a version of it. */
    since: compiled(
      db
        .selectFrom('ledger')
        .selectAll()
        .where('kind', '=', p<string>('kind'))
        .where('id', '=', p<string>('id'))
        .where('version', '>', p<number>('version'))
        .orderBy('version'),
    ),
    // The plus sign keeps the index of kinds out of it: rows come by their numbers, of which the span has few.
    rowsOf: compiled(
      db
        .selectFrom('ledger')
        .selectAll()
        .where('seq', '>', p<number>('after'))
        .where('seq', '<=', p<number>('until'))
        .where(sql<string>`+"kind"`, 'in', [
          p<string>('kind_1'),
          p<string>('kind_2'),
          p<string>('kind_3'),
          p<string>('kind_4'),
        ])
        .orderBy('seq'),
    ),
    effects: compiled(
      db
        .selectFrom('effect')
        .selectAll()
        .where('aggregate_kind', '=', p<string>('aggregate_kind'))
        .where('aggregate_id', '=', p<string>('aggregate_id'))
        .orderBy('key'),
    ),
    request: compiled(db.selectFrom('request').selectAll().where('key', '=', p<string>('key'))),
  }
}

/** The statements of `readStatements`, by name. */
export type ReadStatements = TreeStatements &
  Readonly<
    Record<
      | ('load' | 'open' | 'list' | 'listAfter' | 'newest' | 'newestAfter' | 'summaries' | 'summariesAfter')
      | ('ledger' | 'ledgerHead' | 'ledgerOf' | 'since' | 'rowsOf' | 'effects' | 'request'),
      Statement
    >
  >

type Lists = 'list' | 'listAfter' | 'newest' | 'newestAfter' | 'summaries' | 'summariesAfter'

const listStatements = (db: Kysely<Tables>): Pick<ReadStatements, Lists> => {
  const page = db
    .selectFrom('aggregate')
    .selectAll()
    .where('kind', '=', p<string>('kind'))
    .where('id', '>=', p<string>('id_from'))
    .where('id', '<', p<string>('id_before'))
    .orderBy('updated_at', 'desc')
    .orderBy('id', 'desc')
    .limit(p<number>('limit'))
  // Without a range of ids, so that the newest are found by their index, and no other row is read.
  const newest = db
    .selectFrom('aggregate')
    .selectAll()
    .where('kind', '=', p<string>('kind'))
    .orderBy('updated_at', 'desc')
    .orderBy('id', 'desc')
    .limit(p<number>('limit'))
  const summaries = db
    .selectFrom('aggregate')
    .leftJoin('summary', (join) =>
      join.onRef('summary.kind', '=', 'aggregate.kind').onRef('summary.id', '=', 'aggregate.id'),
    )
    .select(['aggregate.kind', 'aggregate.id', 'aggregate.updated_at', 'summary.text'])
    .where('aggregate.kind', '=', p<string>('kind'))
    .orderBy('aggregate.updated_at', 'desc')
    .orderBy('aggregate.id', 'desc')
    .limit(p<number>('limit'))
  return {
    list: compiled(page),
    /** The page after the item with `updated_at` and `id`. */
    listAfter: compiled(
      page.where((row) =>
        row.or([
          row('updated_at', '<', p<number>('updated_at')),
          row.and([row('updated_at', '=', p<number>('updated_at')), row('id', '<', p<string>('id'))]),
        ]),
      ),
    ),
    newest: compiled(newest),
    newestAfter: compiled(
      newest.where((row) =>
        row.or([
          row('updated_at', '<', p<number>('updated_at')),
          row.and([row('updated_at', '=', p<number>('updated_at')), row('id', '<', p<string>('id'))]),
        ]),
      ),
    ),
    summaries: compiled(summaries),
    summariesAfter: compiled(
      summaries.where((row) =>
        row.or([
          row('aggregate.updated_at', '<', p<number>('updated_at')),
          row.and([
            row('aggregate.updated_at', '=', p<number>('updated_at')),
            row('aggregate.id', '<', p<string>('id')),
          ]),
        ]),
      ),
    ),
  }
}
