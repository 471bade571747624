/** Release trains on the real loop: joint verdict, the way back, and a control plane that dies at any write. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk, type MemoryDisk } from '../../src/adapters/store/memory.ts'
import type { AggregateKey } from '../../src/core/ledger/entry.ts'
import { type EnvironmentSpec, type Release, type ReleaseId, releaseId } from '../../src/core/model.ts'
import type { RolloutEffect } from '../../src/core/rollout/types.ts'
import type { TrainState } from '../../src/core/train/types.ts'
import { commandRollout, deploy } from '../../src/engine/commands.ts'
import { previewDeploy } from '../../src/engine/preview.ts'
import { askedForBy, type Deliveries, rolloutAskedFor } from '../../src/engine/deliver.ts'
import type { Asking, Desk } from '../../src/engine/desk.ts'
import { Loop } from '../../src/engine/loop.ts'
import type { AnyEvent } from '../../src/engine/machines.ts'
import type { Job } from '../../src/engine/perform.ts'
import { performTrain } from '../../src/engine/perform-train.ts'
import { Reading } from '../../src/engine/reading.ts'
import { commandTrain, startTrain } from '../../src/engine/train-commands.ts'
import { asRolloutEffect, asTrainEffect, existingTrain } from '../../src/engine/trusted.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { Catalogue, environmentName as environment } from '../sim/core/releases.ts'
import { Timeline } from '../sim/engine/timeline.ts'
import { smallDesk } from './small-desk.ts'

const by = { kind: 'person', name: 'ada' } as const
const asking: Asking = { by, reason: null, record: null }
const catalogue = new Catalogue()
const services = ['api', 'web', 'jobs']

const unwatched = (spec: EnvironmentSpec): EnvironmentSpec => {
  const { rollback, ...rest } = spec
  return rollback === undefined ? spec : rest
}

/** A release of a service; the last digit is its slot. */
const releaseOf = (service: string, slot: number): Release => {
  const { content, ...rest } = catalogue.release(0, slot)
  const id = releaseId(`rel_${service.length.toString(16).repeat(62)}0${slot}`)
  return {
    ...rest,
    id: id.replace(/^rel_../, `rel_${services.indexOf(service)}f`) as ReleaseId,
    // Nothing watches over it afterwards: this is about the train alone.
    content: { ...content, service, environments: content.environments.map(unwatched) },
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
  readonly disk: MemoryDisk = createMemoryDisk((text) => createHash('sha256').update(text).digest('hex'))
  readonly bad = new Set<string>()
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
    world = deliveriesOf(desk, store)
    await loop.start()
    return { desk, isDead: () => isDead }
  }

  async #perform(
    { key, state, effect }: Job,
    { world, signal }: { world: Deliveries | null; signal: AbortSignal },
  ): Promise<AnyEvent> {
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

const deliveriesOf = (desk: Desk, store: Parameters<typeof rolloutAskedFor>[0]['store']): Deliveries => ({
  clock: desk.clock,
  reading: desk.reading,
  refusals: async (command, by) => (await previewDeploy(desk, command, { by })).refusals,
  deploy: async (command, { by: who, key, signal }) =>
    (await deploy(desk, command, { by: who, reason: askedForBy(key), record: null, signal })).rollout,
  rolloutOf: (delivery) => rolloutAskedFor({ store, reading: desk.reading }, delivery),
  settled: async () => {
    await desk.loop.transact([], () => [])
  },
  abort: (rollout, who) => commandRollout(desk, { rollout, type: 'abort_requested' }, { ...asking, by: who }),
})

const turn = async (): Promise<void> => {
  for (let count = 0; count < 12; count += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Every service serves its first release, and has a second one. */
const opened = async (): Promise<{ lab: Lab; plane: Plane }> => {
  const lab = new Lab()
  const plane = await lab.boot()
  const { loop } = plane.desk
  for (const service of services) {
    for (const slot of [0, 1]) {
      const release = releaseOf(service, slot)
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
    back.map((reason) => reason.slice(-1)).filter((place) => place !== '2'),
    ['1', '0'],
  )
})
