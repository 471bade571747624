/** Commits as the writer takes them, and what it gives back as ledger rows. */
import { assert } from '../../../core/machine.ts'
import { madeAt, tailsOf } from '../checks.ts'
import type { LedgerRow } from '../../../core/ledger/entry.ts'
import type { Commit } from '../../../ports/store.ts'
import type { WriteRequest, Written } from './messages.ts'

/** Writes a commit's JSON. `now`, epoch ms, dates its request. `usage_invalid` when a row would be too long. */
export const packCommit = (commit: Commit, now: number): WriteRequest => {
  const tails = tailsOf(commit)
  const { request } = commit
  return {
    kind: 'commit',
    lease: commit.lease,
    transitions: commit.transitions.map((transition, at) => ({
      key: transition.key,
      expectedVersion: transition.expectedVersion,
      machineVersion: transition.machineVersion,
      state: transition.writes === 'state' ? json(transition.state) : null,
      summary: transition.summary === undefined ? null : json(transition.summary),
      settled: transition.settled ? 1 : 0,
      nextAt: transition.nextAt,
      updatedAt: madeAt(transition),
      entries: transition.entries.map((entry, index) => ({
        type: entry.type,
        form: entry.form,
        at: entry.at,
        tail: tails[at]?.[index] ?? '',
      })),
      effects: transition.effects,
      finished: transition.finished ?? [],
    })),
    request: request && { key: request.key, digest: request.digest, answer: json(request.answer), at: now },
  }
}

/** The rows of a commit, from where they were put in the chain. */
export const rowsOf = (commit: Commit, written: Extract<Written, { kind: 'committed' }>): readonly LedgerRow[] =>
  commit.transitions
    .flatMap(({ entries }) => entries)
    .map((entry, index) => ({
      ...entry,
      seq: written.seq + index,
      previousHash: written.hashes[index - 1] ?? written.previousHash,
      hash: written.hashes[index] ?? '',
    }))

const json = (value: unknown): string => {
  const text: string | undefined = JSON.stringify(value)
  assert(text !== undefined, 'what is stored is JSON')
  return text
}
