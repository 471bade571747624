/** Going back, through the real engine: what hurts users of other systems must not be possible here. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { ada, SmallWorld } from './small-world.ts'

const production = { service: 'shop', environment: 'production' } as const
const bob = { ...ada, by: { kind: 'person', name: 'bob' } } as const
const back = { ...production, release: null } as const

const refusedFor = (pattern: RegExp) => (error: unknown) => {
  ok(error instanceof SluiceError)
  strictEqual(error.code, 'admission_refused')
  ok(pattern.test(error.detail), error.detail)
  return true
}

/** Two releases, one after the other, in production. */
const twoReleases = async (made: Parameters<SmallWorld['cut']>[1] = {}) => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0', made)
  const bad = await world.cut('2.0.0', made)
  await world.rollOut(good)
  await world.rollOut(bad)
  return { world, good, bad }
}

test('automation that re-ships what was rolled back: a rollback holds the release, with its reason, and only a person who says so ships it', async () => {
  const { world, good, bad } = await twoReleases()
  const asked = { ...ada, reason: 'checkout is slow' }
  const { rollout } = await world.engine.rollback({ ...back, reason: 'performance' }, asked)
  await world.settled(rollout)
  deepStrictEqual(world.serving(), [good.id])
  const hold = await world.engine.reading.hold(bad.id)
  deepStrictEqual(hold === null ? null : { ...hold, at: 0 }, {
    reason: 'performance',
    detail: 'checkout is slow',
    by: ada.by,
    at: 0,
    environment: 'production',
  })
  const again = { ...production, purpose: 'deploy', release: bad.id } as const
  for (const command of [again, { ...again, initiator: 'automation' } as const])
    await rejects(world.engine.deploy(command, ada), refusedFor(/held by ada .* \(performance\): checkout is slow/))
  await world.restart()
  const { rollout: anyway } = await world.engine.deploy({ ...again, overrides: ['held'] }, ada)
  strictEqual((await world.settled(anyway)).status, 'succeeded')
})

test('a new instance is warmed up on the way forward; the way back waits for no warm-up', async () => {
  const made = { production: { health: { warmup: { path: '/front', requests: 5 } } } } as const
  const { world } = await twoReleases(made)
  const forward = world.probed.length
  deepStrictEqual(
    world.probed.map(({ warmup }) => warmup),
    Array.from({ length: forward }, () => ({ path: '/front', requests: 5, timeoutMs: 10_000 })),
  )
  ok(forward > 0)
  const { rollout } = await world.engine.rollback(back, ada)
  await world.settled(rollout)
  ok(world.probed.length > forward)
  ok(world.probed.slice(forward).every(({ warmup }) => warmup === undefined))
})

test('a hold by hand keeps a release out until it is taken off', async () => {
  const { world, bad } = await twoReleases()
  const next = await world.cut('3.0.0')
  await world.engine.holdRelease({ service: 'shop', release: '3.0.0', reason: 'security' }, ada)
  await rejects(world.rollOut(next), refusedFor(/3\.0\.0 .* is held by ada/))
  await rejects(world.engine.holdRelease({ service: 'shop', release: '3.0.0', reason: null }, ada), /held already/)
  await world.engine.unholdRelease({ service: 'shop', release: '3.0.0' }, ada)
  strictEqual((await world.rollOut(next)).status, 'succeeded')
  await rejects(world.engine.unholdRelease({ service: 'shop', release: bad.id }, ada), /is not held/)
})

test('a rollout that comes back by itself holds its release as a failed deployment', async () => {
  const { world } = await twoReleases()
  const sick = await world.cut('3.0.0')
  world.sick.add(sick.id)
  strictEqual((await world.rollOut(sick)).status, 'rolled_back')
  strictEqual((await world.engine.reading.hold(sick.id))?.reason, 'failed_deployment')
})

