/** Performs any effect: the one place where failures of the world are caught and become events. */
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Failure, RolloutEffect, RolloutEvent } from '../core/rollout/types.ts'
import type { AnyEffect, AnyEvent } from './machines.ts'
import { performRollout } from './perform-rollout.ts'
import { performRun } from './perform-run.ts'
import type { Ports } from './ports.ts'
import type { Reading, Rollout, Run } from './reading.ts'
import type { RunEffect } from '../core/pipeline/types.ts'

/** An effect, and the state that wants it. */
export type Job = { readonly key: AggregateKey; readonly state: unknown; readonly effect: AnyEffect }

/** Never rejects: ok, failed and unknown are all events. */
export const perform = async (
  ports: Ports,
  reading: Reading,
  { key, state, effect }: Job,
  signal: AbortSignal,
): Promise<AnyEvent> => {
  const { sequence } = effect
  try {
    const result =
      key.kind === 'run'
        ? await performRun(ports, state as Run, effect as RunEffect, signal)
        : await performRollout(
            { ...ports, release: (id) => reading.release(id) },
            state as Rollout,
            effect as RolloutEffect,
            signal,
          )
    return { type: 'effect_succeeded', at: ports.clock.now(), sequence, result } as AnyEvent
  } catch (error) {
    const at = ports.clock.now()
    if (error instanceof SluiceError && error.code === 'outcome_unknown') return unknown(at, sequence, error.detail)
    if (signal.aborted) return unknown(at, sequence, 'called off at its deadline')
    if (error instanceof SluiceError) return failed(at, sequence, failureOf(error))
    ports.log.error('effect_threw', {
      key: effect.key,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    return failed(at, sequence, { code: 'unexpected', retry: 'later', detail: String(error), evidence: [] })
  }
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
