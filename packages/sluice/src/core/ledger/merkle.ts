/**
 * The ledger as a Merkle tree (RFC 9162, section 2.1; the hashes are those of RFC 6962). A leaf is a row's hash in the chain, so that a leaf
 * stands for the row's text and for everything before it, and still stands once the text was pruned.
 *
 * The tree is kept as its *frontier*: the roots of the perfect subtrees that it consists of, largest first. Appending a leaf makes one interior
 * hash on average. Of the subtrees that become complete, those of 256, 65 536 … leaves are given out to be stored (the tiles of C2SP
 * tlog-tiles have that height); from them and the leaves any root and any proof is made by reading some hundred hashes.
 */

/** SHA-256 over bytes; handed in, because core has no platform. */
export type HashBytes = (data: Uint8Array) => Uint8Array

/** The roots of the perfect subtrees of a tree, largest first: one for each bit that is set in its size. */
export type Frontier = { readonly size: number; readonly peaks: readonly Uint8Array[] }

/** The root of a complete subtree of `256 ** level` leaves, the `index`-th of its level. */
export type StoredHash = { readonly level: number; readonly index: number; readonly hash: Uint8Array }

/** Leaves of a subtree whose root is stored, and how many of them make one of the next level. */
export const tileWidth = 256
/** The height of such a subtree. */
export const tileHeight = 8

/** A tree without leaves. */
export const emptyFrontier: Frontier = { size: 0, peaks: [] }

/** Hash of a leaf's data. */
export const leafHash = (data: Uint8Array, sha256: HashBytes): Uint8Array => {
  const input = new Uint8Array(1 + data.length)
  input.set(data, 1)
  return sha256(input)
}

/** The leaf of a row of the ledger, made from the row's hash in the chain. */
export const leafOfRow = (hash: string, sha256: HashBytes): Uint8Array => leafHash(bytesOfHex(hash), sha256)

/** Hash of an interior node. */
export const nodeHash = (left: Uint8Array, right: Uint8Array, sha256: HashBytes): Uint8Array => {
  const input = new Uint8Array(1 + left.length + right.length)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + left.length)
  return sha256(input)
}

/** The tree with one leaf more, and the hashes that are to be stored because their subtrees are now complete. */
export const appendLeaf = (
  { size, peaks }: Frontier,
  leaf: Uint8Array,
  sha256: HashBytes,
): { readonly frontier: Frontier; readonly stored: readonly StoredHash[] } => {
  const kept = [...peaks]
  const stored: StoredHash[] = []
  let hash = leaf
  let height = 0
  // Each set bit at the end of the size is a subtree that the new one makes complete: as in adding one to a binary number.
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = kept.pop()
    if (left === undefined) throw new Error('bug: a frontier has a peak for each bit of its size')
    hash = nodeHash(left, hash, sha256)
    height += 1
    if (height % tileHeight === 0)
      stored.push({ level: height / tileHeight, index: (size + 1) / 2 ** height - 1, hash })
  }
  kept.push(hash)
  return { frontier: { size: size + 1, peaks: kept }, stored }
}

/** The root of the tree; of an empty one the hash of nothing. */
export const rootOf = ({ peaks }: Frontier, sha256: HashBytes): Uint8Array =>
  joinRoots(peaks, sha256) ?? sha256(new Uint8Array(0))

/** The root over neighbouring perfect subtrees, largest first; null when there are none. */
export const joinRoots = (roots: readonly Uint8Array[], sha256: HashBytes): Uint8Array | null => {
  let root: Uint8Array | null = null
  for (const left of roots.toReversed()) root = root === null ? left : nodeHash(left, root, sha256)
  return root
}

/** The root of a perfect subtree from the hashes at its foot, whose number is a power of two. */
export const foldPerfect = (hashes: readonly Uint8Array[], sha256: HashBytes): Uint8Array => {
  let row = hashes
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let at = 0; at + 1 < row.length; at += 2) above.push(nodeHash(row[at] ?? empty, row[at + 1] ?? empty, sha256))
    row = above
  }
  const [root] = row
  if (root === undefined) throw new Error('bug: a subtree has leaves')
  return root
}

const empty = new Uint8Array(0)

/** Bytes of hexadecimal digits; what is no digit counts as 0. */
export const bytesOfHex = (hex: string): Uint8Array => {
  const bytes = new Uint8Array(hex.length >> 1)
  for (let at = 0; at < bytes.length; at += 1)
    bytes[at] = (digitOf(hex.charCodeAt(at * 2)) << 4) | digitOf(hex.charCodeAt(at * 2 + 1))
  return bytes
}

const digitOf = (code: number): number => (code < 58 ? code - 48 : (code & 0x5f) - 55) & 15

/** Hexadecimal digits of bytes, small letters. */
export const hexOfBytes = (bytes: Uint8Array): string => {
  let hex = ''
  for (const byte of bytes) hex += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16)
  return hex
}