test('rollback that re-runs the full analysis: neither a rollback nor a deploy inside the window waits, judges or asks', async () => {
  const canary = { kind: 'canary', steps: [{ share: '5%', bake: '1h' }] } as const
  const made = { production: { strategy: canary, approvals: 1, rollback: { window: 1 } } }
  const world = new SmallWorld()
  const releases = [await world.cut('1.0.0', made), await world.cut('2.0.0', made), await world.cut('3.0.0', made)]
  for (const release of releases) {
    await world.engine.governance.approve({ ...production, release: release.id }, bob)
    const deploy = { ...production, purpose: 'deploy', release: release.id } as const
    const { rollout } = await world.engine.deploy(deploy, ada)
    await world.engine.commandRollout(rollout, 'promote_requested', ada)
    await world.settled(rollout)
  }
  await world.engine.lock(production, null, ada)
  const [first, second, third] = releases
  ok(first !== undefined && second !== undefined && third !== undefined)
  // Two back is outside of a window of one: all that belongs to a deploy is asked for.
  await rejects(
    world.engine.deploy({ ...production, purpose: 'deploy', release: first.id }, ada),
    refusedFor(/is locked by ada.*asks for 1 approval/),
  )
  // Nothing that goes on by itself takes an old release for a way back.
  const byItself = { ...production, purpose: 'deploy', release: second.id, initiator: 'automation' } as const
  await rejects(world.engine.deploy(byItself, ada), refusedFor(/is locked/))
  const deploy = { ...production, purpose: 'deploy', release: second.id } as const
  const { rollout, plan } = await world.engine.deploy(deploy, ada)
  deepStrictEqual(
    [plan.purpose, [...new Set(plan.steps.map(({ kind }) => kind))]],
    ['rollback', ['start', 'probe', 'shift', 'drain', 'retire']],
  )
  await world.settled(rollout)
  deepStrictEqual(world.serving(), [second.id])
  strictEqual((await world.engine.reading.hold(third.id))?.by.name, 'ada')
  const { rollout: further } = await world.engine.rollback(back, ada)
  strictEqual((await world.settled(further)).plan.to, first.id)
})

test('config not rolled back with code: variables, secret versions, address and artifact are those of the release that comes back', async () => {
  const world = new SmallWorld()
  const good = await world.cut('1.0.0', {
    production: { config: { MODE: 'calm' }, listen: 8002, instances: 1, secrets: ['KEY'] },
    secretVersion: 'v1',
  })
  const bad = await world.cut('2.0.0', {
    production: { config: { MODE: 'wild' }, listen: 9002, instances: 2, secrets: ['KEY'] },
    secretVersion: 'v2',
  })
  await world.rollOut(good)
  await world.rollOut(bad)
  deepStrictEqual(world.routes.get('production')?.listen.port, 9002)
  const { rollout } = await world.engine.rollback(back, ada)
  await world.settled(rollout)
  const last = world.started.at(-1)
  deepStrictEqual(
    [last?.release.content.artifacts, last?.variables, last?.count, world.routes.get('production')?.listen.port],
    [good.content.artifacts, { MODE: 'calm', KEY: 'v1' }, 1, 8002],
  )
})

test('a broken version that blocks its own fix: neither its hold nor its live rollout stands in the way of going back and of the next release', async () => {
  const waits = { production: { strategy: { kind: 'canary', steps: [{ share: '5%', approve: true }] } } } as const
  const world = new SmallWorld()
  const good = await world.cut('1.0.0', waits)
  await world.rollOut(good)
  const bad = await world.cut('2.0.0', waits)
  const { rollout } = await world.engine.deploy({ ...production, purpose: 'deploy', release: bad.id }, ada)
  await world.until(
    () => world.engine.reading.rollout(rollout),
    (state) => state.status === 'advancing' && state.stage.kind === 'awaiting',
  )
  deepStrictEqual(await world.engine.rollback({ ...back, reason: 'outage' }, ada), { rollout, kind: 'aborted' })
  strictEqual((await world.settled(rollout)).status, 'rolled_back')
  deepStrictEqual(world.serving(), [good.id])
  strictEqual((await world.engine.reading.hold(bad.id))?.reason, 'outage')
  const fix = await world.cut('2.0.1')
  strictEqual((await world.rollOut(fix)).status, 'succeeded')
})

test('two people who roll back at once go back once, and never forward again to what was rolled back', async () => {
  const { world, good } = await twoReleases()
  const first = await world.engine.rollback(back, ada)
  const second = await world.engine.rollback(back, { ...ada, by: { kind: 'person', name: 'bob' } })
  deepStrictEqual(second, { rollout: first.rollout, kind: 'started' })
  strictEqual((await world.settled(first.rollout)).status, 'succeeded')
  deepStrictEqual(world.serving(), [good.id])
})

