/**
 * The process driver: instances are detached processes of this machine, each with a port, an environment and a log of its own, that go on
 * when the control plane ends and are taken up again by the next (pid and start time). One driver works on a state directory at a time; the
 * control plane's lock on the directory sees to that.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Instance, ReleaseId } from '../../core/model.ts'
import type { ArtifactStore } from '../../ports/artifacts.ts'
import type { Log } from '../../ports/clock.ts'
import type { Driver, DriverCapabilities, RetireRequest, StartRequest } from '../../ports/driver.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import { Alarm } from './alarm.ts'
import { Environment } from './environment.ts'
import { pruneLogs, tailLog } from './log-file.ts'
import { findMarked, markOf } from './marks.ts'
import { openNotebook } from './notebook.ts'
import { findFreePort } from './ports.ts'
import { parseRecordFileName } from './records.ts'
import { calledOff } from './settle.ts'
import { start } from './start.ts'
import { Keeper } from './supervise.ts'
import { unpackedReleases } from './unpacked.ts'
import { logFileOf, maskLines } from './world.ts'
import type { World } from './world.ts'

/** What a process driver needs. */
export type ProcessDriverOptions = {
  /** Where it keeps records (`instances/`), logs (`logs/instances/`) and unpacked releases (`releases/`). */
  readonly stateDir: string
  readonly artifacts: ArtifactStore
  readonly secrets: Pick<SecretSource, 'values'>
  readonly log: Log
  /** Where instances listen, and the routers find them. Default 127.0.0.1. */
  readonly host?: string
  /** The control plane's own environment, of which instances inherit PATH, HOME, LANG, TZ and TMPDIR. Default `process.env`. */
  readonly ambient?: Readonly<Record<string, string | undefined>>
  /** How a port is found; by default at random among the free ones. */
  readonly findPort?: (host: string, taken: (port: number) => boolean) => Promise<number>
}

/** A driver that runs instances as local processes. Nothing is read or started until it is asked to. */
export const processDriver = (options: ProcessDriverOptions): Driver => new ProcessDriver(options)

class ProcessDriver implements Driver {
  readonly capabilities: DriverCapabilities = { fencing: 'compareAndSet' }
  readonly #world: World
  readonly #folder: string
  readonly #environments = new Map<string, Promise<Environment>>()
  readonly #loaded = new Set<Environment>()
  readonly #portsGiven = new Set<number>()
  #cleaned: Promise<void> | null = null
  readonly #newEnvironment = new Alarm()

