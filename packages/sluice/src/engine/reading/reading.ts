/** Reading what is stored, in domain types. The store gives back what the machines put there; this is where that is relied on. */
import { SluiceError } from '../../core/errors.ts'
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import { emptyEnvironment } from '../../core/environment.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { lineKey, type LineState, runningLine } from '../../core/line.ts'
import { limits } from '../../core/limits.ts'
import { type MaintenanceState, noMaintenance } from '../../core/maintenance.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import { type RunSummary, runSummary } from '../../core/pipeline/summary.ts'
import type { Hold } from '../../core/hold.ts'
import { holdOf } from '../../core/release-machine.ts'
import type { Message } from '../../core/notify/message.ts'
import type { Store } from '../../ports/store.ts'
import { absentSecret, secretKey, type SecretState } from '../../core/secret.ts'
import { remoteKey, type RemoteState, unseenRemote } from '../../core/source/remote.ts'
import type { Arrival } from '../../core/source/types.ts'
import type { Train } from '../../core/train/types.ts'
import { currentState, machineVersions } from '../machines.ts'
import { type CutRelease, StoredReleases } from './stored-releases.ts'
import {
  boundsOf,
  type DurableState,
  type Page,
  pageLimit,
  type PageQuery,
  type Placed,
  filtered,
  type FilteredQuery,
  StoredStates,
} from './stored-states.ts'
import {
  asEnvironment,
  asLine,
  asMaintenance,
  asRelease,
  asRemote,
  asRun,
  asRunSummary,
  asSecret,
  type Drill,
  existingArrival,
  existingDrill,
  existingIncident,
  existingMessage,
  existingRollout,
  existingRun,
  existingPerson,
  existingSession,
  existingToken,
  existingTrain,
  existingWatch,
  type Incident,
  type Person,
  type Rollout,
  type Run,
  type Session,
  type Token,
  type Watch,
} from '../trusted.ts'

/** Reads aggregates by id or page by page. */
export class Reading {
  readonly #store: Store
  readonly #states: StoredStates
  readonly #releases: StoredReleases
  /** Who started a run never changes. */
  readonly #starters = new Map<string, string | null>()

  constructor(store: Store, durable: DurableState) {
    this.#store = store
    this.#states = new StoredStates(store, durable)
    this.#releases = new StoredReleases(this.#states, store)
  }

  /** The rollout; `not_found`. */
  rollout(id: string): Promise<Rollout> {
    return this.#existing({ kind: 'rollout', id }, existingRollout, 'sluice status')
  }

  /** Rollouts, newest first. */
  rollouts(query: FilteredQuery<Rollout>): Promise<Page<Rollout>> {
    return this.#states.page('rollout', query, existingRollout)
  }

  /** The run; `not_found`. */
  run(id: string): Promise<Run> {
    return this.#existing({ kind: 'run', id }, existingRun, 'sluice runs ls')
  }

  /** Runs, newest first. */
  runs(query: PageQuery): Promise<Page<Run>> {
    return this.#states.page('run', query, existingRun)
  }

