/** What all connections of the gateway share: settings, the coarse clock, the read buffer, and the sweep that enforces deadlines. */
import type { HeadLimits } from '../http/head-parser.ts'
import type { GatewaySettings } from '../settings.ts'
import type { World } from '../world.ts'
import type { ClientConnection } from './client-connection.ts'
import { WriteBuffer } from './write-buffer.ts'

/** The shared part of the data path. */
export class DataPlane {
  readonly world: World
  readonly settings: GatewaySettings
  readonly headLimits: HeadLimits
  /** All upstream sockets read into it; each read is used up before the next. */
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(65_536)
  /** All short responses go out through it. */
  readonly writeBuffer: WriteBuffer = new WriteBuffer()
  readonly connections: Set<ClientConnection> = new Set()
  /** Monotonic ms, at most one sweep old: deadlines need no better. */
  now: number
  /**
   * Whether the gateway ends. `now`: idle connections are closed. `patiently` (a successor serves meanwhile): an idle connection is closed with
   * the answer to its next request, since closing it could meet a request on its way.
   */
  ending: 'no' | 'now' | 'patiently' = 'no'
  private requests = 0
  private readonly prefix: string
  private readonly timer: NodeJS.Timeout

  constructor(world: World, settings: GatewaySettings) {
    this.world = world
    this.settings = settings
    this.headLimits = settings
    this.prefix = world.token().slice(0, 16)
    this.now = world.monotonic()
    this.timer = setInterval(() => this.sweep(), settings.sweepMs)
    this.timer.unref()
  }

  /** Every response says that it is the last on its connection. */
  get draining(): boolean {
    return this.ending !== 'no'
  }

  /** A request id that no other gateway process makes. */
  readonly makeRequestId = (): string => {
    this.requests += 1
    return `${this.prefix}-${this.requests.toString(36)}`
  }

  /** Ends what is past its deadline. */
  sweep(): void {
    this.now = this.world.monotonic()
    for (const connection of this.connections) connection.sweep(this.now)
  }

  stop(): void {
    clearInterval(this.timer)
  }
}