  constructor({ stateDir, artifacts, secrets, log, ...rest }: ProcessDriverOptions) {
    const { host = '127.0.0.1', ambient = process.env, findPort = findFreePort } = rest
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    const directory = realpathSync(stateDir)
    const stateMark = markOf(directory)
    const unpacked = unpackedReleases(join(directory, 'releases'), artifacts)
    this.#folder = join(directory, 'instances')
    const takePort: World['takePort'] = async (except) => {
      const port = await findPort(host, (candidate) => except.has(candidate) || this.#isTaken(candidate))
      this.#portsGiven.add(port)
      return port
    }
    this.#world = { stateDir: directory, stateMark, host, ambient, unpacked, secrets, log, takePort }
  }

  async start(request: StartRequest, signal: AbortSignal): Promise<readonly Instance[]> {
    try {
      const environment = await this.#environment(request.release.content.service, request.spec.name)
      return await start(this.#world, environment, request, signal)
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  async retire(request: RetireRequest, signal: AbortSignal): Promise<void> {
    try {
      await this.#retire(request, signal)
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  async #retire(request: RetireRequest, signal: AbortSignal): Promise<void> {
    const environment = await this.#environment(request.service, request.environment)
    await environment.retire(request, signal)
    const { leaving } = environment.record
    const ids = new Set(leaving.filter(({ release }) => release === request.release).map(({ id }) => id))
    await unlessCalledOff(
      environment.stopLeaving(({ release }) => release === request.release),
      signal,
    )
    if (ids.size === 0) return
    await this.#endStragglers(environment, ids)
    await this.#prune(request.neverPruned ?? [])
  }

  async observe(service: string, environment: string, signal: AbortSignal): Promise<readonly Instance[]> {
    try {
      return await (await this.#environment(service, environment)).observe()
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  async logs(instance: string, lines: number): Promise<readonly string[]> {
    const secrets = [...this.#loaded].flatMap((environment) => environment.secrets())
    return maskLines(await tailLog(logFileOf(this.#world, instance), lines), secrets)
  }

  async supervise(signal: AbortSignal): Promise<void> {
    const watched = new Map<Environment, Promise<void>>()
    await this.#loadAll()
    while (!signal.aborted) {
      for (const one of this.#loaded) {
        if (!watched.has(one)) watched.set(one, new Keeper(this.#world, one).watch(signal))
      }
      await this.#newEnvironment.wait(limits.wakeDelayMsMax, signal)
    }
    await Promise.all(watched.values())
  }

  /** Whether all that is on record could be read. */
  async #loadAll(): Promise<boolean> {
    const names = await readdir(this.#folder).catch(() => [])
    let areAllKnown = true
    for (const name of names) {
      const key = parseRecordFileName(name)
      if (key === null) continue
      await this.#environment(key.service, key.environment).catch((error: unknown) => {
        const code = error instanceof SluiceError ? error.code : 'unexpected'
        this.#world.log.error('instances_not_taken_up', { ...key, code, error: String(error) })
        areAllKnown = false
      })
    }
    return areAllKnown
  }

  #environment(service: string, name: string): Promise<Environment> {
    const key = JSON.stringify([service, name])
    const known = this.#environments.get(key)
    if (known !== undefined) return known
    const opened = this.#open({ service, environment: name })
    this.#environments.set(key, opened)
    // A record that does not read back may be put right while we run.
    opened.catch(() => this.#environments.delete(key))
    return opened
  }

  async #open(key: { readonly service: string; readonly environment: string }): Promise<Environment> {
    await (this.#cleaned ??= this.#world.unpacked.clean())
    const environment = new Environment(this.#world, openNotebook(this.#folder, key), key)
    await environment.inTurn(async () => {})
    this.#loaded.add(environment)
    this.#newEnvironment.ring()
    return environment
  }

  #isTaken(port: number): boolean {
    if (this.#portsGiven.has(port)) return true
    return [...this.#loaded].some(({ record }) => record.instances.some((one) => one.port === port))
  }

  /** Processes that left their instance's group (daemons) are still its own. */
  async #endStragglers(environment: Environment, ids: ReadonlySet<string>): Promise<void> {
    const isBack = new Set(environment.record.instances.map(({ id }) => id))
    for (const { instance, process: straggler } of await findMarked(this.#world.stateMark)) {
      if (!ids.has(instance) || isBack.has(instance)) continue
      try {
        process.kill(straggler.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** What serves, what is still leaving, and what can be gone back to, in any environment, keeps its folder. */
  async #prune(neverPruned: readonly ReleaseId[]): Promise<void> {
    const areAllKnown = await this.#loadAll()
    const records = [...this.#loaded].map(({ record }) => record)
    const inUse = records.flatMap(({ wanted, leaving }) => [...wanted, ...leaving].map(({ release }) => release))
    const releases = new Set([...neverPruned, ...inUse])
    const ids = new Set(records.flatMap(({ instances }) => instances.map(({ id }) => id)))
    const ports = new Set(records.flatMap(({ instances }) => instances.map(({ port }) => port)))
    for (const port of this.#portsGiven) if (!ports.has(port)) this.#portsGiven.delete(port)
    if (!areAllKnown) return
    await this.#world.unpacked.prune(releases)
    await pruneLogs(join(this.#world.stateDir, 'logs', 'instances'), ids)
  }
}

/** Foreign errors end here. When the work was called off, whatever it then ran into says nothing about the outcome. */
const failureOf = (error: unknown, signal: AbortSignal): SluiceError => {
  if (error instanceof SluiceError) return error
  if (signal.aborted) return calledOff()
  return new SluiceError('unexpected', { detail: `the process driver: ${String(error)}`, retry: 'later', cause: error })
}

const unlessCalledOff = async (work: Promise<void>, signal: AbortSignal): Promise<void> => {
  work.catch(() => {})
  if (signal.aborted) throw calledOff()
  let onAbort: () => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(calledOff())
    signal.addEventListener('abort', onAbort)
  })
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort))
}
