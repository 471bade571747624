/** What every command works with, and in whose name. */
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Actor, Where } from '../core/model.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { Clock, Ids } from '../ports/clock.ts'
import type { MetricSource } from '../ports/metrics.ts'
import type { SecretSource } from '../ports/secrets.ts'
import type { RequestRecord } from '../ports/store.ts'
import type { Loop } from './loop/loop.ts'
import type { AnyEvent } from './machines.ts'
import type { Reading } from './reading/reading.ts'
import type { Input } from './loop/transaction.ts'

/** Who asks, why, and the idempotency key's record to be kept with the answer. */
export type Asking = {
  readonly by: Actor
  readonly reason: string | null
  /** The groups that the caller was in when it asked; none when absent. */
  readonly groups?: readonly string[]
  /** Whether it may deploy to an environment, as it is now; absent for who may everything. */
  readonly mayDeploy?: (environment: string) => boolean
  readonly where?: Where
  /** Makes the record once the answer is known; null when the caller gave no key. */
  readonly record: ((answer: unknown) => RequestRecord) | null
  /** Falls once nobody wants it any more; what is not decided by then is not done. */
  readonly signal?: AbortSignal
}

/** What the commands work with. */
export type Desk = {
  readonly loop: Loop
  readonly reading: Reading
  readonly clock: Clock
  readonly ids: Ids
  readonly calendar: Calendar
  /** Asked about the objectives of policies. */
  readonly metrics: Pick<MetricSource, 'measure'>
  readonly secrets: SecretSource
}

/** An event for an aggregate, in the name of whoever asks. */
export const input = (key: AggregateKey, event: AnyEvent, { by, reason, where }: Asking): Input => ({
  key,
  event,
  actor: by,
  reason,
  ...(where === undefined ? {} : { where }),
})
