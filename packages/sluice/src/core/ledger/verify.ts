/**
 * Checks that a ledger is as it was written.
 *
 * A chain shows any change, removal or insertion of a row before its end. It cannot show that rows were cut off its end, or that all of it
 * was written anew: for that, compare with a hash that was noted elsewhere (`anchor`).
 */
import { chainHash, genesisHash, parseEntryText } from './entry.ts'
import type { Sha256 } from '../model.ts'

/** A row as it is stored: the hashed text itself. */
export type LedgerLine = {
  readonly seq: number
  readonly text: string
  readonly previousHash: string
  readonly hash: string
}

/** A place in the chain: a row and its hash. Before the first row it is `ledgerStart`. */
export type Anchor = { readonly seq: number; readonly hash: string }

/** Where every ledger begins. */
export const ledgerStart: Anchor = { seq: 0, hash: genesisHash }

/**
 * What is wrong with a row. `gap`: it is not the next one. `previous`: it names another row before it. `hash`: its text is not what was
 * hashed. `text`: its text is not an entry, or one of another place. `version`: it is not its aggregate's next version. `anchor`: the row
 * that was noted elsewhere had another hash, or is gone.
 */
export type Fault = 'gap' | 'previous' | 'hash' | 'text' | 'version' | 'anchor'

/** The first broken row. */
export type Broken = { readonly status: 'broken'; readonly seq: number; readonly why: Fault; readonly detail: string }

/** What a check found. */
export type Verification = { readonly status: 'whole'; readonly rows: number; readonly head: Anchor } | Broken

/** What to check against. */
export type VerifyOptions = {
  readonly sha256: Sha256
  /** The row before the first line given. From anywhere but the start, an aggregate's first version is taken on trust. */
  readonly start?: Anchor
  /** A row noted elsewhere; must be among the lines or be their start. */
  readonly anchor?: Anchor
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
  let anchored = anchor === undefined || (anchor.seq === start.seq && anchor.hash === start.hash)
  const add = (line: LedgerLine): Broken | null => {
    const fault = chainFault(head, line, sha256) ?? entryFault(line, versions, trusted)
    if (fault !== null) return fault
    if (anchor !== undefined && line.seq === anchor.seq) {
      if (line.hash !== anchor.hash)
        return broken(line.seq, 'anchor', `row ${line.seq} was noted with hash ${anchor.hash}`)
      anchored = true
    }
    head = { seq: line.seq, hash: line.hash }
    return null
  }
  const end = (): Verification =>
    anchored || anchor === undefined
      ? { status: 'whole', rows: head.seq - start.seq, head }
      : broken(anchor.seq, 'anchor', `row ${anchor.seq} was noted but is not there; the ledger ends at row ${head.seq}`)
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

const chainFault = (head: Anchor, line: LedgerLine, sha256: Sha256): Broken | null => {
  const seq = head.seq + 1
  if (line.seq !== seq) return broken(seq, 'gap', `row ${seq} is missing; row ${line.seq} comes in its place`)
  if (line.previousHash !== head.hash) {
    return broken(seq, 'previous', `row ${seq} follows ${line.previousHash}, but the row before it has ${head.hash}`)
  }
  const hash = chainHash(head.hash, line.text, sha256)
  return hash === line.hash ? null : broken(seq, 'hash', `row ${seq} has hash ${line.hash}, but its text gives ${hash}`)
}

const entryFault = (line: LedgerLine, versions: Map<string, number>, trusted: boolean): Broken | null => {
  const entry = parseEntryText(line.text)
  if (entry === null) return broken(line.seq, 'text', `the text of row ${line.seq} is not an entry`)
  if (entry.seq !== line.seq) return broken(line.seq, 'text', `the text of row ${line.seq} is that of row ${entry.seq}`)
  const name = `${entry.key.kind}/${entry.key.id}`
  const last = versions.get(name)
  const next = last === undefined ? (trusted ? entry.version : 1) : last + 1
  versions.set(name, entry.version)
  return entry.version === next
    ? null
    : broken(line.seq, 'version', `row ${line.seq} is version ${entry.version} of ${name}, where ${next} comes next`)
}

const broken = (seq: number, why: Fault, detail: string): Broken => ({ status: 'broken', seq, why, detail })
