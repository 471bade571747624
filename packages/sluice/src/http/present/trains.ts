/** Release trains as the API tells them. */
import { unreachable } from '../../core/machine.ts'
import { causeOfReturn } from '../../core/train/cause.ts'
import type { MemberState, Train } from '../../core/train/types.ts'
import type { MemberNow } from '../../engine/reading/train-standing.ts'
import type { TrainMemberView, TrainView } from '../client/train-views.ts'
import { type Known, refOf } from './releases.ts'

/** A train as it stands; `now`: what each of its members does. */
export const trainView = (
  train: Train,
  { known, now }: { readonly known: Known; readonly now: readonly MemberNow[] },
): TrainView => ({
  id: train.id,
  status: train.status,
  order: train.plan.order,
  by: train.by,
  startedAt: train.startedAt,
  settledAt: 'settledAt' in train ? train.settledAt : null,
  cause: causeOfReturn(train),
  members: train.plan.members.flatMap(({ service, environment, release }, place) => {
    const state = train.members[place]
    const doing = now[place] ?? { rollout: null, detail: null }
    return state === undefined
      ? []
      : [{ service, environment, release: refOf(release, known), ...memberView(state, doing) }]
  }),
})

const memberView = (
  state: MemberState,
  { rollout, detail }: MemberNow,
): Pick<TrainMemberView, 'status' | 'rollout' | 'detail'> => {
  const { status } = state
  switch (state.status) {
    case 'waiting':
    case 'moving':
    case 'stopping':
      return { status, rollout, detail }
    case 'arrived':
    case 'returning':
      return { status, rollout: state.rollout, detail }
    case 'failed':
    case 'returned':
      return { status, rollout: state.rollout, detail: state.detail }
    case 'stranded':
      return { status, rollout: state.arrived?.rollout ?? null, detail: state.detail }
    default:
      return unreachable(state)
  }
}
