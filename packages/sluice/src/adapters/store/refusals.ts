/** The refusals that every store words the same. */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { Lease } from '../../ports/store.ts'

/** A refusal as data, so that it can cross a thread. */
export type Refusal = {
  readonly code: 'store_fenced' | 'command_conflict' | 'not_found'
  readonly detail: string
  readonly hint: string
}

/** The lease's epoch is over. */
export const refuseEpoch = (lease: Lease, current: Lease | null): Refusal => ({
  code: 'store_fenced',
  detail: `Lease ${lease.epoch} of ${lease.owner} is over; ${current === null ? 'nobody holds one' : `${current.owner} holds lease ${current.epoch}`}.`,
  hint: 'Stop this control plane; the other one goes on with the work.',
})

/** The aggregate is not at the version that the decision was made on. */
export const refuseVersion = (key: AggregateKey, expected: number, found: number): Refusal => ({
  code: 'store_fenced',
  detail: `${key.kind} ${key.id} is at version ${found}, not ${expected}.`,
  hint: 'Read it again and decide on what it is now.',
})

/** The idempotency key has an answer already. */
export const refuseRequest = (key: string): Refusal => ({
  code: 'command_conflict',
  detail: `The idempotency key ${JSON.stringify(key)} has been used.`,
  hint: 'Take the answer that was given to it, or use a fresh key for a different request.',
})

/** There is no such aggregate. */
export const refuseMissing = (key: AggregateKey): Refusal => ({
  code: 'not_found',
  detail: `There is no ${key.kind} ${key.id}.`,
  hint: 'Look at what there is with sluice status.',
})

/** The error for a refusal. */
export const refusalError = (refusal: Refusal): SluiceError =>
  new SluiceError(refusal.code, { detail: refusal.detail, hint: refusal.hint })
