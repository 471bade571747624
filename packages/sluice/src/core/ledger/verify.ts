/**
 * Checks that a ledger is as it was written.
 *
 * A chain shows any change, removal or insertion of a row before its end. It cannot show that rows were cut off its end, or that all of it
 * was written anew: for that, compare with what was noted elsewhere: a row's hash (`anchor`), or a signed checkpoint.
 */
import { chainHash, genesisHash, parseEntryText, type PlacedEntry } from './entry.ts'
import { appendLeaf, emptyFrontier, type HashBytes, hexOfBytes, leafOfRow, rootOf } from './merkle.ts'
import { prunedBy } from './retention.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Sha256 } from '../model.ts'

/** A row as it is stored: the hashed text itself. */
export type LedgerLine = {
  readonly seq: number
  /** Empty for a row whose text was taken out; then `columns` say what it is about. */
  readonly text: string
  readonly previousHash: string
  readonly hash: string
  /** What the text says, where whoever made the line knows it already: the text was written from it. */
  readonly entry?: PlacedEntry | null
  /** What is kept beside the text, for finding rows; must say what the text says. */
  readonly columns?: Pick<PlacedEntry, 'version' | 'type' | 'form' | 'at'> & {
    readonly kind: string
    readonly id: string
  }
}

/** A place in the chain: a row and its hash. Before the first row it is `ledgerStart`. */
export type Anchor = { readonly seq: number; readonly hash: string }

/** Where every ledger begins. */
export const ledgerStart: Anchor = { seq: 0, hash: genesisHash }

/**
 * What is wrong with a row. `gap`: it is not the next one. `previous`: it names another row before it. `hash`: its text is not what was
 * hashed. `text`: its text is not an entry, or one of another place. `version`: it is not its aggregate's next version. `anchor`: the row
 * that was noted elsewhere had another hash, or is gone. `checkpoint`: the first rows are not those of a checkpoint, or some of them are gone.
 * `signature`: a checkpoint was not signed by the key that was given.
 */
export type Fault = 'gap' | 'previous' | 'hash' | 'text' | 'version' | 'anchor' | 'checkpoint' | 'signature'

/** The first broken row. */
export type Broken = { readonly status: 'broken'; readonly seq: number; readonly why: Fault; readonly detail: string }

/** What a check found. */
export type Verification =
  | {
      readonly status: 'whole'
      readonly rows: number
      readonly head: Anchor
      /** Rows whose texts were taken out, so that only their places were checked; absent where there are none. */
      readonly pruned?: number
    }
  | Broken

/** What to check against. */
export type VerifyOptions = {
  readonly sha256: Sha256
  /** The row before the first line given. From anywhere but the start, an aggregate's first version is taken on trust. */
  readonly start?: Anchor
  /** A row noted elsewhere; must be among the lines or be their start. */
  readonly anchor?: Anchor
  /** Checkpoints kept elsewhere, whose signatures were checked; and what the tree is made with. Only from the first row on. */
  readonly tree?: {
    readonly sha256Bytes: HashBytes
    readonly checkpoints: readonly Pick<Checkpoint, 'size' | 'root'>[]
  }
}

/** Checks lines one by one, so that a ledger of any length is checked in bounded memory but for one number per aggregate. */
export type Verifier = {
  /** Takes the next line; gives what is wrong, or null. After a fault it must not be asked further. */
  readonly add: (line: LedgerLine) => Broken | null
  /** What was found once all lines were taken without a fault. */
  readonly end: () => Verification
  /** The version that each aggregate has reached, by `<kind>/<id>`. */
  readonly versions: ReadonlyMap<string, number>
}

/** A verifier at the start. */
export const createVerifier = (options: VerifyOptions): Verifier => {
  const start = options.start ?? ledgerStart
  const { anchor, sha256 } = options
  const versions = new Map<string, number>()
  const trusted = start.seq > 0
  let head = start
  const pruned = prunedRows()
  let anchored = anchor === undefined || (anchor.seq === start.seq && anchor.hash === start.hash)
  const grown = options.tree === undefined ? null : growingTree(options.tree)
  const add = (line: LedgerLine): Broken | null => {
    const fault =
      chainFault(head, line, sha256) ?? entryFault(line, versions, { trusted, pruned }) ?? grown?.add(line) ?? null
    if (fault !== null) return fault
    if (anchor !== undefined && line.seq === anchor.seq) {
      if (line.hash !== anchor.hash)
        return broken(line.seq, 'anchor', `row ${line.seq} was noted with hash ${anchor.hash}`)
      anchored = true
    }
    head = { seq: line.seq, hash: line.hash }
    return null
  }
  const end = (): Verification => {
    if (!anchored && anchor !== undefined)
      return broken(
        anchor.seq,
        'anchor',
        `row ${anchor.seq} was noted but is not there; the ledger ends at row ${head.seq}`,
      )
    return (
      pruned.unsaid() ??
      grown?.missing(head.seq) ?? {
        status: 'whole',
        rows: head.seq - start.seq,
        head,
        ...(pruned.count() === 0 ? {} : { pruned: pruned.count() }),
      }
    )
  }
  return { add, end, versions }
}