test('who rolls back a rollout that is on its way back already gets it as the answer, and the hold', async () => {
  const { world, bad } = await twoReleases()
  const next = await world.cut('3.0.0')
  const { rollout } = await world.engine.deploy({ ...production, purpose: 'deploy', release: next.id }, ada)
  await world.engine.commandRollout(rollout, 'abort_requested', ada)
  deepStrictEqual(await world.engine.rollback(back, ada), { rollout, kind: 'aborted' })
  await world.settled(rollout)
  deepStrictEqual(world.serving(), [bad.id])
  ok((await world.engine.reading.hold(next.id)) !== null)
})

test('the point of no return: going back behind a contract migration is refused unless somebody insists, for rollback and deploy alike', async () => {
  const world = new SmallWorld()
  const [before, contract, after] = [
    await world.cut('1.0.0', { migrations: ['0001_expand_sum'] }),
    await world.cut('2.0.0', { migrations: ['0001_expand_sum', '0002_contract_total'] }),
    await world.cut('3.0.0', { migrations: ['0001_expand_sum', '0002_contract_total'] }),
  ]
  for (const release of [before, contract, after]) await world.rollOut(release)
  const pattern = /1\.0\.0 .* is before the point of no return: 0002_contract_total/
  await rejects(world.engine.rollback({ ...back, release: before.id }, ada), refusedFor(pattern))
  const { rollout: allowed } = await world.engine.rollback(back, ada)
  strictEqual((await world.settled(allowed)).plan.to, contract.id)
  await rejects(world.engine.rollback(back, ada), refusedFor(pattern))
  const { refusals } = await world.engine.previewDeploy({ ...production, purpose: 'rollback', release: before.id })
  deepStrictEqual(
    refusals.map(({ kind }) => kind),
    ['point_of_no_return'],
  )
  const insisted = await world.engine.rollback({ ...back, overrides: ['point_of_no_return'] }, ada)
  strictEqual((await world.settled(insisted.rollout)).plan.to, before.id)
})

test('an emergency goes to any release there is, opens an incident, and tells of it in the transaction that starts the rollback', async () => {
  const { world, bad } = await twoReleases()
  const never = await world.cut('0.9.0')
  await rejects(world.engine.rollback({ ...back, release: never.id }, ada), refusedFor(/never served/))
  const command = { ...back, release: never.id, emergency: 'declared', reason: 'security' } as const
  const { rollout, incident } = await world.engine.rollback(command, { ...ada, reason: 'leaks' })
  ok(incident !== undefined)
  const declared = world.rows.find(({ type }) => type === 'emergency_declared')
  strictEqual(declared?.key.id, incident)
  const started = world.rows.find(({ type, key }) => type === 'rollout_started' && key.id === rollout)
  ok(Math.abs((declared?.seq ?? 0) - (started?.seq ?? 0)) <= 3, 'told in the same transaction')
  const open = await world.engine.reading.incident(incident)
  deepStrictEqual(
    [open.status, open.title, open.reason, open.release, open.rollout],
    ['open', 'leaks', 'security', bad.id, rollout],
  )
  await world.settled(rollout)
  deepStrictEqual(world.serving(), [never.id])
  await world.engine.resolveIncident(incident, { ...ada, reason: 'rolled back' })
  strictEqual((await world.engine.reading.incident(incident)).status, 'resolved')
  await rejects(world.engine.resolveIncident(incident, ada), /resolved already/)
})

test('rollback targets are told to whoever clears away', async () => {
  const { world, good, bad } = await twoReleases({
    production: { strategy: { kind: 'blueGreen', keepPrevious: false } },
  })
  deepStrictEqual(
    world.retired.map(({ release, neverPruned }) => [release, neverPruned?.toSorted()]),
    [[good.id, [good.id]]],
  )
  const next = await world.cut('3.0.0', { production: { strategy: { kind: 'blueGreen', keepPrevious: false } } })
  await world.rollOut(next)
  deepStrictEqual([world.retired.at(-1)?.release, world.retired.at(-1)?.neverPruned?.includes(good.id)], [bad.id, true])
})

const waiting = { production: { strategy: { kind: 'canary', steps: [{ share: '5%', approve: true }] } } } as const
const standsAtApproval = (world: SmallWorld, rollout: string) =>
  world.until(
    () => world.engine.reading.rollout(rollout),
    (state) => state.status === 'advancing' && state.stage.kind === 'awaiting',
  )

