/** Release trains on the real loop: joint verdict, the way back, and a control plane that dies at any write. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk, type MemoryDisk } from '../../src/adapters/store/memory.ts'
import type { AggregateKey } from '../../src/core/ledger/entry.ts'
import { type EnvironmentSpec, type Release, type ReleaseId, releaseId, rolloutId } from '../../src/core/model.ts'
import { causeOfReturn } from '../../src/core/train/cause.ts'
import { trainDraft } from '../../src/core/notify/other-notices.ts'
import type { RolloutEffect } from '../../src/core/rollout/types.ts'
import type { Train, TrainState } from '../../src/core/train/types.ts'
import { commandRollout, deploy } from '../../src/engine/commands/deploy.ts'
import { previewDeploy } from '../../src/engine/admission/preview.ts'
import { type Deliveries, deliveriesOf } from '../../src/engine/perform/deliver.ts'
import type { Asking, Desk } from '../../src/engine/desk.ts'
import { Loop } from '../../src/engine/loop/loop.ts'
import type { AnyEvent } from '../../src/engine/machines.ts'
import type { Job } from '../../src/engine/perform/perform.ts'
import { createOnce, nothing } from '../../src/engine/commands/once.ts'
import { performTrain } from '../../src/engine/perform/train.ts'
import { Reading } from '../../src/engine/reading/reading.ts'
import { rollback } from '../../src/engine/commands/rollback.ts'
import { commandTrain, startTrain } from '../../src/engine/commands/trains.ts'
import { asRolloutEffect, asTrainEffect, existingRollout, existingTrain } from '../../src/engine/trusted.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { Commit, Store } from '../../src/ports/store.ts'
import { Catalogue, environmentName as environment } from '../sim/core/releases.ts'
import { Timeline } from '../sim/engine/timeline.ts'
import { smallDesk } from './small-desk.ts'
import { ada, type Made, SmallWorld } from './small-world.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const by = { kind: 'person', name: 'ada' } as const
const asking: Asking = { by, reason: null, record: null }
const catalogue = new Catalogue()
const services = ['api', 'web', 'jobs']

const unwatched = (spec: EnvironmentSpec): EnvironmentSpec => {
  const { rollback, ...rest } = spec
  return rollback === undefined ? spec : rest
}

/** A release of a service; the last digit is its slot. Of `migrated`, every release after the first takes something away from the database. */
const releaseOf = (service: string, slot: number, migrated: string | null = null): Release => {
  const { content, ...rest } = catalogue.release(0, slot)
  const id = releaseId(`rel_${service.length.toString(16).repeat(62)}0${slot}`)
  return {
    ...rest,
    id: id.replace(/^rel_../, `rel_${services.indexOf(service)}f`) as ReleaseId,
    // Nothing watches over it afterwards: this is about the train alone.
    content: {
      ...content,
      service,
      migrations: service === migrated && slot > 0 ? ['0001_contract_drop_total'] : [],
      environments: content.environments.map(unwatched),
    },
  }
}

/** A world in which every instance starts, but for those of bad releases. */
const perform = (effect: RolloutEffect, bad: ReadonlySet<string>, at: number): AnyEvent => {
  const { sequence, action } = effect
  if (action.kind === 'start' && bad.has(action.release)) {
    const failure = { code: 'start_failed', retry: 'never', detail: 'it does not start', evidence: [] }
    return { type: 'effect_failed', at, sequence, failure } as AnyEvent
  }
  const result =
    action.kind === 'probe' ? { kind: 'probed', healthy: action.count, detail: 'ok', evidence: [] } : { kind: 'done' }
  return { type: 'effect_succeeded', at, sequence, result } as AnyEvent
}

type Plane = { readonly desk: Desk; readonly isDead: () => boolean }

class Lab {
  readonly time = new Timeline(() => {})
  readonly disk: MemoryDisk = createMemoryDisk(sha256)
  readonly bad = new Set<string>()
  /** What comes to nothing, neither well nor badly. */
  isStuck: (job: Job) => boolean = () => false
  /** The control plane dies with this commit from now, before or after it is written; never at −1. */
  dieAt = -1
  deaths = 0
  commits = 0
  #names = 0

