/** What tells of commits becomes arrivals; and one is taken up once more. */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { Actor, Sha256 } from '../../core/model.ts'
import { limits } from '../../core/limits.ts'
import { isRefused } from '../../core/source/machine.ts'
import { markOf, type MovedRef, type RemoteEvent, remoteKey, type RemoteState } from '../../core/source/remote.ts'
import { type ArrivalEvent, type ArrivalHint, type ArrivalId, arrivalOf } from '../../core/source/types.ts'
import type { Told } from '../../core/source/read-hook.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { asRemote } from '../trusted.ts'

/** What somebody told, and what it is called: the same name and the same ref are the same arrival. */
export type Delivery = { readonly name: string; readonly told: readonly Told[] }

/** Who told, in the ledger. */
export const teller = (from: string): Actor => ({ kind: 'system', name: from })

/**
 * Records what was told. Resolves once it is durable, with the arrivals in the order of what was told; what was told before is not recorded again, however long ago it was: the ledger's rows of an arrival that
 * was forgotten stay.
 */
export const receive = async (
  desk: Desk,
  sha256: Sha256,
  { delivery: { name, told }, asking }: { readonly delivery: Delivery; readonly asking: Asking },
): Promise<{ readonly arrivals: readonly ArrivalId[] }> => {
  const at = desk.clock.now()
  const received = told.map(({ because, ...rest }): Received => {
    const id = arrivalOf(rest.from, name, { ref: rest.ref, sha256 })
    const hint: ArrivalHint = { id, ...rest }
    return { key: { kind: 'arrival', id }, id, event: { type: 'arrival_received', at, hint, because } }
  })
  const answer = { arrivals: received.map(({ id }) => id) }
  const fresh = await unrecorded(desk, received)
  await desk.loop.transact(
    fresh.map(({ key }) => key),
    () => fresh.map(({ key, event }) => input(key, event, asking)),
    asking.record?.(answer) ?? null,
  )
  return answer
}

/** Of what was told, that of which there is no row yet. Somebody who tells the same meanwhile is told apart by the state. */
const unrecorded = async ({ reading }: Desk, received: readonly Received[]): Promise<readonly Received[]> => {
  const known = await Promise.all(received.map(({ key }) => reading.isRecorded(key)))
  return received.filter((_, index) => known[index] === false)
}

type Received = { readonly key: AggregateKey; readonly id: ArrivalId; readonly event: ArrivalEvent }

/** Fetches an arrival's ref once more, and starts what it starts even if that was started before. `not_found`; `command_conflict` while it is under way, for one of which nothing was to come from the start, and for one that is about to be forgotten. */
export const redeliver = async (desk: Desk, id: string, asking: Asking): Promise<void> => {
  const arrival = await desk.reading.arrival(id)
  const { hint } = arrival
  if (arrival.status === 'ignored' && isRefused(arrival))
    throw new SluiceError('command_conflict', {
      detail: `arrival ${id} is none to start anything by: ${arrival.because}`,
      hint: `sluice source show ${id}`,
    })
  const at = desk.clock.now()
  // What may be forgotten any moment is not taken up again.
  if ('settledAt' in arrival && arrival.settledAt < at - limits.arrivalsKeepMs)
    throw new SluiceError('command_conflict', {
      detail: `arrival ${id} was over more than ${limits.arrivalsKeepMs / 86_400_000} days ago`,
      hint: 'push its commit once more, or sluice run <commit>',
    })
  const key: AggregateKey = { kind: 'arrival', id: hint.id }
  const event: ArrivalEvent = { type: 'redeliver_requested', at, by: asking.by }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('command_conflict', {
    detail: `arrival ${id} is under way`,
    hint: `sluice source show ${id}`,
  })
}

/** What a look at the remote found. */
export type Look = { readonly address: string; readonly refs: Readonly<Record<string, string>> }

/** The first look at an address: what is there already starts nothing. */
export const lookedFirst = async (desk: Desk, { address, refs }: Look): Promise<void> => {
  const event: RemoteEvent = { type: 'remote_looked', at: desk.clock.now(), address, refs }
  await desk.loop.transact([remoteKey], () => [input(remoteKey, event, ofLook)])
}

/** Refs that are not at the remote any more. Those that were recorded by others since `known` was read, before the look, stay. */
export const refsGone = async (desk: Desk, refs: readonly string[], known: RemoteState): Promise<void> => {
  const at = desk.clock.now()
  await desk.loop.transact([remoteKey], (stateOf) => {
    const seen = asRemote(stateOf(remoteKey)).refs
    return refs
      .filter((ref) => seen[ref] !== undefined)
      .map((ref) => {
        const over = markOf(known, ref)
        const event: RemoteEvent = { type: 'ref_seen', at, ref, object: null, arrival: null, over }
        return input(remoteKey, event, ofLook)
      })
  })
}

/** A ref that moved, as somebody who looks tells of it. It is named by where it was and whose that was, so that each move has one arrival, however often it is looked at. */
export const toldOf = ({ ref, before, object }: MovedRef): Delivery => ({
  name: JSON.stringify([before?.object ?? null, before?.arrival ?? null, object]),
  told: [
    {
      from: 'poll',
      event: ref.startsWith('refs/tags/') ? 'tag' : 'push',
      ref,
      before: before?.object ?? null,
      after: object,
      delivery: null,
      sender: null,
      url: null,
      title: null,
      pullRequest: null,
      payload: null,
      because: null,
    },
  ],
})

const ofLook: Asking = { by: teller('poll'), reason: null, record: null }
