/** What people ask of release trains. */
import type { Override, Refusal } from '../../core/admission.ts'
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { specOf } from '../../core/rollout/plan.ts'
import type { TrainEvent, TrainMember, TrainPlan } from '../../core/train/types.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { isAnswer } from '../perform/train.ts'
import { previewDeploy } from '../admission/preview.ts'
import { chooseRelease } from '../admission/wanted.ts'

/** Who is to go together. `release`: an id, its beginning, a version, or `latest`; null for what a promotion would take. */
export type TrainCommand = {
  readonly members: readonly {
    readonly service: string
    readonly environment: string
    readonly release: string | null
  }[]
  readonly order: TrainPlan['order']
  /** What a person passes over, in so many words. */
  readonly overrides?: readonly Override[]
}

/**
 * Fixes every release and starts. `not_found`, `config_invalid`; `usage_invalid` when a place is named twice; `admission_refused` when it is known already that one of them would not be let
 * in: then nothing has moved that would have to come back.
 */
export const startTrain = async (
  desk: Desk,
  { members, order, overrides }: TrainCommand,
  asking: Asking,
): Promise<{ readonly train: string }> => {
  const places = members.map(({ service, environment }) => `${service}/${environment}`)
  const twice = places.find((place, index) => places.indexOf(place) !== index)
  if (twice !== undefined || members.length === 0 || members.length > limits.trainMembersMax) {
    throw new SluiceError('usage_invalid', {
      detail: twice === undefined ? `a train has 1 to ${limits.trainMembersMax} members` : `${twice} is named twice`,
      hint: 'sluice train start <service>/<environment>…',
    })
  }
  const fixed: TrainMember[] = []
  for (const member of members) {
    const release = await chooseRelease(desk, { ...member, purpose: 'promote' })
    specOf(release, member.environment)
    fixed.push({ service: member.service, environment: member.environment, release: release.id })
  }
  const plan: TrainPlan = { members: fixed, order, ...(overrides === undefined ? {} : { overrides }) }
  await mustBeLetIn(desk, plan, asking)
  const id = desk.ids.next('tra')
  const key: AggregateKey = { kind: 'train', id }
  const event: TrainEvent = { type: 'train_started', at: desk.clock.now(), id, plan, by: asking.by }
  await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({ train: id }) ?? null)
  return { train: id }
}

const mustBeLetIn = async (desk: Desk, plan: TrainPlan, asking: Asking): Promise<void> => {
  const { members, order, overrides } = plan
  const said = overrides === undefined ? {} : { overrides }
  const found: { readonly detail: string; readonly hint: string }[] = []
  for (const [place, { service, environment, release }] of members.entries()) {
    const command = { service, environment, purpose: 'promote', release, replace: false, ...said } as const
    const { plan: rollout, refusals } = await previewDeploy(desk, { ...command, initiator: 'automation' }, asking)
    const { after } = rollout.spec
    // The train itself brings it there before.
    const isBrought = members
      .slice(0, order === 'ordered' ? place : 0)
      .some((one) => one.service === service && one.environment === after && one.release === release)
    const answers = refusals.filter((one) => isAnswer(one) && !(isBrought && one.kind === 'not_verified'))
    found.push(...answers.map((one) => ({ detail: `${service}/${environment}: ${one.detail}`, hint: hintOf(one) })))
  }
  const [first] = found
  if (first === undefined) return
  throw new SluiceError('admission_refused', { detail: found.map(({ detail }) => detail).join('; '), hint: first.hint })
}

/** What an answer suggests is for one rollout. */
const hintOf = ({ kind, hint }: Refusal): string => {
  if (kind === 'held') return 'sluice releases unhold <release> -m "why"   or   sluice train start … --despite-hold'
  return kind === 'point_of_no_return' ? 'roll forward, or sluice train start … --force-across-contract' : hint
}

/** Turns a train around, or tries again what is stranded; `command_conflict` when that means nothing now. */
export const commandTrain = async (
  desk: Desk,
  { train, type }: { readonly train: string; readonly type: 'abort_requested' | 'retry_requested' },
  asking: Asking,
): Promise<void> => {
  const { id } = await desk.reading.train(train)
  const key: AggregateKey = { kind: 'train', id }
  const event: TrainEvent = { type, at: desk.clock.now(), by: asking.by, reason: asking.reason }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  const { status } = await desk.reading.train(train)
  throw new SluiceError('command_conflict', {
    detail: `${type.replace('_requested', '')} changes nothing: train ${id} is ${status.replace('_', ' ')}`,
    hint: `sluice train show ${id}`,
  })
}
