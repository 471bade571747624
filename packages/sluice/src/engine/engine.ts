/** The engine's face: what the API and an in-process CLI call. Holds no logic of its own. */
import type { EnvironmentState } from '../core/environment.ts'
import type { SluiceError } from '../core/errors.ts'
import type { LedgerRow } from '../core/ledger/entry.ts'
import type { Actor, FreezeWindow, Where } from '../core/model.ts'
import type { CommandEvent } from '../core/rollout/commands.ts'
import type { Notifier } from '../ports/notifier.ts'
import type { LedgerQuery } from '../ports/store.ts'
import {
  commandRollout,
  deploy,
  type DeployCommand,
  deployOrQueue,
  type Started,
  type StartedOrQueued,
} from './commands/deploy.ts'
import { type DrillCommand, startDrill } from './commands/drill.ts'
import { holdRelease, type ReleaseTarget, unholdRelease } from './admission/holds.ts'
import { type OpenIncident, openIncident, resolveIncident } from './commands/incidents.ts'
import { type Returns, returnsOf } from './perform/returns.ts'
import { type RollbackCommand, type RolledBack, rollback } from './commands/rollback.ts'
import type { Desk } from './desk.ts'
import type { Asker } from './admission/governance.ts'
import { Governance } from './admission/governance-face.ts'
import { Identity } from './identity/identity.ts'
import { IdentityWrites } from './identity/writes.ts'
import { inTurnByName } from './in-turn.ts'
import { type EnvironmentTarget, freeze, lock, unfreeze, unlock } from './commands/environments.ts'
import { maintain, type MaintenanceWish } from './commands/maintenance.ts'
import { type Deliveries, deliveriesOf } from './perform/deliver.ts'
import { Loop } from './loop/loop.ts'
import { submitNotice } from './notify/notices.ts'
import { Notifications } from './notify/notifications.ts'
import { observe, type Observed } from './reading/observing.ts'
import { createOnce, evenIfFull, type EvenIfFull, nothing, type Once } from './commands/once.ts'
import { perform, type PerformWorld } from './perform/perform.ts'
import { arrivalsOf, Sources } from './keepers/sources.ts'
import type { Ports } from './ports.ts'
import { type Preview, previewDeploy } from './admission/preview.ts'
import { type Pruned, type PruneWish, sayPruned, takeTexts } from './commands/prune.ts'
import { cancelQueued, type WhenBusy } from './commands/queue.ts'
import { QueueKeeper } from './keepers/queue-keeper.ts'
import { Reading } from './reading/reading.ts'
import { Secrets } from './commands/secrets.ts'
import { SlotKeeper } from './keepers/slots.ts'
import type { Train } from '../core/train/types.ts'
import { commandTrain, startTrain, type TrainCommand } from './commands/trains.ts'
import { type MemberNow, standingOf, trainsUnderWay } from './reading/train-standing.ts'
import { type Verified, verifyEnvironment } from './perform/verify.ts'
import { createTypedSecrets, type TypedSecrets, withoutValues } from './commands/typed-secrets.ts'
import {
  cancelRun,
  playJob,
  type PlayCommand,
  type StartedRun,
  startRun,
  type StartRunCommand,
} from './commands/runs.ts'

/** Who asks, and how to make the same request twice without doing it twice. */
export type Caller = {
  readonly by: Actor
  readonly reason: string | null
  readonly idempotencyKey: string | null
  /** Whose the key is, in a form without ambiguity; the same key of somebody else is another one. Absent for what Sluice itself makes sure of. */
  readonly keyOwner?: string
  readonly where?: Where
  /** The groups that the caller was in when it asked, as its sign-in or its token says; none when absent. */
  readonly groups?: readonly string[]
  /** Whether it may deploy to an environment, for what deploys without being asked to by name (a run); absent for who may everything. */
  readonly mayDeploy?: (environment: string) => boolean
  /** Falls once nobody wants it any more; what is not decided by then is not done. */
  readonly signal?: AbortSignal
}

/** What the engine is started with. */
export type EngineOptions = {
  /** Names this process in the lease. */
  readonly owner: string
  /** `nobody`: it ends with its command, so that nobody is told what it does, and nothing that waits is sent. Absent: whoever the config names. */
  readonly tells?: 'nobody'
  /** The state can no longer be trusted: exit, reopen, read. */
  readonly onFatal: (error: SluiceError) => void
}

