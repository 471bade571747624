/** What happened to a train: read from its ledger rows alone, which its machine is asked to place. */
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { trainMachine } from '../../core/train/machine.ts'
import type { TrainEffect, TrainEvent, TrainState } from '../../core/train/types.ts'
import type { TrainView } from '../client/train-views.ts'

type Line = NonNullable<TrainView['story']>[number]

/** Parser of a row's event. The bodies of a train's rows are what its machine accepted, so this is where that is relied on. */
const eventOf = ({ body }: LedgerRow): TrainEvent => body as TrainEvent

/** Lines for people, in order. Rows whose text was pruned end it. */
export const trainStory = (rows: readonly LedgerRow[]): readonly Line[] => {
  let state: TrainState = { status: 'absent' }
  const story: Line[] = []
  for (const row of rows) {
    if (row.isPruned === true) break
    const event = eventOf(row)
    const text = textOf(state, event)
    state = trainMachine.decide(state, event).state
    if (text === null) continue
    const { seq, at, actor, reason } = row
    story.push({ seq, at, who: actor.name, text: reason === null ? text : `${text}: ${reason}` })
  }
  return story
}

const textOf = (state: TrainState, event: TrainEvent): string | null => {
  switch (event.type) {
    case 'train_started': {
      const { members, order } = event.plan
      return `started with ${members.length === 1 ? 'one release' : `${members.length} releases`}, ${order === 'parallel' ? 'all at once' : 'one after the other'}`
    }
    case 'abort_requested':
      return 'turned around'
    case 'retry_requested':
      return 'what was stranded is tried again'
    case 'effect_succeeded':
    case 'effect_failed':
      return answerText(state, event)
    // It is asked again, and nothing has changed for anybody.
    case 'effect_unknown':
    case 'work_parked':
      return null
  }
}

const answerText = (
  state: TrainState,
  event: Extract<TrainEvent, { type: 'effect_succeeded' | 'effect_failed' }>,
): string | null => {
  const effect = trainMachine.outstanding(state).find(({ sequence }) => sequence === event.sequence)
  const place = effect === undefined ? null : placeOf(state, effect)
  if (effect === undefined || place === null) return null
  if (event.type === 'effect_failed') {
    const what = effect.action.kind === 'carry' ? 'did not arrive' : 'is stranded'
    return `${place} ${what}: ${event.failure.detail}`
  }
  const { result } = event
  switch (result.kind) {
    case 'arrived':
      return `${place} arrived by ${result.rollout}`
    case 'not_arrived':
      return `${place} did not arrive: ${result.detail}`
    case 'returned':
      return `${place} is back: ${result.detail}`
  }
}

const placeOf = (state: TrainState, { action }: TrainEffect): string | null => {
  const member = state.status === 'absent' ? undefined : state.plan.members[action.member]
  return member === undefined ? null : `${member.service}/${member.environment}`
}
