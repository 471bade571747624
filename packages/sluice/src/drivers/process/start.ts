/** Brings the instances of a release up. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Instance } from '../../core/model.ts'
import type { StartRequest } from '../../ports/driver.ts'
import { missingIndexes, refuseOlder, replace, want } from './changes.ts'
import type { Environment } from './environment.ts'
import type { Ended, RunningProcess } from './launch.ts'
import { tailLog } from './log-file.ts'
import { isPortFree } from './ports.ts'
import type { InstanceRecord, WantedRelease } from './records.ts'
import { listenedOn, wantedOf } from './requests.ts'
import { calledOff, settle } from './settle.ts'
import { logFileOf, maskLines } from './world.ts'
import type { World } from './world.ts'

type Started = { readonly record: InstanceRecord; readonly running: RunningProcess }

/** See `Driver.start`. */
export const start = async (
  world: World,
  environment: Environment,
  request: StartRequest,
  signal: AbortSignal,
): Promise<readonly Instance[]> => {
  const wanted = wantedOf(request)
  refuseOlder(environment.record, request.fence)
  // Before the turn: a large archive must not keep a retirement waiting.
  await world.unpacked.folder(wanted.release, wanted.artifact, signal)
  const started = await environment.inTurn(() => bringUp(world, environment, { request, wanted, signal }))
  const failed = await settleAll(world, environment, started, signal)
  const again = await moveToOtherPorts(world, environment, { failed, except: listenedOn(request) }, signal)
  const failedForGood = [
    ...failed.filter(({ record }) => !again.some((one) => one.record.id === record.id)),
    ...(await settleAll(world, environment, again, signal)),
  ]
  const first = failedForGood[0]
  if (first !== undefined) throw await startFailed(world, { environment, wanted, ...first })
  return (await environment.observe()).filter(({ release }) => release === wanted.release)
}

type Order = { readonly request: StartRequest; readonly wanted: WantedRelease; readonly signal: AbortSignal }

/** Records what should run, and starts what does not. In turn. */
const bringUp = async (
  world: World,
  environment: Environment,
  { request, wanted, signal }: Order,
): Promise<readonly Started[]> => {
  refuseOlder(environment.record, request.fence)
  if (signal.aborted) throw calledOff()
  const missing = missingIndexes(environment.record, wanted.release, wanted.count)
  const ports = new Map<number, number>()
  for (const index of missing) ports.set(index, await world.takePort(listenedOn(request)))
  environment.give(wanted.release, request.variables)
  await environment.save(
    want({ ...environment.record, fence: request.fence }, wanted, (index) => ports.get(index) ?? 0),
  )
  const down = instancesOf(environment, wanted).filter(({ id }) => isDown(environment, id))
  await environment.spawn(down, signal)
  // A repetition also waits for what an earlier attempt has started.
  return startedAmong(
    environment,
    instancesOf(environment, wanted).filter(({ settled }) => !settled),
    down,
  )
}

const instancesOf = (environment: Environment, { release, count }: WantedRelease): readonly InstanceRecord[] =>
  environment.record.instances.filter((one) => one.release === release && one.index < count)

const isDown = (environment: Environment, id: string): boolean => {
  const running = environment.running(id)
  return running === null || running.ended() !== null
}

const startedAmong = (
  environment: Environment,
  unsettled: readonly InstanceRecord[],
  down: readonly InstanceRecord[],
): readonly Started[] => {
  const ids = new Set([...unsettled, ...down].map(({ id }) => id))
  return environment.record.instances.flatMap((record) => {
    const running = environment.running(record.id)
    return ids.has(record.id) && running !== null ? [{ record, running }] : []
  })
}

/** Waits for all; records those that are up; gives those that ended. `fence_stale` when a newer intent took one away meanwhile. */
const settleAll = async (
  world: World,
  environment: Environment,
  started: readonly Started[],
  signal: AbortSignal,
): Promise<readonly Started[]> => {
  if (started.length === 0) return []
  const outcomes = await Promise.all(
    started.map(async (one) => ({
      one,
      outcome: await settle(one.running, { host: world.host, port: one.record.port }, signal),
    })),
  )
  const isCurrent = ({ record, running }: Started): boolean => environment.running(record.id) === running
  if (!started.every(isCurrent)) {
    throw new SluiceError('fence_stale', { detail: 'a newer intent took instances away while they were starting' })
  }
  const up = outcomes.filter(({ outcome }) => outcome !== 'ended').map(({ one }) => one)
  await environment.inTurn(async () => {
    const settled = up.filter(isCurrent).flatMap(({ record }) => {
      const now = environment.record.instances.find(({ id }) => id === record.id)
      return now === undefined ? [] : [{ ...now, settled: true }]
    })
    await environment.save(replace(environment.record, settled))
  })
  return outcomes.filter(({ outcome }) => outcome === 'ended').map(({ one }) => one)
}

/** Those that ended because something else took their port are started once more, on another. */
const moveToOtherPorts = async (
  world: World,
  environment: Environment,
  { failed, except }: { readonly failed: readonly Started[]; readonly except: ReadonlySet<number> },
  signal: AbortSignal,
): Promise<readonly Started[]> => {
  const robbed: Started[] = []
  for (const one of failed) if (!one.record.settled && (await lostItsPort(world, one))) robbed.push(one)
  if (robbed.length === 0) return []
  return environment.inTurn(async () => {
    const current = robbed.filter(({ record, running }) => environment.running(record.id) === running)
    const moved: InstanceRecord[] = []
    for (const { record } of current) moved.push({ ...record, port: await world.takePort(except) })
    world.log.warn('instance_port_taken', { instances: moved.map(({ id }) => id) })
    await environment.spawn(moved, signal)
    return startedAmong(environment, moved, [])
  })
}

const lostItsPort = async (world: World, { record, running }: Started): Promise<boolean> => {
  if (!(await isPortFree(world.host, record.port))) return true
  const lines = await tailLog(logFileOf(world, record.id), limits.evidenceLinesMax, running.logFrom)
  return lines.some((line) => /EADDRINUSE|address already in use/i.test(line))
}

const startFailed = async (
  world: World,
  {
    environment,
    wanted,
    record,
    running,
  }: Started & { readonly environment: Environment; readonly wanted: WantedRelease },
): Promise<SluiceError> => {
  const ended = running.ended()
  const file = logFileOf(world, record.id)
  const lines = await tailLog(file, limits.evidenceLinesMax, running.logFrom).catch(() => [])
  return new SluiceError('start_failed', {
    detail: `${record.id} ended ${wayOf(ended)} after ${Math.round(ended?.livedMs ?? 0)} ms: ${wanted.command}`,
    hint: `its whole log is in ${file}`,
    evidence: maskLines(lines, environment.secrets()),
  })
}

const wayOf = (ended: Ended | null): string => {
  if (ended === null || (ended.exitCode === null && ended.signal === null)) return 'in a way unknown'
  return ended.exitCode === null ? `by ${ended.signal}` : `with exit code ${ended.exitCode}`
}
