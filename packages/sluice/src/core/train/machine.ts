/**
 * The release train: several services go together, and stay together or come back together. One verdict for all: each member's rollout is judged as always, and once one of them
 * does not arrive, those that are under way are turned around and those that have arrived are taken back, the last first.
 *
 * | status    | events                                                            | next                                                  |
 * |-----------|-------------------------------------------------------------------|-------------------------------------------------------|
 * | absent    | train_started                                                     | advancing                                             |
 * | advancing | effect_succeeded                                                  | advancing · succeeded · returning · rolled_back       |
 * | advancing | effect_failed                                                     | returning                                             |
 * | advancing | effect_unknown                                                    | advancing                                             |
 * | advancing | abort_requested                                                   | returning                                             |
 * | advancing | work_parked                                                       | advancing                                             |
 * | returning | effect_succeeded                                                  | returning · rolled_back · parked                      |
 * | returning | effect_failed                                                     | returning · parked                                    |
 * | returning | effect_unknown, work_parked                                       | returning                                             |
 * | parked    | retry_requested, abort_requested                                  | returning                                             |
 *
 * An effect whose outcome is unknown is issued again under the same key, which finds the rollout that it asked for. One that failed may have started something all the same, so its
 * member is stopped, never forgotten.
 */
import { limits } from '../limits.ts'
import { assert, type Decision, type Machine, unreachable } from '../machine.ts'
import type { Actor } from '../model.ts'
import type {
  MemberState,
  Train,
  TrainAction,
  TrainCause,
  TrainEffect,
  TrainEvent,
  TrainResult,
  TrainState,
} from './types.ts'

type TrainDecision = Decision<TrainState, TrainEffect>
type Advancing = Extract<TrainState, { status: 'advancing' }>
type Returning = Extract<TrainState, { status: 'returning' }>

const unchanged = (state: TrainState): TrainDecision => ({ state, effects: [] })

const decide = (state: TrainState, event: TrainEvent): TrainDecision => {
  if (state.status === 'absent') return event.type === 'train_started' ? start(event) : unchanged(state)
  switch (event.type) {
    case 'train_started':
      return unchanged(state)
    case 'abort_requested':
      return abort(state, event)
    case 'retry_requested':
      return state.status === 'parked' ? again(state, event.at) : unchanged(state)
    case 'work_parked':
      return goOn(state)
    case 'effect_succeeded':
    case 'effect_failed':
    case 'effect_unknown':
      return answered(state, event)
    default:
      return unreachable(event)
  }
}

/** Taken up again and again while its rollouts took their time: what it does is ask and wait, so it asks again. */
const goOn = (state: Train): TrainDecision => {
  if (state.status !== 'advancing' && state.status !== 'returning') return unchanged(state)
  const { members } = state
  const isBusy = (place: number): boolean => members.some((member, index) => index === place && isBusyMember(member))
  return issue(state, isBusy, (place) => {
    const member = members[place]
    assert(member !== undefined && isBusyMember(member), 'only a busy member is asked again')
    return { action: member.effect.action, as: (effect) => ({ ...member, effect }) }
  })
}

const start = (event: Extract<TrainEvent, { type: 'train_started' }>): TrainDecision => {
  const { id, plan, by, at } = event
  const members = plan.members.map((): MemberState => ({ status: 'waiting' }))
  return onward({ status: 'advancing', id, sequence: 0, plan, by, startedAt: at, members }, at)
}

/** Who may move now moves; when all have arrived the train has. */
const onward = (state: Advancing, at: number): TrainDecision => {
  if (state.members.every(({ status }) => status === 'arrived'))
    return unchanged({ ...state, status: 'succeeded', settledAt: at })
  const first = state.members.findIndex(({ status }) => status === 'waiting')
  const isBusy = state.members.some(({ status }) => status === 'moving')
  if (first < 0 || (isBusy && state.plan.order === 'ordered')) return unchanged(state)
  const goes = (place: number): boolean =>
    state.members[place]?.status === 'waiting' && (state.plan.order === 'parallel' || place === first)
  return issue(state, goes, (member) => ({
    action: { kind: 'carry', member },
    as: (effect) => ({ status: 'moving', effect }),
  }))
}

type Order = { readonly action: TrainAction; readonly as: (effect: TrainEffect) => MemberState }

/** Gives an effect to every member that is chosen. */
const issue = <State extends Advancing | Returning>(
  state: State,
  chosen: (place: number) => boolean,
  order: (place: number) => Order,
): TrainDecision => {
  const effects: TrainEffect[] = []
  const members = state.members.map((member, place) => {
    if (!chosen(place)) return member
    const { action, as } = order(place)
    const effect = effectOf(state.id, state.sequence + effects.length + 1, action)
    effects.push(effect)
    return as(effect)
  })
  return { state: { ...state, members, sequence: state.sequence + effects.length }, effects }
}

const effectOf = (id: string, sequence: number, action: TrainAction): TrainEffect => ({
  sequence,
  key: `${id}/${action.kind}/${action.member}${tried(action) === 0 ? '' : `/${tried(action) + 1}`}`,
  fence: { token: 0, sequence },
  deadlineMs: limits.deliverDeadlineMs,
  action,
})

/** How often the way back was tried before. */
const tried = (action: TrainAction): number => (action.kind === 'return' ? (action.tries ?? 0) : 0)

type Said = { readonly by: Actor; readonly reason: string | null; readonly at: number }

const abort = (state: Train, { by, reason, at }: Said): TrainDecision => {
  if (state.status === 'parked') return again(state, at)
  return state.status === 'advancing' ? turnBack(state, { kind: 'command', by, reason }, at) : unchanged(state)
}

