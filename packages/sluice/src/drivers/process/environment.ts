/**
 * One environment's instances. The record is the truth and is written before the world is changed: a process is started at a gate, put on
 * record, and only then let through to its command (see `launch`). Changes are made one at a time; waiting (for a port to be listened on,
 * for a process to end) is done outside of the turn.
 */
import { SluiceError } from '../../core/errors.ts'
import { releaseId } from '../../core/model.ts'
import type { Instance, ReleaseId } from '../../core/model.ts'
import { endGroup, isGroupAlive } from '../../lib/process-group.ts'
import { identify, isRunning } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import type { RetireRequest } from '../../ports/driver.ts'
import { Alarm } from './alarm.ts'
import { refuseOlder, replace, unwant } from './changes.ts'
import { launch, takeUp } from './launch.ts'
import type { GatedProcess, RunningProcess } from './launch.ts'
import { isListening } from './listening.ts'
import { logSize } from './log-file.ts'
import { findMarked } from './marks.ts'
import type { Notebook } from './notebook.ts'
import { emptyRecord } from './records.ts'
import type { EnvironmentRecord, InstanceRecord, LeavingRecord } from './records.ts'
import { instanceVariables, shellLine } from './requests.ts'
import { calledOff } from './settle.ts'
import { logFileOf } from './world.ts'
import type { World } from './world.ts'

type Variables = Readonly<Record<string, string>>

