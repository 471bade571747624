/**
 * The gateway: Sluice's own data plane, in a process of its own. Serves from its routing snapshot first, then listens to the control plane.
 * Its import graph is `core`, `lib` and `node:` only, and small: after a kill it must serve again within 300 ms.
 */
import fs from 'node:fs'
import path from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { commandHandler } from './control/commands.ts'
import { ControlServer } from './control/control-server.ts'
import { watchControlPlane } from './control-plane-watch.ts'
import { DataPlane } from './data/data-plane.ts'
import { addressesOf, isAt } from './routes/doors.ts'
import { HealthMonitor } from './probes/health-monitor.ts'
import { writeEvidence, writeEvidenceNow } from './routes/evidence-file.ts'
import type { Inheritance } from './inheritance.ts'
import type { ReceivedListener } from './routes/listener.ts'
import { readRoutes } from './routes/route-file.ts'
import type { RouteRecord } from './routes/route-file.ts'
import { RouteTable } from './routes/route-table.ts'
import type { GatewaySettings } from './settings.ts'
import { defaultSettings } from './settings.ts'
import type { StateLock } from './state-lock.ts'
import { lockState } from './state-lock.ts'
import { Standby, standBy } from './standby.ts'
import { inherit, startSuccessor } from './takeover.ts'
import type { World } from './world.ts'
import { realWorld } from './world.ts'

/** How a gateway is started. */
export type GatewayOptions = {
  /** Holds `gateway.sock` and `routes/`; made with mode 0700 when it is not there. */
  readonly stateDir: string
  readonly version: string
  /**
   * A predecessor has started this gateway and gives it its listening sockets: `adopt` now (see takeover.ts), `standBy` when it dies (see
   * standby.ts).
   */
  readonly after?: 'adopt' | 'standBy' | null
  /** Program and arguments of a standby to this gateway; none is kept when absent. */
  readonly standbyCommand?: readonly string[]
  /** Program and arguments of the control plane, to start it again when it dies, where `server.json` does not say (see control-plane-watch.ts). */
  readonly controlPlaneCommand?: readonly string[]
  readonly settings?: Partial<GatewaySettings>
  readonly world?: World
}

/** A running gateway. */
export type Gateway = {
  readonly socketFile: string
  /** Stops accepting, lets what is in flight end within the grace, and fulfils `done`. */
  readonly stop: () => void
  readonly done: Promise<void>
}

/** Starts a gateway; fulfilled when it serves and answers on its socket. Throws `gateway_running`. */
export const runGateway = async (options: GatewayOptions): Promise<Gateway> => {
  const world = options.world ?? realWorld()
  const settings = { ...defaultSettings, ...options.settings }
  const folder = path.join(options.stateDir, 'routes')
  const socketFile = path.join(options.stateDir, 'gateway.sock')
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  fs.chmodSync(options.stateDir, 0o700)
  const inheritance = await inheritanceOf(options.after ?? null)
  const lock = await lockState(options.stateDir, socketFile, options.after === 'standBy' ? 'patiently' : 'now')
  const plane = new DataPlane(world, settings)
  const table = new RouteTable({
    plane,
    folder,
    notify: (notice) => {
      control.notify(notice)
      if (notice.kind === 'tripped') inheritance?.tell(notice)
    },
    listenersChanged: () => standby?.renew() ?? Promise.resolve(),
  })
  const { stateDir, standbyCommand: command } = options
  const standby = command ? new Standby({ stateDir, command, world, listeners: () => table.listeners() }) : null
  const running = new Running({ plane, table, folder, lock, stateDir, socketFile, standby })
  const hello = { protocol: 1, pid: process.pid, version: options.version, startedAt: world.now() } as const
  const parts = {
    plane,
    table,
    hello,
    shutdown: () => running.stop(),
    handOver: (command: readonly string[]) => running.handOver(command),
  }
  const control = new ControlServer(commandHandler(parts), world)
  running.control = control
  const unclaimed = new Set(inheritance?.listeners ?? [])
  for (const record of readRoutes(folder, world)) await restore(table, record, { plane, unclaimed })
  for (const rest of unclaimed) rest.discard()
  inheritance?.trips((passed) => table.takeTrip(passed))
  await control.listen(socketFile)
  running.atEnd(watchControlPlane({ stateDir, command: options.controlPlaneCommand ?? null, world }))
  running.begin()
  inheritance?.serving()
  world.log('info', 'gateway_serving', { stateDir, pid: process.pid, routes: table.all.length })
  return { socketFile, stop: () => running.stop(), done: running.done }
}

const inheritanceOf = async (after: 'adopt' | 'standBy' | null): Promise<Inheritance | null> => {
  if (after === null) return null
  return after === 'adopt' ? inherit() : standBy()
}

/** A route whose port is taken is tried again for as long as it takes: the others must not wait for it. */
const restore = async (
  table: RouteTable,
  record: RouteRecord,
  how: { readonly plane: DataPlane; readonly unclaimed: Set<ReceivedListener> },
): Promise<void> => {
  try {
    const mine = [...how.unclaimed].filter((each) => isFor(each, record))
    for (const one of mine) how.unclaimed.delete(one)
    await table.restore(record, mine)
  } catch (error) {
    const { world, settings } = how.plane
    const retryMs = settings.portRetryMs
    world.log('error', 'route_not_listening', {
      service: record.service,
      environment: record.environment,
      reason: error instanceof Error ? error.message : String(error),
      retryMs,
    })
    relistenLater(table, record, retryMs)
  }
}

