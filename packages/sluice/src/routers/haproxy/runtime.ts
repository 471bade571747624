/** A running HAProxy, changed and read over its sockets. Every change says a desired state, so that doing it twice is doing it once. */
import { setTimeout as rest } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import type { Route, Upstream } from '../../core/routing.ts'
import { ask, askMaster } from './connection.ts'
import type { Row } from './evidence.ts'
import type { Place } from './place.ts'
import { slotName, type Slots } from './plan.ts'
import {
  addRequests,
  countsQuestion,
  deleteRequests,
  drainRequest,
  parseCounts,
  parseOldWorkers,
  parseServers,
  parseSplit,
  readyRequest,
  refuseUnexpected,
  type ServerState,
  serversQuestion,
  splitQuestion,
  splitRequest,
  toOldWorker,
  workersQuestion,
} from './requests.ts'
import { serverName } from './settings.ts'

/** Between two looks at what is in flight, milliseconds. */
const lookEveryMs = 20

/** See the file's header. */
export class Runtime {
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  /** Has the servers and the split of the route in force: new servers first, then the split, then what is left of the old ones drains. */
  async put(route: Route, slots: Slots, text: string): Promise<void> {
    const before = await this.servers()
    const wanted = wantedServers(route, slots)
    for (const { slot, upstream } of wanted) {
      const known = before.find((one) => one.slot === slotName(slot) && one.name === serverName(upstream))
      if (known === undefined) await this.#change(addRequests(route, slot, upstream))
      else if (!known.isServing) await this.#change([readyRequest(known)])
    }
    if ((await this.split()) !== text) await this.#change([splitRequest(this.#place, text)])
    const names = new Set(wanted.map(({ slot, upstream }) => `${slotName(slot)}/${serverName(upstream)}`))
    await this.#leave(before.filter((one) => !names.has(`${one.slot}/${one.name}`)))
  }

  /** The split in force. */
  async split(): Promise<string | null> {
    return parseSplit(await this.#ask(splitQuestion(this.#place)))
  }

  /** The servers of all backends. */
  async servers(): Promise<readonly ServerState[]> {
    return parseServers(await this.#ask(serversQuestion))
  }

  /** The rows of counts. */
  async counts(): Promise<readonly Row[]> {
    return parseCounts(await this.#ask(countsQuestion))
  }

  /** Waits until nothing is in flight to these, in this worker and in those that end what they have; gives what is left, and takes the servers away when that is nothing. */
  async drain(upstreams: readonly Upstream[], deadlineMs: number, signal: AbortSignal): Promise<number> {
    const names = new Set(upstreams.map(serverName))
    const leaving = (await this.servers()).filter(({ name }) => names.has(name))
    for (const server of leaving) if (server.isServing) await this.#change([drainRequest(server)])
    let left = await this.#inFlight(names)
    for (const until = performance.now() + deadlineMs; left > 0 && performance.now() < until && !signal.aborted;) {
      await rest(lookEveryMs)
      left = await this.#inFlight(names)
    }
    if (left === 0) for (const server of leaving) await this.#delete(server)
    return left
  }

  async #inFlight(names: ReadonlySet<string>): Promise<number> {
    const known = await askMaster(this.#place.masterSocket, workersQuestion)
    if (known === null) throw this.#absent()
    const workers = parseOldWorkers(known)
    const texts = await Promise.all(
      workers.map((pid) => ask(this.#place.masterSocket, toOldWorker(pid, serversQuestion))),
    )
    const servers = [...(await this.servers()), ...texts.flatMap((text) => parseServers(text ?? ''))]
    return servers.reduce((sum, { name, sessions }) => sum + (names.has(name) ? sessions : 0), 0)
  }

  /** Servers that no arm has: nothing new for them; those that have nothing go. */
  async #leave(servers: readonly ServerState[]): Promise<void> {
    for (const server of servers) {
      if (server.isServing) await this.#change([drainRequest(server)])
      else if (server.sessions === 0) await this.#delete(server)
    }
  }

  /** HAProxy refuses while a connection is left; then it is tried again with the next change. */
  async #delete(server: ServerState): Promise<void> {
    for (const command of deleteRequests(server)) await this.#ask(command)
  }

  async #change(commands: readonly string[]): Promise<void> {
    for (const command of commands) refuseUnexpected(command, await this.#ask(command))
  }

  async #ask(command: string): Promise<string> {
    const answer = await ask(this.#place.adminSocket, command)
    if (answer !== null) return answer
    throw this.#absent()
  }

  #absent(): SluiceError {
    return new SluiceError('gateway_unreachable', { detail: `no HAProxy answers at ${this.#place.adminSocket}` })
  }
}

/** Servers of the arms, each with the backend of its release. */
export const wantedServers = (
  route: Route,
  slots: Slots,
): readonly { readonly slot: number; readonly upstream: Upstream }[] =>
  slots.flatMap((release, slot) => {
    if (release === null) return []
    const upstreams = route.arms.flatMap((arm) => (arm.release === release ? arm.upstreams : []))
    const once = new Map(upstreams.map((upstream) => [serverName(upstream), upstream]))
    return [...once.values()].map((upstream) => ({ slot, upstream }))
  })
