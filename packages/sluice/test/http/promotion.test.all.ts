/** Promotion over the API, with a real engine, gateway and service: soak, a release that comes by itself, a queue, a train. */
import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import type { CallInput } from '../../src/http/client/client.ts'
import type { Contract } from '../../src/http/client/contract.ts'
import type { RouteId } from '../../src/http/client/paths.ts'
import { routes } from '../../src/http/routes/table.ts'
import { schemas } from '../../src/http/schemas/all.ts'
import { type Running, startRunning } from './running.ts'

let running: Running

before(async () => {
  running = await startRunning({ promotion: { soak: '1s', auto: true } })
})
after(() => running.close())

/** Asks, and holds the answer to the schema that the route declares. */
const ask = async <Id extends RouteId>(id: Id, input: CallInput<Id>): Promise<Contract[Id]['response']> => {
  const answer = await running.client.call(id, input)
  const { response } = routes[id]
  if (response !== 'sse' && response !== 'ndjson' && response !== 'file' && response !== 'metrics')
    deepStrictEqual(schemas[response].safeParse(answer).error?.issues ?? [], [], `${id}: ${JSON.stringify(answer)}`)
  return answer
}

const until = async <State>(look: () => Promise<State>, holds: (state: State) => boolean): Promise<State> => {
  for (;;) {
    const state = await look()
    if (holds(state)) return state
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const released = async (): Promise<string> => {
  const { run } = await ask('runs.start', { body: { ref: 'HEAD' } })
  const { release } = await until(
    () => ask('runs.show', { params: { run } }),
    ({ settledAt }) => settledAt !== null,
  )
  return release?.id ?? ''
}

const code = (expected: string) => (error: unknown) => error instanceof SluiceError && error.code === expected
const production = { environment: 'production' } as const
const servingProduction = async (release: string): Promise<void> => {
  await until(
    () => ask('environments.show', { params: production }),
    ({ serving }) => serving?.id === release,
  )
}

test('what has soaked in staging comes to production by itself, once, as the actor sluice', async () => {
  const release = await released()
  await ask('environments.deploy', { params: { environment: 'staging' }, body: {} })
  await servingProduction(release)
  const { items } = await ask('rollouts.list', { query: { environment: 'production' } })
  deepStrictEqual(
    items.map(({ by, purpose, to }) => ({ by, purpose, to: to.id })),
    [{ by: { kind: 'system', name: 'sluice' }, purpose: 'promote', to: release }],
  )
  const { soak, queue } = await ask('environments.show', { params: { environment: 'staging' } })
  deepStrictEqual({ soak, queue }, { soak: { servedMs: 1_000, soakMs: 1_000 }, queue: [] })
})

test('a release waits for its turn with the reason, can be taken out, and goes at its turn', async () => {
  await running.project.commit('2.0.0')
  const release = await released()
  await rejects(ask('environments.promote', { params: production, body: { release } }), code('admission_refused'))
  const queued = await ask('environments.promote', { params: production, body: { release, whenBusy: 'queue' } })
  strictEqual(queued.kind, 'queued')
  const waiting = await until(
    () => ask('environments.queue', { params: production }),
    ({ queue }) => queue[0]?.waits !== null,
  )
  deepStrictEqual([waiting.holder, waiting.queue.map(({ id }) => id)], [null, [queued.rollout]])
  match(waiting.queue[0]?.waits?.detail ?? '', /has not succeeded in staging/)
  const entry = { ...production, entry: queued.rollout }
  deepStrictEqual((await ask('environments.dequeue', { params: entry, body: { reason: 'not now' } })).queue, [])
  await rejects(ask('environments.dequeue', { params: entry, body: {} }), code('not_found'))

  await ask('environments.lock', { params: production, body: { reason: 'incident' } })
  const { train } = await ask('trains.start', { body: { members: [{ environment: 'staging', release }] } })
  const over = await until(
    () => ask('trains.show', { params: { train } }),
    ({ settledAt }) => settledAt !== null,
  )
  deepStrictEqual([over.status, over.members.map(({ status }) => status)], ['succeeded', ['arrived']])
  await rejects(ask('trains.command', { params: { train }, body: { command: 'abort' } }), code('command_conflict'))
  const { story = [], ...listed } = over
  deepStrictEqual((await ask('trains.list', {})).items, [listed])
  deepStrictEqual(
    story.map(({ text }) => text.replace(/rol_\w+/, 'rol')),
    ['started with one release, one after the other', 'tiny/staging arrived by rol'],
  )

  const locked = await until(
    () => ask('environments.queue', { params: production }),
    ({ queue }) => (queue[0]?.waits ?? null) !== null,
  )
  match(locked.queue[0]?.waits?.detail ?? '', /locked by Grace Höpper/)
  await ask('environments.unlock', { params: production, body: {} })
  await servingProduction(release)
})

test('a train of what there is not, and of the same place twice, does not start', async () => {
  const members = [{ environment: 'staging' }, { environment: 'staging' }]
  await rejects(ask('trains.start', { body: { members } }), code('usage_invalid'))
  await rejects(
    ask('trains.start', { body: { members: [{ service: 'nobody', environment: 'staging' }] } }),
    code('not_found'),
  )
})