/** Checks lines that are at hand. */
export const verifyLedger = (lines: Iterable<LedgerLine>, options: VerifyOptions): Verification => {
  const verifier = createVerifier(options)
  for (const line of lines) {
    const fault = verifier.add(line)
    if (fault !== null) return fault
  }
  return verifier.end()
}

/** Rows without texts, and the rows that say so. A row further on than any of them says is one that somebody emptied. */
const prunedRows = () => {
  let [count, last, said] = [0, 0, 0]
  return {
    add: (seq: number): void => {
      count += 1
      last = seq
    },
    say: (entry: PlacedEntry): void => {
      // What a row says of rows after itself is no word about the past.
      said = Math.max(said, Math.min(prunedBy(entry), entry.seq))
    },
    count: (): number => count,
    unsaid: (): Broken | null =>
      last > said
        ? broken(last, 'text', `row ${last} has no text, and the ledger does not say that it was pruned`)
        : null,
  }
}

type Pruning = ReturnType<typeof prunedRows>

/** Grows the tree row by row, and compares its root wherever a checkpoint says one. */
const growingTree = ({ sha256Bytes, checkpoints }: NonNullable<VerifyOptions['tree']>) => {
  const roots = Map.groupBy(checkpoints, ({ size }) => size)
  let frontier = emptyFrontier
  const fault = (size: number): Broken | null => {
    const wanted = roots.get(size)
    if (wanted === undefined) return null
    const root = hexOfBytes(rootOf(frontier, sha256Bytes))
    return wanted.every((checkpoint) => hexOfBytes(checkpoint.root) === root)
      ? null
      : broken(size, 'checkpoint', `the first ${size} rows are not those of the checkpoint`)
  }
  return {
    add: ({ seq, hash }: LedgerLine): Broken | null => {
      frontier = appendLeaf(frontier, leafOfRow(hash, sha256Bytes), sha256Bytes).frontier
      return fault(seq)
    },
    missing: (rows: number): Broken | null => {
      const largest = Math.max(...roots.keys(), 0)
      if (largest > rows)
        return broken(rows + 1, 'checkpoint', `a checkpoint has ${largest} rows; the ledger ends at row ${rows}`)
      return rows === 0 ? fault(0) : null
    },
  }
}

const chainFault = (head: Anchor, line: LedgerLine, sha256: Sha256): Broken | null => {
  const seq = head.seq + 1
  if (line.seq !== seq) return broken(seq, 'gap', `row ${seq} is missing; row ${line.seq} comes in its place`)
  if (line.previousHash !== head.hash) {
    return broken(seq, 'previous', `row ${seq} follows ${line.previousHash}, but the row before it has ${head.hash}`)
  }
  // What was taken out is held by the row after it, and by the tree.
  if (line.text === '') return null
  const hash = chainHash(head.hash, line.text, sha256)
  return hash === line.hash ? null : broken(seq, 'hash', `row ${seq} has hash ${line.hash}, but its text gives ${hash}`)
}

type Known = { readonly trusted: boolean; readonly pruned: Pruning }

const entryFault = (line: LedgerLine, versions: Map<string, number>, { trusted, pruned }: Known): Broken | null => {
  if (line.text === '') return prunedFault(line, versions, pruned)
  const entry = line.entry === undefined ? parseEntryText(line.text) : line.entry
  if (entry === null) return broken(line.seq, 'text', `the text of row ${line.seq} is not an entry`)
  if (entry.seq !== line.seq) return broken(line.seq, 'text', `the text of row ${line.seq} is that of row ${entry.seq}`)
  if (line.columns !== undefined && !isSaid(line.columns, entry))
    return broken(line.seq, 'text', `the columns of row ${line.seq} are not what its text says`)
  pruned.say(entry)
  const name = `${entry.key.kind}/${entry.key.id}`
  const last = versions.get(name)
  const next = last === undefined ? (trusted ? entry.version : 1) : last + 1
  versions.set(name, entry.version)
  return entry.version === next
    ? null
    : broken(line.seq, 'version', `row ${line.seq} is version ${entry.version} of ${name}, where ${next} comes next`)
}

/** What the columns of a row without a text say of its version is not hashed: it is taken, and checked where the next row with a text has one. */
const prunedFault = ({ seq, columns }: LedgerLine, versions: Map<string, number>, pruned: Pruning): Broken | null => {
  if (columns === undefined) return broken(seq, 'text', `row ${seq} has no text`)
  pruned.add(seq)
  versions.set(`${columns.kind}/${columns.id}`, columns.version)
  return null
}

const isSaid = (
  { kind, id, version, type, form, at }: NonNullable<LedgerLine['columns']>,
  entry: PlacedEntry,
): boolean =>
  entry.key.kind === kind &&
  entry.key.id === id &&
  entry.version === version &&
  entry.type === type &&
  entry.form === form &&
  entry.at === at

const broken = (seq: number, why: Fault, detail: string): Broken => ({ status: 'broken', seq, why, detail })
