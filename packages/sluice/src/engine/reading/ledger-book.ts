/**
 * Checkpoints of the ledger, and proofs by them. Each answer reads some hundred hashes, however long the ledger is.
 *
 * Before anything is signed, the ledger is held against the checkpoint that was signed last: one that lost rows since, or that begins otherwise, is
 * `ledger_broken` and is not signed.
 */
import { type Checkpoint, checkpointText, parseCheckpoint } from '../../core/ledger/checkpoint.ts'
import { entryText } from '../../core/ledger/entry.ts'
import { emptyFrontier, type HashBytes, rootOf } from '../../core/ledger/merkle.ts'
import {
  consistencyRanges,
  hashOfSpans,
  inclusionRanges,
  isSame,
  type LeafRange,
  spansOf,
} from '../../core/ledger/merkle-proof.ts'
import { formatNote, formatNoteKey, parseNote } from '../../core/ledger/signed-note.ts'
import type { RowProof } from '../../core/ledger/proof-file.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Checkpoints } from '../../ports/checkpoints.ts'
import type { Store } from '../../ports/store.ts'

/** What it works with. `origin` names the ledger when its key is made. */
export type LedgerBookParts = {
  readonly store: Pick<Store, 'anchor' | 'ledger' | 'treeHashes'>
  readonly checkpoints: Checkpoints
  readonly sha256Bytes: HashBytes
  readonly origin: () => Promise<string>
}

/** A signed checkpoint. */
export type SignedCheckpoint = {
  readonly note: string
  readonly checkpoint: Checkpoint
  /** The public key, as it is given to whoever checks. */
  readonly key: string
}

/** That the ledger of the later checkpoint begins with that of the earlier size. */
export type Consistency = {
  readonly before: { readonly size: number; readonly root: Uint8Array }
  readonly after: SignedCheckpoint
  readonly proof: readonly Uint8Array[]
}

/** See the file's header. */
export class LedgerBook {
  readonly #parts: LedgerBookParts
  #queue: Promise<unknown> = Promise.resolve()

  constructor(parts: LedgerBookParts) {
    this.#parts = parts
  }

  /** A signed checkpoint of the first `size` rows; of all when null. `not_found` when there are not so many, `ledger_broken`. */
  checkpoint(size: number | null = null): Promise<SignedCheckpoint> {
    // One at a time: what was signed last is read before and written after.
    const signed = this.#queue.then(() => this.#sign(size))
    this.#queue = signed.catch(() => {})
    return signed
  }

  /** The proof of a row by a checkpoint of `size` rows. `not_found`. */
  async inclusion(
    seq: number,
    size: number | null,
  ): Promise<{ readonly proof: RowProof; readonly by: SignedCheckpoint }> {
    const by = await this.checkpoint(size)
    const [row] = await this.#parts.store.ledger({ after: seq - 1, limit: 1 })
    if (seq < 1 || row === undefined || seq > by.checkpoint.size)
      throw new SluiceError('not_found', {
        detail: `there is no row ${seq} among the first ${by.checkpoint.size} of the ledger`,
        hint: 'leave the size out for all rows that there are',
      })
    if (row.isPruned === true)
      throw new SluiceError('not_found', {
        detail: `the text of row ${seq} was pruned; only its hash is left`,
        hint: 'a proof that was made before holds on',
      })
    const hashes = await this.#hashesOf(inclusionRanges(seq - 1, by.checkpoint.size))
    const proof = {
      index: seq - 1,
      previousHash: row.previousHash,
      text: entryText(row.seq, row),
      hashes,
      checkpoint: by.note,
    }
    return { proof, by }
  }

  /** The proof that the ledger of `to` rows (all, when null) begins with that of `from` rows. `not_found`. */
  async consistency(from: number, to: number | null): Promise<Consistency> {
    const after = await this.checkpoint(to)
    const { size } = after.checkpoint
    if (from > size) throw tooFew(from, size)
    const isTrivial = from === 0 || from === size
    const proof = isTrivial ? [] : await this.#hashesOf(consistencyRanges(from, size))
    return { before: { size: from, root: await this.#rootOf(from) }, after, proof }
  }

  async #sign(wanted: number | null): Promise<SignedCheckpoint> {
    const { store, checkpoints, origin } = this.#parts
    const head = await store.anchor()
    const size = wanted ?? head.seq
    if (size > head.seq) throw tooFew(size, head.seq)
    const last = await this.#lastSigned(head.seq)
    const key = await checkpoints.key(origin)
    const checkpoint = { origin: key.name, size, root: await this.#rootOf(size) }
    const text = checkpointText(checkpoint)
    const note = formatNote({ text, signatures: [await checkpoints.sign(text)] })
    if (last === null || size > last.size) await checkpoints.keep(note)
    return { note, checkpoint, key: formatNoteKey(key) }
  }

  /** What was signed last, if the ledger still begins with it. */
  async #lastSigned(rows: number): Promise<Checkpoint | null> {
    const kept = await this.#parts.checkpoints.last()
    if (kept === null) return null
    const last = parseCheckpoint(parseNote(kept)?.text ?? '')
    const isSound = last !== null && last.size <= rows && isSame(last.root, await this.#rootOf(last.size))
    if (isSound) return last
    throw new SluiceError('ledger_broken', {
      detail:
        last === null
          ? 'the checkpoint that was signed last cannot be read'
          : last.size > rows
            ? `a checkpoint of ${last.size} rows was signed, but the ledger has ${rows}`
            : `the first ${last.size} rows are not those whose checkpoint was signed`,
      hint: 'the state was restored from an older copy, or changed: keep it as it is, then compare it with an export. Once that is settled, move ledger.checkpoint away to sign again',
    })
  }

  async #rootOf(size: number): Promise<Uint8Array> {
    if (size === 0) return rootOf(emptyFrontier, this.#parts.sha256Bytes)
    return this.#hashOf({ from: 0, until: size })
  }

  async #hashesOf(ranges: readonly LeafRange[]): Promise<readonly Uint8Array[]> {
    const hashes: Uint8Array[] = []
    for (const range of ranges) hashes.push(await this.#hashOf(range))
    return hashes
  }

  async #hashOf(range: LeafRange): Promise<Uint8Array> {
    const feet: (readonly Uint8Array[])[] = []
    for (const span of spansOf(range)) {
      const hashes = await this.#parts.store.treeHashes(span)
      if (hashes.length !== span.count)
        throw new SluiceError('ledger_broken', {
          detail: `the tree of the ledger lacks hashes of level ${span.level} from ${span.from} on`,
          hint: 'sluice ledger verify   names the first row that is not as it was written',
        })
      feet.push(hashes)
    }
    return hashOfSpans(feet, this.#parts.sha256Bytes)
  }
}

const tooFew = (wanted: number, rows: number): SluiceError =>
  new SluiceError('not_found', {
    detail: `the ledger has ${rows} rows, not ${wanted}`,
    hint: 'leave the number out for all rows that there are',
  })
