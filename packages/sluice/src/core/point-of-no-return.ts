/**
 * The point of no return: a release whose migrations took something away from the database (`contract`) cannot be followed by one that still needs it. Which class a migration
 * has is said by its name, a word of it: `0007_contract_drop_total`, `2026-11-02.backfill.totals.sql`. A name that says none is taken for an `expand`.
 */
import type { Release } from './model.ts'

/** What a migration does to the schema; see expand and contract (Danilo Sato, "ParallelChange", 2014). */
export type MigrationClass = 'expand' | 'backfill' | 'contract'

/** The class that a migration's name says. */
export const migrationClass = (name: string): MigrationClass => {
  const words = name.toLowerCase().split(/[^a-z]+/)
  return words.includes('contract') ? 'contract' : words.includes('backfill') ? 'backfill' : 'expand'
}

/** Migrations that only take away, and that `to` does not know of although they were applied by `applied`: its code may ask for what is gone. Sorted by first appearance. */
export const contractsBeyond = (to: Release, applied: readonly Release[]): readonly string[] => {
  const known = new Set(to.content.migrations)
  const found = applied.flatMap(({ content }) => content.migrations)
  return [...new Set(found.filter((name) => migrationClass(name) === 'contract' && !known.has(name)))]
}
