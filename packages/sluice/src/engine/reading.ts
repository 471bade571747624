/** Reading what is stored, in domain types. The store gives back what the machines put there; this is where that is relied on. */
import { SluiceError } from '../core/errors.ts'
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentState } from '../core/environment.ts'
import { emptyEnvironment } from '../core/environment.ts'
import type { AggregateKey, AggregateKind } from '../core/ledger/entry.ts'
import { lineKey, type LineState, runningLine } from '../core/line.ts'
import { limits } from '../core/limits.ts'
import { type MaintenanceState, noMaintenance } from '../core/maintenance.ts'
import { type Release, type ReleaseId, releaseId } from '../core/model.ts'
import { type RunSummary, runSummary } from '../core/pipeline/summary.ts'
import type { Hold } from '../core/hold.ts'
import { absentRelease, holdOf, type ReleaseState } from '../core/release-machine.ts'
import type { Message } from '../core/notify/message.ts'
import type { Store } from '../ports/store.ts'
import { remoteKey, type RemoteState, unseenRemote } from '../core/source/remote.ts'
import type { Arrival } from '../core/source/types.ts'
import type { Train } from '../core/train/types.ts'
import { currentState, machineVersions } from './machines.ts'
import {
  asEnvironment,
  asLine,
  asMaintenance,
  asRelease,
  asRemote,
  asRun,
  asRunSummary,
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
} from './trusted.ts'

/** A page, newest first. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** How much of a list is wanted. */
export type PageQuery = { readonly limit?: number; readonly cursor?: string }

/** The state that the store has of an aggregate, where it is at hand; otherwise null. */
export type DurableState = (key: AggregateKey) => unknown

/** Reads aggregates by id or page by page. */
export class Reading {
  readonly #store: Store
  readonly #durable: DurableState
  /** Releases never change, so that what was read once stays true. */
  readonly #releases = new Map<string, Release>()
  /** Nor does who started a run. */
  readonly #starters = new Map<string, string | null>()

  constructor(store: Store, durable: DurableState) {
    this.#store = store
    this.#durable = durable
  }

  /** The rollout; `not_found`. */
  async rollout(id: string): Promise<Rollout> {
    const state = await this.#load({ kind: 'rollout', id })
    const rollout = state === null ? null : existingRollout(state)
    if (rollout !== null) return rollout
    throw missing('rollout', id, 'sluice status')
  }

  /** The run; `not_found`. */
  async run(id: string): Promise<Run> {
    const state = await this.#load({ kind: 'run', id })
    const run = state === null ? null : existingRun(state)
    if (run !== null) return run
    throw missing('run', id, 'sluice runs ls')
  }

