/**
 * Proofs about a Merkle tree (RFC 9162, sections 2.1.3 and 2.1.4): that a leaf is in it, and that a larger tree begins with a smaller one. Here
 * it is said *which* subtrees a proof consists of; whoever has the hashes makes it. Checking needs nothing but the proof.
 */
import { foldPerfect, type HashBytes, joinRoots, nodeHash, tileHeight } from './merkle.ts'

/** Leaves `from` (counted from 0) up to, not including, `until`. */
export type LeafRange = { readonly from: number; readonly until: number }

/** Hashes to read: `count` of them at a stored level, from `from` on. Level 0 are the leaves. Together they are the foot of a perfect subtree. */
export type HashSpan = { readonly level: number; readonly from: number; readonly count: number }

/** The subtrees of the proof that leaf `index` is in the tree of `size` leaves, from the leaf up. */
export const inclusionRanges = (index: number, size: number): readonly LeafRange[] => {
  const ranges: LeafRange[] = []
  let [from, until] = [0, size]
  while (until - from > 1) {
    const middle = from + splitOf(until - from)
    if (index < middle) {
      ranges.push({ from: middle, until })
      until = middle
    } else {
      ranges.push({ from, until: middle })
      from = middle
    }
  }
  return ranges.toReversed()
}

/** The subtrees of the proof that the tree of `size` leaves begins with that of `before` leaves (at least 1). */
export const consistencyRanges = (before: number, size: number): readonly LeafRange[] => {
  const ranges: LeafRange[] = []
  let [from, until, whole] = [0, size, true]
  while (before !== until) {
    const middle = from + splitOf(until - from)
    if (before <= middle) {
      ranges.push({ from: middle, until })
      until = middle
    } else {
      ranges.push({ from, until: middle })
      from = middle
      whole = false
    }
  }
  if (!whole) ranges.push({ from, until })
  return ranges.toReversed()
}

/** The perfect subtrees that a range of a tree consists of, left to right, by what of the stored hashes they are made of. */
export const spansOf = ({ from, until }: LeafRange): readonly HashSpan[] => {
  const spans: HashSpan[] = []
  for (let at = from; at < until;) {
    const height = heightBelow(until - at)
    const level = Math.floor(height / tileHeight)
    const width = 2 ** (level * tileHeight)
    spans.push({ level, from: at / width, count: 2 ** height / width })
    at += 2 ** height
  }
  return spans
}

/** The hash of a range, from the hashes of its spans. */
export const hashOfSpans = (hashes: readonly (readonly Uint8Array[])[], sha256: HashBytes): Uint8Array => {
  const root = joinRoots(
    hashes.map((foot) => foldPerfect(foot, sha256)),
    sha256,
  )
  if (root === null) throw new Error('bug: a range has leaves')
  return root
}

/** The root that a proof of inclusion leads to from a leaf; null when it is no proof for that place. */
export const rootOfInclusion = ({ index, size, leaf, proof }: InclusionClaim, sha256: HashBytes): Uint8Array | null => {
  if (!isPlace(index, size)) return null
  const ranges = inclusionRanges(index, size)
  if (ranges.length !== proof.length) return null
  return ranges.reduce((hash, { from }, at) => {
    const other = proof[at] ?? hash
    return from > index ? nodeHash(hash, other, sha256) : nodeHash(other, hash, sha256)
  }, leaf)
}

/** That the tree of `size` leaves has `leaf` at `index`. */
export type InclusionClaim = {
  readonly index: number
  readonly size: number
  readonly leaf: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** That the tree of `size` leaves and this root begins with the tree of `before` leaves and that root. */
export type ConsistencyClaim = {
  readonly before: { readonly size: number; readonly root: Uint8Array }
  readonly after: { readonly size: number; readonly root: Uint8Array }
  readonly proof: readonly Uint8Array[]
}

/** Whether a proof of consistency holds. Any tree begins with the empty one. */
export const isConsistent = ({ before, after, proof }: ConsistencyClaim, sha256: HashBytes): boolean => {
  if (before.size === 0) return proof.length === 0
  if (!isPlace(before.size - 1, after.size)) return false
  if (before.size === after.size) return proof.length === 0 && isSame(before.root, after.root)
  const ranges = consistencyRanges(before.size, after.size)
  if (ranges.length !== proof.length) return false
  // The first subtree ends both trees' common part: the proof's own, or the whole smaller tree where that is perfect.
  const [first] = ranges
  const isWhole = first === undefined || first.from >= before.size
  const start = isWhole ? before.root : proof[0]
  if (start === undefined) return false
  let [smaller, larger] = [start, start]
  for (const [at, { from }] of ranges.entries()) {
    if (at === 0 && !isWhole) continue
    const other = proof[at] ?? start
    if (from >= before.size) larger = nodeHash(larger, other, sha256)
    else {
      smaller = nodeHash(other, smaller, sha256)
      larger = nodeHash(other, larger, sha256)
    }
  }
  return isSame(smaller, before.root) && isSame(larger, after.root)
}

/** Whether two hashes are the same. */
export const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])

const isPlace = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size

/** The height of the largest perfect subtree of at most so many leaves. */
const heightBelow = (count: number): number => {
  let height = 0
  while (2 ** (height + 1) <= count) height += 1
  return height
}

/** Leaves of the left side of a tree: the largest power of two below its size. */
const splitOf = (size: number): number => 2 ** heightBelow(size - 1)