test('nothing may block a rollback: one to a named release takes the place of a live rollout, which has its traffic back first, and holds both that it leaves', async () => {
  const { world, good, bad } = await twoReleases()
  const worse = await world.cut('3.0.0', waiting)
  const { rollout: live } = await world.engine.deploy({ ...production, purpose: 'deploy', release: worse.id }, ada)
  await standsAtApproval(world, live)
  const shown = await world.engine.previewDeploy({
    ...production,
    purpose: 'rollback',
    release: good.id,
    replace: true,
  })
  const { rollout, kind } = await world.engine.rollback({ ...back, release: '1.0.0', reason: 'outage' }, ada)
  strictEqual(kind, 'started')
  const over = await world.engine.reading.rollout(live)
  ok(over.status === 'rolled_back' && over.cause.kind === 'command')
  strictEqual(over.cause.command, 'superseded')
  await world.restart()
  const settled = await world.settled(rollout)
  strictEqual(settled.status, 'succeeded')
  deepStrictEqual(settled.plan.steps, shown.plan.steps, 'the plan had said so')
  const shifts = settled.plan.steps.flatMap((step) => (step.kind === 'shift' ? [step.shares[0]?.release] : []))
  deepStrictEqual(shifts, [bad.id, good.id], 'first what serves has all traffic, then what was named')
  deepStrictEqual(world.serving(), [good.id])
  deepStrictEqual(
    (await world.engine.reading.environment('shop', 'production')).abandoned,
    undefined,
    'the candidate was taken down',
  )
  for (const { id } of [bad, worse]) strictEqual((await world.engine.reading.hold(id))?.reason, 'outage')
})

test('a rollback to a named release takes the place of one that is under way to another, and traffic never goes back to what is left', async () => {
  const { world, good, bad } = await twoReleases()
  const third = await world.cut('3.0.0')
  await world.rollOut(third)
  const { rollout: first } = await world.engine.rollback(back, ada)
  const { rollout, kind } = await world.engine.rollback({ ...back, release: good.id }, ada)
  strictEqual(kind, 'started')
  const settled = await world.settled(rollout)
  strictEqual((await world.engine.reading.rollout(first)).status, 'rolled_back')
  const shifts = settled.plan.steps.flatMap((step) => (step.kind === 'shift' ? [step.shares[0]?.release] : []))
  deepStrictEqual([settled.status, shifts, world.serving()], ['succeeded', [good.id], [good.id]])
  // What the first would have brought back is not accused of anything.
  deepStrictEqual([await world.engine.reading.hold(bad.id)], [null])
  ok((await world.engine.reading.hold(third.id)) !== null)
})

test('who names the release that a rollback is leaving has that rollback turned around', async () => {
  const { world, bad } = await twoReleases()
  const { rollout } = await world.engine.rollback(back, ada)
  deepStrictEqual(await world.engine.rollback({ ...back, release: bad.id }, ada), { rollout, kind: 'aborted' })
  strictEqual((await world.settled(rollout)).status, 'rolled_back')
  deepStrictEqual(world.serving(), [bad.id])
})

test('where two releases may not run together, a rollback to a named one has requests wait until the candidate is down', async () => {
  const alone = { production: { strategy: 'recreate' } } as const
  const { world, good } = await twoReleases(alone)
  const worse = await world.cut('3.0.0', alone)
  world.sick.add(worse.id)
  await world.engine.deploy({ ...production, purpose: 'deploy', release: worse.id }, ada)
  const { rollout } = await world.engine.rollback({ ...back, release: good.id }, ada)
  const { status, plan } = await world.settled(rollout)
  const kinds = plan.steps.map((step) => ('release' in step ? `${step.kind} ${step.release === worse.id}` : step.kind))
  deepStrictEqual(
    [status, kinds.slice(0, 3), world.serving()],
    ['succeeded', ['shift', 'drain true', 'retire true'], [good.id]],
  )
})

test('an incident does not wait for a plan: a rollback to what a live rollout is bringing in is refused with what to type', async () => {
  const { world } = await twoReleases()
  const next = await world.cut('3.0.0', waiting)
  await world.engine.deploy({ ...production, purpose: 'deploy', release: next.id }, ada)
  await rejects(
    world.engine.rollback({ ...back, release: next.id }, ada),
    refusedFor(/is bringing in the same release/),
  )
})

