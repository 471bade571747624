/**
 * Keeps one gateway alive: starts it, detached, where none answers, and again within milliseconds after it died. It knows of the death from
 * its connection, which the kernel closes with the process. Usually a standby takes over by itself (gateway/standby.ts), and the keeper only waits
 * for it; it starts one where there is none, or none that comes to serve. There are never two: the gateway itself locks its state directory.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { setNiceness } from '../../lib/niceness.ts'
import { runningIn } from '../../lib/process-identity.ts'
import type { Log } from '../../ports/clock.ts'
import { type ControlConnection, openConnection } from './connection.ts'
import { rest } from './waiting.ts'

/** What to keep alive. */
export type KeeperOptions = {
  /** Holds `gateway.sock`; the gateway's output goes to `gateway.log` there. */
  readonly stateDir: string
  /** Program and arguments that start the gateway. */
  readonly command: readonly string[]
  readonly log: Log
}

/** Between two looks for the socket of a gateway that was just started. */
const lookEveryMs = 4

/** See the file's header. */
export class GatewayKeeper {
  readonly #options: KeeperOptions
  readonly #stopped = new AbortController()
  #running: Promise<void> | null = null
  #serving: PromiseWithResolvers<void> = Promise.withResolvers()
  #connection: ControlConnection | null = null

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Begins to keep; nothing happens when it already does, or was stopped. */
  start(): void {
    if (this.#stopped.signal.aborted) return
    this.#running ??= this.#keep()
  }

  /** Resolves once a gateway answers; `gateway_unreachable` when none does in time, with the end of its log as evidence to look at. */
  async ready(): Promise<void> {
    this.start()
    const answered = new AbortController()
    const late = rest(limits.gatewayStartMs, AbortSignal.any([answered.signal, this.#stopped.signal]))
    const isServing = await Promise.race([this.#serving.promise.then(() => true), late.then(() => false)])
    answered.abort()
    if (isServing) return
    throw new SluiceError('gateway_unreachable', {
      detail: `no gateway answered in ${this.#options.stateDir} within ${limits.gatewayStartMs} ms`,
      hint: `look into ${join(this.#options.stateDir, 'gateway.log')}`,
    })
  }

  /** Stops keeping; the gateway serves on. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#connection?.close()
    await this.#running
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopped
    for (let delayMs = 0; !signal.aborted;) {
      const connection = await openConnection(join(this.#options.stateDir, 'gateway.sock'), () => {})
      if (connection === null) {
        if (await this.#isTakenOver()) continue
        await rest(delayMs, signal)
        // What keeps it from being started (a log that cannot be opened, no descriptor left) may be over by the next time.
        if (!signal.aborted)
          await this.#startOne().catch((error: unknown) =>
            this.#options.log.error('gateway_not_started', { reason: String(error), stateDir: this.#options.stateDir }),
          )
        delayMs = Math.min(limits.retryDelayMsMax, Math.max(limits.gatewayRestartDelayMs, delayMs * 2))
        continue
      }
      const since = performance.now()
      this.#connection = connection
      if (signal.aborted) connection.close()
      else this.#serving.resolve()
      await connection.closed
      this.#serving = Promise.withResolvers()
      // One that served for a while is started again at once; one that dies again and again waits longer each time.
      if (performance.now() - since > limits.gatewaySteadyMs) delayMs = 0
      if (!signal.aborted) this.#options.log.warn('gateway_gone', { stateDir: this.#options.stateDir, delayMs })
    }
  }

  /** Whether a standby of the gateway that died has come to serve. One that does not in time is ended, since it holds the ports. */
  async #isTakenOver(): Promise<boolean> {
    const file = join(this.#options.stateDir, 'standby.json')
    // It may be loading, and nobody serves meanwhile.
    goBefore(runningIn(file)?.pid)
    for (let leftMs = limits.gatewayStandbyMs; !this.#stopped.signal.aborted; leftMs -= lookEveryMs) {
      const standby = runningIn(file)
      if (await this.#answers()) return true
      // It takes its name away when it serves, or it has ended: then there was nothing to wait for.
      if (standby === null) return false
      if (leftMs <= 0) {
        this.#options.log.error('standby_stuck', { pid: standby.pid, waitedMs: limits.gatewayStandbyMs })
        endNow(standby.pid)
        return false
      }
      await rest(lookEveryMs, this.#stopped.signal)
    }
    return false
  }

  async #answers(): Promise<boolean> {
    const connection = await openConnection(join(this.#options.stateDir, 'gateway.sock'), () => {})
    connection?.close()
    return connection !== null
  }

  /** Starts a gateway and waits until it answers, or it ended, or it took too long (then another look is taken). */
  async #startOne(): Promise<void> {
    const [program, ...args] = this.#options.command
    if (program === undefined) throw new Error('bug: the keeper has no command')
    const output = openSync(join(this.#options.stateDir, 'gateway.log'), 'a', 0o600)
    const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] })
    closeSync(output)
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`))
    })
    child.unref()
    goBefore(child.pid)
    this.#options.log.info('gateway_started', { pid: child.pid ?? null })
    const reason = await Promise.race([ended, this.#answered()])
    if (reason !== null) this.#options.log.error('gateway_ended_at_once', { reason, stateDir: this.#options.stateDir })
  }

  async #answered(): Promise<null> {
    const { signal } = this.#stopped
    for (let leftMs = limits.gatewayStartMs; leftMs > 0 && !signal.aborted; leftMs -= lookEveryMs) {
      if (await this.#answers()) return null
      await rest(lookEveryMs, signal)
    }
    return null
  }
}

/** All traffic waits for the gateway: builds and starting instances do not go before it. Where that takes a right we lack, it is as it was. */
const goBefore = (pid: number | undefined): void => {
  if (pid !== undefined) setNiceness(pid, Math.min(getPriority(), constants.priority.PRIORITY_ABOVE_NORMAL))
}

const endNow = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** Asks the gateway of a state directory to end, and waits until it has hung up; false when there is none. For `sluice down`. */
export const shutdownGateway = async (stateDir: string): Promise<boolean> => {
  const connection = await openConnection(join(stateDir, 'gateway.sock'), () => {})
  if (connection === null) return false
  await connection.send({ kind: 'shutdown' })
  await connection.closed
  return true
}