  async boot(): Promise<Plane> {
    let isDead = false
    const clock = {
      now: () => this.time.now,
      after: (ms: number, call: () => void) => this.time.after(ms, () => void (isDead || call())),
    }
    const store = this.disk.open({
      commit: () => 'none',
      pause: (stage) => {
        if (stage === 'sent') this.commits += 1
        const fate = this.commits * 2 + (stage === 'sent' ? 0 : 1)
        if (fate === this.dieAt) {
          isDead = true
          this.deaths += 1
        }
        return isDead ? new Promise(() => {}) : Promise.resolve()
      },
    })
    let world: Deliveries | null = null
    const loop = new Loop({
      clock,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      store,
      owner: 'test',
      perform: (job, signal) => this.#perform(job, { world, signal }),
      onRows: () => {},
      onTakenUp: () => {},
      onFatal: () => {
        isDead = true
      },
    })
    const reading = new Reading(store, (key) => loop.durableState(key))
    const ids = { next: (prefix: string): string => `${prefix}_${(this.#names += 1)}` }
    const desk = smallDesk({ loop, reading, clock, ids })
    world = deliveriesOf({ engine: faceOf(desk, store), desk, store })
    await loop.start()
    return { desk, isDead: () => isDead }
  }

  async #perform(job: Job, { world, signal }: { world: Deliveries | null; signal: AbortSignal }): Promise<AnyEvent> {
    const { key, state, effect } = job
    if (this.isStuck(job)) return new Promise(() => {})
    if (key.kind === 'rollout') return perform(asRolloutEffect(effect), this.bad, this.time.now)
    const train = existingTrain(state)
    const { sequence } = effect
    if (world === null || train === null) throw new Error('no world')
    try {
      const result = await performTrain(world, { train, effect: asTrainEffect(effect) }, signal)
      return { type: 'effect_succeeded', at: this.time.now, sequence, result } as AnyEvent
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      if (error.code === 'outcome_unknown')
        return { type: 'effect_unknown', at: this.time.now, sequence, detail: error.detail } as AnyEvent
      const { code, retry, detail } = error
      return {
        type: 'effect_failed',
        at: this.time.now,
        sequence,
        failure: { code, retry, detail, evidence: [] },
      } as AnyEvent
    }
  }

  stateOn<State>(key: AggregateKey): State | null {
    for (const one of this.disk.aggregates())
      if (one.key.kind === key.kind && one.key.id === key.id) return one.state as State
    return null
  }

  serving(): readonly (ReleaseId | null)[] {
    return services.map(
      (service) =>
        this.stateOn<{ serving: ReleaseId | null }>({ kind: 'environment', id: `${service}/${environment}` })
          ?.serving ?? null,
    )
  }

  /** Goes on until the train is over, with a new control plane whenever one dies. */
  async until(train: string, over: (state: TrainState) => boolean, first: Plane): Promise<Plane> {
    let plane = first
    for (let turns = 0; turns < 5_000; turns += 1) {
      await turn()
      if (plane.isDead()) {
        this.dieAt = -1
        plane = await this.boot()
      }
      const state = this.stateOn<TrainState>({ kind: 'train', id: train })
      if (state !== null && over(state)) return plane
      this.time.step()
    }
    throw new Error(`the train does not end: ${JSON.stringify(this.stateOn({ kind: 'train', id: train }))}`)
  }
}

/** As much of an engine as deliveries ask. */
const faceOf = (desk: Desk, store: Store): Parameters<typeof deliveriesOf>[0]['engine'] => {
  const once = createOnce({ store, sha256 })
  return {
    previewDeploy: (command, asker) => previewDeploy(desk, command, asker ?? null),
    deploy: (command, caller) => once(caller, { name: 'deploy', command }, (who) => deploy(desk, command, who)),
    rollback: (command, caller) => once(caller, { name: 'rollback', command }, (who) => rollback(desk, command, who)),
    commandRollout: (rollout, type, caller) =>
      once(caller, { name: type, rollout }, (who) => nothing(commandRollout(desk, { rollout, type }, who))),
  }
}