/** Sends nothing: an attempt that a control plane had begun waits for the next one. */
const waiting: Notifier = {
  send: (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
}

/** The control plane's heart. Commands resolve once durable; what they set in motion goes on by itself. */
export class Engine {
  readonly reading: Reading
  /** Approvals, the line, broken glass. */
  readonly governance: Governance
  /** Who asks. */
  readonly identity: Identity
  /** What is changed about people, tokens and sessions. */
  readonly identityWrites: IdentityWrites
  /** Who is told what. */
  readonly notifications: Notifications
  /** Where commits come from. */
  readonly sources: Sources
  /** Setting and removing secrets. */
  readonly secrets: Secrets
  readonly #ports: Ports
  readonly #loop: Loop
  readonly #slots: SlotKeeper
  readonly #queues: QueueKeeper
  readonly #desk: Desk
  readonly #once: Once
  readonly #evenIfFull: EvenIfFull
  readonly #returns: Returns
  readonly #deliveries: Deliveries
  readonly #world: PerformWorld
  readonly #listeners = new Set<(rows: readonly LedgerRow[]) => void>()
  readonly #stopped = new AbortController()
  readonly #typed: TypedSecrets = createTypedSecrets()

  constructor(ports: Ports, options: EngineOptions) {
    this.#ports = ports
    this.reading = new Reading(ports.store, (key) => this.#loop.durableState(key))
    this.#loop = new Loop({
      clock: ports.clock,
      log: ports.log,
      store: ports.store,
      owner: options.owner,
      onFatal: options.onFatal,
      onRows: (rows) => {
        this.identity.noticed(rows)
        for (const listener of this.#listeners) listener(rows)
        this.#slots.noticed(rows)
        this.#queues.noticed(rows)
        if (options.tells === undefined) this.notifications.noticed(rows)
      },
      onTakenUp: () => {
        this.#slots.look()
        this.#queues.look()
        if (options.tells === undefined) this.notifications.look()
      },
      perform: (job, signal) => perform(this.#world, job, signal),
    })
    this.#slots = new SlotKeeper({ loop: this.#loop, clock: ports.clock, log: ports.log })
    const { clock, ids, calendar, metrics, secrets } = ports
    this.#desk = { loop: this.#loop, reading: this.reading, clock, ids, calendar, metrics, secrets }
    this.#once = createOnce(ports)
    this.#evenIfFull = evenIfFull(ports.store)
    this.#returns = returnsOf({ engine: this, desk: this.#desk, store: ports.store })
    this.#deliveries = deliveriesOf({ engine: this, desk: this.#desk, store: ports.store })
    this.#world = {
      ports: options.tells === undefined ? ports : { ...ports, notifier: waiting },
      reading: this.reading,
      deliveries: this.#deliveries,
      returns: this.#returns,
      arrivals: arrivalsOf({ engine: this, reading: this.reading, store: ports.store }),
      typed: this.#typed,
    }
    this.governance = new Governance(this.#desk, this.#once, this.#evenIfFull)
    this.secrets = new Secrets(this.#desk, this.#once)
    this.sources = new Sources(this.#desk, this.#once, ports.sha256)
    const { credentials, log } = ports
    this.identity = new Identity({ ...this.#desk, credentials, inTurn: inTurnByName() }, log)
    this.identityWrites = new IdentityWrites(this.identity.desk, this.#once)
    this.#queues = new QueueKeeper({ desk: this.#desk, log: ports.log })
    this.notifications = new Notifications({
      ...ports,
      desk: this.#desk,
      once: this.#once,
      tells: options.tells ?? 'all',
    })
  }

  /** Recovers, then listens to the data plane and watches over instances. */
  async start(): Promise<void> {
    await this.notifications.prepare()
    await this.#loop.start()
    await this.notifications.start()
    this.#ports.router.watch(
      (notice) => void submitNotice({ ...this.#desk, log: this.#ports.log }, notice),
      this.#stopped.signal,
    )
    void this.#ports.driver.supervise(this.#stopped.signal).catch((error: unknown) => {
      this.#ports.log.error('supervision_failed', { error: String(error) })
    })
  }

  /** Stops deciding and performing; instances and gateway go on. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.notifications.stop()
    this.#loop.stop()
    await this.#ports.store.close()
  }

  /** Rows as they become durable. Returns how to end it. */
  subscribe(listener: (rows: readonly LedgerRow[]) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** A page of the ledger. */
  ledger(query: LedgerQuery): Promise<readonly LedgerRow[]> {
    return this.#ports.store.ledger(query)
  }

  /** What the data plane and the driver show now, not what was asked of them. */
  observe(target: EnvironmentTarget, signal: AbortSignal): Promise<Observed> {
    return observe(this.#ports, target, signal)
  }

  /** Everything of a service's environments. */
  environments(service: string): Promise<readonly EnvironmentState[]> {
    return this.reading.environments(service)
  }

  startRun(command: StartRunCommand, caller: Caller, signal: AbortSignal): Promise<StartedRun> {
    const { pipeline = null } = command
    // What is kept of a request tells nothing of values.
    const words = pipeline === null ? command : { ...command, pipeline: withoutValues(pipeline) }
    return this.#once(caller, { name: 'startRun', command: words }, (asking) =>
      startRun({ ...this.#ports, typed: this.#typed }, this.#desk, { command, asking, signal }),
    )
  }

  cancelRun(run: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'cancelRun', run }, (asking) => nothing(cancelRun(this.#desk, run, asking)))
  }

  deploy(command: DeployCommand, caller: Caller): Promise<Started> {
    return this.#once(caller, { name: 'deploy', command }, (asking) => deploy(this.#desk, command, asking))
  }

  /** A deploy of somebody who may be willing to wait for their turn. */
  deployOrQueue(command: DeployCommand & { readonly whenBusy: WhenBusy }, caller: Caller): Promise<StartedOrQueued> {
    return this.#once(caller, { name: 'deployOrQueue', command }, (asking) =>
      deployOrQueue(this.#desk, command, asking),
    )
  }

  cancelQueued(target: EnvironmentTarget & { readonly entry: string }, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'cancelQueued', target }, (asking) =>
      nothing(cancelQueued(this.#desk, target, asking)),
    )
  }

  startTrain(command: TrainCommand, caller: Caller): Promise<{ readonly train: string }> {
    return this.#once(caller, { name: 'startTrain', command }, (asking) => startTrain(this.#desk, command, asking))
  }

  /** Turning around is a way back, and so passes a full disk. */
  commandTrain(train: string, type: 'abort_requested' | 'retry_requested', caller: Caller): Promise<object> {
    return this.#evenIfFull(() =>
      this.#once(caller, { name: 'commandTrain', train, type }, (asking) =>
        nothing(commandTrain(this.#desk, { train, type }, asking)),
      ),
    )
  }

  /** Those that are not over, the newest first. */
  trainsUnderWay(): Promise<readonly Train[]> {
    return trainsUnderWay(this.#desk)
  }

  /** What its members do just now. */
  standingOf(train: Train): Promise<readonly MemberNow[]> {
    return standingOf(this.#desk, train)
  }

  previewDeploy(command: DeployCommand, asker: Asker | null = null): Promise<Preview> {
    return previewDeploy(this.#desk, command, asker)
  }

  rollback(command: RollbackCommand, caller: Caller): Promise<RolledBack> {
    return this.#evenIfFull(() =>
      this.#once(caller, { name: 'rollback', command }, (asking) => rollback(this.#desk, command, asking)),
    )
  }

  commandRollout(rollout: string, type: CommandEvent['type'], caller: Caller): Promise<object> {
    const command = (): Promise<object> =>
      this.#once(caller, { name: type, rollout }, (asking) =>
        nothing(commandRollout(this.#desk, { rollout, type }, asking)),
      )
    return type === 'abort_requested' ? this.#evenIfFull(command) : command()
  }

  lock(target: EnvironmentTarget, until: number | null, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'lock', target, until }, (asking) =>
      nothing(lock(this.#desk, { ...target, until }, asking)),
    )
  }

  unlock(target: EnvironmentTarget, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'unlock', target }, (asking) => nothing(unlock(this.#desk, target, asking)))
  }

  freeze(target: EnvironmentTarget, window: FreezeWindow, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'freeze', target, window }, (asking) =>
      nothing(freeze(this.#desk, { ...target, window }, asking)),
    )
  }

  unfreeze(target: EnvironmentTarget, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'unfreeze', target }, (asking) => nothing(unfreeze(this.#desk, target, asking)))
  }

  holdRelease(target: Parameters<typeof holdRelease>[1], caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'hold', target }, (asking) => nothing(holdRelease(this.#desk, target, asking)))
  }

  unholdRelease(target: ReleaseTarget, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'unhold', target }, (asking) =>
      nothing(unholdRelease(this.#desk, target, asking)),
    )
  }

  openIncident(command: OpenIncident, caller: Caller): Promise<{ readonly incident: string }> {
    return this.#once(caller, { name: 'openIncident', command }, (asking) => openIncident(this.#desk, command, asking))
  }

  resolveIncident(incident: string, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'resolveIncident', incident }, (asking) =>
      nothing(resolveIncident(this.#desk, incident, asking)),
    )
  }

  startDrill(command: DrillCommand, caller: Caller): Promise<{ readonly drill: string }> {
    return this.#once(caller, { name: 'startDrill', command }, (asking) => startDrill(this.#desk, command, asking))
  }

  /** Takes the texts of rows of before a moment out of the ledger. Asked again, it is said once, and what was left undone is done. */
  async prune({ before, book }: PruneWish, caller: Caller): Promise<Pruned> {
    const { store } = this.#ports
    const parts = { desk: this.#desk, store, book }
    const { until } = await this.#once(caller, { name: 'prune', before }, (asking) =>
      sayPruned(parts, { before }, asking),
    )
    return takeTexts(store, until)
  }

  maintain(target: EnvironmentTarget, wish: MaintenanceWish | null, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'maintain', target, wish }, (asking) =>
      nothing(maintain(this.#desk, { ...target, wish }, asking)),
    )
  }

  /** Has the checks of an environment made now. */
  verify(target: EnvironmentTarget, caller: Caller, signal: AbortSignal): Promise<Verified> {
    const world = { desk: this.#desk, verifier: this.#ports.verifier }
    return this.#once(caller, { name: 'verify', target }, (asking) =>
      verifyEnvironment(world, target, { asking, signal }),
    )
  }

  playJob(command: PlayCommand, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'playJob', command }, (asking) => nothing(playJob(this.#desk, command, asking)))
  }
}
