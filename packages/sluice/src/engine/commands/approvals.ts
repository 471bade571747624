/** A person's yes, and a person's no: to a rollout that waits for one, or to an exact release that wants into an environment. */
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import { quorumOf, whyVoid } from '../../core/governance/approvals.ts'
import type { Stakes } from '../../core/governance/types.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { EnvironmentSpec, Release } from '../../core/model.ts'
import { specOf } from '../../core/rollout/plan.ts'
import type { RolloutEvent } from '../../core/rollout/types.ts'
import { conflict } from './deploy.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { commandEnvironment } from './environments.ts'
import { isForward, lineKeys, mustRun } from './line.ts'
import { asRollout } from '../trusted.ts'

/** What is said yes or no to. */
export type ApprovalTarget =
  | { readonly rollout: string }
  | { readonly service: string; readonly environment: string; readonly release: string }

/** Says yes. `self_approval` for whoever has a stake in it; `command_conflict` where nothing waits for it, or not for this person any more. */
export const approve = async (desk: Desk, target: ApprovalTarget, asking: Asking): Promise<void> => {
  const at = desk.clock.now()
  const { by, reason, groups } = asking
  const said = { at, by, reason, ...(groups === undefined ? {} : { groups }) }
  if ('rollout' in target) return sayToRollout(desk, target.rollout, { event: { type: 'approved', ...said }, asking })
  const release = await desk.reading.releaseNamed(target.service, target.release)
  const spec = specOf(release, target.environment)
  const { queue = [] } = await desk.reading.environment(target.service, target.environment)
  const requestedBy = queue.find((entry) => entry.release === release.id && entry.by.kind === 'person')?.by.name ?? null
  mayApprove(spec, await stakesIn(desk, release, requestedBy), asking)
  const event: EnvironmentEvent = { type: 'approved', ...said, release: release.id }
  await commandEnvironment(desk, { target, event }, asking)
}

/** Says no, with a reason. A rollout that waits turns back; a release does not get in until whoever said no says yes. */
export const reject = async (desk: Desk, target: ApprovalTarget, asking: Asking): Promise<void> => {
  const at = desk.clock.now()
  const { by } = asking
  const reason = asking.reason ?? 'no reason given'
  if ('rollout' in target)
    return sayToRollout(desk, target.rollout, { event: { type: 'rejected', at, by, reason }, asking })
  const release = await desk.reading.releaseNamed(target.service, target.release)
  specOf(release, target.environment)
  const event: EnvironmentEvent = { type: 'rejected', at, by, release: release.id, reason }
  await commandEnvironment(desk, { target, event }, asking)
}

type Saying = { readonly event: Extract<RolloutEvent, { type: 'approved' | 'rejected' }>; readonly asking: Asking }

const sayToRollout = async (desk: Desk, id: string, { event, asking }: Saying): Promise<void> => {
  const { plan, ...rollout } = await desk.reading.rollout(id)
  const stakes = rollout.governance?.stakes
  if (event.type === 'approved' && stakes !== undefined) refuseStake(stakes, asking)
  const key: AggregateKey = { kind: 'rollout', id }
  const related = environmentKey(plan.service, plan.spec.name)
  const [accepted] = await desk.loop.transact(
    [key, related, ...(event.type === 'approved' ? lineKeys : [])],
    (stateOf) => {
      // A yes takes a rollout forward, where it waits on its way forward.
      const isOnward = event.type === 'approved' && isForward('resume_requested', asRollout(stateOf(key)))
      if (isOnward) mustRun(stateOf)
      return [input(key, event, asking)]
    },
    asking.record?.({}) ?? null,
  )
  if (accepted !== true)
    throw conflict(id, event.type === 'approved' ? 'approve' : 'reject', await desk.reading.rollout(id))
}

const mayApprove = (spec: EnvironmentSpec, stakes: Stakes, asking: Asking): void => {
  const { stakes: binding } = quorumOf(spec, stakes)
  if (binding !== null) refuseStake(binding, asking)
}

const refuseStake = (stakes: Stakes, { by }: Asking): void => {
  const why = whyVoid({ by }, stakes)
  if (why === null) return
  throw new SluiceError('self_approval', {
    detail: `${by.name} ${why}; the yes must come from somebody else`,
    hint: 'ask somebody who neither wrote, built nor asked for it: sluice approvals ls',
  })
}

const stakesIn = async ({ reading }: Desk, release: Release, requestedBy: string | null): Promise<Stakes> => ({
  author: release.content.commit.author,
  triggeredBy: await reading.startedBy(release.cutBy),
  requestedBy,
})
