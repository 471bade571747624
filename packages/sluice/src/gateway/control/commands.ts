/** What each command does. */
import type { GatewayAnswer, GatewayCommand } from '../../core/routing.ts'
import { unreachable } from '../../core/machine.ts'
import type { DataPlane } from '../data/data-plane.ts'
import { drain } from '../probes/drain.ts'
import { probeAll } from '../probes/probe.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { Asker, Handler } from './control-server.ts'

/** What the commands act on. */
export type CommandParts = {
  readonly plane: DataPlane
  readonly table: RouteTable
  readonly hello: GatewayAnswer['hello']
  readonly shutdown: () => void
  /** Has the command replace this gateway; gives its pid. */
  readonly handOver: (command: readonly string[]) => Promise<number>
}

/** The handler of the control socket. */
export const commandHandler =
  (parts: CommandParts): Handler =>
  (command: GatewayCommand, asker: Asker) => {
    const { table, plane } = parts
    switch (command.kind) {
      case 'hello':
        return parts.hello
      case 'set_route':
        return table.set(command.route)
      case 'remove_route':
        return table.remove(command, command.fence)
      case 'observe': {
        const live = table.find(command)
        return live && table.observation(live)
      }
      case 'probe':
        return probeAll(command, () => plane.ending !== 'no').then((receipts) => ({ receipts }))
      case 'drain': {
        const live = table.find(command)
        return live
          ? table
              .leaving(command, command.upstreams)
              .then(() =>
                drain(live, {
                  ...command,
                  now: plane.world.monotonic(),
                  graceMs: 2 * plane.settings.sweepMs,
                }),
              )
              .then((inFlight) => ({ inFlight }))
          : { inFlight: 0 }
      }
      case 'pause':
        return table.pause(command, command.fence, command.maxMs).then((paused) => ({ paused }))
      case 'resume':
        return table.resume(command, command.fence).then((paused) => ({ paused }))
      case 'maintain':
        return table.maintain(command, command.maintenance, command.sequence).then(() => ({}))
      case 'subscribe':
        return asker.subscribe()
      case 'shutdown':
        return parts.shutdown()
      case 'hand_over':
        return parts.handOver(command.command).then((pid) => ({ pid }))
      default:
        return unreachable(command)
    }
  }