  /** Runs in short, newest first. Of one that has no summary the state is read. */
  async runSummaries({ filter, ...query }: FilteredQuery<RunSummary>): Promise<Page<RunSummary>> {
    const { items: rows, next } = await this.#store.summaries({ kind: 'run', ...boundsOf(query, filter) })
    const items: Placed<RunSummary>[] = []
    for (const row of rows) {
      const { key, summary } = row
      const item = asRunSummary(summary) ?? (await this.#states.find(key, (state) => runSummary(asRun(state))))
      items.push({ row, item })
    }
    return filtered({ items, next }, { limit: pageLimit(query.limit), filter })
  }

  /** Runs that are not over, in no order. */
  async unsettledRuns(): Promise<readonly Run[]> {
    const open = await this.#store.open(machineVersions)
    return open
      .filter(({ key }) => key.kind === 'run')
      .flatMap((stored) => existingRun(currentState('run', stored)) ?? [])
  }

  /** Who started a run, without its state once it was read; null when nobody did, or nobody knows any more. */
  async startedBy(id: string): Promise<string | null> {
    const known = this.#starters.get(id)
    if (known !== undefined) return known
    const by = (await this.#states.find({ kind: 'run', id }, existingRun))?.by
    const name = by?.kind === 'person' ? by.name : null
    if (this.#starters.size >= limits.releasesHeldMax) this.#starters.clear()
    this.#starters.set(id, name)
    return name
  }

  /** The release of exactly this id; `not_found`. */
  async release(id: ReleaseId): Promise<Release> {
    return (await this.#releases.find(id)) ?? missing('release', id, 'sluice releases ls')
  }

  /** The release that was cut last, or null. */
  newestRelease(): Promise<Release | null> {
    return this.#releases.newest()
  }

  /** Releases, in the order in which they were cut, the newest first. */
  releases(query: FilteredQuery<CutRelease>): Promise<Page<Release>> {
    return this.#releases.page(query)
  }

  /** The newest release that a word names: an id, the beginning of one, a version (with or without its build), or `latest`; `not_found`. */
  async releaseNamed(service: string, word: string): Promise<Release> {
    return (await this.#releases.named(service, word)) ?? missing('release', word, 'sluice releases ls')
  }

  /** What holds a release; null when nothing does. */
  hold(id: ReleaseId): Promise<Hold | null> {
    return this.#states.find({ kind: 'release', id }, (state) => holdOf(asRelease(state)))
  }

  /** What the ledger knows of a secret. */
  async secret(name: string): Promise<SecretState> {
    return (await this.#states.find(secretKey(name), asSecret)) ?? absentSecret
  }

  /** The environment as it stands; an empty one when nobody used it yet. */
  async environment(service: string, name: string): Promise<EnvironmentState> {
    return (await this.#states.find(environmentKey(service, name), asEnvironment)) ?? emptyEnvironment(service, name)
  }

  /** Environments of a service that were used. */
  async environments(service: string): Promise<readonly EnvironmentState[]> {
    const query = { idPrefix: `${service}/`, limit: limits.pageItemsMax }
    const { items } = await this.#states.page('environment', query, asEnvironment)
    return items
  }

  /** Environments of all services that were used. */
  async allEnvironments(): Promise<readonly EnvironmentState[]> {
    const found: EnvironmentState[] = []
    let cursor: string | null = null
    do {
      const query: PageQuery = { limit: limits.pageItemsMax, ...(cursor === null ? {} : { cursor }) }
      const page: Page<EnvironmentState> = await this.#states.page('environment', query, asEnvironment)
      found.push(...page.items)
      cursor = page.next
    } while (cursor !== null)
    return found
  }

  /** What is wanted between clients and the release of an environment, and whether it is there. */
  async maintenance(service: string, name: string): Promise<MaintenanceState> {
    const key: AggregateKey = { kind: 'maintenance', id: environmentKey(service, name).id }
    return (await this.#states.find(key, asMaintenance)) ?? noMaintenance(service, name)
  }

  /** Whether anything may go forward. */
  async line(): Promise<LineState> {
    return (await this.#states.find(lineKey, asLine)) ?? runningLine
  }

  /** The train; `not_found`. */
  train(id: string): Promise<Train> {
    return this.#existing({ kind: 'train', id }, existingTrain, 'sluice train ls')
  }

  /** Trains, newest first. */
  trains(query: FilteredQuery<Train>): Promise<Page<Train>> {
    return this.#states.page('train', query, existingTrain)
  }

  /** The watch that a rollout left behind; null when none did. */
  watch(rollout: string): Promise<Watch | null> {
    return this.#states.find({ kind: 'watch', id: rollout }, existingWatch)
  }

  /** The drill; `not_found`. */
  drill(id: string): Promise<Drill> {
    return this.#existing({ kind: 'drill', id }, existingDrill, 'sluice drill ls')
  }

  /** Drills, newest first. */
  drills(query: FilteredQuery<Drill>): Promise<Page<Drill>> {
    return this.#states.page('drill', query, existingDrill)
  }

  /** The incident; `not_found`. */
  incident(id: string): Promise<Incident> {
    return this.#existing({ kind: 'incident', id }, existingIncident, 'sluice incidents ls')
  }

  /** Incidents, newest first. */
  incidents(query: FilteredQuery<Incident>): Promise<Page<Incident>> {
    return this.#states.page('incident', query, existingIncident)
  }

  /** The arrival; `not_found`. */
  arrival(id: string): Promise<Arrival> {
    return this.#existing({ kind: 'arrival', id }, existingArrival, 'sluice source ls')
  }

  /** Whether anything was ever recorded of it, also of what was forgotten since. */
  async isRecorded(key: AggregateKey): Promise<boolean> {
    return (await this.#store.ledger({ key, after: 0, limit: 1 })).length > 0
  }

  /** Arrivals, those that changed last first. */
  arrivals(query: PageQuery): Promise<Page<Arrival>> {
    return this.#states.page('arrival', query, existingArrival)
  }

  /** The remote as it was seen last. */
  async remoteState(): Promise<RemoteState> {
    return (await this.#states.find(remoteKey, asRemote)) ?? unseenRemote
  }

  /** The message; `not_found`. */
  message(id: string): Promise<Message> {
    return this.#existing({ kind: 'message', id }, existingMessage, 'sluice notify ls')
  }

  /** Messages, those to which something happened last first; `idPrefix` for those of a channel, or of a subject in it. */
  messages(query: PageQuery & { readonly idPrefix?: string }): Promise<Page<Message>> {
    return this.#states.page('message', query, existingMessage)
  }

  /** The person; null when nobody was ever added by that name. */
  person(name: string): Promise<Person | null> {
    return this.#states.find({ kind: 'person', id: name }, existingPerson)
  }

  /** Persons, those that changed last first. */
  people(query: FilteredQuery<Person>): Promise<Page<Person>> {
    return this.#states.page('person', query, existingPerson)
  }

  /** The token; null when there never was one. */
  token(id: string): Promise<Token | null> {
    return this.#states.find({ kind: 'token', id }, existingToken)
  }

  /** Tokens, those that were issued, used or revoked last first. */
  tokens(query: FilteredQuery<Token>): Promise<Page<Token>> {
    return this.#states.page('token', query, existingToken)
  }

  /** The session; null when there never was one. */
  session(id: string): Promise<Session | null> {
    return this.#states.find({ kind: 'session', id }, existingSession)
  }

  /** Sessions, those that were seen last first. */
  sessions(query: FilteredQuery<Session>): Promise<Page<Session>> {
    return this.#states.page('session', query, existingSession)
  }

  /** The number of the newest row of the ledger; 0 when there is none. */
  head(): Promise<number> {
    return this.#store.head()
  }

  /** What there is by that key; `not_found`, with the command that lists what there is. */
  async #existing<Item>(key: AggregateKey, read: (state: unknown) => Item | null, list: string): Promise<Item> {
    return (await this.#states.find(key, read)) ?? missing(key.kind, key.id, list)
  }
}

const missing = (what: string, id: string, hint: string): never => {
  throw new SluiceError('not_found', { detail: `there is no ${what} ${JSON.stringify(id)}`, hint })
}
