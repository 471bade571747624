/**
 * The remote as it was seen last: which object each of its branches, tags and pull requests stood at, and which arrival told of it. A ref that moved belongs to the arrival whose fetch was recorded
 * first, so that a webhook and a look at the remote start one run between them.
 *
 * | event         | what changes                                                             |
 * |---------------|--------------------------------------------------------------------------|
 * | remote_looked | every ref, at the first look at an address; nothing starts by what was there already |
 * | ref_seen      | that ref, if it moved                                                    |
 *
 * It does nothing by itself, and so is settled at any moment.
 */
import type { AggregateKey } from '../ledger/entry.ts'
import { type Machine, rememberingMachine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import type { ArrivalId, ArrivalState } from './types.ts'

/** A ref of the remote. `before`: what it stood at before that; `arrival` is null for what was there when it was looked at first. */
export type SeenRef = { readonly object: string; readonly before: string | null; readonly arrival: ArrivalId | null }

/** See the file's header. `address` is null until the remote was looked at. */
export type RemoteState = {
  readonly address: string | null
  readonly refs: Readonly<Record<string, SeenRef>>
}

/** What happens to it. */
export type RemoteEvent =
  | {
      readonly type: 'remote_looked'
      readonly at: number
      /** Without what lets in. */
      readonly address: string
      readonly refs: Readonly<Record<string, string>>
    }
  | {
      readonly type: 'ref_seen'
      readonly at: number
      readonly ref: string
      /** Null: it is gone. */
      readonly object: string | null
      readonly arrival: ArrivalId | null
    }

/** Before it was ever seen. */
export const unseenRemote: RemoteState = { address: null, refs: {} }

/** A project has one. */
export const remoteKey: AggregateKey & { readonly kind: 'remote' } = { kind: 'remote', id: 'source' }

/** An event that follows from a fetch. */
export type ArrivalConsequence = {
  readonly key: AggregateKey & { readonly kind: 'remote' }
  readonly event: Extract<RemoteEvent, { type: 'ref_seen' }>
}

/** What was fetched is what the remote was seen to have. */
export const arrivalConsequences = (before: ArrivalState, after: ArrivalState): readonly ArrivalConsequence[] => {
  if (before.status !== 'received') return []
  const { ref, id } = before.hint
  if (after.status === 'fetched')
    return [
      { key: remoteKey, event: { type: 'ref_seen', at: after.fetchedAt, ref, object: after.object, arrival: id } },
    ]
  if (after.status !== 'ignored') return []
  return [{ key: remoteKey, event: { type: 'ref_seen', at: after.settledAt, ref, object: null, arrival: id } }]
}

const next = (state: RemoteState, event: RemoteEvent): RemoteState => {
  switch (event.type) {
    case 'remote_looked':
      return state.address === event.address ? state : lookedAt(state, event)
    case 'ref_seen':
      return seen(state, event)
    default:
      return unreachable(event)
  }
}

/** What arrived before the first look stays theirs. */
const lookedAt = (
  { refs }: RemoteState,
  { address, refs: found }: Extract<RemoteEvent, { type: 'remote_looked' }>,
): RemoteState => ({
  address,
  refs: Object.fromEntries(
    Object.entries(found).map(([ref, object]): [string, SeenRef] => [
      ref,
      refs[ref]?.object === object ? refs[ref] : { object, before: null, arrival: null },
    ]),
  ),
})

const seen = (
  state: RemoteState,
  { ref, object, arrival }: Extract<RemoteEvent, { type: 'ref_seen' }>,
): RemoteState => {
  const { [ref]: known, ...others } = state.refs
  if ((known?.object ?? null) === object) return state
  return {
    ...state,
    refs: object === null ? others : { ...others, [ref]: { object, before: known?.object ?? null, arrival } },
  }
}

/** See the file's header. */
export const remoteMachine: Machine<RemoteState, RemoteEvent, never> = rememberingMachine({ name: 'remote', next })

/** A ref that is not where it was seen last. */
export type MovedRef = { readonly ref: string; readonly before: SeenRef | null; readonly object: string }

/** What differs between the remote as it was seen last and as it is; `gone` are refs that are not there any more. Pull requests are nothing that a look lists. */
export const movedRefs = (
  { refs }: RemoteState,
  found: Readonly<Record<string, string>>,
): { readonly moved: readonly MovedRef[]; readonly gone: readonly string[] } => ({
  moved: Object.entries(found).flatMap(([ref, object]) =>
    refs[ref]?.object === object ? [] : [{ ref, before: refs[ref] ?? null, object }],
  ),
  gone: Object.keys(refs).filter((ref) => isListed(ref) && !Object.hasOwn(found, ref)),
})

const isListed = (ref: string): boolean => ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')
