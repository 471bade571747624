/** What goes on after a promotion, and what is rehearsed: through the real engine, over a small world. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { Release } from '../../src/core/model.ts'
import type { Drill, Watch } from '../../src/engine/trusted.ts'
import { ada, SmallWorld } from './small-world.ts'

const production = { service: 'shop', environment: 'production' } as const
const watched = {
  production: {
    rollback: {
      watch: { for: '10m', interval: '5s', errorRate: { above: '2%', for: '20s', requestsMin: 50 } },
    },
  },
} as const

const watchOf = (world: SmallWorld, rollout: string, holds: (watch: Watch) => boolean): Promise<Watch | null> =>
  world.until(
    () => world.engine.reading.watch(rollout),
    (watch) => watch !== null && holds(watch),
  )

/** Lets a release answer at each look, so many of a hundred badly, until something is so. */
const underTraffic = (
  world: SmallWorld,
  { release, bad }: { readonly release: Release; readonly bad: number },
  until: () => Promise<boolean>,
): Promise<boolean> =>
  world.until(
    () => {
      world.count(release, 1, Math.random() * 100 < bad ? 1 : 0)
      return until()
    },
    (isOver) => isOver,
  )

const promoted = async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0', watched)
  const next = await world.cut('2.0.0', watched)
  await world.rollOut(good)
  const { id } = await world.rollOut(next)
  return { world, good, next, id }
}

test('a release that goes bad after its promotion, without any holdback, is taken back by itself, with the numbers as the reason', async () => {
  const { world, good, next, id } = await promoted()
  const isOver = async (): Promise<boolean> => (await world.engine.reading.watch(id))?.status === 'ended'
  await underTraffic(world, { release: next, bad: 40 }, isOver)
  const watch = await watchOf(world, id, ({ status }) => status === 'ended')
  ok(watch?.status === 'ended' && watch.rollback !== null)
  strictEqual(watch.outcome, 'rolled_back')
  strictEqual((await world.settled(watch.rollback)).status, 'succeeded')
  deepStrictEqual(world.serving(), [good.id])
  const started = world.rows.find(({ type, key }) => type === 'rollout_started' && key.id === watch.rollback)
  ok(/watch of rol_.*bad responses: \d+ of \d+ .*limit 2 % for 20 s/.test(started?.reason ?? ''), started?.reason ?? '')
  strictEqual(started?.actor.name, 'sluice')
  const hold = await world.engine.reading.hold(next.id)
  strictEqual(hold?.reason, 'critical_bug')
})

test('a healthy release is watched for as long as configured, also over the death of the control plane, and stays', async () => {
  const { world, next, id } = await promoted()
  let looks = 0
  const isOver = async (): Promise<boolean> => {
    looks += 1
    if (looks % 400 === 0) await world.restart()
    return (await world.engine.reading.watch(id))?.status === 'ended'
  }
  await underTraffic(world, { release: next, bad: 0 }, isOver)
  const watch = await world.engine.reading.watch(id)
  ok(watch?.status === 'ended')
  strictEqual(watch.outcome, 'passed')
  ok(world.now >= 600_000, `${world.now}`)
  deepStrictEqual(world.serving(), [next.id])
})

test('a watch that would go back only to what is held asks for nothing and says so', async () => {
  const { world, next, id } = await promoted()
  await world.engine.holdRelease({ service: 'shop', release: '1.0.0', reason: 'data_corruption' }, ada)
  const isOver = async (): Promise<boolean> => (await world.engine.reading.watch(id))?.status === 'ended'
  await underTraffic(world, { release: next, bad: 40 }, isOver)
  const watch = await world.engine.reading.watch(id)
  ok(watch?.status === 'ended')
  deepStrictEqual([watch.outcome, watch.rollback], ['refused', null])
  ok(/a person must choose/.test(watch.detail), watch.detail)
  deepStrictEqual(world.serving(), [next.id])
})

