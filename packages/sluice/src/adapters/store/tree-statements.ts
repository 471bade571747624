/** The statements that read the ledger's Merkle tree: both threads of a store do. */
import { sql } from 'kysely'
import { compiled, p } from './compile.ts'
import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import type { Statement } from './statement.ts'

/** The statements by name. */
export type TreeStatements = Readonly<Record<'head' | 'treeHashes' | 'leafHashes' | 'newestTree', Statement>>

/** Compiles them. Parameters have the names of their columns but where noted. */
export const treeStatements = (db: Kysely<Tables>): TreeStatements => ({
  head: compiled(db.selectFrom('ledger').select(['seq', 'hash']).orderBy('seq', 'desc').limit(sql.lit(1))),
  /** `count` hashes of a level from `place` on. */
  treeHashes: compiled(
    db
      .selectFrom('tree')
      .select('hash')
      .where('level', '=', p<number>('level'))
      .where('place', '>=', p<number>('place'))
      .orderBy('place')
      .limit(p<number>('count')),
  ),
  /** The hashes of `count` rows after row `after`, in the chain: what the leaves are made of. */
  leafHashes: compiled(
    db
      .selectFrom('ledger')
      .select('hash')
      .where('seq', '>', p<number>('after'))
      .orderBy('seq')
      .limit(p<number>('count')),
  ),
  newestTree: compiled(
    db.selectFrom('tree').select('place').where('level', '=', sql.lit(1)).orderBy('place', 'desc').limit(sql.lit(1)),
  ),
})
