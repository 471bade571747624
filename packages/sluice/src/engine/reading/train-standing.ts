/** What the members of a train that move are doing just now: which rollout does it, or what is waited for. */
import { trainMachine } from '../../core/train/machine.ts'
import type { MemberState, Train, TrainMember } from '../../core/train/types.ts'
import { SluiceError } from '../../core/errors.ts'
import type { RolloutId } from '../../core/model.ts'
import type { Desk } from '../desk.ts'
import { knownDrill } from '../admission/live-drill.ts'
import { previewDeploy } from '../admission/preview.ts'
import { existingTrain } from '../trusted.ts'

/** One member; `detail` is a clause. Both null where there is nothing to say. */
export type MemberNow = { readonly rollout: RolloutId | null; readonly detail: string | null }

/** Of every member, in their order. */
export const standingOf = (desk: Desk, train: Train): Promise<readonly MemberNow[]> =>
  Promise.all(
    train.plan.members.map(async (member, place) => {
      const state = train.members[place]
      return state === undefined || !('effect' in state) ? silent : memberNow(desk, { train, member, state })
    }),
  )

/** Trains that are not over, the newest first; of a control plane that does not run, or still reads what there is, those of the newest page. */
export const trainsUnderWay = async ({ loop, reading }: Desk): Promise<readonly Train[]> => {
  const known = loop.isRunning && loop.isWhole
  const trains = known
    ? loop.live('train').flatMap((key) => existingTrain(loop.durableState(key)) ?? [])
    : (await reading.trains({})).items
  return trains.filter((train) => !trainMachine.settled(train)).toSorted((a, b) => b.startedAt - a.startedAt)
}

type Moving = Extract<MemberState, { readonly effect: unknown }>
type Asked = { readonly train: Train; readonly member: TrainMember; readonly state: Moving }

const silent: MemberNow = { rollout: null, detail: null }

const memberNow = async (desk: Desk, { train, member, state }: Asked): Promise<MemberNow> => {
  const { service, environment, release } = member
  const { live } = await desk.reading.environment(service, environment)
  if (live === null) return state.status === 'moving' ? waiting(desk, { train, member }) : silent
  const { plan, status } = await desk.reading.rollout(live)
  if (state.status === 'returning') return { rollout: null, detail: `${live} is under way there` }
  if (plan.to !== release) return { rollout: null, detail: `waits for rollout ${live}` }
  return { rollout: live, detail: status === 'parked' ? `set aside: sluice why ${live}` : null }
}

const waiting = async (desk: Desk, { train, member }: Pick<Asked, 'train' | 'member'>): Promise<MemberNow> => {
  const { service, environment, release } = member
  const drill = await knownDrill(desk, { service, environment })
  if (drill !== null) return { rollout: null, detail: `waits for drill ${drill.plan.id}` }
  const { overrides } = train.plan
  const command = { service, environment, release }
  const said = { purpose: 'promote', initiator: 'automation', replace: false, ...(overrides && { overrides }) } as const
  try {
    const { refusals } = await previewDeploy(desk, { ...command, ...said }, { by: train.by })
    if (refusals.length === 0) return silent
    return { rollout: null, detail: `waits: ${refusals.map(({ detail }) => detail).join('; ')}` }
  } catch (error) {
    if (error instanceof SluiceError) return { rollout: null, detail: error.detail }
    throw error
  }
}