/** What moves is stopped first: only then is it known what has arrived and must be taken back. */
const turnBack = (state: Advancing, cause: TrainCause, at: number): TrainDecision => {
  const back: Returning = { ...state, status: 'returning', cause }
  const moves = (place: number): boolean => back.members[place]?.status === 'moving'
  const stopped = issue(back, moves, (member) => ({
    action: { kind: 'stop', member },
    as: (effect) => ({ status: 'stopping', effect }),
  }))
  return stopped.effects.length > 0 ? stopped : backward(back, at)
}

/** The last that arrived is taken back, and so on; at the end all are back, or some wait for a person. */
const backward = (state: Returning, at: number): TrainDecision => {
  if (state.members.some(({ status }) => status === 'stopping' || status === 'returning')) return unchanged(state)
  const last = state.members.findLastIndex(({ status }) => status === 'arrived')
  const member = state.members[last]
  if (member?.status === 'arrived') {
    const { rollout, from, tries } = member
    return issue(
      state,
      (place) => place === last,
      () => ({
        action: { kind: 'return', member: last, to: from, ...(tries === undefined ? {} : { tries }) },
        as: (effect) => ({ status: 'returning', effect, rollout, from }),
      }),
    )
  }
  const isStranded = state.members.some(({ status }) => status === 'stranded')
  return unchanged(isStranded ? { ...state, status: 'parked' } : { ...state, status: 'rolled_back', settledAt: at })
}

/** What is stranded is tried again: stopped where it is not known what became of it, taken back by another rollout otherwise. */
const again = (state: Extract<TrainState, { status: 'parked' }>, at: number): TrainDecision => {
  const back: Returning = {
    ...state,
    status: 'returning',
    members: state.members.map((member) =>
      member.status === 'stranded' && member.arrived !== null ? { status: 'arrived', ...member.arrived } : member,
    ),
  }
  const isUnknown = (place: number): boolean => back.members[place]?.status === 'stranded'
  const stopped = issue(back, isUnknown, (member) => ({
    action: { kind: 'stop', member },
    as: (effect) => ({ status: 'stopping', effect }),
  }))
  return stopped.effects.length > 0 ? stopped : backward(back, at)
}

type Answer = Extract<TrainEvent, { type: 'effect_succeeded' | 'effect_failed' | 'effect_unknown' }>
type Busy = Extract<MemberState, { readonly effect: TrainEffect }>

const isBusyMember = (member: MemberState): member is Busy => 'effect' in member

const answered = (state: Train, event: Answer): TrainDecision => {
  if (state.status !== 'advancing' && state.status !== 'returning') return unchanged(state)
  const place = state.members.findIndex((member) => isBusyMember(member) && member.effect.sequence === event.sequence)
  const member = state.members[place]
  if (member === undefined || !isBusyMember(member)) return unchanged(state)
  if (event.type === 'effect_unknown') {
    const { action } = member.effect
    return issue(
      state,
      (one) => one === place,
      () => ({ action, as: (effect) => ({ ...member, effect }) }),
    )
  }
  if (state.status === 'advancing') return advanced(state, { place, event })
  const next = event.type === 'effect_succeeded' ? settledAs(event.result) : strandedAs(member, event.failure.detail)
  const members = state.members.map((one, index) => (index === place ? returnedFrom(member, next) : one))
  return backward({ ...state, members }, event.at)
}

const advanced = (
  state: Advancing,
  { place, event }: { readonly place: number; readonly event: Exclude<Answer, { type: 'effect_unknown' }> },
): TrainDecision => {
  if (event.type === 'effect_failed')
    return turnBack(state, { kind: 'member', member: place, detail: event.failure.detail }, event.at)
  const next = settledAs(event.result)
  const moved = { ...state, members: state.members.map((one, index) => (index === place ? next : one)) }
  if (next.status === 'arrived') return onward(moved, event.at)
  const detail = next.status === 'failed' ? next.detail : 'it came to nothing'
  return turnBack(moved, { kind: 'member', member: place, detail }, event.at)
}

const settledAs = (result: TrainResult): MemberState => {
  switch (result.kind) {
    case 'arrived':
      return { status: 'arrived', rollout: result.rollout, from: result.from }
    case 'not_arrived':
      return { status: 'failed', rollout: result.rollout, detail: result.detail }
    case 'returned':
      return { status: 'failed', rollout: result.rollout, detail: result.detail }
    default:
      return unreachable(result)
  }
}

/** What a member on its way back has become: of one that had arrived it is kept which rollout that was. */
const returnedFrom = (member: Busy, next: MemberState): MemberState => {
  if (member.status !== 'returning' || next.status === 'stranded') return next
  const detail = next.status === 'failed' ? next.detail : 'taken back'
  return { status: 'returned', rollout: member.rollout, detail }
}

const strandedAs = (member: Busy, detail: string): MemberState => ({
  status: 'stranded',
  detail,
  arrived:
    member.status === 'returning'
      ? { rollout: member.rollout, from: member.from, tries: tried(member.effect.action) + 1 }
      : null,
})

/** See the file's header. */
export const trainMachine: Machine<TrainState, TrainEvent, TrainEffect> = {
  name: 'train',
  version: 1,
  decide,
  outstanding: (state) =>
    state.status === 'advancing' || state.status === 'returning'
      ? state.members.filter(isBusyMember).map(({ effect }) => effect)
      : [],
  nextAt: () => null,
  settled: ({ status }) => status === 'succeeded' || status === 'rolled_back',
}
