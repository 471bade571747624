/** The statements that write, and the reads that they decide on. */
import { sql } from 'kysely'
import { listedByMaking } from '../../core/list-cursor.ts'
import { compiled, p } from './compile.ts'
import { treeStatements, type TreeStatements } from './tree-statements.ts'
import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import type { Statement } from './statement.ts'

/** Compiles them. Parameters have the names of their columns but where noted. */
export const writeStatements = (db: Kysely<Tables>): WriteStatements => ({
  ...leaseStatements(db),
  ...aggregateStatements(db),
  ...forgetStatements(db),
  ...ledgerStatements(db),
  ...treeStatements(db),
  ...effectStatements(db),
  ...requestStatements(db),
})

/** The statements by name. */
export type WriteStatements = TreeStatements &
  Readonly<
    Record<
      | 'lease'
      | 'takeLease'
      | 'version'
      | 'hasRequest'
      | 'insertAggregate'
      | 'updateAggregate'
      | 'advanceAggregate'
      | 'keepSummary'
      | 'appendLedger'
      | 'keepTree'
      | 'pruneUntil'
      | 'prune'
      | 'keepEffect'
      | 'finishEffect'
      | 'forgetEffects'
      | 'keepRequest'
      | 'forgetRequests'
      | 'claim'
      | 'forgetSummaries'
      | 'forgetAggregates',
      Statement
    >
  >

type Some<Name extends keyof WriteStatements> = Pick<WriteStatements, Name>

const leaseStatements = (db: Kysely<Tables>): Some<'lease' | 'takeLease'> => ({
  lease: compiled(db.selectFrom('lease').select(['owner', 'epoch']).where('scope', '=', p<string>('scope'))),
  takeLease: compiled(
    db
      .insertInto('lease')
      .values({ scope: p('scope'), epoch: p('epoch'), owner: p('owner'), at: p('at') })
      .onConflict((conflict) =>
        conflict.column('scope').doUpdateSet({ epoch: p('epoch'), owner: p('owner'), at: p('at') }),
      ),
  ),
})

const moveAggregate = (db: Kysely<Tables>) =>
  db
    .updateTable('aggregate')
    .set({
      version: p('version'),
      settled: p('settled'),
      next_at: p('next_at'),
      claims: sql.lit(0),
      updated_at: sql<number>`case when ${sql.ref('kind')} = ${sql.lit(listedByMaking)} then ${sql.ref('updated_at')} else ${p<number>('updated_at')} end`,
    })
    .where('kind', '=', p<string>('kind'))
    .where('id', '=', p<string>('id'))
    .where('version', '=', p<number>('expected'))

const aggregateStatements = (
  db: Kysely<Tables>,
): Some<'version' | 'insertAggregate' | 'updateAggregate' | 'advanceAggregate' | 'keepSummary' | 'claim'> => ({
  version: compiled(
    db
      .selectFrom('aggregate')
      .select('version')
      .where('kind', '=', p<string>('kind'))
      .where('id', '=', p<string>('id')),
  ),
  insertAggregate: compiled(
    db.insertInto('aggregate').values({
      kind: p('kind'),
      id: p('id'),
      version: p('version'),
      machine_version: p('machine_version'),
      state: p('state'),
      state_version: p('version'),
      settled: p('settled'),
      next_at: p('next_at'),
      claims: sql.lit(0),
      updated_at: p('updated_at'),
    }),
  ),
  /** `expected` is the version that the decision was made on. */
  updateAggregate: compiled(
    moveAggregate(db).set({ machine_version: p('machine_version'), state: p('state'), state_version: p('version') }),
  ),
  /** The same without the state: its entries say what became of it. */
  advanceAggregate: compiled(moveAggregate(db)),
  keepSummary: compiled(
    db
      .insertInto('summary')
      .values({ kind: p('kind'), id: p('id'), text: p('text') })
      .onConflict((conflict) => conflict.columns(['kind', 'id']).doUpdateSet({ text: p('text') })),
  ),
  claim: compiled(
    db
      .updateTable('aggregate')
      .set((row) => ({ claims: row('claims', '+', sql.lit(1)) }))
      .where('kind', '=', p<string>('kind'))
      .where('id', '=', p<string>('id'))
      .returning('claims'),
  ),
})

