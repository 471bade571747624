/** A job that takes the run's release to an environment: asks for the rollout once, and waits until it is settled. */
import type { Refusal } from '../../core/admission.ts'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Actor, ReleaseId, RolloutId } from '../../core/model.ts'
import type { RunAction, RunResult } from '../../core/pipeline/types.ts'
import type { Failure } from '../../core/rollout/types.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { DeployCommand, Started } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import type { Engine } from '../engine.ts'
import type { EnvironmentTarget } from '../commands/environments.ts'
import { knownDrill } from '../admission/live-drill.ts'
import type { Reading } from '../reading/reading.ts'
import type { RollbackCommand } from '../commands/rollback.ts'
import { asAnswer, type Drilling } from '../trusted.ts'

/** Names what a job of a run asks for; the key of its effect is the idempotency key of the command. `since`: when its run started, epoch ms. */
export type Delivery = {
  readonly key: string
  readonly service: string
  readonly environment: string
  readonly since: number
}

/** What delivering needs of the engine. */
export type Deliveries = {
  readonly clock: Clock
  readonly reading: Reading
  /** Why the environment would not take it now. */
  readonly refusals: (command: DeployCommand, by: Actor) => Promise<readonly Refusal[]>
  readonly deploy: (
    command: DeployCommand,
    asking: { readonly by: Actor; readonly key: string; readonly signal: AbortSignal },
  ) => Promise<string>
  /** The rollout that was asked for; null when none was. */
  readonly rolloutOf: (delivery: Delivery) => Promise<string | null>
  /** Goes back to a release as a person's `sluice rollback --to` does, and answers the rollout that does it: its own, or one that was under way and is turned around or joined. */
  readonly rollback: (
    command: RollbackCommand & { readonly release: ReleaseId },
    asking: { readonly by: Actor; readonly key: string; readonly why: string; readonly signal: AbortSignal },
  ) => Promise<RolloutId>
  /** The drill that is under way in an environment; null when none is. */
  readonly liveDrill: (target: EnvironmentTarget) => Promise<Drilling | null>
  /** Resolves once everything that was decided until now is written. */
  readonly settled: () => Promise<void>
  readonly abort: (rollout: string, asking: { readonly by: Actor; readonly why: string }) => Promise<void>
}

/** What an engine lets a job of a run ask that takes the release somewhere. */
export const deliveriesOf = ({
  engine,
  desk: { clock, reading, loop },
  store,
}: {
  readonly engine: Pick<Engine, 'deploy' | 'previewDeploy' | 'commandRollout' | 'rollback'>
  readonly desk: Desk
  readonly store: Store
}): Deliveries => ({
  clock,
  reading,
  refusals: async (command, by) => (await engine.previewDeploy(command, { by })).refusals,
  deploy: async (command, { by, key, signal }) =>
    (await engine.deploy(command, { by, reason: askedForBy(key), idempotencyKey: key, signal })).rollout,
  rolloutOf: (delivery) => rolloutAskedFor({ store, reading }, delivery),
  rollback: async (command, { by, key, why, signal }) =>
    (await engine.rollback(command, { by, reason: askedForBy(key, why), idempotencyKey: key, signal })).rollout,
  liveDrill: (target) => knownDrill({ loop }, target),
  settled: async () => {
    await loop.transact([], () => [])
  },
  abort: async (rollout, { by, why }) => {
    await engine.commandRollout(rollout, 'abort_requested', { by, reason: why, idempotencyKey: null })
  },
})

type Order = Omit<Delivery, 'environment'> & {
  readonly action: Extract<RunAction, { kind: 'deliver' }>
  readonly by: Actor
}

/** The reason with which a rollout is in the ledger that a job of a run, or a train, asked for; `why` says more. */
export const askedForBy = (key: string, why?: string): string =>
  why === undefined ? `asked for by ${key}` : `asked for by ${key}: ${why}`

const isAskedForBy = (reason: string | null | undefined, key: string): boolean =>
  reason === askedForBy(key) || reason?.startsWith(askedForBy(key, '')) === true

/**
 * The rollout of a delivery, so that a restart waits for the same one; null when there is none. The answer to its key is forgotten after a day, and a rollout may bake for a week: then the
 * rollouts of the environment tell who asked for them.
 */
export const rolloutAskedFor = async (
  { store, reading }: { readonly store: Pick<Store, 'request' | 'ledger'>; readonly reading: Reading },
  { key, service, environment, since }: Delivery,
): Promise<string | null> => {
  const known = await store.request(key)
  if (known !== null) return asAnswer<Started>(known.answer).rollout
  const { live, history } = await reading.environment(service, environment)
  const settled = history.filter(({ at }) => at >= since).map(({ rollout }) => rollout)
  for (const id of live === null ? settled : [live, ...settled]) {
    const [first] = await store.ledger({ after: 0, limit: 1, key: { kind: 'rollout', id } })
    if (isAskedForBy(first?.reason, key)) return id
  }
  return null
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

/** Whether a job (or a train) waits for this rather than fail: a person's word, and the time that the release must serve before. */
export const waitsFor = ({ kind }: Refusal): boolean => kind === 'approval_missing' || kind === 'soaking'

/** An environment that only lacks approvals or soak is waited for; every other refusal is an answer. */
const start = async (
  world: Deliveries,
  { action, key, service, since, by }: Order,
  signal: AbortSignal,
): Promise<string> => {
  const { environment, purpose, release } = action
  const command: DeployCommand = { service, environment, purpose, release: release.id, initiator: 'automation' }
  const known = await world.rolloutOf({ key, service, environment, since })
  if (known !== null) return known
  for (;;) {
    const refusals = await world.refusals(command, by)
    if (refusals.length === 0 || !refusals.every(waitsFor)) break
    await pause(world.clock, signal)
  }
  return world.deploy(command, { by, key, signal })
}

/** Lets a look pass; rejects `outcome_unknown` once the signal falls. */
export const pause = (clock: Clock, signal: AbortSignal): Promise<void> =>
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
export const stopDelivery = async (world: Deliveries, delivery: Delivery, by: Actor): Promise<void> => {
  // One that was just decided is found only once it is written.
  await world.settled()
  const rollout = await world.rolloutOf(delivery)
  if (rollout === null) return
  await world.abort(rollout, { by, why: 'its run was called off' }).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
  })
}