test('no rollback of a rollback: what came back is not watched, and a newer rollout ends the watch', async () => {
  const { world, id } = await promoted()
  const { rollout } = await world.engine.rollback({ ...production, release: null }, ada)
  await world.settled(rollout)
  const watch = await watchOf(world, id, ({ status }) => status === 'ended')
  ok(watch?.status === 'ended')
  strictEqual(watch.outcome, 'superseded')
  strictEqual(await world.engine.reading.watch(rollout), null)
})

const drilled = async (world: SmallWorld, environment: string, dwellMs: number | null = null): Promise<string> => {
  const { drill } = await world.engine.startDrill({ service: 'shop', environment, dwellMs, confirm: environment }, ada)
  return drill
}

const drillOf = (world: SmallWorld, id: string, holds: (drill: Drill) => boolean): Promise<Drill> =>
  world.until(() => world.engine.reading.drill(id), holds)

test('a drill goes back and returns for real, holds nothing, and records the times and what the data plane showed', async () => {
  const { world, good, next } = await promoted()
  world.count(good, 500, 0)
  const drill = await drillOf(world, await drilled(world, 'production'), ({ status }) => status === 'ended')
  ok(drill.status === 'ended', drill.status)
  deepStrictEqual([drill.outcome, drill.back?.proof.shareBp, drill.return?.proof.shareBp], ['passed', 10_000, 10_000])
  strictEqual(drill.back?.proof.requests, 500)
  ok((drill.back?.tookMs ?? -1) >= 0 && (drill.return?.tookMs ?? -1) >= 0)
  deepStrictEqual(world.serving(), [next.id])
  deepStrictEqual([await world.engine.reading.hold(next.id), await world.engine.reading.hold(good.id)], [null, null])
  const rollouts = world.rows.filter(({ type }) => type === 'rollout_started').map(({ key }) => key.id)
  deepStrictEqual(rollouts.slice(-2), [drill.back?.rollout, drill.return?.rollout])
})

test('a drill returns also when the control plane dies in the middle of it', async () => {
  const { world, good, next } = await promoted()
  const id = await drilled(world, 'production', 60_000)
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'dwell')
  deepStrictEqual(world.serving(), [good.id])
  await world.restart()
  const drill = await drillOf(world, id, ({ status }) => status === 'ended')
  ok(drill.status === 'ended')
  strictEqual(drill.outcome, 'passed')
  deepStrictEqual(world.serving(), [next.id])
})

test('a drill whose control plane dies on its way goes on with the rollout that it had asked for, there and back', async () => {
  for (const phase of ['back', 'return'] as const) {
    const { world, next } = await promoted()
    const id = await drilled(world, 'production', 60_000)
    await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === phase)
    await world.until(
      () => world.engine.reading.environment('shop', 'production'),
      ({ live }) => live !== null,
    )
    await world.restart()
    const drill = await drillOf(world, id, ({ status }) => status === 'ended')
    ok(drill.status === 'ended')
    strictEqual(drill.outcome, 'passed', `${phase}: ${drill.detail}`)
    deepStrictEqual(world.serving(), [next.id])
    const rollouts = world.rows.filter(({ type }) => type === 'rollout_started').map(({ key }) => key.id)
    deepStrictEqual(rollouts.slice(2), [drill.back?.rollout, drill.return?.rollout])
  }
})

test('a rollback during a drill makes it real: the drill does not return to what somebody wants to leave', async () => {
  for (const phase of ['back', 'dwell', 'return'] as const) {
    const { world, good, next } = await promoted()
    const id = await drilled(world, 'production', 60_000)
    await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === phase)
    if (phase !== 'dwell')
      await world.until(
        () => world.engine.reading.environment('shop', 'production'),
        ({ live }) => live !== null,
      )
    const asked = { ...production, release: null, reason: 'outage' } as const
    const answer = await world.engine.rollback(asked, ada)
    await world.settled(answer.rollout)
    const drill = await drillOf(world, id, ({ status }) => status === 'ended')
    ok(drill.status === 'ended')
    strictEqual(drill.outcome, 'stayed', phase)
    deepStrictEqual(world.serving(), [good.id], phase)
    strictEqual((await world.engine.reading.hold(next.id))?.reason, 'outage', phase)
  }
})

