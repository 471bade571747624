/** How an environment's record changes; pure. */
import { SluiceError } from '../../core/errors.ts'
import { compareFence } from '../../core/model.ts'
import type { Fence, ReleaseId } from '../../core/model.ts'
import { instanceId } from './requests.ts'
import type { EnvironmentRecord, InstanceRecord, LeavingRecord, WantedRelease } from './records.ts'

/** `fence_stale` when a newer fence has been accepted. An equal one is a repetition. */
export const refuseOlder = ({ service, environment, fence: newest }: EnvironmentRecord, fence: Fence): void => {
  if (compareFence(fence, newest) >= 0) return
  throw new SluiceError('fence_stale', {
    detail: `${service} in ${environment} has seen fence ${newest.token}.${newest.sequence}; ${fence.token}.${fence.sequence} is older`,
  })
}

/** The release should run with at least this many instances; each index without an instance gets one, not yet started, on one of the ports. */
export const want = (
  record: EnvironmentRecord,
  wanted: WantedRelease,
  portFor: (index: number) => number,
): EnvironmentRecord => {
  const before = record.wanted.find(({ release }) => release === wanted.release)
  const count = Math.max(wanted.count, before?.count ?? 0)
  const missing = missingIndexes(record, wanted.release, wanted.count).map((index): InstanceRecord => ({
    id: instanceId(record, wanted.release, index),
    release: wanted.release,
    index,
    port: portFor(index),
    process: null,
    settled: false,
    restarts: 0,
    quickEnds: 0,
  }))
  return {
    ...record,
    wanted: [...record.wanted.filter(({ release }) => release !== wanted.release), { ...wanted, count }],
    instances: [...record.instances, ...missing],
  }
}

/** Indexes 0 … count − 1 that have no instance. */
export const missingIndexes = (record: EnvironmentRecord, release: ReleaseId, count: number): readonly number[] => {
  const there = new Set(record.instances.filter((one) => one.release === release).map(({ index }) => index))
  return Array.from({ length: count }, (_, index) => index).filter((index) => !there.has(index))
}

/** Only instances 0 … keep − 1 of the release should run; the processes of the others are leaving. */
export const unwant = (
  record: EnvironmentRecord,
  { release, keep, stopGraceMs }: { readonly release: ReleaseId; readonly keep: number; readonly stopGraceMs: number },
): EnvironmentRecord => {
  const goes = (one: InstanceRecord): boolean => one.release === release && one.index >= keep
  const leaving = record.instances
    .filter(goes)
    .flatMap(({ id, port, process }): readonly LeavingRecord[] =>
      process === null ? [] : [{ id, release, port, process, stopGraceMs }],
    )
  return {
    ...record,
    wanted: record.wanted
      .map((one) => (one.release === release ? { ...one, count: Math.min(one.count, keep) } : one))
      .filter(({ count }) => count > 0),
    instances: record.instances.filter((one) => !goes(one)),
    leaving: [...record.leaving, ...leaving],
  }
}

/** The record with some of its instances replaced, by id. */
export const replace = (record: EnvironmentRecord, instances: readonly InstanceRecord[]): EnvironmentRecord => {
  const byId = new Map(instances.map((one) => [one.id, one]))
  return { ...record, instances: record.instances.map((one) => byId.get(one.id) ?? one) }
}
