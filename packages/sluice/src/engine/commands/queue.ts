/** What people ask of the queue of an environment. */
import { mayWait, namesItsRollout, type QueueEntry } from '../../core/queue.ts'
import type { Admission } from '../../core/admission.ts'
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type RolloutId, rolloutId } from '../../core/model.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { EnvironmentTarget } from './environments.ts'
import type { Prepared, StateOf } from '../admission/admitting.ts'
import type { Input } from '../loop/transaction.ts'
import { asEnvironment } from '../trusted.ts'
import type { Wanted } from '../admission/wanted.ts'

/** What to do with a release that may not enter now: the caller's word, or null for the config's. */
export type WhenBusy = 'queue' | 'refuse' | 'replace' | null

/** Whether a refused release is to wait for its turn. Asked for, it waits for whatever may pass; by config only for who is before it. */
export const isQueued = ({ wanted }: Prepared, admission: Admission, whenBusy: WhenBusy): boolean => {
  if (admission.kind === 'admitted' || wanted.purpose === 'rollback' || whenBusy === 'refuse' || whenBusy === 'replace')
    return false
  const { refusals } = admission
  const isBusy = refusals.some(({ kind }) => kind === 'live_rollout' || kind === 'queue_ahead')
  const others = refusals.filter(({ kind }) => kind !== 'queue_ahead')
  return mayWait(others) && (whenBusy === 'queue' || (wanted.spec.whenBusy === 'queue' && isBusy))
}

/**
 * The entry that waits for this release: the one that is there, or a new one with what records it. It is named by the rollout that it will be, so that whoever asked can wait for that.
 * `command_conflict` when the queue is full.
 */
export const enqueue = (
  { wanted, key, id }: Prepared,
  stateOf: StateOf,
  { at, asking }: { readonly at: number; readonly asking: Asking },
): { readonly entry: RolloutId; readonly inputs: readonly Input[] } => {
  const { queue = [] } = asEnvironment(stateOf(key))
  const { release, environment, overrides, hotfix } = wanted
  const known = queue.find((entry) => entry.release === release.id)
  const isAskedFor = known !== undefined && namesItsRollout(known)
  if (isAskedFor && (known.by.kind === 'person' || asking.by.kind !== 'person'))
    return { entry: sameHotfix(known, wanted), inputs: [] }
  // A person who asks for what a program asked for: one rollout, by the id that the program waits for.
  const entryId = isAskedFor ? rolloutId(known.id) : id
  if (known === undefined && queue.length >= limits.queueEntriesMax) {
    throw new SluiceError('command_conflict', {
      detail: `${queue.length} releases wait for ${environment} already`,
      hint: `sluice env queue ${environment}   and   sluice env dequeue ${environment} --entry <entry>`,
    })
  }
  const purpose = wanted.purpose === 'promote' ? 'promote' : 'deploy'
  const entry = {
    id: entryId,
    release: release.id,
    purpose,
    by: asking.by,
    reason: asking.reason,
    ...(asking.groups === undefined ? {} : { groups: asking.groups }),
    ...(overrides.length === 0 ? {} : { overrides }),
    ...(hotfix === undefined ? {} : { hotfix }),
  } as const
  const queued: EnvironmentEvent = { type: 'queued', at, entry }
  return { entry: entryId, inputs: [input(key, queued, asking)] }
}

/** The entry that is there already, unless it says something else about a hotfix than is asked now: `command_conflict`, so that no word is lost in silence. */
const sameHotfix = ({ id, hotfix: known }: QueueEntry, { environment, hotfix }: Wanted): RolloutId => {
  const missing =
    hotfix !== undefined && (known === undefined || hotfix.remediates.some((one) => !known.remediates.includes(one)))
  if (!missing) return rolloutId(id)
  throw new SluiceError('command_conflict', {
    detail: `this release waits for ${environment} already, and not as this hotfix`,
    hint: `sluice env dequeue ${environment} --entry ${id}   and ask again`,
  })
}

/** Takes an entry out of the queue; `not_found` when it is not there (any more). */
export const cancelQueued = async (
  desk: Desk,
  { service, environment, entry }: EnvironmentTarget & { readonly entry: string },
  asking: Asking,
): Promise<void> => {
  const key = environmentKey(service, environment)
  const { by, reason } = asking
  const event: EnvironmentEvent = { type: 'queue_cancelled', at: desk.clock.now(), entry, by, reason }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('not_found', {
    detail: `${entry} does not wait for ${environment} (any more)`,
    hint: `sluice env queue ${environment}`,
  })
}
