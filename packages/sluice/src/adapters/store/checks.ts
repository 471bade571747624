/** What every store demands of a commit before it touches anything. Breaking these is a bug of the caller, not a condition of the world. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { entryTail } from '../../core/ledger/entry.ts'
import { assert } from '../../core/machine.ts'
import type { LedgerEntry } from '../../core/ledger/entry.ts'
import type { Commit, Transition } from '../../ports/store.ts'

/** Throws when a commit is not well formed: each aggregate once, versions in sequence, integers where integers are kept. */
export const checkCommit = (commit: Commit): void => {
  const seen = new Set<string>()
  for (const transition of commit.transitions) {
    const name = `${transition.key.kind}/${transition.key.id}`
    assert(!seen.has(name), `a commit moves ${name} once`)
    seen.add(name)
    checkTransition(transition, name)
  }
}

const checkTransition = (transition: Transition, name: string): void => {
  assert(transition.entries.length > 0, `a transition of ${name} has an entry`)
  const isWhole = transition.writes === 'state'
  assert(
    isWhole || (transition.expectedVersion > 0 && !transition.settled),
    `a new or settled ${name} is written whole`,
  )
  assert(Number.isSafeInteger(transition.expectedVersion), `the expected version of ${name} is an integer`)
  assert(
    transition.nextAt === null || Number.isSafeInteger(transition.nextAt),
    `nextAt of ${name} is an integer or null`,
  )
  let version = transition.expectedVersion
  for (const entry of transition.entries) {
    version += 1
    assert(entry.version === version, `entry ${entry.type} of ${name} has version ${version}`)
    assert(entry.key.kind === transition.key.kind && entry.key.id === transition.key.id, `entry of ${name} is about it`)
    assert(Number.isSafeInteger(entry.at), `entry ${entry.type} of ${name} has an integer time`)
  }
}

/** The texts of all entries but for their places, transition by transition; `usage_invalid` when one is longer than a ledger row may be. */
export const tailsOf = (commit: Commit): readonly (readonly string[])[] =>
  commit.transitions.map(({ entries }) => entries.map(tailOf))

const tailOf = (entry: LedgerEntry): string => {
  const tail = entryTail(entry)
  if (tail.length * 3 <= limits.ledgerBodyBytesMax) return tail
  const bytes = Buffer.byteLength(tail)
  if (bytes <= limits.ledgerBodyBytesMax) return tail
  throw new SluiceError('usage_invalid', {
    detail: `The ${entry.type} of ${entry.key.kind} ${entry.key.id} is ${bytes} bytes long; a ledger row holds ${limits.ledgerBodyBytesMax}.`,
    hint: 'Make what was asked for smaller: fewer or shorter values in the configuration.',
  })
}

/** The version after a transition. */
export const versionAfter = (transition: Transition): number => transition.expectedVersion + transition.entries.length

/** When a transition was made: the time of its last entry, epoch ms. */
export const madeAt = (transition: Transition): number => transition.entries.at(-1)?.at ?? 0
