/** The engine's face towards where commits come from. */
import type { Sha256 } from '../../core/model.ts'
import type { RemoteState } from '../../core/source/remote.ts'
import type { ArrivalId } from '../../core/source/types.ts'
import type { Store } from '../../ports/store.ts'
import { type Delivery, type Look, lookedFirst, receive, redeliver, refsGone, teller } from '../commands/arrivals.ts'
import type { Desk } from '../desk.ts'
import type { Caller, Engine } from '../engine.ts'
import { nothing, type Once } from '../commands/once.ts'
import type { Arrivals } from '../perform/arrival.ts'
import type { Reading } from '../reading/reading.ts'
import type { StartedRun } from '../commands/runs.ts'
import { asAnswer } from '../trusted.ts'

/** What tells of commits, and what is known of the remote. */
export class Sources {
  readonly #desk: Desk
  readonly #once: Once
  readonly #sha256: Sha256

  constructor(desk: Desk, once: Once, sha256: Sha256) {
    this.#desk = desk
    this.#once = once
    this.#sha256 = sha256
  }

  /** Records what was told; see `receive`. */
  receive(delivery: Delivery, caller: Caller): Promise<{ readonly arrivals: readonly ArrivalId[] }> {
    return this.#once(caller, { name: 'receive', delivery }, (asking) =>
      receive(this.#desk, this.#sha256, { delivery, asking }),
    )
  }

  /** Takes up an arrival once more; see `redeliver`. */
  redeliver(arrival: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'redeliver', arrival }, (asking) =>
      nothing(redeliver(this.#desk, arrival, asking)),
    )
  }

  /** See `lookedFirst`. */
  lookedFirst(look: Look): Promise<void> {
    return lookedFirst(this.#desk, look)
  }

  /** See `refsGone`. */
  refsGone(refs: readonly string[], known: RemoteState): Promise<void> {
    return refsGone(this.#desk, refs, known)
  }

  /** The remote as it was seen last. */
  remoteState(): Promise<RemoteState> {
    return this.#desk.reading.remoteState()
  }
}

/** What an arrival's effects may ask of the engine. */
export const arrivalsOf = ({
  engine,
  store,
  reading,
}: {
  readonly engine: Pick<Engine, 'startRun'>
  readonly store: Pick<Store, 'request'>
  readonly reading: Pick<Reading, 'remoteState'>
}): Arrivals => ({
  remoteState: () => reading.remoteState(),
  askedFor: async (key) => {
    const known = await store.request(key)
    return known === null ? null : asAnswer<StartedRun>(known.answer).run
  },
  start: async (command, { from, key, why, signal }) => {
    const caller = { by: teller(from), reason: why, idempotencyKey: key, signal }
    return (await engine.startRun(command, caller, signal)).run
  },
})
