/** The simulated driver: instances of the simulated world, under fences, with errors of a driver. */
import { SluiceError } from '../../../src/core/errors.ts'
import type { Instance, ReleaseId } from '../../../src/core/model.ts'
import type { Driver } from '../../../src/ports/driver.ts'
import { faults } from '../core/faults.ts'
import { instancesMax, slotOf } from '../core/releases.ts'
import type { Setting } from '../core/setting.ts'
import type { Incarnation, Network, Reply } from './network.ts'
import { portOf, slots } from './router.ts'
import type { Timeline } from './timeline.ts'

/** What the driver needs to know of the schedule. */
export type DriverParts = {
  readonly network: Network
  readonly caller: Incarnation
  readonly releaseIn: (slot: number) => ReleaseId | null
}

/** One control plane's view of the instances. */
export const simulatedDriver = (
  setting: Setting,
  timeline: Timeline,
  { network, caller, releaseIn }: DriverParts,
): Driver => {
  const { world } = setting
  const answer = (reply: Reply<void>, said: 'done' | 'fence_stale' | 'gateway_tripped'): void => {
    if (said === 'done') reply.give()
    else reply.refuse(new SluiceError('fence_stale', { detail: 'older than the newest seen' }))
  }
  return {
    capabilities: { fencing: 'compareAndSet' },
    start: async ({ release, count, fence }, signal) => {
      const slot = slotOf(release.id)
      await network.ask<void>(caller, signal, (reply) => {
        const start = (): 'done' | 'fence_stale' | 'gateway_tripped' => {
          const slowMs = setting.strikes(faults.slow_start) ? setting.random.below(6_000) : 0
          const readyInMs = 5 + (setting.random.next() & 127) + slowMs
          return world.start(release.id, count, fence, (index) =>
            isNever(setting, slot, index) ? Infinity : timeline.now + readyInMs,
          )
        }
        if (setting.strikes(faults.driver_error_never))
          return reply.refuse(new SluiceError('start_failed', { detail: 'the start command ended at once' }))
        if (setting.strikes(faults.driver_error_same)) {
          if ((setting.random.next() & 1) === 0) start()
          return reply.refuse(new SluiceError('outcome_unknown', { detail: 'the connection was reset' }))
        }
        if (!fails(setting, reply)) answer(reply, start())
      })
      return instancesIn(setting, releaseIn)
    },
    retire: ({ release, keep, fence }, signal) =>
      network.ask<void>(caller, signal, (reply) => {
        if (!fails(setting, reply)) answer(reply, world.retire(release, keep, fence))
      }),
    observe: (_service, _environment, signal) =>
      network.ask(caller, signal, (reply) => reply.give(instancesIn(setting, releaseIn))),
    logs: async () => ['the last line of its log'],
    supervise: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  }
}

const fails = (setting: Setting, reply: Reply<void>): boolean => {
  if (!setting.strikes(faults.driver_error_later)) return false
  reply.refuse(new SluiceError('tool_missing', { detail: 'the platform is not there now' }))
  return true
}

const isNever = ({ neverHealthy, lastNeverHealthy }: Setting, slot: number, index: number): boolean =>
  neverHealthy[slot] === true || (lastNeverHealthy[slot] === true && index === instancesMax - 1)

const instancesIn = ({ world }: Setting, releaseIn: (slot: number) => ReleaseId | null): readonly Instance[] =>
  slots.flatMap((slot) => {
    const release = releaseIn(slot)
    if (release === null) return []
    return [0, 1, 2]
      .filter((index) => ((world.exists[slot] ?? 0) & (1 << index)) !== 0)
      .map((index) => ({
        id: `${slot}-${index}`,
        release,
        index,
        host: '127.0.0.1',
        port: portOf(slot, index),
        status: 'running' as const,
        restarts: 0,
      }))
  })