const turn = async (): Promise<void> => {
  for (let count = 0; count < 12; count += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Every service serves its first release, and has two newer ones. */
const opened = async (migrated: string | null = null): Promise<{ lab: Lab; plane: Plane }> => {
  const lab = new Lab()
  const plane = await lab.boot()
  const { loop } = plane.desk
  for (const service of services) {
    for (const slot of [0, 1, 2]) {
      const release = releaseOf(service, slot, migrated)
      const event = { type: 'release_cut', at: slot, release } as const
      await loop.transact([{ kind: 'release', id: release.id }], () => [
        { key: { kind: 'release', id: release.id }, event, actor: by, reason: null },
      ])
    }
    await deploy(plane.desk, { service, environment, purpose: 'deploy', release: releaseOf(service, 0).id }, asking)
    const isServed = (): boolean => lab.serving()[services.indexOf(service)] === releaseOf(service, 0).id
    for (let step = 0; step < 40 && !isServed(); step += 1) {
      await turn()
      lab.time.step()
    }
  }
  deepStrictEqual(
    lab.serving(),
    services.map((service) => releaseOf(service, 0).id),
  )
  return { lab, plane }
}

const old = services.map((service) => releaseOf(service, 0).id)
const fresh = services.map((service) => releaseOf(service, 1).id)
const members = services.map((service, index) => ({ service, environment, release: fresh[index] ?? null }))
const isOver = ({ status }: TrainState): boolean =>
  status === 'succeeded' || status === 'rolled_back' || status === 'parked'

for (const order of ['ordered', 'parallel'] as const) {
  test(`${order}: all of a good train arrive`, async () => {
    const { lab, plane } = await opened()
    const { train } = await startTrain(plane.desk, { members, order }, asking)
    await lab.until(train, isOver, plane)
    strictEqual(lab.stateOn<TrainState>({ kind: 'train', id: train })?.status, 'succeeded')
    deepStrictEqual(lab.serving(), fresh)
  })

  test(`${order}: one that does not arrive takes all others back, and a control plane that dies at any write changes nothing of that`, async () => {
    let writes = Infinity
    let deaths = 0
    for (let death = 0; death < Math.min(writes * 2 + 2, 400); death += 1) {
      const { lab, plane } = await opened()
      lab.bad.add(fresh[2] ?? '')
      const before = lab.commits
      const { train } = await startTrain(plane.desk, { members, order }, asking)
      lab.dieAt = death === 0 ? -1 : lab.commits * 2 + death
      await lab.until(train, isOver, plane)
      if (death === 0) writes = lab.commits - before
      deaths += lab.deaths
      strictEqual(lab.stateOn<TrainState>({ kind: 'train', id: train })?.status, 'rolled_back', `death ${death}`)
      deepStrictEqual(lab.serving(), old, `death ${death}`)
      const started = lab.disk
        .rows()
        .filter(({ type, reason }) => type === 'rollout_started' && reason?.includes(train) === true)
      const reasons = started.map(({ reason }) => reason)
      strictEqual(
        new Set(reasons).size,
        reasons.length,
        `death ${death}: something was asked for twice: ${reasons.join()}`,
      )
    }
    ok(deaths > 20, `only ${deaths} deaths in ${writes} writes`)
  })
}

test('a train is turned around by one command, from wherever it is: the last that arrived goes back first', async () => {
  const { lab, plane } = await opened()
  const { train } = await startTrain(plane.desk, { members, order: 'ordered' }, asking)
  const arrived = (state: TrainState): number =>
    state.status === 'absent' ? 0 : state.members.filter(({ status }) => status === 'arrived').length
  await lab.until(train, (state) => arrived(state) === 2, plane)
  await commandTrain(plane.desk, { train, type: 'abort_requested' }, asking)
  await lab.until(train, isOver, plane)
  strictEqual(lab.stateOn<TrainState>({ kind: 'train', id: train })?.status, 'rolled_back')
  deepStrictEqual(lab.serving(), old)
  const back = lab.disk
    .rows()
    .flatMap(({ reason, type }) =>
      type === 'rollout_started' && reason?.includes('/return/') === true ? [reason] : [],
    )
  deepStrictEqual(
    back.map((reason) => /\/return\/(\d)/.exec(reason)?.[1]).filter((place) => place !== '2'),
    ['1', '0'],
  )
})

test('one in the middle that can never go back ends with its reason and the others go back past it, with somebody else’s deploy on top of the first, and a control plane that dies at any write changes nothing of that', async () => {
  const bob: Asking = { ...asking, by: { kind: 'person', name: 'bob' } }
  let writes = Infinity
  let deaths = 0
  for (let death = 0; death < Math.min(writes * 2 + 2, 400); death += 1) {
    const { lab, plane } = await opened('web')
    lab.bad.add(fresh[2] ?? '')
    const { train } = await startTrain(plane.desk, { members, order: 'ordered' }, asking)
    const stateOf = (): TrainState | null => lab.stateOn<TrainState>({ kind: 'train', id: train })
    const statuses = (): readonly string[] => {
      const state = stateOf()
      return state === null || state.status === 'absent' ? [] : state.members.map(({ status }) => status)
    }
    await lab.until(train, () => statuses()[0] === 'arrived', plane)
    const newer = { service: 'api', environment, purpose: 'deploy', release: releaseOf('api', 2).id } as const
    const { rollout } = await deploy(plane.desk, newer, bob)
    await commandRollout(plane.desk, { rollout, type: 'pause_requested' }, bob)
    const before = lab.commits
    lab.dieAt = death === 0 ? -1 : lab.commits * 2 + death
    await lab.until(train, isOver, plane)
    if (death === 0) writes = lab.commits - before
    deaths += lab.deaths
    strictEqual(stateOf()?.status, 'parked', `death ${death}`)
    deepStrictEqual(statuses(), ['returned', 'stranded', 'failed'], `death ${death}`)
    deepStrictEqual(lab.serving(), [old[0], fresh[1], old[2]], `death ${death}`)
    const told = lab.disk.rows().filter(({ key, type }) => key.id === train && type === 'effect_failed')
    match(JSON.stringify(told.at(-1)?.body), /before the point of no return: 0001_contract_drop_total/)
    match(JSON.stringify(stateOf()), /before the point of no return: 0001_contract_drop_total/, `death ${death}`)
    const started = lab.disk.rows().filter(({ type }) => type === 'rollout_started')
    const reasons = started.flatMap(({ reason }) => (reason?.includes(train) === true ? [reason] : []))
    strictEqual(new Set(reasons).size, reasons.length, `death ${death}: ${reasons.join()}`)
  }
  ok(deaths > 20, `only ${deaths} deaths in ${writes} writes`)
})

/** Three services of one control plane. All serve 1.0.0 and have 2.0.0, and web has 2.1.0, too; the train of them waits for an approval of jobs while api and web have arrived. */
const fleet = async (made: { readonly web?: Made; readonly first?: Made } = {}) => {
  const world = new SmallWorld()
  const cut = async (version: string, more: (service: string) => Made): Promise<ReadonlyMap<string, Release>> => {
    const releases = new Map<string, Release>()
    for (const service of services) releases.set(service, await world.cut(version, { ...more(service), service }))
    return releases
  }
  const first = await cut('1.0.0', () => made.first ?? {})
  const second = await cut('2.0.0', (service) =>
    service === 'jobs' ? { production: { approvals: 1 } } : service === 'web' ? (made.web ?? {}) : {},
  )
  const newer = await world.cut('2.1.0', { ...made.web, service: 'web', production: { strategy: slow } })
  for (const release of first.values()) await world.rollOut(release)
  return { world, first, second, newer }
}

const slow = { kind: 'canary', steps: [{ share: '5%', pause: '1d' }] } as const
const web = { service: 'web', environment: 'production' } as const
type Fleet = Awaited<ReturnType<typeof fleet>>

const nth = (releases: ReadonlyMap<string, Release>, service: string): ReleaseId => {
  const release = releases.get(service)
  if (release === undefined) throw new Error(`no release of ${service}`)
  return release.id
}

const departed = async ({ world, second }: Fleet): Promise<string> => {
  const wanted = services.map((service) => ({ service, environment: 'production', release: nth(second, service) }))
  const { train } = await world.engine.startTrain({ members: wanted, order: 'ordered' }, ada)
  await trainOf(world, train, ({ members: [one, two] }) => one?.status === 'arrived' && two?.status === 'arrived')
  return train
}

const trainOf = (world: SmallWorld, train: string, holds: (state: Train) => boolean): Promise<Train> =>
  world.until(() => world.engine.reading.train(train), holds)

const ended = (world: SmallWorld, train: string): Promise<Train> => trainOf(world, train, isOver)

/** The releases that have all traffic, by the numbers of their service. */
const served = (world: SmallWorld): readonly (readonly ReleaseId[])[] =>
  services.map((service) => world.serving('production', service))

const aborted = async ({ world, first }: Fleet, train: string): Promise<Train> => {
  await world.engine.commandTrain(train, 'abort_requested', ada)
  const state = await ended(world, train)
  strictEqual(state.status, 'rolled_back', JSON.stringify(state.members))
  deepStrictEqual(
    served(world),
    services.map((service) => [nth(first, service)]),
  )
  return state
}

for (const phase of ['back', 'dwell', 'return'] as const) {
  test(`a drill on its ${phase} in one of the services ends where the train goes back to, and does not bring the release in again`, async () => {
    const all = await fleet()
    const { world } = all
    const train = await departed(all)
    const { drill } = await world.engine.startDrill({ ...web, dwellMs: 60_000, confirm: 'production' }, ada)
    await world.until(
      () => world.engine.reading.drill(drill),
      (state) => state.status === 'drilling' && state.phase === phase,
    )
    await aborted(all, train)
    const { outcome } = await world.until(
      async () => {
        const state = await world.engine.reading.drill(drill)
        return { outcome: state.status === 'ended' ? state.outcome : null }
      },
      (one) => one.outcome !== null,
    )
    strictEqual(outcome, 'stayed')
    await world.later(120_000)
    deepStrictEqual(world.serving('production', 'web'), [nth(all.first, 'web')])
  })
}

test('a train waits for a drill, so that what it would go back to is what served and not what the drill showed', async () => {
  const all = await fleet()
  const { world, first, second } = all
  const train = await departed(all)
  await aborted(all, train)
  // Web goes on to 2.0.0 by itself, so that there is a way back to drill.
  await world.engine.unholdRelease({ service: 'web', release: '2.0.0' }, ada)
  await world.rollOut(second.get('web') ?? fail())
  await world.engine.startDrill({ ...web, dwellMs: 60_000, confirm: 'production' }, ada)
  await world.until(
    async () => world.serving('production', 'web'),
    ([release]) => release === nth(first, 'web'),
  )
  const alone = [{ ...web, release: all.newer.id }]
  const { train: next } = await world.engine.startTrain({ members: alone, order: 'ordered' }, ada)
  const { plan } = await world.until(
    async () => {
      const { live } = await world.engine.reading.environment('web', 'production')
      return live === null ? { plan: null } : world.engine.reading.rollout(live)
    },
    (state) => state.plan?.to === all.newer.id,
  )
  strictEqual(plan?.from, nth(second, 'web'))
  strictEqual((await world.engine.reading.train(next)).status, 'advancing')
})

test('neither a newer deploy of somebody else, nor a lock, a freeze, the queue or a stopped line is in the way back', async () => {
  const all = await fleet()
  const { world, newer } = all
  const train = await departed(all)
  const { rollout } = await world.engine.deploy({ ...web, purpose: 'deploy', release: newer.id }, ada)
  await world.until(
    async () => world.serving('production', 'web'),
    (arms) => arms.includes(newer.id),
  )
  const api = { service: 'api', environment: 'production' }
  await world.engine.lock(api, null, ada)
  await world.engine.freeze(web, { from: 0, until: Number.MAX_SAFE_INTEGER, reason: 'a holiday' }, ada)
  await world.engine.governance.stopLine({ underway: 'pause' }, ada)
  const state = await aborted(all, train)
  deepStrictEqual(
    state.members.map(({ status }) => status),
    ['returned', 'returned', 'failed'],
  )
  const overtaken = await world.engine.reading.rollout(rollout)
  ok(overtaken.status === 'rolled_back')
  match(JSON.stringify(overtaken.cause), /"superseded"/)
  const hold = await world.engine.reading.hold(newer.id)
  match(hold?.detail ?? '', new RegExp(`train ${train} goes back: ada turned it around: because`))
})

test('a rollback that somebody has begun is the way back, and what would bring the release in again is turned around', async () => {
  const joined = await fleet()
  const train = await departed(joined)
  const { rollout } = await joined.world.engine.rollback({ ...web, release: null }, ada)
  const state = await aborted(joined, train)
  const member = state.members[1]
  match(member?.status === 'returned' ? member.detail : '', new RegExp(rollout))

  const again = await fleet()
  const { world, second } = again
  const other = await departed(again)
  const back = await world.engine.rollback({ ...web, release: null }, ada)
  await world.settled(back.rollout)
  const release = nth(second, 'web')
  const forth = await world.engine.deploy({ ...web, purpose: 'deploy', release, overrides: ['held'] }, ada)
  await world.engine.commandRollout(forth.rollout, 'pause_requested', ada)
  await aborted(again, other)
  strictEqual((await world.engine.reading.rollout(forth.rollout)).status, 'rolled_back')
})

test('an environment that has moved on is left alone, also while a drill shows the release there for a while', async () => {
  const all = await fleet()
  const { world, first, newer } = all
  const train = await departed(all)
  const { rollout } = await world.engine.deploy({ ...web, purpose: 'deploy', release: newer.id }, ada)
  await world.until(
    async () => world.serving('production', 'web').length,
    (count) => count === 2,
  )
  await world.engine.commandRollout(rollout, 'promote_requested', ada)
  await world.settled(rollout)
  const { drill } = await world.engine.startDrill({ ...web, dwellMs: 60_000, confirm: 'production' }, ada)
  await world.until(
    () => world.engine.reading.drill(drill),
    (state) => state.status === 'drilling' && state.phase === 'dwell',
  )
  await world.engine.commandTrain(train, 'abort_requested', ada)
  const state = await ended(world, train)
  strictEqual(state.status, 'rolled_back')
  const member = state.members[1]
  match(member?.status === 'returned' ? member.detail : '', /had moved on/)
  await world.until(
    () => world.engine.reading.drill(drill),
    ({ status }) => status === 'ended',
  )
  deepStrictEqual(served(world), [[nth(first, 'api')], [newer.id], [nth(first, 'jobs')]])
})

test('a train does not go on without what arrived before: once somebody takes that back, all of it comes back; a drill of it is no such thing', async () => {
  const all = await fleet()
  const { world } = all
  const train = await departed(all)
  const { drill } = await world.engine.startDrill({ ...web, dwellMs: 5_000, confirm: 'production' }, ada)
  await world.until(
    () => world.engine.reading.drill(drill),
    ({ status }) => status === 'ended',
  )
  await world.later(5_000)
  strictEqual((await world.engine.reading.train(train)).status, 'advancing')
  const { rollout } = await world.engine.rollback({ ...web, release: null }, ada)
  const state = await ended(world, train)
  deepStrictEqual(
    [state.status, state.members.map(({ status }) => status)],
    ['rolled_back', ['returned', 'returned', 'failed']],
  )
  match(
    causeOfReturn(state) ?? '',
    new RegExp(`web/production, which had arrived, was taken back by rollout ${rollout}`),
  )
  deepStrictEqual(
    served(world),
    services.map((service) => [nth(all.first, service)]),
  )
})

test('a way back that did not get there is tried again by another rollout, once somebody says so', async () => {
  const all = await fleet()
  const { world, first, second } = all
  const train = await departed(all)
  world.sick.add(nth(first, 'web'))
  await world.engine.commandTrain(train, 'abort_requested', ada)
  const stuck = await ended(world, train)
  deepStrictEqual(
    [stuck.status, stuck.members.map(({ status }) => status)],
    ['parked', ['returned', 'stranded', 'failed']],
  )
  deepStrictEqual(served(world), [[nth(first, 'api')], [nth(second, 'web')], [nth(first, 'jobs')]])
  world.sick.clear()
  await world.engine.commandTrain(train, 'retry_requested', ada)
  strictEqual((await ended(world, train)).status, 'rolled_back')
  deepStrictEqual(world.serving('production', 'web'), [nth(first, 'web')])
})

test('what a person did about the one that could not go back is what the train finds when it is tried again', async () => {
  const all = await fleet({ web: { migrations: ['0002_contract_drop_total'] } })
  const { world, first } = all
  const train = await departed(all)
  await world.engine.commandTrain(train, 'abort_requested', ada)
  const stuck = await ended(world, train)
  const member = stuck.members[1]
  match(
    member?.status === 'stranded' ? member.detail : '',
    /is before the point of no return: 0002_contract_drop_total/,
  )
  const row = world.rows.findLast(({ key }) => key.id === train)
  ok(row !== undefined)
  const told = trainDraft({ kind: 'train', row, before: { ...stuck, status: 'advancing' }, after: stuck })
  deepStrictEqual([told?.kind, told?.outcome], ['train.failed', 'waiting'])
  match(JSON.stringify(told?.facts(() => '')), /"name":"web","value":"production, stranded: .*0002_contract_drop_total/)
  const across = { ...web, release: nth(first, 'web'), overrides: ['point_of_no_return'] } as const
  const { rollout } = await world.engine.rollback(across, ada)
  await world.settled(rollout)
  await world.engine.commandTrain(train, 'retry_requested', ada)
  strictEqual((await ended(world, train)).status, 'rolled_back')
})

test('a member that is held for a look on its way back keeps none of the others waiting', async () => {
  const all = await fleet({ web: { production: { onFail: 'pause', strategy: slow } } })
  const { world, first, second } = all
  const wanted = ['api', 'web'].map((service) => ({
    service,
    environment: 'production',
    release: nth(second, service),
  }))
  const { train } = await world.engine.startTrain({ members: wanted, order: 'ordered' }, ada)
  await world.until(
    async () => world.serving('production', 'web').length,
    (count) => count === 2,
  )
  const { live } = await world.engine.reading.environment('web', 'production')
  const seen = { candidate: { units: 10, badUnits: 9 }, stable: { units: 90, badUnits: 0 }, shareBp: 500, logE: 9 }
  const trip = { ...seen, rollout: rolloutId(live ?? ''), at: world.now }
  world.notice({ kind: 'tripped', ...web, trip })
  strictEqual((await ended(world, train)).status, 'rolled_back')
  deepStrictEqual(
    [world.serving('production', 'api'), world.serving('production', 'web')],
    [[nth(first, 'api')], [nth(first, 'web')]],
  )
  strictEqual((await world.engine.reading.rollout(live ?? '')).status, 'reverting')
  match(causeOfReturn(await world.engine.reading.train(train)) ?? '', /taken back \(the tripwire cut .*9 of 10 bad/)
})

test('a train does not start while one of its releases would not be let in, and says which and why', async () => {
  const all = await fleet()
  const { world, first, second } = all
  const start = (release: ReleaseId, overrides: readonly 'held'[] = []) =>
    world.engine.startTrain(
      {
        members: [
          { service: 'api', environment: 'production', release: nth(second, 'api') },
          { ...web, release },
        ],
        order: 'ordered',
        ...(overrides.length === 0 ? {} : { overrides }),
      },
      ada,
    )
  const refusal = (detail: RegExp) => (error: unknown) =>
    error instanceof SluiceError && error.code === 'admission_refused' && detail.test(error.detail)
  await rejects(start(nth(first, 'web')), refusal(/^web\/production: 1\.0\.0 .* already serves production$/))
  await world.engine.holdRelease({ service: 'web', release: '2.0.0', reason: 'security' }, ada)
  await rejects(start(nth(second, 'web')), refusal(/^web\/production: 2\.0\.0 .* is held by ada/))
  deepStrictEqual((await world.engine.reading.trains({})).items, [])
  const { train } = await start(nth(second, 'web'), ['held'])
  strictEqual((await ended(world, train)).status, 'succeeded')
})

test('a release that was drilled and that a newer one follows was not taken back: the train goes on', async () => {
  const all = await fleet()
  const { world, newer } = all
  const train = await departed(all)
  const { drill } = await world.engine.startDrill({ ...web, dwellMs: 5_000, confirm: 'production' }, ada)
  await world.until(
    () => world.engine.reading.drill(drill),
    ({ status }) => status === 'ended',
  )
  const { rollout } = await world.engine.deploy({ ...web, purpose: 'deploy', release: newer.id }, ada)
  await world.until(
    async () => world.serving('production', 'web').length,
    (count) => count === 2,
  )
  await world.engine.commandRollout(rollout, 'promote_requested', ada)
  await world.settled(rollout)
  await world.later(5_000)
  const state = await world.engine.reading.train(train)
  strictEqual(state.status, 'advancing', causeOfReturn(state) ?? '')
})

test('a write that fails once neither turns a train around nor leaves one of it behind', async () => {
  const all = await fleet()
  const { world, first, second } = all
  const isStart =
    (purpose: string) =>
    ({ transitions }: Commit): boolean =>
      transitions.some(
        ({ key, entries }) => key.kind === 'rollout' && JSON.stringify(entries[0]?.body).includes(purpose),
      )
  world.failNext(isStart('"purpose":"promote"'))
  const train = await departed(all)
  deepStrictEqual(served(world), [[nth(second, 'api')], [nth(second, 'web')], [nth(first, 'jobs')]])
  // Another write fails in the moment in which the way back is asked for.
  world.failNext(isStart('"purpose":"rollback"'))
  await aborted(all, train)
})

test('trains that are under way are told, however many have begun since', async () => {
  const all = await fleet()
  const { world, newer } = all
  const train = await departed(all)
  const alone = { members: [{ ...web, release: newer.id }], order: 'ordered' } as const
  for (let count = 0; count < 25; count += 1) await world.engine.startTrain(alone, ada)
  const told = async (): Promise<readonly string[]> => (await world.engine.trainsUnderWay()).map(({ id }) => id)
  deepStrictEqual([(await told()).length, (await told()).includes(train)], [26, true])
  await world.restart()
  deepStrictEqual([(await told()).length, (await told()).includes(train)], [26, true])
})

test('a way back that is set aside while it comes back itself is no answer to whoever rolls back, and keeps no train waiting', async () => {
  const { lab, plane } = await opened()
  const { train } = await startTrain(plane.desk, { members, order: 'ordered' }, asking)
  const stateOf = (): TrainState | null => lab.stateOn<TrainState>({ kind: 'train', id: train })
  const statusOf = (place: number): string | undefined => {
    const state = stateOf()
    return state === null || state.status === 'absent' ? undefined : state.members[place]?.status
  }
  await lab.until(train, () => statusOf(1) === 'arrived', plane)
  lab.bad.add(old[1] ?? '')
  lab.isStuck = ({ key, state }) => {
    const rollout = key.kind === 'rollout' ? existingRollout(state) : null
    return rollout?.plan.service === 'web' && rollout.status === 'reverting'
  }
  await commandTrain(plane.desk, { train, type: 'abort_requested' }, asking)
  const live = (): string | null =>
    lab.stateOn<{ live: string | null }>({ kind: 'environment', id: `web/${environment}` })?.live ?? null
  const wayBack = (): { readonly id: string; readonly status: string } | null =>
    lab.stateOn({ kind: 'rollout', id: live() ?? '' })
  await lab.until(train, () => wayBack()?.status === 'reverting', plane)
  const key: AggregateKey = { kind: 'rollout', id: live() ?? '' }
  const parked = { type: 'work_parked', at: lab.time.now, detail: 'taken up again and again' } as const
  await plane.desk.loop.transact([key], () => [{ key, event: parked, actor: by, reason: null }])
  await lab.until(train, isOver, plane)
  deepStrictEqual([stateOf()?.status, statusOf(0), statusOf(1)], ['parked', 'returned', 'stranded'])
  const asked = rollback(plane.desk, { service: 'web', environment, release: null }, asking)
  await rejects(asked, /set aside while coming back/)
  strictEqual(wayBack()?.status, 'parked', 'it was left as it was')
  await commandTrain(plane.desk, { train, type: 'retry_requested' }, asking)
  await lab.until(train, isOver, plane)
  match(JSON.stringify(stateOf()), /is set aside and waits for somebody/)
  lab.bad.clear()
  lab.isStuck = () => false
  await commandRollout(plane.desk, { rollout: key.id, type: 'retry_requested' }, asking)
  await commandTrain(plane.desk, { train, type: 'retry_requested' }, asking)
  await lab.until(train, isOver, plane)
  deepStrictEqual([stateOf()?.status, lab.serving()], ['rolled_back', old])
})

function fail(): never {
  throw new Error('there is a release')
}
