/**
 * Keepers that wait for their job. To make namespaces takes as long as all else that is done for a short job, and nothing of it is about that job: where one follows
 * another, the next one's are made meanwhile. They do not wait long: a file system that the machine mounts is not seen in namespaces that were there before.
 */
import { Keeper, type KeeperOptions } from './keeper.ts'

/** How long one waits before it is let go, milliseconds. Also how soon a job must follow another for one to be made. */
const waitMs = 500

type Waiting = { readonly options: KeeperOptions; readonly keeper: Promise<Keeper | null>; readonly timer: NodeJS.Timeout }

/** See the file's header. One a runner. */
export class Keepers {
  #waiting: Waiting | null = null
  #takenAt = -Infinity

  /** One that waits, or a new one. `tool_missing` when the system refuses. */
  async take(options: KeeperOptions): Promise<Keeper> {
    const waiting = this.#release()
    const isFollowing = performance.now() - this.#takenAt < waitMs
    this.#takenAt = performance.now()
    const known = waiting !== null && isSame(waiting.options, options) ? waiting.keeper : null
    if (waiting !== null && known === null) void letGo(waiting.keeper)
    const taken = known ?? Keeper.start(options)
    if (isFollowing) this.#begin(options)
    const keeper = await taken
    return keeper === null || keeper.isOver ? Keeper.start(options) : keeper
  }

  /** Lets go of what waits. */
  async end(): Promise<void> {
    this.#takenAt = -Infinity
    const waiting = this.#release()
    if (waiting !== null) await letGo(waiting.keeper)
  }

  #release(): Waiting | null {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) clearTimeout(waiting.timer)
    return waiting
  }

  #begin(options: KeeperOptions): void {
    if (this.#waiting !== null) return
    // Whoever is refused says so itself.
    const keeper = Keeper.start(options).catch(() => null)
    this.#waiting = { options, keeper, timer: setTimeout(() => void this.end(), waitMs).unref() }
  }
}

const isSame = (one: KeeperOptions, other: KeeperOptions): boolean =>
  one.launcher === other.launcher && one.network === other.network && one.environment === other.environment

const letGo = async (keeper: Promise<Keeper | null>): Promise<void> => (await keeper)?.end()
