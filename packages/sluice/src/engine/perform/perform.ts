/** Performs any effect: the one place where failures of the world are caught and become events. */
import { SluiceError } from '../../core/errors.ts'
import type { DrillResult } from '../../core/drill/types.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { assert } from '../../core/machine.ts'
import type { RunResult } from '../../core/pipeline/types.ts'
import { neverPruned } from '../../core/rollback-targets.ts'
import type { EffectResult, Failure, RolloutEvent } from '../../core/rollout/types.ts'
import type { ArrivalResult } from '../../core/source/types.ts'
import type { TrainResult } from '../../core/train/types.ts'
import type { WatchResult } from '../../core/watch/types.ts'
import type { AnyEffect, AnyEvent } from '../machines.ts'
import type { Deliveries } from './deliver.ts'
import type { MessageResult } from '../../core/notify/message.ts'
import { performMaintenance } from './maintenance.ts'
import { performMessage } from './message.ts'
import { performRollout } from './rollout.ts'
import { performRun } from './run.ts'
import { type Arrivals, performArrival } from './arrival.ts'
import { performDrill } from './drill.ts'
import { performWatch } from './watch.ts'
import type { Ports } from '../ports.ts'
import type { Reading } from '../reading/reading.ts'
import type { Returns } from './returns.ts'
import type { TypedSecrets } from '../commands/typed-secrets.ts'
import { performTrain } from './train.ts'
import {
  asArrivalEffect,
  asDrillEffect,
  asMaintenance,
  asMessage,
  asMessageEffect,
  asRolloutEffect,
  asRunEffect,
  asTrainEffect,
  asWatchEffect,
  existingArrival,
  existingDrill,
  existingRollout,
  existingRun,
  existingTrain,
  existingWatch,
} from '../trusted.ts'

/** An effect, and the state that wants it. */
export type Job = { readonly key: AggregateKey; readonly state: unknown; readonly effect: AnyEffect }

/** What performing needs. */
export type PerformWorld = {
  readonly ports: Ports
  readonly reading: Reading
  readonly deliveries: Deliveries
  readonly returns: Returns
  readonly arrivals: Arrivals
  readonly typed: TypedSecrets
}

/** Never rejects: ok, failed and unknown are all events. */
export const perform = async (world: PerformWorld, job: Job, signal: AbortSignal): Promise<AnyEvent> => {
  const { clock, log } = world.ports
  const { sequence, key } = job.effect
  try {
    const event = { type: 'effect_succeeded', sequence, result: await attempt(world, job, signal), at: clock.now() }
    return event
  } catch (error) {
    const at = clock.now()
    if (error instanceof SluiceError && error.code === 'outcome_unknown') return unknown(at, sequence, error.detail)
    if (signal.aborted) return unknown(at, sequence, 'called off at its deadline')
    if (error instanceof SluiceError) return failed(at, sequence, failureOf(error))
    log.error('effect_threw', { key, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return failed(at, sequence, { code: 'unexpected', retry: 'later', detail: String(error), evidence: [] })
  }
}

const attempt = (
  { ports, reading, deliveries, returns, arrivals, typed }: PerformWorld,
  job: Job,
  signal: AbortSignal,
): Promise<EffectResult | RunResult | TrainResult | WatchResult | DrillResult | MessageResult | ArrivalResult> => {
  const { key, state, effect } = job
  if (key.kind === 'run') {
    const run = existingRun(state)
    assert(run !== null, 'only a run that exists has effects')
    const world = { ...ports, secrets: typed.over(run.id, ports.secrets) }
    return performRun(world, { run, effect: asRunEffect(effect), deliveries }, signal)
  }
  const release = (id: Parameters<Reading['release']>[0]) => reading.release(id)
  if (key.kind === 'watch') {
    const watch = existingWatch(state)
    assert(watch !== null, 'only a watch that exists has effects')
    return performWatch({ ...ports, release, returns }, { plan: watch.plan, effect: asWatchEffect(effect) }, signal)
  }
  if (key.kind === 'drill') {
    const drill = existingDrill(state)
    assert(drill !== null, 'only a drill that exists has effects')
    return performDrill({ ...ports, returns }, { plan: drill.plan, effect: asDrillEffect(effect) }, signal)
  }
  if (key.kind === 'arrival') {
    const arrival = existingArrival(state)
    assert(arrival !== null, 'only an arrival that exists has effects')
    return performArrival({ ...ports, arrivals }, { arrival, effect: asArrivalEffect(effect) }, signal)
  }
  if (key.kind === 'maintenance') return performMaintenance(ports.router, asMaintenance(state), { effect, signal })
  if (key.kind === 'message')
    return performMessage(ports, { message: asMessage(state), effect: asMessageEffect(effect) }, signal)
  if (key.kind === 'train') {
    const train = existingTrain(state)
    assert(train !== null, 'only a train that exists has effects')
    return performTrain(deliveries, { train, effect: asTrainEffect(effect) }, signal)
  }
  const rollout = key.kind === 'rollout' ? existingRollout(state) : null
  assert(rollout !== null, 'only what exists has effects')
  const world = {
    ...ports,
    release,
    neverPruned: async () => (await reading.allEnvironments()).flatMap(neverPruned),
  }
  return performRollout(world, { state: rollout, effect: asRolloutEffect(effect) }, signal)
}

const failureOf = ({ code, retry, detail, evidence }: SluiceError): Failure => ({ code, retry, detail, evidence })

const failed = (at: number, sequence: number, failure: Failure): RolloutEvent => ({
  type: 'effect_failed',
  at,
  sequence,
  failure,
})

const unknown = (at: number, sequence: number, detail: string): RolloutEvent => ({
  type: 'effect_unknown',
  at,
  sequence,
  detail,
})