test('a drill where people are served must be confirmed by name, needs something to go back to, and is alone', async () => {
  const { world } = await promoted()
  const asked = { ...production, dwellMs: null, confirm: null } as const
  await rejects(world.engine.startDrill(asked, ada), /takes its users to the release before and back again/)
  await rejects(world.engine.startDrill({ ...asked, environment: 'staging' }, ada), /no way back to drill/)
  await drilled(world, 'production')
  await rejects(world.engine.startDrill({ ...asked, confirm: 'production' }, ada), /not at rest/)
})

test('a drill holds its environment: what waits in the queue has its turn once the drill has returned', async () => {
  const { world, next } = await promoted()
  const later = await world.cut('3.0.0', watched)
  const id = await drilled(world, 'production', 60_000)
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'back')
  const command = { ...production, purpose: 'deploy', release: later.id, whenBusy: 'queue' } as const
  await world.until(
    () => world.engine.reading.environment('shop', 'production'),
    ({ live }) => live !== null,
  )
  strictEqual((await world.engine.deployOrQueue(command, ada)).kind, 'queued')
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'dwell')
  await world.restart()
  const drill = await drillOf(world, id, ({ status }) => status === 'ended')
  ok(drill.status === 'ended')
  deepStrictEqual([drill.outcome, drill.return !== null], ['passed', true], drill.detail)
  await world.until(
    async () => world.serving(),
    ([only]) => only === later.id,
  )
  const started = world.rows.filter(({ type }) => type === 'rollout_started').map(({ body }) => body)
  const to = (body: unknown): string => (body as { plan: { to: string } }).plan.to
  deepStrictEqual(started.slice(-2).map(to), [next.id, later.id])
})

test('a watch that fires in the moment in which somebody brings in a fix leaves that alone, and takes the release back should the fix come back', async () => {
  const { world, good, next, id } = await promoted()
  const fix = await world.cut('2.0.1')
  world.sick.add(fix.id)
  let rollout: string | null = null
  await underTraffic(world, { release: next, bad: 40 }, async () => {
    const watch = await world.engine.reading.watch(id)
    // As near to the moment as can be: the alarm has begun, and fires at one of the next looks.
    if (rollout === null && watch?.status === 'watching' && watch.alarms.some(({ overMs }) => overMs >= 10_000))
      ({ rollout } = await world.engine.deploy({ ...production, purpose: 'deploy', release: fix.id }, ada))
    return rollout !== null || watch?.status !== 'watching'
  })
  ok(rollout !== null)
  strictEqual((await world.settled(rollout)).status, 'rolled_back')
  await underTraffic(world, { release: next, bad: 40 }, async () => {
    const watch = await world.engine.reading.watch(id)
    return watch?.status === 'ended'
  })
  const watch = await world.engine.reading.watch(id)
  ok(watch?.status === 'ended' && watch.rollback !== null, watch?.status)
  await world.settled(watch.rollback)
  deepStrictEqual(world.serving(), [good.id])
})

test('a promotion during a drill of the environment before takes what was verified there, not what the drill shows for a while', async () => {
  const world = new SmallWorld()
  const made = { production: { after: 'staging' } } as const
  const [first, second] = [await world.cut('1.0.0', made), await world.cut('2.0.0', made)]
  for (const release of [first, second]) await world.rollOut(release, 'staging')
  await world.rollOut(first)
  const id = await drilled(world, 'staging', 60_000)
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'dwell')
  deepStrictEqual(world.serving('staging'), [first.id])
  const { rollout } = await world.engine.deploy({ ...production, purpose: 'promote', release: null }, ada)
  strictEqual((await world.settled(rollout)).plan.to, second.id)
})

const bob = { ...ada, by: { kind: 'person', name: 'bob' } } as const

