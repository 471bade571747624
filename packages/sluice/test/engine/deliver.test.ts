/** A job that takes a release somewhere asks for one rollout, finds it again however long it takes, and asks for none once it was called off. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk } from '../../src/adapters/store/memory.ts'
import type { SluiceError } from '../../src/core/errors.ts'
import { deploy } from '../../src/engine/commands/deploy.ts'
import {
  askedForBy,
  deliver,
  type Deliveries,
  rolloutAskedFor,
  stopDelivery,
} from '../../src/engine/perform/deliver.ts'
import { Loop } from '../../src/engine/loop/loop.ts'
import { Reading } from '../../src/engine/reading/reading.ts'
import { Catalogue, environmentName as environment, serviceName as service } from '../sim/core/releases.ts'
import { Timeline } from '../sim/engine/timeline.ts'
import { smallDesk } from './small-desk.ts'

const by = { kind: 'person', name: 'ada' } as const
const key = 'run_1/job/stage'
const release = new Catalogue().release(0, 0)
const action = { kind: 'deliver', job: 'stage', execution: 1, environment, purpose: 'deploy', release } as const
const order = { action, key, service, since: 0, by }

/** A control plane whose effects go on for ever and whose answers to idempotency keys were all forgotten. */
const lab = async () => {
  const disk = createMemoryDisk((text) => createHash('sha256').update(text).digest('hex'))
  const time = new Timeline(() => {})
  const clock = { now: () => time.now, after: (ms: number, call: () => void) => time.after(ms, call) }
  const store = disk.open()
  const loop = new Loop({
    clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    store,
    owner: 'test',
    perform: () => new Promise(() => {}),
    onRows: () => {},
    onTakenUp: () => {},
    onFatal: (error) => {
      throw error
    },
  })
  await loop.start()
  const reading = new Reading(store, (one) => loop.durableState(one))
  let made = 0
  const ids = { next: (prefix: string): string => `${prefix}_${(made += 1)}` }
  const desk = smallDesk({ loop, reading, clock, ids })
  const releaseKey = { kind: 'release', id: release.id } as const
  const event = { type: 'release_cut', at: 0, release } as const
  await loop.transact([releaseKey], () => [{ key: releaseKey, event, actor: by, reason: null }])
  const aborted: string[] = []
  const world: Deliveries = {
    clock,
    reading,
    refusals: () => Promise.resolve([]),
    deploy: async (command, { by: who, key: asked, signal }) =>
      (await deploy(desk, command, { by: who, reason: askedForBy(asked), record: null, signal })).rollout,
    rolloutOf: (delivery) => rolloutAskedFor({ store, reading }, delivery),
    settled: async () => {
      await loop.transact([], () => [])
    },
    rollback: () => Promise.reject(new Error('nobody goes back here')),
    liveDrill: async () => null,
    abort: (rollout) => {
      aborted.push(rollout)
      return Promise.resolve()
    },
  }
  return { world, disk, aborted }
}

const rolloutsOn = ({ rows }: { readonly rows: () => readonly { readonly type: string }[] }): number =>
  rows().filter(({ type }) => type === 'rollout_started').length

const turn = async (): Promise<void> => {
  for (let count = 0; count < 20; count += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('the rollout of a job is found again when the answer to its key is forgotten, and not that of another job', async () => {
  const { world, disk, aborted } = await lab()
  const { signal } = new AbortController()
  void deliver(world, order, signal)
  await turn()
  // The control plane starts again, days later, and does the same effect again.
  void deliver(world, order, signal)
  await turn()
  strictEqual(rolloutsOn(disk), 1)
  const delivery = { key, service, environment, since: 0 }
  deepStrictEqual(await world.rolloutOf(delivery), 'rol_1')
  strictEqual(await world.rolloutOf({ ...delivery, key: `${key}~2` }), null)
  await stopDelivery(world, delivery, by)
  deepStrictEqual(aborted, ['rol_1'])
})

test('a job that is called off between being let in and being decided starts no rollout', async () => {
  const { world, disk } = await lab()
  const called = new AbortController()
  const refusals: Deliveries['refusals'] = () => {
    called.abort()
    return Promise.resolve([])
  }
  await rejects(
    deliver({ ...world, refusals }, order, called.signal),
    ({ code }: SluiceError) => code === 'outcome_unknown',
  )
  strictEqual(rolloutsOn(disk), 0)
})

test('a job that is called off while its rollout is being written still has it turned around', async () => {
  const { world, aborted } = await lab()
  void deliver(world, order, new AbortController().signal)
  await stopDelivery(
    { ...world, settled: () => turn().then(world.settled) },
    { key, service, environment, since: 0 },
    by,
  )
  deepStrictEqual(aborted, ['rol_1'])
})
