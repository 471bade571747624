/**
 * The ledger's Merkle tree in the database. Leaves are made of the hashes that the ledger has anyway; of the interior only the roots of 256, 65 536 …
 * rows are kept, one row of a table for 256 of the ledger. Everything here is made of the ledger, so that it can be made again.
 */
import {
  appendLeaf,
  bytesOfHex,
  emptyFrontier,
  foldPerfect,
  type Frontier,
  hexOfBytes,
  leafOfRow,
  type StoredHash,
  tileWidth,
} from '../../../core/ledger/merkle.ts'
import { type HashSpan, spansOf } from '../../../core/ledger/merkle-proof.ts'
import { limits } from '../../../core/limits.ts'
import { sha256Bytes } from '../../../lib/hash-bytes.ts'
import type { TreeStatements } from '../tree-statements.ts'
import type { WriteStatements } from '../write-statements.ts'
import type { Connection } from './connection.ts'

type Hashed = { readonly hash: string }

/** The hashes of a span, as many as there are. */
export const readSpan = (
  connection: Pick<Connection, 'all'>,
  statements: TreeStatements,
  { level, from, count }: HashSpan,
): readonly Uint8Array[] =>
  level === 0
    ? connection
        .all<Hashed>(statements.leafHashes, { after: from, count })
        .map((row) => leafOfRow(row.hash, sha256Bytes))
    : connection.all<Hashed>(statements.treeHashes, { level, place: from, count }).map((row) => bytesOfHex(row.hash))

/**
 * The frontier of a ledger of `size` rows, read from some hundred hashes. What an older Sluice wrote has none: it is made first, in portions, each of
 * which is a transaction of its own.
 */
export const openTree = (connection: Connection, statements: WriteStatements, size: number): Frontier => {
  const newest = connection.get<{ readonly place: number }>(statements.newestTree, {})
  let frontier = frontierOf(connection, statements, ((newest?.place ?? -1) + 1) * tileWidth)
  while (size - frontier.size >= tileWidth) {
    connection.exec('begin immediate')
    frontier = grow(connection, statements, { frontier, rows: limits.treePortionRows })
    connection.exec('commit')
  }
  return grow(connection, statements, { frontier, rows: tileWidth })
}

/** The tree with one row more; what is to be kept of it is written. */
export const growTree = (
  connection: Pick<Connection, 'run'>,
  statements: Pick<WriteStatements, 'keepTree'>,
  { frontier, hash: rowHash }: { readonly frontier: Frontier; readonly hash: string },
): Frontier => {
  const next = appendLeaf(frontier, leafOfRow(rowHash, sha256Bytes), sha256Bytes)
  for (const stored of next.stored) keep(connection, statements, stored)
  return next.frontier
}

const frontierOf = (connection: Connection, statements: TreeStatements, size: number): Frontier =>
  size === 0
    ? emptyFrontier
    : {
        size,
        peaks: spansOf({ from: 0, until: size }).map((span) =>
          foldPerfect(readSpan(connection, statements, span), sha256Bytes),
        ),
      }

type Growth = { readonly frontier: Frontier; readonly rows: number }

const grow = (connection: Connection, statements: WriteStatements, { frontier, rows }: Growth): Frontier =>
  connection
    .all<Hashed>(statements.leafHashes, { after: frontier.size, count: rows })
    .reduce((grown, row) => growTree(connection, statements, { frontier: grown, hash: row.hash }), frontier)

const keep = (
  connection: Pick<Connection, 'run'>,
  statements: Pick<WriteStatements, 'keepTree'>,
  { level, index, hash: root }: StoredHash,
): void => void connection.run(statements.keepTree, { level, place: index, hash: hexOfBytes(root) })