/** Production has had three releases, a drill shows the second for a while, and a fourth waits in the queue. */
const dwelling = async () => {
  const world = new SmallWorld()
  const cut = (version: string): Promise<Release> => world.cut(version, watched)
  const [first, shown, left, queued] = [await cut('1.0.0'), await cut('2.0.0'), await cut('3.0.0'), await cut('4.0.0')]
  for (const release of [first, shown, left]) await world.rollOut(release)
  const id = await drilled(world, 'production', 60_000)
  await world.until(
    () => world.engine.reading.environment('shop', 'production'),
    ({ live }) => live !== null,
  )
  const command = { ...production, purpose: 'deploy', release: queued.id, whenBusy: 'queue' } as const
  strictEqual((await world.engine.deployOrQueue(command, ada)).kind, 'queued')
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'dwell')
  deepStrictEqual(world.serving(), [shown.id])
  return { world, id, shown, left, queued }
}

const failedWrite = async (world: SmallWorld): Promise<void> => {
  world.failNext()
  await rejects(world.engine.lock({ service: 'shop', environment: 'staging' }, null, ada), /disk is full/)
}

test('a drill is not forgotten with a write that failed: a rollback in that moment stays at what the drill shows, instead of going one release further', async () => {
  const { world, id, shown, left } = await dwelling()
  await failedWrite(world)
  const answer = await world.answer(world.engine.rollback({ ...production, release: null }, ada))
  await world.settled(answer.rollout)
  const drill = await drillOf(world, id, ({ status }) => status === 'ended')
  ok(drill.status === 'ended')
  deepStrictEqual([drill.outcome, answer.rollout], ['stayed', drill.back?.rollout])
  deepStrictEqual(await world.engine.reading.hold(shown.id), null)
  ok((await world.engine.reading.hold(left.id)) !== null)
})

test('a drill is not forgotten with a write that failed: neither what waits in the queue nor another drill gets between its two ways', async () => {
  const { world, id, left, queued } = await dwelling()
  await failedWrite(world)
  await rejects(drilled(world, 'production'), /ask again/)
  // This moves the environment, so that its queue is looked at.
  await world.engine.governance.approve({ ...production, release: queued.id }, bob)
  const drill = await drillOf(world, id, ({ status }) => status === 'ended')
  ok(drill.status === 'ended')
  deepStrictEqual([drill.outcome, drill.return !== null], ['passed', true], drill.detail)
  await world.until(
    async () => world.serving(),
    ([only]) => only === queued.id,
  )
  const started = world.rows.filter(({ type }) => type === 'rollout_started').map(({ body }) => body)
  const to = (body: unknown): string => (body as { plan: { to: string } }).plan.to
  deepStrictEqual(started.slice(-2).map(to), [left.id, queued.id])
})

test('a rollback that is decided while a drill begins to return has the return turned around, and a drill that is over goes nowhere', async () => {
  const { world, good, next } = await promoted()
  const id = await drilled(world, 'production', 60_000)
  await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'dwell')
  const { reading } = world.engine
  const read = reading.rollout.bind(reading)
  reading.rollout = async (rollout) => {
    const seen = await read(rollout)
    reading.rollout = read
    await drillOf(world, id, (state) => state.status === 'drilling' && state.phase === 'return')
    await world.until(
      () => reading.environment('shop', 'production'),
      ({ live }) => live !== null,
    )
    return seen
  }
  const { rollout, kind } = await world.engine.rollback({ ...production, release: null }, ada)
  await world.settled(rollout)
  const drill = await drillOf(world, id, ({ status }) => status === 'ended')
  deepStrictEqual([kind, drill.status === 'ended' && drill.outcome], ['aborted', 'stayed'])
  deepStrictEqual(world.serving(), [good.id])
  const way = { ...production, purpose: 'rollback', release: next.id, drill: 'return' } as const
  await rejects(world.engine.deploy(way, ada), /changed while this was asked/)
})
