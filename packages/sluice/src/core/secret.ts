/**
 * A secret, as far as the ledger knows it: that it was set or removed, when and by whom, and its version. Its value is in the store of secrets alone, and a version tells nothing of it.
 *
 * | status          | event          | next    | accepted when                       |
 * |-----------------|----------------|---------|-------------------------------------|
 * | absent, removed | secret_set     | kept    |                                     |
 * | kept            | secret_set     | kept    | its version is another than before  |
 * | absent, kept    | secret_removed | removed |                                     |
 *
 * One may be removed that nobody set here: the file of secrets may have come from elsewhere.
 */
import type { AggregateKey } from './ledger/entry.ts'
import { type Machine, unreachable } from './machine.ts'
import type { Actor } from './model.ts'

/** A secret as it stands. */
export type SecretState =
  | { readonly status: 'absent' }
  | { readonly status: 'kept'; readonly version: string; readonly setAt: number; readonly setBy: Actor }
  | { readonly status: 'removed'; readonly removedAt: number; readonly removedBy: Actor }

/** What happens to a secret. */
export type SecretEvent =
  | { readonly type: 'secret_set'; readonly at: number; readonly by: Actor; readonly version: string }
  | { readonly type: 'secret_removed'; readonly at: number; readonly by: Actor }

/** What a secret may be called: as the environment variable that it becomes. */
export const secretNamePattern: RegExp = /^[A-Za-z_]\w{0,199}$/

/** The aggregate of a secret. */
export const secretKey = (name: string): AggregateKey & { readonly kind: 'secret' } => ({ kind: 'secret', id: name })

/** Nobody has set it here. */
export const absentSecret: SecretState = { status: 'absent' }

const next = (state: SecretState, event: SecretEvent): SecretState => {
  switch (event.type) {
    case 'secret_set':
      return state.status === 'kept' && state.version === event.version
        ? state
        : { status: 'kept', version: event.version, setAt: event.at, setBy: event.by }
    case 'secret_removed':
      return state.status === 'removed' ? state : { status: 'removed', removedAt: event.at, removedBy: event.by }
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const secretMachine: Machine<SecretState, SecretEvent, never> = {
  name: 'secret',
  version: 1,
  decide: (state, event) => ({ state: next(state, event), effects: [] }),
  outstanding: () => [],
  nextAt: () => null,
  settled: () => true,
}