/** One environment of one service. */
export class Environment {
  /** Rings when a process that this control plane started ends. */
  readonly ended: Alarm = new Alarm()
  readonly #world: World
  readonly #notebook: Notebook
  #record: EnvironmentRecord
  /** By instance id. An instance without one has ended, and was not started by this control plane. */
  readonly #running = new Map<string, RunningProcess>()
  /** Stops under way, by pid. */
  readonly #stopping = new Map<number, Promise<void>>()
  readonly #variables = new Map<ReleaseId, Variables>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(world: World, notebook: Notebook, key: { readonly service: string; readonly environment: string }) {
    this.#world = world
    this.#notebook = notebook
    this.#record = emptyRecord(key.service, key.environment)
  }

  /** What is on record. */
  get record(): EnvironmentRecord {
    return this.#record
  }

  /** The process of an instance, null when this control plane knows none. */
  running(instance: string): RunningProcess | null {
    return this.#running.get(instance) ?? null
  }

  /** Values that must not be shown: all that a release was given beyond its configuration. */
  secrets(): readonly string[] {
    return this.#record.wanted.flatMap(({ release, config }) =>
      Object.entries(this.#variables.get(release) ?? {}).flatMap(([name, value]) => (name in config ? [] : [value])),
    )
  }

  /** Remembers, in memory only, what a release's instances are given. */
  give(release: ReleaseId, variables: Variables): void {
    this.#variables.set(release, variables)
  }

  /** Changes are made one after the other, each on what is on disk. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => this.refresh()).then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  /** Reads the record if it has changed since, and takes up the processes in it. `store_corrupt`, `store_newer`. */
  async refresh(): Promise<void> {
    const { record, changed } = await this.#notebook.read()
    if (record === null && changed) await this.#rebuild()
    if (record === null || !changed) return
    this.#record = record
    this.#running.clear()
    for (const one of this.#record.instances) await this.#takeUp(one)
  }

  /** Only in turn. Memory follows the disk, so that a write that failed leaves both as they were. */
  async save(record: EnvironmentRecord): Promise<void> {
    await this.#notebook.write(record)
    this.#record = record
  }

  /** Starts processes for instances that are on record and have none. Only in turn. `start_failed`, `artifact_missing`, `artifact_mismatch`. */
  async spawn(instances: readonly InstanceRecord[], signal: AbortSignal): Promise<void> {
    const prepared = await Promise.all(instances.map((one) => this.#prepare(one, signal)))
    if (signal.aborted) throw calledOff()
    const started: { readonly record: InstanceRecord; readonly gated: GatedProcess }[] = []
    try {
      for (const [index, one] of instances.entries()) {
        const gated = launch({ ...(prepared[index] ?? bug()), onEnded: () => this.ended.ring() })
        started.push({ record: { ...one, process: gated.running.identity }, gated })
      }
    } finally {
      await this.#begin(started)
    }
  }

  /** On record first, then let begin. What could not be written down never begins. */
  async #begin(started: readonly { readonly record: InstanceRecord; readonly gated: GatedProcess }[]): Promise<void> {
    try {
      await this.save(
        replace(
          this.#record,
          started.map(({ record }) => record),
        ),
      )
    } catch (error) {
      for (const { gated } of started) gated.forget()
      throw error
    }
    for (const { record, gated } of started) {
      this.#running.set(record.id, gated.running)
      gated.begin()
    }
  }

  async #prepare(one: InstanceRecord, signal: AbortSignal): Promise<Omit<Parameters<typeof launch>[0], 'onEnded'>> {
    const { service, environment, wanted } = this.#record
    const release = wanted.find((candidate) => candidate.release === one.release) ?? bug()
    const [folder, variables] = await Promise.all([
      this.#world.unpacked.folder(release.release, release.artifact, signal),
      this.#variablesOf(one.release, signal),
    ])
    this.#running.delete(one.id)
    // What the ended process started may still hold the port.
    if (one.process !== null) await endRest(one.process, 0)
    const { ambient, host, stateMark } = this.#world
    const { version } = release
    const identity = { service, environment, host, version, instance: one, stateMark }
    return {
      line: shellLine(release.command),
      folder,
      variables: instanceVariables({ ambient, variables, ...identity }),
      logFile: logFileOf(this.#world, one.id),
      // One that served before is missed; a new one is not.
      behind: !one.settled,
    }
  }

  async #variablesOf(release: ReleaseId, signal: AbortSignal): Promise<Variables> {
    const known = this.#variables.get(release)
    if (known !== undefined) return known
    const { config, secretVersions } = this.#record.wanted.find((one) => one.release === release) ?? bug()
    const variables = { ...config, ...(await this.#world.secrets.values(secretVersions, signal)) }
    this.#variables.set(release, variables)
    return variables
  }

  /** Records that the instances should go, and begins to stop them. */
  retire(request: RetireRequest, signal: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      refuseOlder(this.#record, request.fence)
      if (signal.aborted) throw calledOff()
      await this.save(unwant({ ...this.#record, fence: request.fence }, request))
      const there = new Set(this.#record.instances.map(({ id }) => id))
      for (const id of this.#running.keys()) if (!there.has(id)) this.#running.delete(id)
      if (!this.#record.wanted.some(({ release }) => release === request.release))
        this.#variables.delete(request.release)
    })
  }

  /** Sees to it that what is leaving goes: SIGTERM, grace, SIGKILL. Resolves when those that `which` picks are gone and off the record. */
  async stopLeaving(which: (one: LeavingRecord) => boolean): Promise<void> {
    const leaving = this.#record.leaving.filter(which)
    if (leaving.length === 0) return
    await Promise.all(leaving.map((one) => this.#stop(one)))
    const gone = new Set(leaving.map(({ process }) => process.pid))
    try {
      await this.inTurn(() => {
        const rest = this.#record.leaving.filter(({ process }) => !gone.has(process.pid))
        return this.save({ ...this.#record, leaving: rest })
      })
    } finally {
      for (const pid of gone) this.#stopping.delete(pid)
    }
  }

  /** Takes up the stops that nobody is at: those of a killed control plane, and those whose end could not be written down. */
  resumeStops(): Promise<void> {
    return this.stopLeaving(({ process }) => !this.#stopping.has(process.pid))
  }

  /** One stop a process, whoever asks; it goes on when the one who asked is called off. */
  #stop({ process, stopGraceMs }: LeavingRecord): Promise<void> {
    const before = this.#stopping.get(process.pid)
    if (before !== undefined) return before
    const stop = endRest(process, stopGraceMs)
    this.#stopping.set(process.pid, stop)
    return stop
  }

  /** What runs now: each process is looked at, each that was not yet seen listening is asked. */
  observe(): Promise<readonly Instance[]> {
    return Promise.all(this.#record.instances.map((one) => this.#observeOne(one)))
  }

  async #observeOne({ id, release, index, port, restarts }: InstanceRecord): Promise<Instance> {
    const { host } = this.#world
    const running = this.#running.get(id)
    const seen = { id, release, index, host, port, restarts }
    if (running === undefined || running.ended() !== null) return { ...seen, status: 'exited' }
    if (!running.listening() && (await isListening(running.identity.pid, host, port))) running.seenListening()
    return { ...seen, status: running.listening() ? 'running' : 'starting' }
  }

  async #takeUp({ id, process }: InstanceRecord): Promise<void> {
    if (process === null || !isRunning(process)) return
    this.#running.set(id, takeUp(process, await logSize(logFileOf(this.#world, id))))
  }

  /** Without any record: what runs with our marks is an instance. It is not restarted until a start says how. */
  async #rebuild(): Promise<void> {
    const { service, environment } = this.#record
    this.#record = emptyRecord(service, environment)
    this.#running.clear()
    const marked = (await findMarked(this.#world.stateMark)).filter(
      (one) => one.leads && one.service === service && one.environment === environment,
    )
    const instances = new Map<string, InstanceRecord>()
    for (const { instance: id, release, port, process } of marked) {
      const index = Number(/-(\d+)$/.exec(id)?.[1])
      if (instances.has(id) || !Number.isInteger(index) || !/^rel_[0-9a-f]{64}$/.test(release)) continue
      const parts = { release: releaseId(release), index, port, process, settled: true, restarts: 0, quickEnds: 0 }
      instances.set(id, { id, ...parts })
    }
    if (instances.size === 0) return
    this.#world.log.warn('instances_taken_up_by_marks', { service, environment, instances: [...instances.keys()] })
    await this.save({ ...this.#record, instances: [...instances.values()] })
    for (const one of instances.values()) await this.#takeUp(one)
  }
}

/** Ends a process and its group, or what is left of the group; never another process that was given the same pid since. */
const endRest = async (identity: ProcessIdentity, graceMs: number): Promise<void> => {
  const leader = identify(identity.pid)
  if (leader !== null && leader.startTime !== identity.startTime) return
  if (!isGroupAlive(identity.pid)) return
  await endGroup(identity.pid, graceMs)
}

const bug = (): never => {
  throw new SluiceError('unexpected', { detail: 'the record names a release or an instance that it does not hold' })
}
