/** What waits for its turn, or comes by itself, beside what was rolled back: the one must never bring the other again. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { queueLines } from '../../src/cli/render/queue.ts'
import { createStyle } from '../../src/cli/render/style.ts'
import type { QueueEntry } from '../../src/core/queue.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { queueViews } from '../../src/http/present/environments.ts'
import { rolloutView } from '../../src/http/present/rollouts.ts'
import { ada, SmallWorld } from './small-world.ts'

const production = { service: 'shop', environment: 'production' } as const
const locked = { ...ada, reason: 'not now' }

const queueOf = async (world: SmallWorld): Promise<readonly QueueEntry[]> =>
  (await world.engine.reading.environment('shop', 'production')).queue ?? []

const untilNothingWaits = (world: SmallWorld): Promise<unknown> =>
  world.until(
    () => world.engine.reading.environment('shop', 'production'),
    ({ queue, live }) => queue === undefined && live === null,
  )

const refusalsOfTurns = (world: SmallWorld): readonly string[] =>
  world.rows.filter(({ type }) => type === 'queue_refused').map(({ body }) => JSON.stringify(body))

test('a release that is held while it waits leaves the queue with its reason', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0')
  const next = await world.cut('2.0.0')
  await world.rollOut(good)
  await world.engine.lock(production, null, locked)
  const command = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue' } as const
  strictEqual((await world.engine.deployOrQueue(command, ada)).kind, 'queued')
  await world.engine.holdRelease({ service: 'shop', release: '2.0.0', reason: 'security' }, ada)
  await world.engine.unlock(production, ada)
  await untilNothingWaits(world)
  deepStrictEqual(world.serving(), [good.id])
  const [refused] = refusalsOfTurns(world)
  ok(/is held by ada/.test(refused ?? ''), refused)
})

test('what is queued as a hotfix says so while it waits, and as a rollout', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0')
  const next = await world.cut('2.0.0')
  const { id: bad } = await world.rollOut(good)
  await world.engine.lock(production, null, locked)
  const hotfix = { remediates: [bad] }
  const command = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue', hotfix } as const
  const { rollout } = await world.engine.deployOrQueue(command, ada)
  const known = new Map([good, next].map((one) => [one.id, one]))
  const [entry] = queueViews(await world.engine.reading.environment('shop', 'production'), known)
  deepStrictEqual(entry?.hotfix, hotfix)
  const style = createStyle({ color: false, unicode: false })
  const shown = queueLines(
    { environment: 'production', holder: null, queue: entry === undefined ? [] : [entry] },
    0,
    style,
  )
  ok(shown.join('\n').includes(`2.0.0 (hotfix, makes good ${bad})`), shown.join('\n'))
  await world.engine.unlock(production, ada)
  await untilNothingWaits(world)
  deepStrictEqual(rolloutView(await world.engine.reading.rollout(rollout), known).hotfix, hotfix)
})

test('what a person passes over stays with the entry: a held release that was queued despite its hold has its turn', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0')
  const next = await world.cut('2.0.0')
  await world.rollOut(good)
  await world.engine.holdRelease({ service: 'shop', release: '2.0.0', reason: 'security' }, ada)
  await world.engine.lock(production, null, locked)
  const command = {
    ...production,
    purpose: 'deploy',
    release: next.id,
    whenBusy: 'queue',
    overrides: ['held'],
  } as const
  const { rollout } = await world.engine.deployOrQueue(command, ada)
  deepStrictEqual((await queueOf(world))[0]?.overrides, ['held'])
  await world.restart()
  await world.engine.unlock(production, ada)
  await untilNothingWaits(world)
  strictEqual((await world.engine.reading.rollout(rollout)).status, 'succeeded')
  deepStrictEqual(world.serving(), [next.id])
})

test('what a program queues becomes the rollout whose id it was told, also when a person asks for the same after it', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0')
  const [first, second] = [await world.cut('2.0.0'), await world.cut('3.0.0')]
  await world.rollOut(good)
  await world.engine.lock(production, null, locked)
  const program: typeof ada = { ...ada, by: { kind: 'system', name: 'ci' } }
  const waiting = { ...production, purpose: 'deploy', whenBusy: 'queue' } as const
  const told = await world.engine.deployOrQueue({ ...waiting, release: first.id }, program)
  const both = await world.engine.deployOrQueue({ ...waiting, release: second.id }, program)
  deepStrictEqual(await world.engine.deployOrQueue({ ...waiting, release: second.id }, ada), both)
  deepStrictEqual(
    (await queueOf(world)).map(({ id, by }) => [id, by.name]),
    [
      [told.rollout, 'ci'],
      [both.rollout, 'ada'],
    ],
  )
  await world.engine.unlock(production, ada)
  await untilNothingWaits(world)
  for (const { rollout } of [told, both]) strictEqual((await world.engine.reading.rollout(rollout)).status, 'succeeded')
  deepStrictEqual(world.serving(), [second.id])
})

test('a way back never waits in a queue: neither a rollback nor a deploy inside the window', async () => {
  const made = { production: { rollback: { window: 1 }, whenBusy: 'queue' } } as const
  const world = new SmallWorld()
  const old = await world.cut('1.0.0', made)
  const now = await world.cut('2.0.0', made)
  const next = await world.cut('3.0.0', made)
  await world.rollOut(old)
  await world.rollOut(now)
  await world.engine.lock(production, null, locked)
  const waiting = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue' } as const
  strictEqual((await world.engine.deployOrQueue(waiting, ada)).kind, 'queued')
  // It passes who waits and the lock, and what is left is held.
  const answer = await world.engine.deployOrQueue({ ...waiting, release: old.id }, ada)
  strictEqual(answer.kind, 'started')
  // While it is under way another way back is refused rather than queued.
  const again = await world.engine.deployOrQueue({ ...waiting, release: old.id }, ada).catch((error: unknown) => error)
  ok(again instanceof SluiceError && again.code === 'admission_refused', String(again))
  await world.settled(answer.rollout)
  deepStrictEqual(world.serving(), [old.id])
  strictEqual((await world.engine.reading.hold(now.id))?.by.name, 'ada')
  deepStrictEqual(
    (await queueOf(world)).map(({ release }) => release),
    [next.id],
  )
})

test('Sluice itself does not bring again what is held', async () => {
  const soak = { production: { after: 'staging', promotion: { soak: '1m', auto: true } } } as const
  const world = new SmallWorld()
  const good = await world.cut('1.0.0', soak)
  const held = await world.cut('2.0.0', soak)
  await world.rollOut(good, 'staging')
  await world.until(
    async () => world.serving(),
    (serving) => serving.includes(good.id),
  )
  await untilNothingWaits(world)
  await world.rollOut(held, 'staging')
  await world.engine.holdRelease({ service: 'shop', release: '2.0.0', reason: 'security' }, ada)
  await world.until(
    async () => refusalsOfTurns(world),
    (refusals) => refusals.length > 0,
  )
  await untilNothingWaits(world)
  deepStrictEqual(world.serving(), [good.id])
  ok(/is held by ada/.test(refusalsOfTurns(world)[0] ?? ''))
})

test('a dead controller that looks alive: one whose lease another has taken acknowledges nothing any more, and changes nothing', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0')
  const bad = await world.cut('1.1.0')
  for (const release of [good, bad]) await world.rollOut(release)
  const next = await world.cut('2.0.0')
  await world.disk.open().acquireLease('another control plane', 0)
  const before = world.rows.length
  for (let attempt = 0; attempt < 2; attempt += 1)
    await rejects(world.engine.deploy({ ...production, purpose: 'deploy', release: next.id }, ada), isFenced)
  await rejects(world.engine.rollback({ ...production, release: null }, ada), isFenced)
  deepStrictEqual([world.rows.length, world.serving()], [before, [bad.id]])
  await world.restart()
  strictEqual((await world.rollOut(next)).status, 'succeeded')
})

const isFenced = (error: unknown): boolean => error instanceof SluiceError && error.code === 'store_fenced'

test('a train does not push in, also where the config lets a deploy take the place of another', async () => {
  const steps = [{ share: '5%', approve: true }] as const
  const made = { production: { whenBusy: 'replace', strategy: { kind: 'canary', steps } } } as const
  const world = new SmallWorld()
  const [first, second, third] = [
    await world.cut('1.0.0', made),
    await world.cut('2.0.0', made),
    await world.cut('3.0.0', made),
  ]
  await world.rollOut(first)
  const { rollout } = await world.engine.deploy({ ...production, purpose: 'deploy', release: second.id }, ada)
  const stands = () =>
    world.until(
      () => world.engine.reading.rollout(rollout),
      (state) => state.status !== 'advancing' || state.stage.kind === 'awaiting',
    )
  await stands()
  const members = [{ ...production, release: third.id }]
  await world.engine.startTrain({ members, order: 'ordered' }, ada)
  const since = world.now
  await world.until(
    async () => world.now,
    (now) => now > since + 60_000,
  )
  strictEqual((await stands()).status, 'advancing')
  await world.engine.governance.approve({ rollout }, { ...ada, by: { kind: 'person', name: 'bob' } })
  strictEqual((await world.settled(rollout)).status, 'succeeded')
})

test('a hold on an old release makes it no newer: latest is what was cut last, and names mean that, too', async () => {
  const world = new SmallWorld()
  const old = await world.cut('1.0.0')
  await world.pass(1_000)
  const next = await world.cut('2.0.0')
  await world.pass(1_000)
  await world.engine.holdRelease({ service: 'shop', release: '1.0.0', reason: 'security' }, ada)
  await world.engine.unholdRelease({ service: 'shop', release: '1.0.0' }, ada)
  const { reading } = world.engine
  strictEqual((await reading.newestRelease())?.id, next.id)
  strictEqual((await reading.releaseNamed('shop', 'latest')).id, next.id)
  deepStrictEqual(
    (await reading.releases({})).items.map(({ id }) => id),
    [next.id, old.id],
  )
  const command = { ...production, purpose: 'deploy', release: null } as const
  await world.settled((await world.engine.deploy(command, ada)).rollout)
  deepStrictEqual(world.serving(), [next.id])
})
