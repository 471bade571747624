/** Where a cut is written and told of: on the disk of this gateway and to whoever listens; once a successor has the state directory, to that successor. */
import type { GatewayNotice, Trip } from '../../core/routing.ts'
import type { World } from '../world.ts'
import { commitTrip } from './commit-record.ts'
import type { RouteName } from './entry.ts'
import type { RouteRecord } from './route-file.ts'

/** A cut as gateways tell each other of it. */
export type PassedTrip = RouteName & { readonly trip: Trip }

/** What it works with. */
export type TripNewsParts = {
  readonly world: World
  readonly folder: string
  readonly notify: (notice: GatewayNotice) => void
}

/** See the file's header. One a table. */
export class TripNews {
  private readonly parts: TripNewsParts
  /** A successor has the state directory: nothing is written any more, and it is told of what trips here. */
  private tellSuccessor: ((passed: PassedTrip) => void) | null = null
  private passed: readonly PassedTrip[] = []

  constructor(parts: TripNewsParts) {
    this.parts = parts
  }

  /** From now on a successor, which `tell` reaches, writes and is asked. */
  entrust(tell: (passed: PassedTrip) => void): void {
    this.tellSuccessor = tell
  }

  /** Writes again, and gives what was left to a successor that did not come to serve: it is to be published here. */
  takeBack(): readonly PassedTrip[] {
    const { passed } = this
    this.tellSuccessor = null
    this.passed = []
    return passed
  }

  /** A cut that was made here. On disk before anyone hears of it: a kill right after the notice must not undo the cut. */
  publish(record: RouteRecord, passed: PassedTrip): void {
    if (this.tellSuccessor) {
      this.passed = [...this.passed, passed]
      return this.tellSuccessor(passed)
    }
    commitTrip(this.parts.folder, record, this.parts.world)
    this.parts.notify({ kind: 'tripped', ...passed })
  }

  /** A cut of another gateway, which has told of it already. */
  note(record: RouteRecord, passed: PassedTrip): void {
    if (this.tellSuccessor) this.tellSuccessor(passed)
    else commitTrip(this.parts.folder, record, this.parts.world)
  }
}