  /** Who started a run, without its state once it was read; null when nobody did, or nobody knows any more. */
  async startedBy(id: string): Promise<string | null> {
    const known = this.#starters.get(id)
    if (known !== undefined) return known
    const state = await this.#load({ kind: 'run', id })
    const by = state === null ? null : (existingRun(state)?.by ?? null)
    const name = by?.kind === 'person' ? by.name : null
    if (this.#starters.size >= limits.releasesHeldMax) this.#starters.clear()
    this.#starters.set(id, name)
    return name
  }

  /** The train; `not_found`. */
  async train(id: string): Promise<Train> {
    const state = await this.#load({ kind: 'train', id })
    const train = state === null ? null : existingTrain(state)
    if (train !== null) return train
    throw missing('train', id, 'sluice train ls')
  }

  /** Trains, newest first. */
  async trains(query: PageQuery): Promise<Page<Train>> {
    const page = await this.#list('train', query)
    return { next: page.next, items: page.items.flatMap((state) => existingTrain(state) ?? []) }
  }

  /** The person; null when nobody was ever added by that name. */
  async person(name: string): Promise<Person | null> {
    const state = await this.#load({ kind: 'person', id: name })
    return state === null ? null : existingPerson(state)
  }

  /** Persons, those that changed last first. */
  async people(query: PageQuery): Promise<Page<Person>> {
    const page = await this.#list('person', query)
    return { next: page.next, items: page.items.flatMap((state) => existingPerson(state) ?? []) }
  }

  /** The token; null when there never was one. */
  async token(id: string): Promise<Token | null> {
    const state = await this.#load({ kind: 'token', id })
    return state === null ? null : existingToken(state)
  }

  /** Tokens, those that were issued, used or revoked last first. */
  async tokens(query: PageQuery): Promise<Page<Token>> {
    const page = await this.#list('token', query)
    return { next: page.next, items: page.items.flatMap((state) => existingToken(state) ?? []) }
  }

  /** The session; null when there never was one. */
  async session(id: string): Promise<Session | null> {
    const state = await this.#load({ kind: 'session', id })
    return state === null ? null : existingSession(state)
  }

  /** Sessions, those that were seen last first. */
  async sessions(query: PageQuery): Promise<Page<Session>> {
    const page = await this.#list('session', query)
    return { next: page.next, items: page.items.flatMap((state) => existingSession(state) ?? []) }
  }

  /** The environment as it stands; an empty one when nobody used it yet. */
  async environment(service: string, name: string): Promise<EnvironmentState> {
    const state = await this.#load(environmentKey(service, name))
    return state === null ? emptyEnvironment(service, name) : asEnvironment(state)
  }

  /** What is wanted between clients and the release of an environment, and whether it is there. */
  async maintenance(service: string, name: string): Promise<MaintenanceState> {
    const state = await this.#load({ kind: 'maintenance', id: environmentKey(service, name).id })
    return state === null ? noMaintenance(service, name) : asMaintenance(state)
  }

  /** The release of exactly this id; `not_found`. */
  async release(id: ReleaseId): Promise<Release> {
    const release = await this.#releaseOf(id)
    if (release === null) throw missing('release', id, 'sluice releases ls')
    return release
  }

  /** The release that was cut last, or null; which it is, is read without its content, which is large where a service has many environments. */
  async newestRelease(): Promise<Release | null> {
    const { items } = await this.#store.summaries({ kind: 'release', limit: 1 })
    const [newest] = items
    return newest === undefined ? null : this.#releaseOf(releaseId(newest.key.id))
  }

  async #releaseOf(id: ReleaseId): Promise<Release | null> {
    const known = this.#releases.get(id)
    if (known !== undefined) return known
    const state = asRelease((await this.#load({ kind: 'release', id })) ?? absentRelease)
    if (state.status === 'absent') return null
    if (this.#releases.size >= limits.releasesHeldMax) this.#releases.clear()
    this.#releases.set(id, state.release)
    return state.release
  }

  /** What holds a release; null when nothing does. */
  async hold(id: ReleaseId): Promise<Hold | null> {
    return holdOf(asRelease((await this.#load({ kind: 'release', id })) ?? absentRelease))
  }

  /** Whether anything may go forward. */
  async line(): Promise<LineState> {
    const state = await this.#load(lineKey)
    return state === null ? runningLine : asLine(state)
  }

  /** The incident; `not_found`. */
  async incident(id: string): Promise<Incident> {
    const state = await this.#load({ kind: 'incident', id })
    const incident = state === null ? null : existingIncident(state)
    if (incident !== null) return incident
    throw missing('incident', id, 'sluice incidents ls')
  }

  /** Incidents, newest first. */
  async incidents(query: PageQuery): Promise<Page<Incident>> {
    const page = await this.#list('incident', query)
    return { next: page.next, items: page.items.flatMap((state) => existingIncident(state) ?? []) }
  }

  /** The message; `not_found`. */
  async message(id: string): Promise<Message> {
    const state = await this.#load({ kind: 'message', id })
    const message = state === null ? null : existingMessage(state)
    if (message !== null) return message
    throw missing('message', id, 'sluice notify ls')
  }

  /** Messages, those to which something happened last first; `idPrefix` for those of a channel, or of a subject in it. */
  async messages(query: PageQuery & { readonly idPrefix?: string }): Promise<Page<Message>> {
    const page = await this.#list('message', query)
    return { next: page.next, items: page.items.flatMap((state) => existingMessage(state) ?? []) }
  }

  /** The watch that a rollout left behind; null when none did. */
  async watch(rollout: string): Promise<Watch | null> {
    const state = await this.#load({ kind: 'watch', id: rollout })
    return state === null ? null : existingWatch(state)
  }

  /** The drill; `not_found`. */
  async drill(id: string): Promise<Drill> {
    const state = await this.#load({ kind: 'drill', id })
    const drill = state === null ? null : existingDrill(state)
    if (drill !== null) return drill
    throw missing('drill', id, 'sluice drill ls')
  }

  /** Drills, newest first. */
  async drills(query: PageQuery): Promise<Page<Drill>> {
    const page = await this.#list('drill', query)
    return { next: page.next, items: page.items.flatMap((state) => existingDrill(state) ?? []) }
  }

  /** The arrival; `not_found`. */
  async arrival(id: string): Promise<Arrival> {
    const state = await this.#load({ kind: 'arrival', id })
    const arrival = state === null ? null : existingArrival(state)
    if (arrival !== null) return arrival
    throw missing('arrival', id, 'sluice source ls')
  }

  /** Arrivals, those that changed last first. */
  async arrivals(query: PageQuery): Promise<Page<Arrival>> {
    const page = await this.#list('arrival', query)
    return { next: page.next, items: page.items.flatMap((state) => existingArrival(state) ?? []) }
  }

  /** The remote as it was seen last. */
  async remoteState(): Promise<RemoteState> {
    const state = await this.#load(remoteKey)
    return state === null ? unseenRemote : asRemote(state)
  }

  /** The newest release that a word names: an id, the beginning of one, a version (with or without its build), or `latest`. */
  async releaseNamed(service: string, word: string): Promise<Release> {
    if (/^rel_[0-9a-f]{64}$/.test(word)) return this.release(releaseId(word))
    let cursor: string | undefined
    do {
      const page: Page<Release> = await this.releases(cursor === undefined ? {} : { cursor })
      const found = page.items.find(
        ({ id, content }) =>
          content.service === service &&
          (word === 'latest' || id.startsWith(word) || versionsOf(content.version).includes(word)),
      )
      if (found !== undefined) return found
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    if (word === 'latest')
      throw new SluiceError('not_found', { detail: `${service} has no release yet`, hint: 'sluice run' })
    throw missing('release', word, 'sluice releases ls')
  }

  /** Releases, in the order in which they were cut, the newest first. */
  async releases(query: PageQuery): Promise<Page<Release>> {
    const page = await this.#list('release', query)
    return { next: page.next, items: page.items.flatMap((state) => releasesIn(asRelease(state))) }
  }

  /** Runs, newest first. */
  async runs(query: PageQuery): Promise<Page<Run>> {
    const page = await this.#list('run', query)
    return { next: page.next, items: page.items.flatMap((state) => existingRun(state) ?? []) }
  }

  /** Runs in short, newest first. Of one that has no summary the state is read. */
  async runSummaries({ limit, cursor }: PageQuery): Promise<Page<RunSummary>> {
    const bounded = Math.min(limit ?? limits.pageItemsDefault, limits.pageItemsMax)
    const query = { kind: 'run', limit: bounded, ...(cursor === undefined ? {} : { cursor }) } as const
    const page = await this.#store.summaries(query)
    const items: RunSummary[] = []
    for (const { key, summary } of page.items) {
      const known = asRunSummary(summary) ?? runSummary(asRun(await this.#load(key)))
      if (known !== null) items.push(known)
    }
    return { next: page.next, items }
  }

  /** Runs that are not over, in no order. */
  async unsettledRuns(): Promise<readonly Run[]> {
    const open = await this.#store.open(machineVersions)
    return open
      .filter(({ key }) => key.kind === 'run')
      .flatMap((stored) => existingRun(currentState('run', stored)) ?? [])
  }

  /** Rollouts, newest first. */
  async rollouts(query: PageQuery): Promise<Page<Rollout>> {
    const page = await this.#list('rollout', query)
    return { next: page.next, items: page.items.flatMap((state) => existingRollout(state) ?? []) }
  }

  /** Environments of a service that were used. */
  async environments(service: string): Promise<readonly EnvironmentState[]> {
    const page = await this.#store.list({ kind: 'environment', idPrefix: `${service}/`, limit: limits.pageItemsMax })
    return page.items.map((stored) => asEnvironment(currentState('environment', stored)))
  }

  /** Environments of all services that were used. */
  async allEnvironments(): Promise<readonly EnvironmentState[]> {
    const found: EnvironmentState[] = []
    let cursor: string | null = null
    do {
      const query = { kind: 'environment', limit: limits.pageItemsMax } as const
      const page: Awaited<ReturnType<Store['list']>> = await this.#store.list(
        cursor === null ? query : { ...query, cursor },
      )
      found.push(...page.items.map((stored) => asEnvironment(currentState('environment', stored))))
      cursor = page.next
    } while (cursor !== null)
    return found
  }

  /** The number of the newest row of the ledger; 0 when there is none. */
  head(): Promise<number> {
    return this.#store.head()
  }

  async #load(key: AggregateKey): Promise<unknown> {
    const known = this.#durable(key)
    if (known !== null) return known
    const stored = await this.#store.load(key)
    return stored === null ? null : currentState(key.kind, stored)
  }

  async #list(
    kind: AggregateKind,
    { limit, cursor, idPrefix }: PageQuery & { readonly idPrefix?: string },
  ): Promise<Page<unknown>> {
    const bounded = Math.min(limit ?? limits.pageItemsDefault, limits.pageItemsMax)
    const page = await this.#store.list({
      kind,
      limit: bounded,
      ...(cursor === undefined ? {} : { cursor }),
      ...(idPrefix === undefined ? {} : { idPrefix }),
    })
    return { next: page.next, items: page.items.map((stored) => currentState(kind, stored)) }
  }
}

const releasesIn = (state: ReleaseState): readonly Release[] => (state.status === 'absent' ? [] : [state.release])

const missing = (what: string, id: string, hint: string): SluiceError =>
  new SluiceError('not_found', { detail: `there is no ${what} ${JSON.stringify(id)}`, hint })

/** What people call a version: `1.4.0+309847c`, `v1.4.0+309847c`, `1.4.0`, `v1.4.0`. */
const versionsOf = (version: string): readonly string[] => {
  const [plain = version] = version.split('+', 1)
  return [version, `v${version}`, plain, `v${plain}`]
}