test('a rollout that arrives while somebody asks for the way back is gone back from all the same, and held and told once', async () => {
  const { world, bad } = await twoReleases()
  const paused = { kind: 'canary', steps: [{ share: '5%', pause: '1h' }] } as const
  const next = await world.cut('3.0.0', { production: { strategy: paused } })
  const { rollout: arriving } = await world.engine.deploy({ ...production, purpose: 'deploy', release: next.id }, ada)
  const { reading } = world.engine
  const read = reading.rollout.bind(reading)
  let looks = 0
  reading.rollout = async (id) => {
    const seen = await read(id)
    looks += 1
    if (looks > 1) return seen
    // Between the look and the decision it is promoted, and is over.
    await world.engine.commandRollout(arriving, 'promote_requested', ada)
    await world.until(
      () => read(arriving),
      ({ status }) => status === 'succeeded',
    )
    return seen
  }
  const command = { ...back, emergency: 'declared' } as const
  const { rollout, kind } = await world.engine.rollback(command, { ...ada, idempotencyKey: 'k' })
  deepStrictEqual([kind, rollout === arriving], ['started', false])
  await world.settled(rollout)
  deepStrictEqual(world.serving(), [bad.id])
  deepStrictEqual(
    ['incident', 'release'].map(
      (of) => world.rows.filter(({ key, type }) => key.kind === of && /held|declared/.test(type)).length,
    ),
    [1, 1],
  )
})

/** Something that happens between the first look at a rollout and the decision about it. */
const meanwhile = (world: SmallWorld, happen: () => Promise<unknown>): void => {
  const { reading } = world.engine
  const read = reading.rollout.bind(reading)
  reading.rollout = async (id) => {
    const seen = await read(id)
    reading.rollout = read
    await happen()
    return seen
  }
}

test('a way back that is turned around while somebody asks for one is not their answer, and nothing is held or told for it', async () => {
  const { world } = await twoReleases()
  const { rollout } = await world.engine.rollback(back, ada)
  meanwhile(world, () => world.engine.commandRollout(rollout, 'abort_requested', ada))
  const before = world.rows.length
  await rejects(
    world.engine.rollback({ ...back, emergency: 'declared' }, { ...bob, idempotencyKey: 'k' }),
    /is coming back/,
  )
  deepStrictEqual(
    world.rows.slice(before).filter(({ type }) => /held|declared/.test(type)),
    [],
  )
})

test('who rolls back a rollout whose place another takes in that moment has the other one turned around', async () => {
  const { world, bad } = await twoReleases()
  const [next, later] = [await world.cut('3.0.0', waiting), await world.cut('4.0.0', waiting)]
  const deploy = { ...production, purpose: 'deploy' } as const
  const { rollout: first } = await world.engine.deploy({ ...deploy, release: next.id }, ada)
  await standsAtApproval(world, first)
  let second = ''
  meanwhile(world, async () => {
    second = (await world.engine.deploy({ ...deploy, release: later.id, replace: true }, bob)).rollout
  })
  deepStrictEqual(await world.engine.rollback(back, ada), { rollout: second, kind: 'aborted' })
  strictEqual((await world.settled(second)).status, 'rolled_back')
  deepStrictEqual(world.serving(), [bad.id])
})

test('a rollback that changed nothing, for somebody else had asked for it before, is answered the same when it is asked again: it goes back no further', async () => {
  const asked = { ...bob, idempotencyKey: 'k' }
  const { world, bad } = await twoReleases()
  const next = await world.cut('3.0.0', waiting)
  const { rollout } = await world.engine.deploy({ ...production, purpose: 'deploy', release: next.id }, ada)
  await standsAtApproval(world, rollout)
  await world.engine.rollback(back, ada)
  const turned = await world.engine.rollback(back, asked)
  await world.settled(rollout)
  deepStrictEqual(await world.engine.rollback(back, asked), turned)
  const { live, serving } = await world.engine.reading.environment('shop', 'production')
  deepStrictEqual([live, serving], [null, bad.id])

  const { world: other, good } = await twoReleases()
  await other.engine.rollback(back, ada)
  const joined = await other.engine.rollback(back, asked)
  await other.settled(joined.rollout)
  deepStrictEqual(await other.engine.rollback(back, asked), joined)
  deepStrictEqual(other.serving(), [good.id])
})
