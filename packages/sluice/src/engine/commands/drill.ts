/** Starting a rollback drill. */
import { environmentKey } from '../../core/consequences.ts'
import { type DrillEvent, type DrillId, drillId, type DrillPlan } from '../../core/drill/types.ts'
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { isProduction } from '../../core/production.ts'
import { rollbackTarget } from '../../core/rollback-targets.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { heldPredecessors } from '../admission/wanted.ts'
import { liveDrill } from '../admission/live-drill.ts'
import { asEnvironment } from '../trusted.ts'

/** What `sluice drill rollback` asks for. */
export type DrillCommand = {
  readonly service: string
  readonly environment: string
  /** How long the target serves before the return, milliseconds; null for the default. */
  readonly dwellMs: number | null
  /** The environment's name once more, where people are served: a drill is a real rollback. Null when it was not given. */
  readonly confirm: string | null
}

/** Starts a drill. `usage_invalid` for an environment with users that was not confirmed, `not_found` without a target, `command_conflict` while something else goes on. */
export const startDrill = async (
  desk: Desk,
  command: DrillCommand,
  asking: Asking,
): Promise<{ readonly drill: DrillId }> => {
  const { service, environment, dwellMs, confirm } = command
  const current = await desk.reading.environment(service, environment)
  const target = rollbackTarget(current, await heldPredecessors(desk, current))
  if (current.serving === null || target === null) {
    throw new SluiceError('not_found', {
      detail: `nothing served ${environment} before what serves it now, so there is no way back to drill`,
      hint: `sluice env show ${environment}`,
    })
  }
  await mustBeConfirmed(desk, command, confirm)
  const id = drillId(desk.ids.next('drl'))
  const at = desk.clock.now()
  const plan: DrillPlan = {
    id,
    service,
    environment,
    serving: current.serving,
    target,
    dwellMs: Math.min(dwellMs ?? limits.drillDwellMs, limits.drillDwellMsMax),
    by: asking.by,
  }
  const started: DrillEvent = { type: 'drill_started', at, plan }
  const key: AggregateKey = { kind: 'drill', id }
  const place = environmentKey(service, environment)
  await desk.loop.transact(
    [key, place],
    (stateOf) => {
      const { serving, live } = asEnvironment(stateOf(place))
      if (live !== null || serving !== plan.serving || liveDrill(desk, command) !== null) throw busy(environment)
      return [input(key, started, asking)]
    },
    asking.record?.({ drill: id }) ?? null,
  )
  return { drill: id }
}

/** An environment that comes last has users, whatever it is called. */
const mustBeConfirmed = async (
  { reading }: Desk,
  { service, environment }: DrillCommand,
  confirm: string | null,
): Promise<void> => {
  if (!isProduction(await reading.releaseNamed(service, 'latest'), environment)) return
  if (confirm === environment) return
  throw new SluiceError('usage_invalid', {
    detail: `a drill in ${environment} takes its users to the release before and back again`,
    hint: `sluice drill rollback ${environment} --confirm ${environment}`,
  })
}

const busy = (environment: string): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `${environment} is not at rest: a rollout or another drill is under way`,
    hint: `sluice status --env ${environment}`,
  })
