/**
 * The remote as it was seen last: which object each of its branches, tags and pull requests stood at, and which arrival told of it. A ref that moved belongs to the arrival whose fetch was recorded
 * first, so that a webhook and a look at the remote start one run between them. Fetches overtake each other: one that was recorded while another was under way may be the older or the newer of the
 * two, whatever clocks say. So the later one counts only if the record still is what it was when that fetch began (`over`), and its arrival fetches once more if it is not.
 *
 * | event         | what changes                                                             |
 * |---------------|--------------------------------------------------------------------------|
 * | remote_looked | every ref, at the first look at an address; nothing starts by what was there already |
 * | ref_seen      | that ref, if it moved, and nobody else recorded it meanwhile             |
 *
 * It does nothing by itself, and so is settled at any moment.
 */
import type { AggregateKey } from '../ledger/entry.ts'
import { type Machine, rememberingMachine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import type { ArrivalId, ArrivalState, RefMark } from './types.ts'

/** A ref of the remote. `before`: what it stood at before that; `arrival` is null for what was there when it was looked at first. */
export type SeenRef = RefMark & { readonly before: string | null }

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
      /** What was on record when whoever saw it began to look, null for nothing; absent in rows from before that was kept, which count in any case. */
      readonly over?: RefMark | null
    }

/** Before it was ever seen. */
export const unseenRemote: RemoteState = { address: null, refs: {} }

/** What is on record of a ref, for whoever begins to look at it. */
export const markOf = ({ refs }: RemoteState, ref: string): RefMark | null => {
  const seen = refs[ref]
  return seen === undefined ? null : { object: seen.object, arrival: seen.arrival }
}

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
  if (after.status !== 'fetched' && after.status !== 'ignored') return []
  const over = after.over === undefined ? {} : { over: after.over }
  const what =
    after.status === 'fetched' ? { at: after.fetchedAt, object: after.object } : { at: after.settledAt, object: null }
  return [{ key: remoteKey, event: { type: 'ref_seen', ref, arrival: id, ...what, ...over } }]
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
  { ref, object, arrival, over }: Extract<RemoteEvent, { type: 'ref_seen' }>,
): RemoteState => {
  const { [ref]: known, ...others } = state.refs
  if ((known?.object ?? null) === object) return state
  if (over !== undefined && !isMarked(known, over)) return state
  return {
    ...state,
    refs: object === null ? others : { ...others, [ref]: { object, before: known?.object ?? null, arrival } },
  }
}

const isMarked = (known: SeenRef | undefined, over: RefMark | null): boolean =>
  known === undefined || over === null
    ? known === undefined && over === null
    : known.object === over.object && known.arrival === over.arrival

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
