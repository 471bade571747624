/** A job that takes the run's release to an environment: asks for the rollout once, and waits until it is settled. */
import type { Refusal } from '../core/admission.ts'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Actor } from '../core/model.ts'
import type { RunAction, RunResult } from '../core/pipeline/types.ts'
import type { Failure } from '../core/rollout/types.ts'
import type { Clock } from '../ports/clock.ts'
import type { DeployCommand } from './commands.ts'
import type { Reading } from './reading.ts'

/** What delivering needs of the engine. The key of the effect is the idempotency key of the command, so that a restart finds the same rollout. */
export type Deliveries = {
  readonly clock: Clock
  readonly reading: Reading
  /** Why the environment would not take it now. */
  readonly refusals: (command: DeployCommand) => Promise<readonly Refusal[]>
  readonly deploy: (command: DeployCommand, asking: { readonly by: Actor; readonly key: string }) => Promise<string>
  /** The rollout that was asked for under this key; null when none was. */
  readonly rolloutOf: (key: string) => Promise<string | null>
  readonly abort: (rollout: string, by: Actor) => Promise<void>
}

type Order = {
  readonly action: Extract<RunAction, { kind: 'deliver' }>
  readonly key: string
  readonly service: string
  readonly by: Actor
}

/** Resolves when the rollout is settled: well, or as a failed job. Rejects `admission_refused`, `outcome_unknown` once the signal falls. */
export const deliver = async (world: Deliveries, order: Order, signal: AbortSignal): Promise<RunResult> => {
  const rollout = await start(world, order, signal)
  for (;;) {
    const state = await world.reading.rollout(rollout)
    const outputs = { rollout, environment: order.action.environment }
    if (state.status === 'succeeded') return { kind: 'job_succeeded', artifacts: [], outputs, evidence: null }
    if (state.status === 'rolled_back' || state.status === 'parked') {
      const failure: Failure = {
        code: 'rolled_back',
        retry: 'never',
        detail: `rollout ${rollout} to ${order.action.environment} ended as ${state.status.replace('_', ' ')}`,
        evidence: [`sluice why ${rollout}`],
      }
      const reason = { kind: 'script_failure' } as const
      return { kind: 'job_failed', failure, reason, artifacts: [], outputs, evidence: null }
    }
    await pause(world.clock, signal)
  }
}

/** An environment that only lacks approvals is waited for; every other refusal is an answer. */
const start = async (world: Deliveries, { action, key, service, by }: Order, signal: AbortSignal): Promise<string> => {
  const { environment, purpose, release } = action
  const command: DeployCommand = { service, environment, purpose, release: release.id }
  const known = await world.rolloutOf(key)
  if (known !== null) return known
  for (;;) {
    const refusals = await world.refusals(command)
    if (refusals.length === 0 || refusals.some(({ kind }) => kind !== 'approval_missing')) break
    await pause(world.clock, signal)
  }
  return world.deploy(command, { by, key })
}

const pause = (clock: Clock, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => {
      cancel()
      reject(new SluiceError('outcome_unknown', { detail: 'nobody waits for the rollout any more; it goes on' }))
    }
    if (signal.aborted) return reject(new SluiceError('outcome_unknown', { detail: 'called off before it was asked' }))
    const cancel = clock.after(limits.deliverLookMs, () => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    })
    signal.addEventListener('abort', giveUp, { once: true })
  })

/** Turns the rollout of a job that is called off around, if there is one and it still goes. */
export const stopDelivery = async (world: Deliveries, key: string, by: Actor): Promise<void> => {
  const rollout = await world.rolloutOf(key)
  if (rollout === null) return
  await world.abort(rollout, by).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
  })
}
