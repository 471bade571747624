/**
 * The standby: a second gateway process that has loaded its modules, serves nothing, and holds the same listening sockets. When the gateway that
 * serves dies, however it dies, the sockets stay open: connections wait in the kernel instead of being refused, until the standby answers them.
 *
 * | the gateway that serves               | its standby (`--stand-by`)                                       |
 * |---------------------------------------|------------------------------------------------------------------|
 * | starts it with its sockets            | loads its modules, says `ready`                                  |
 * | says which route each socket is for   |                                                                  |
 * | opens or closes a socket: ends it and starts another | is killed                                         |
 * | stops, or hands over: ends it first   | is killed                                                        |
 * | dies; the kernel closes the channel   | takes lock and state, serves, starts a standby of its own        |
 *
 * It owns nothing before it has the lock of the state (state-lock.ts), so there are never two that serve. When it finds the lock taken, it ends.
 * `standby.json` in the state directory names it, so that whoever keeps a gateway running waits for it rather than start another one.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { behindNiceness, canUndoNiceness, setNiceness } from '../lib/niceness.ts'
import { identify } from '../lib/process-identity.ts'
import { fieldsOf, readNamed } from './inheritance.ts'
import type { Inheritance } from './inheritance.ts'
import { descriptorOf, inheritedListener } from './routes/listener.ts'
import type { PassedListener } from './routes/listener.ts'
import type { World } from './world.ts'

/** Of what, and how. */
export type StandbyOptions = {
  readonly stateDir: string
  /** Program and arguments. */
  readonly command: readonly string[]
  /** The sockets of now. */
  readonly listeners: () => readonly PassedListener[]
  readonly world: World
}

/** Sockets change several at a time, when a control plane sets its routes: one standby is started for all of them, milliseconds after the last. */
const settleMs = 20
/** The first descriptor after stdin, stdout, stderr and the channel. */
const firstDescriptor = 4

/** The standby of the gateway that runs in this process. */
export class Standby {
  private readonly options: StandbyOptions
  private child: ChildProcess | null = null
  private wanted = false
  /** Of the last one that was ended. */
  private released: Promise<void> = Promise.resolve()
  private timer: NodeJS.Timeout | undefined
  private delayMs: number = limits.gatewayRestartDelayMs

  constructor(options: StandbyOptions) {
    this.options = options
  }

  /** Has one from now on. */
  begin(): void {
    this.wanted = true
    this.startIn(settleMs)
  }

  /** Has one with the sockets of now, if it is to have one; fulfilled when one with those of before is gone. */
  async renew(): Promise<void> {
    await this.release()
    if (this.wanted) this.startIn(settleMs)
  }

  /** Has none any more; fulfilled when it is gone. */
  dismiss(): Promise<void> {
    this.wanted = false
    clearTimeout(this.timer)
    return this.release()
  }

  /** Ends the one that there is; fulfilled when it has let go of the sockets. */
  private release(): Promise<void> {
    const { child } = this
    this.child = null
    if (!child) return this.released
    fs.rmSync(this.file, { force: true })
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) {
      this.released = new Promise((resolve) => child.once('exit', () => resolve()))
      // This process may be ending: it waits for that.
      child.ref()
    }
    return this.released
  }

  private get file(): string {
    return path.join(this.options.stateDir, 'standby.json')
  }

  private startIn(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.start(), ms).unref()
  }

  private start(): void {
    const { command, listeners, world } = this.options
    const held = listeners().flatMap(({ server, ...named }) => {
      const fd = descriptorOf(server)
      return fd === null ? [] : [{ ...named, fd }]
    })
    const [program = '', ...args] = command
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc', ...held.map(({ fd }) => fd)] as const
    const child = spawn(program, args, { detached: true, stdio: [...stdio] })
    this.child = child
    const startedAt = world.monotonic()
    const ended = (reason: string): void => {
      if (this.child !== child) return
      this.child = null
      if (world.monotonic() - startedAt > limits.gatewaySteadyMs) this.delayMs = limits.gatewayRestartDelayMs
      world.log('warn', 'standby_ended', { pid: child.pid ?? null, reason, delayMs: this.delayMs })
      if (this.wanted) this.startIn(this.delayMs)
      this.delayMs = Math.min(this.delayMs * 2, limits.retryDelayMsMax)
    }
    child.once('error', (error) => ended(error.message))
    child.once('exit', (code, signal) => ended(`exit ${code ?? signal}`))
    if (child.pid === undefined) return
    const niceness = os.getPriority()
    loadBehind(child, niceness)
    // A channel that closes under a message is told by `exit`.
    child.send({ kind: 'listeners', listeners: held, niceness }, () => {})
    child.unref()
    child.channel?.unref()
    this.name(child.pid)
  }

  /** A disk that refuses it must not end the gateway: a standby without a name takes over all the same. */
  private name(pid: number): void {
    try {
      fs.writeFileSync(this.file, `${JSON.stringify(identify(pid))}\n`, { mode: 0o600 })
    } catch (error) {
      this.options.world.log('warn', 'standby_not_named', { pid, reason: String(error) })
    }
  }
}

/** While it loads, it must not take from the gateway that serves; loaded, it will be the gateway. Where that cannot be undone, it loads like everybody. */
const loadBehind = (child: ChildProcess, niceness: number): void => {
  const { pid } = child
  if (pid === undefined || niceness >= behindNiceness || !canUndoNiceness()) return
  setNiceness(pid, behindNiceness)
  child.once('message', () => setNiceness(pid, niceness))
}

/**
 * In the standby: says that it is loaded, and waits for the death of the gateway that serves; gives its sockets. `usage_invalid` when nobody is
 * there to stand by for; `gateway_unreachable` when the gateway died before it said what its sockets are for.
 */
export const standBy = (): Promise<Inheritance> =>
  new Promise((resolve, reject) => {
    if (!process.send)
      return reject(
        new SluiceError('usage_invalid', { detail: '--stand-by is for a gateway that another gateway starts' }),
      )
    let message: unknown = null
    process.once('message', (value) => {
      message = value
    })
    process.once('disconnect', () => {
      const { listeners, niceness } = fieldsOf(message)
      // Who would have raised it when it is loaded is dead.
      if (niceness !== os.getPriority()) setNiceness(process.pid, Number(niceness))
      if (Array.isArray(listeners)) return resolve(inheritanceOf(listeners))
      const detail = 'the gateway that this one stands by for died before it said what its sockets are for'
      return reject(new SluiceError('gateway_unreachable', { detail }))
    })
    // The gateway may be dead by now; then `disconnect` is next.
    process.send({ kind: 'ready' }, undefined, {}, () => {})
    return undefined
  })

const inheritanceOf = (listeners: readonly unknown[]): Inheritance => ({
  listeners: listeners.map((each, index) => inheritedListener({ ...readNamed(each), fd: firstDescriptor + index })),
  serving: () => {},
  trips: () => {},
  tell: () => {},
})
