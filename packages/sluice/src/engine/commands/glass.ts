/** Breaking the glass: a release goes past what people have put in the way; and the look at it afterwards. */
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import { unreviewed } from '../../core/governance/in-environment.ts'
import { deploy, type DeployCommand, type Started } from './deploy.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { EnvironmentTarget } from './environments.ts'

/** Deploys past locks, freezes, windows, approvals, policies, order and a stopped line. `usage_invalid` without a reason. The glass stays whole where nothing is in the way. */
export const deployPastGlass = (
  desk: Desk,
  command: Omit<DeployCommand, 'glass'>,
  asking: Asking,
): Promise<Started> => {
  const { reason } = asking
  if (reason === null || reason.trim() === '')
    throw new SluiceError('usage_invalid', { detail: 'whoever breaks the glass says why', hint: '--break-glass "why"' })
  return deploy(desk, { ...command, glass: { reason } }, asking)
}

/** Says that a broken glass was looked at. `self_approval` for whoever broke it, `not_found` where nothing waits for a look. */
export const reviewGlass = async (
  desk: Desk,
  { service, environment, rollout }: EnvironmentTarget & { readonly rollout: string },
  asking: Asking,
): Promise<void> => {
  const { by } = asking
  const reason = asking.reason ?? 'no remark'
  const event: EnvironmentEvent = { type: 'glass_reviewed', at: desk.clock.now(), by, rollout, reason }
  const key = environmentKey(service, environment)
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  const open = unreviewed(await desk.reading.environment(service, environment))
  if (open.some((one) => one.rollout === rollout))
    throw new SluiceError('self_approval', {
      detail: `${by.name} broke the glass for ${rollout}; somebody else must look at it`,
      hint: `sluice changes show ${rollout}`,
    })
  throw new SluiceError('not_found', {
    detail: `no broken glass of ${rollout} waits for a look in ${environment}`,
    hint: 'sluice changes ls',
  })
}
