/**
 * What a run will come to by what is known already: jobs whose results are in the cache. The run is decided on beforehand, step by step, as far as each step's
 * answer is known; what comes of it is written in one transaction with the run itself, so that hundreds of jobs that need not run cost one turn and one sync.
 *
 * Nothing here is believed twice: the events are decided again when they are written, and an effect whose answer was not known is performed as any other.
 */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { runMachine } from '../../core/pipeline/machine.ts'
import type { RunEffect, RunEvent } from '../../core/pipeline/types.ts'
import { jobRequest, resultOf } from './run.ts'
import type { Ports } from '../ports.ts'
import { existingRun, type Run } from '../trusted.ts'
import type { TypedSecrets } from '../commands/typed-secrets.ts'

type World = Pick<Ports, 'runner' | 'secrets'> & { readonly typed: TypedSecrets }
type Planned = Extract<RunEvent, { type: 'run_planned' }>

/** The events that follow from a plan at once; none where nothing is known. Never rejects but when the signal falls: what cannot be looked up is run, and says why. */
export const foresee = async (world: World, planned: Planned, signal: AbortSignal): Promise<readonly RunEvent[]> => {
  const { runner } = world
  if (runner.recall === undefined || !planned.plan.jobs.some(({ cache }) => cache !== null)) return []
  let { state, effects } = runMachine.decide({ status: 'absent' }, planned)
  const asked = [...effects]
  const events: RunEvent[] = []
  for (let effect = asked.shift(); effect !== undefined; effect = asked.shift()) {
    const run = existingRun(state)
    if (run === null || events.length >= limits.foreseenJobsMax) break
    const result = await knownResult(world, { run, effect }, signal)
    if (result === null) continue
    const event: RunEvent = { type: 'effect_succeeded', at: planned.at, sequence: effect.sequence, result }
    events.push(event)
    ;({ state, effects } = runMachine.decide(state, event))
    asked.push(...effects)
  }
  return events
}

type Asked = { readonly run: Run; readonly effect: RunEffect }

const knownResult = async (
  { runner, secrets, typed }: World,
  { run, effect }: Asked,
  signal: AbortSignal,
): Promise<ReturnType<typeof resultOf> | null> => {
  const { action, key } = effect
  if (action.kind !== 'run_job') return null
  try {
    const world = { secrets: typed.over(run.id, secrets) }
    const request = await jobRequest(world, { run, key, action }, signal)
    const outcome = (await runner.recall?.(request, signal)) ?? null
    return outcome?.outcome === 'succeeded' ? resultOf(request.job, outcome) : null
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof SluiceError) return null
    throw error
  }
}