/** A predecessor that died may have moved its route just before: then its socket is not the one that the route has now. */
const isFor = ({ service, environment, listen }: ReceivedListener, record: RouteRecord): boolean =>
  service === record.service &&
  environment === record.environment &&
  record.route !== null &&
  addressesOf(record.route).some((address) => isAt(address.listen, listen))

const relistenLater = (table: RouteTable, record: RouteRecord, retryMs: number): void => {
  const again = (): void =>
    void table.relisten(record).catch(() => {
      if (!table.isStopped) relistenLater(table, record, retryMs)
    })
  setTimeout(again, retryMs).unref()
}

type RunningParts = {
  readonly plane: DataPlane
  readonly table: RouteTable
  readonly folder: string
  lock: StateLock | null
  readonly stateDir: string
  readonly socketFile: string
  readonly standby: Standby | null
}

/** The life of a gateway after its start: periodic writing, handing over, ending. */
class Running {
  control: ControlServer | null = null
  readonly done: Promise<void>
  private readonly parts: RunningParts
  private readonly enders: (() => void)[] = []
  private stopping = false
  private handedOver = false
  private finish: () => void = () => {}

  constructor(parts: RunningParts) {
    this.parts = parts
    this.done = new Promise((resolve) => {
      this.finish = resolve
    })
  }

  /** Has `ender` called when the gateway ends. */
  atEnd(ender: () => void): void {
    this.enders.push(ender)
  }

  /** Begins the periodic work. */
  begin(): void {
    const { plane, table } = this.parts
    const monitor = new HealthMonitor(plane, () => table.all)
    this.atEnd(() => monitor.stop())
    let writing = false
    const evidence = setInterval(() => {
      if (writing || this.handedOver) return
      writing = true
      void this.writeEvidence().finally(() => {
        writing = false
      })
    }, plane.settings.evidenceWriteMs)
    this.atEnd(() => clearInterval(evidence))
    const sweep = setInterval(() => {
      const now = plane.world.monotonic()
      for (const live of table.all) for (const pool of live.pools.values()) pool.sweep(now)
    }, plane.settings.sweepMs)
    sweep.unref()
    this.atEnd(() => clearInterval(sweep))
    this.parts.standby?.begin()
  }

  /** Has `command` replace this gateway, and gives its pid; takes everything back when that does not come to serve. */
  async handOver(command: readonly string[]): Promise<number> {
    const { table, standby } = this.parts
    if (this.handedOver || this.stopping)
      throw new SluiceError('command_conflict', { detail: 'this gateway is being replaced already' })
    this.handedOver = true
    try {
      const successor = await startSuccessor(command)
      const listeners = await table.freeze()
      await standby?.dismiss()
      this.keepEvidence()
      this.control?.stopListening()
      table.entrust(successor.tell)
      await this.parts.lock?.release()
      this.parts.lock = null
      await successor.entrust(listeners)
      successor.trips((passed) => table.takeTrip(passed))
      // After the answer has gone out.
      setImmediate(() => this.stop())
      return successor.pid
    } catch (error) {
      await this.takeBack()
      throw error
    }
  }

  private async takeBack(): Promise<void> {
    const { table, socketFile, stateDir, plane } = this.parts
    plane.world.log('warn', 'successor_failed', { pid: process.pid })
    const isLocked = this.parts.lock !== null
    // The successor that held it was just killed. Nothing is written before.
    if (!isLocked) this.parts.lock = await lockState(stateDir, socketFile, 'patiently')
    this.handedOver = false
    table.thaw()
    this.parts.standby?.begin()
    if (!isLocked) await this.control?.listen(socketFile)
  }

  /** Stops accepting, waits for what is in flight (idle connections too, when a successor serves meanwhile), then ends. */
  stop(): void {
    if (this.stopping) return
    this.stopping = true
    const { plane, table, standby } = this.parts
    // First of all: a stop is no death, whatever comes next.
    const dismissed = standby?.dismiss()
    const until = plane.world.monotonic() + plane.settings.shutdownGraceMs
    plane.ending = this.handedOver ? 'patiently' : 'now'
    table.stopListening()
    // Whoever asks from now on must find the successor.
    if (this.handedOver) this.control?.close()
    if (plane.ending === 'now') for (const connection of plane.connections) connection.closeIdle()
    const look = (): void => {
      if (plane.connections.size > 0 && plane.world.monotonic() < until) {
        setTimeout(look, Math.min(25, plane.settings.sweepMs))
        return
      }
      for (const connection of plane.connections) connection.abort()
      if (!this.handedOver) this.keepEvidence()
      for (const live of table.all) for (const pool of live.pools.values()) pool.closeIdle()
      for (const end of this.enders) end()
      plane.stop()
      this.control?.close()
      void Promise.all([dismissed, this.parts.lock?.release()]).then(this.finish)
    }
    look()
  }

  /** The last writing. A disk that refuses it must not keep the gateway from ending. */
  private keepEvidence(): void {
    const { table, folder, plane } = this.parts
    try {
      for (const live of table.all) writeEvidenceNow(folder, live)
    } catch (error) {
      plane.world.log('warn', 'evidence_not_written', { reason: String(error) })
    }
  }

  private async writeEvidence(): Promise<void> {
    const { table, folder, plane } = this.parts
    for (const live of table.all) {
      if (!live.changed) continue
      await writeEvidence(folder, live).catch((error: unknown) => {
        live.changed = true
        plane.world.log('warn', 'evidence_not_written', { reason: String(error) })
      })
    }
  }
}