/** Both mean the same aggregates; the summaries go first. */
const forgetStatements = (db: Kysely<Tables>): Some<'forgetSummaries' | 'forgetAggregates'> => {
  const old = db
    .selectFrom('aggregate')
    .select('id')
    .where('kind', '=', p<string>('kind'))
    .where('updated_at', '<', p<number>('before'))
    .where('settled', '=', sql.lit(1))
    .orderBy('updated_at')
    .orderBy('id')
    .limit(p<number>('limit'))
  return {
    forgetSummaries: compiled(db.deleteFrom('summary').where('kind', '=', p<string>('kind')).where('id', 'in', old)),
    forgetAggregates: compiled(db.deleteFrom('aggregate').where('kind', '=', p<string>('kind')).where('id', 'in', old)),
  }
}

const ledgerStatements = (db: Kysely<Tables>): Some<'appendLedger' | 'keepTree' | 'pruneUntil' | 'prune'> => ({
  /** Up to which row texts may be taken out; only ever further. */
  pruneUntil: compiled(
    db
      .insertInto('meta')
      .values({ name: sql.lit('pruned'), value: p('until') })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ value: p('until') })
          .where(sql<number>`cast("meta"."value" as integer)`, '<', p<number>('until_number')),
      ),
  ),
  prune: compiled(
    db
      .updateTable('ledger')
      .set({ text: sql.lit('') })
      .where('seq', '>', p<number>('after'))
      .where('seq', '<=', p<number>('until'))
      .where('text', '<>', sql.lit(''))
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('aggregate')
              .select(sql.lit(1).as('one'))
              .whereRef('aggregate.kind', '=', 'ledger.kind')
              .whereRef('aggregate.id', '=', 'ledger.id')
              .where('aggregate.settled', '=', sql.lit(0)),
          ),
        ),
      ),
  ),
  keepTree: compiled(db.insertInto('tree').values({ level: p('level'), place: p('place'), hash: p('hash') })),
  appendLedger: compiled(
    db.insertInto('ledger').values({
      seq: p('seq'),
      kind: p('kind'),
      id: p('id'),
      version: p('version'),
      type: p('type'),
      form: p('form'),
      at: p('at'),
      text: p('text'),
      previous_hash: p('previous_hash'),
      hash: p('hash'),
    }),
  ),
})

const effectStatements = (db: Kysely<Tables>): Some<'keepEffect' | 'finishEffect' | 'forgetEffects'> => ({
  keepEffect: compiled(
    db
      .insertInto('effect')
      .values({
        aggregate_kind: p('aggregate_kind'),
        aggregate_id: p('aggregate_id'),
        key: p('key'),
        kind: p('kind'),
        fence_token: p('fence_token'),
        fence_sequence: p('fence_sequence'),
        status: sql.lit('intent'),
        at: p('at'),
      })
      .onConflict((conflict) =>
        conflict.columns(['aggregate_kind', 'aggregate_id', 'key']).doUpdateSet({
          kind: p('kind'),
          fence_token: p('fence_token'),
          fence_sequence: p('fence_sequence'),
          status: sql.lit('intent'),
          at: p('at'),
        }),
      ),
  ),
  finishEffect: compiled(
    db
      .updateTable('effect')
      .set({ status: sql.lit('finished') })
      .where('aggregate_kind', '=', p<string>('aggregate_kind'))
      .where('aggregate_id', '=', p<string>('aggregate_id'))
      .where('key', '=', p<string>('key')),
  ),
  forgetEffects: compiled(
    db
      .deleteFrom('effect')
      .where('aggregate_kind', '=', p<string>('aggregate_kind'))
      .where('aggregate_id', '=', p<string>('aggregate_id')),
  ),
})

const requestStatements = (db: Kysely<Tables>): Some<'hasRequest' | 'keepRequest' | 'forgetRequests'> => ({
  hasRequest: compiled(db.selectFrom('request').select('key').where('key', '=', p<string>('key'))),
  keepRequest: compiled(
    db.insertInto('request').values({ key: p('key'), digest: p('digest'), answer: p('answer'), at: p('at') }),
  ),
  /** `before`: epoch ms. */
  forgetRequests: compiled(db.deleteFrom('request').where('at', '<', p<number>('before'))),
})
