/** Release trains as the API tells them. */
import { unreachable } from '../../core/machine.ts'
import type { MemberState, Train } from '../../core/train/types.ts'
import type { TrainMemberView, TrainView } from '../client/train-views.ts'
import { type Known, refOf } from './releases.ts'

/** A train as it stands. */
export const trainView = (train: Train, known: Known): TrainView => ({
  id: train.id,
  status: train.status,
  order: train.plan.order,
  by: train.by,
  startedAt: train.startedAt,
  settledAt: 'settledAt' in train ? train.settledAt : null,
  cause: causeText(train),
  members: train.plan.members.flatMap(({ service, environment, release }, place) => {
    const state = train.members[place]
    return state === undefined ? [] : [{ service, environment, release: refOf(release, known), ...memberView(state) }]
  }),
})

const memberView = (state: MemberState): Pick<TrainMemberView, 'status' | 'rollout' | 'detail'> => {
  const { status } = state
  switch (state.status) {
    case 'waiting':
    case 'moving':
    case 'stopping':
      return { status, rollout: null, detail: null }
    case 'arrived':
    case 'returning':
      return { status, rollout: state.rollout, detail: null }
    case 'failed':
    case 'returned':
      return { status, rollout: state.rollout, detail: state.detail }
    case 'stranded':
      return { status, rollout: state.arrived?.rollout ?? null, detail: state.detail }
    default:
      return unreachable(state)
  }
}

const causeText = (train: Train): string | null => {
  if (!('cause' in train)) return null
  const { cause, plan } = train
  if (cause.kind === 'command')
    return `${cause.by.name} turned it around${cause.reason === null ? '' : `: ${cause.reason}`}`
  const member = plan.members[cause.member]
  return `${member?.service ?? ''}/${member?.environment ?? ''}: ${cause.detail}`
}
