/** Opens and closes the addresses of routes for their clients, until this gateway stops for good. */
import { SluiceError } from '../../core/errors.ts'
import type { Route } from '../../core/routing.ts'
import { ClientConnection } from '../data/client-connection.ts'
import type { DataPlane } from '../data/data-plane.ts'
import { type Accept, type Address, addressesOf, closeDoors, type Door, openDoors, restoreDoors } from './doors.ts'
import type { ReceivedListener } from './listener.ts'
import type { LiveRoute } from './live-route.ts'

/** See the file's header. One a table. */
export class Listening {
  private readonly plane: DataPlane
  private stopped = false

  constructor(plane: DataPlane) {
    this.plane = plane
  }

  /** Whether it has stopped for good. */
  get isStopped(): boolean {
    return this.stopped
  }

  /** Listens; a gateway that stopped meanwhile does not. Throws `port_in_use`, `gateway_unreachable`. */
  async open(wanted: readonly Address[], live: LiveRoute): Promise<readonly Door[]> {
    const doors = this.stopped ? [] : await openDoors(wanted, this.accept(live))
    if (!this.stopped) return doors
    closeDoors(doors)
    throw new SluiceError('gateway_unreachable', { detail: 'this gateway is ending; connect again' })
  }

  /** Listens for a route from disk, on the sockets of a predecessor where there are some; `failure` is why not everywhere. */
  restore(
    route: Route,
    received: readonly ReceivedListener[],
    live: LiveRoute,
  ): Promise<{ readonly doors: readonly Door[]; readonly failure: Error | null }> {
    return restoreDoors(addressesOf(route), received, this.accept(live))
  }

  /** Closes addresses that the route no longer has. Who waits there between two requests is let go. */
  leave(doors: readonly Door[], live: LiveRoute): void {
    closeDoors(doors)
    if (!doors.some(({ name }) => name === 'preview')) return
    for (const connection of this.plane.connections)
      if (connection.route === live && connection.door === 'preview') connection.closeIdle()
  }

  /** Closes these, and opens none any more. */
  stop(doors: readonly Door[]): void {
    this.stopped = true
    closeDoors(doors)
  }

  private accept(live: LiveRoute): Accept {
    return (door) => (socket) => void new ClientConnection(this.plane, { route: live, door }, socket)
  }
}
