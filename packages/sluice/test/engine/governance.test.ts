/** Governance through the real engine: who may say yes, when releases may come, and that nothing of it stands in the way of going back. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { foldDelivery } from '../../src/core/dora/delivery.ts'
import { type Release, type RolloutId, rolloutId } from '../../src/core/model.ts'
import type { Caller } from '../../src/engine/engine.ts'
import { pendingView } from '../../src/http/present/governance.ts'
import { ada, type Made, SmallWorld } from './small-world.ts'

const production = { service: 'shop', environment: 'production' } as const
const back = { ...production, release: null } as const

const named = (name: string, groups?: readonly string[]): Caller => ({
  ...ada,
  by: { kind: 'person', name },
  ...(groups === undefined ? {} : { groups }),
})
const [bob, carol, dave] = [named('bob'), named('carol', ['security']), named('dave')]

const refusedFor =
  (pattern: RegExp, code = 'admission_refused') =>
  (error: unknown) => {
    ok(error instanceof SluiceError)
    strictEqual(error.code, code, error.detail)
    match(error.detail, pattern)
    return true
  }

/** One release in production, and another that wants in under these rules. */
const wanting = async (made: Made['production']): Promise<{ world: SmallWorld; old: Release; next: Release }> => {
  const world = new SmallWorld()
  const old = await world.cut('1.0.0')
  await world.rollOut(old)
  return { world, old, next: await world.cut('2.0.0', { production: made ?? {} }) }
}

const deploy = (world: SmallWorld, release: Release, caller: Caller = bob) =>
  world.engine.deploy({ ...production, purpose: 'deploy', release: release.id }, caller)

const approveBy = (world: SmallWorld, release: Release, caller: Caller) =>
  world.engine.governance.approve({ ...production, release: release.id }, caller)

test('nobody approves what they wrote or ask for; a quorum with a group is met by others, for this release only', async () => {
  const { world, next } = await wanting({ approvals: { count: 2, groups: { security: 1 } } })
  // The commit is by Ada, whatever she is called here.
  await rejects(approveBy(world, next, ada), refusedFor(/ada wrote the commit/, 'self_approval'))
  await approveBy(world, next, bob)
  await approveBy(world, next, dave)
  await rejects(
    deploy(world, next, bob),
    refusedFor(/given by: dave; missing: 1 of the group security; bob does not count: asks for the rollout/),
  )
  await approveBy(world, next, carol)
  const other = await world.cut('3.0.0', { production: { approvals: { count: 2, groups: { security: 1 } } } })
  await rejects(deploy(world, other, bob), refusedFor(/given by: nobody/))
  const { rollout } = await deploy(world, next, bob)
  const { governance } = await world.settled(rollout)
  deepStrictEqual(
    governance?.approvals?.map(({ by, groups }) => [by.name, groups]),
    [
      ['dave', undefined],
      ['carol', ['security']],
    ],
  )
  deepStrictEqual((await world.engine.reading.environment('shop', 'production')).approvals, [])
})

test('a release cannot take away the rules that it has to meet: those of the one that serves are in force', async () => {
  const { world, next } = await wanting({ approvals: 1 })
  await approveBy(world, next, carol)
  await world.settled((await deploy(world, next)).rollout)
  const lax = await world.cut('3.0.0', { production: { approvals: 0 } })
  await rejects(deploy(world, lax), refusedFor(/production asks for 1 approval of 3\.0\.0/))
  await approveBy(world, lax, carol)
  await world.settled((await deploy(world, lax)).rollout)
  await world.settled((await deploy(world, await world.cut('4.0.0'))).rollout)
})

test('an approval that has run out can be given again', async () => {
  const { world, next } = await wanting({ approvals: { expireAfter: '1h' } })
  await approveBy(world, next, carol)
  await world.pass(3_600_001)
  await rejects(deploy(world, next), refusedFor(/given by: nobody/))
  await approveBy(world, next, carol)
  await world.settled((await deploy(world, next)).rollout)
})

test('a rollout that waits for a yes takes none from who asked for it, none by skip or promote, and ends with a no', async () => {
  const canary = { kind: 'canary', steps: [{ share: '10%', approve: true }], bake: '1s' } as const
  const { world, old, next } = await wanting({ strategy: canary })
  const { rollout } = await deploy(world, next)
  await world.until(
    () => world.engine.reading.rollout(rollout),
    (state) => state.status === 'advancing' && state.stage.kind === 'awaiting',
  )
  await rejects(
    world.engine.governance.approve({ rollout }, bob),
    refusedFor(/bob asks for the rollout/, 'self_approval'),
  )
  await rejects(
    world.engine.commandRollout(rollout, 'skip_requested', bob),
    refusedFor(/changes nothing/, 'command_conflict'),
  )
  await world.engine.commandRollout(rollout, 'promote_requested', bob)
  const [pending] = await world.engine.governance.inbox('shop')
  deepStrictEqual([pending?.id, pending?.kind, pending?.tally.missing], [rollout, 'rollout', 1])
  await world.engine.governance.reject({ rollout }, { ...carol, reason: 'prices are wrong' })
  const settled = await world.settled(rollout)
  ok(settled.status === 'rolled_back' && settled.cause.kind === 'command' && settled.cause.command === 'reject')
  strictEqual(settled.cause.reason, 'prices are wrong')
  deepStrictEqual(world.serving(), [old.id])
})

test('a no to a release takes it out of the queue with its cause, and stands until the same person says yes', async () => {
  const { world, next } = await wanting({ approvals: 1 })
  const queued = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue' } as const
  strictEqual((await world.engine.deployOrQueue(queued, bob)).kind, 'queued')
  const [pending] = await world.engine.governance.inbox('shop')
  deepStrictEqual(
    [pending?.kind, pending?.requestedBy?.name, pending?.from?.content.version],
    ['queued', 'bob', '1.0.0'],
  )
  await world.engine.governance.reject({ ...production, release: next.id }, { ...carol, reason: 'not this week' })
  await world.until(
    async () => world.rows,
    (rows) =>
      rows.some(
        ({ type, body }) =>
          type === 'queue_refused' && /carol rejected 2\.0\.0.*not this week/.test(JSON.stringify(body)),
      ),
  )
  await approveBy(world, next, dave)
  await rejects(deploy(world, next), refusedFor(/carol rejected 2\.0\.0/))
  await approveBy(world, next, carol)
  await world.settled((await deploy(world, next)).rollout)
})

test("a stopped line pauses what goes forward, lets nothing in and nothing on, and is in nobody's way back", async () => {
  const canary = { kind: 'canary', steps: [{ share: '10%', bake: '1h' }] } as const
  const { world, old, next } = await wanting({ strategy: canary })
  const { rollout } = await deploy(world, next)
  const { rollouts } = await world.engine.governance.stopLine({ underway: 'pause' }, carol)
  deepStrictEqual(rollouts, [rollout])
  const stopped = refusedFor(/carol stopped the line/)
  for (const type of ['resume_requested', 'promote_requested', 'skip_requested', 'retry_requested'] as const)
    await rejects(world.engine.commandRollout(rollout, type, bob), stopped)
  await rejects(
    world.engine.governance.stopLine({ underway: 'pause' }, bob),
    refusedFor(/stopped the line already/, 'command_conflict'),
  )
  // Going back goes: the live rollout turns around, and a rollback of its own starts.
  await world.engine.rollback(back, bob)
  strictEqual((await world.settled(rollout)).status, 'rolled_back')
  deepStrictEqual(world.serving(), [old.id])
  const third = await world.cut('3.0.0')
  await rejects(deploy(world, third), stopped)
  await world.engine.governance.resumeLine(carol)
  await world.settled((await deploy(world, third)).rollout)
  await world.engine.governance.stopLine({ underway: 'abort' }, carol)
  const { rollout: way } = await world.engine.rollback(back, bob)
  strictEqual((await world.settled(way)).status, 'succeeded')
})

test('a line that is stopped right after a write that failed pauses what is under way all the same', async () => {
  const canary = { kind: 'canary', steps: [{ share: '10%', bake: '1h' }] } as const
  const { world, next } = await wanting({ strategy: canary })
  const { rollout } = await deploy(world, next)
  await world.until(
    async () => world.serving().length,
    (arms) => arms === 2,
  )
  await world.later(60_000)
  world.failNext()
  await rejects(world.engine.lock({ service: 'shop', environment: 'staging' }, null, bob), /disk is full/)
  const { rollouts } = await world.answer(world.engine.governance.stopLine({ underway: 'pause' }, carol))
  deepStrictEqual(rollouts, [rollout])
})

test('what waits in a queue has its turn once the line goes on', async () => {
  const { world, next } = await wanting({})
  await world.engine.governance.stopLine({ underway: 'finish' }, carol)
  const queued = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue' } as const
  const { rollout } = await world.engine.deployOrQueue(queued, bob)
  await world.engine.governance.resumeLine(carol)
  await world.until(
    async () => world.rows.some(({ key, type }) => key.id === rollout && type === 'rollout_started'),
    (isStarted) => isStarted,
  )
  strictEqual((await world.settled(rollout)).status, 'succeeded')
})

/** A window of an hour, from so many milliseconds after the small world's beginning. */
const lunch = (world: SmallWorld, inMs: number) =>
  ({
    effect: 'deny',
    start: new Date(world.now + inMs + 60_000).toISOString().slice(0, 16),
    for: '1h',
    reason: 'lunch',
  }) as const

test('a window that closes keeps releases out, holds a rollout where it is, and lets it go on by itself', async () => {
  const canary = { kind: 'canary', steps: [{ share: '10%', bake: '3m', unitsMin: 0 }], bake: '1s' } as const
  const world = new SmallWorld()
  const old = await world.cut('1.0.0')
  await world.rollOut(old)
  const windows = [lunch(world, 0)]
  const next = await world.cut('2.0.0', { production: { strategy: canary, windows, overrun: 'pause' } })
  const { rollout } = await deploy(world, next)
  const held = await world.until(
    () => world.engine.reading.rollout(rollout),
    (state) => state.status === 'advancing' && state.paused !== null,
  )
  ok(held.status === 'advancing' && held.paused?.kind === 'window')
  match(held.paused.detail, /closed by a window until .*: lunch/)
  await rejects(
    world.engine.commandRollout(rollout, 'resume_requested', bob),
    refusedFor(/changes nothing.*lunch/, 'command_conflict'),
  )
  world.count(old, 1_000, 0)
  world.count(next, 100, 0)
  strictEqual((await world.settled(rollout)).status, 'succeeded')
  ok(world.now >= Date.parse(`${windows[0]?.start ?? ''}:00Z`) + 3_600_000)
})

test('a window that is closed refuses, with the time at which it opens; a rollback passes it', async () => {
  const world = new SmallWorld()
  const old = await world.cut('1.0.0')
  await world.rollOut(old)
  const windows = [{ ...lunch(world, -1_800_000) }]
  const next = await world.cut('2.0.0', { production: { windows } })
  await rejects(deploy(world, next), refusedFor(/production is closed by a window until \d{4}-..-..T..:..:00Z: lunch/))
  const queued = { ...production, purpose: 'deploy', release: next.id, whenBusy: 'queue' } as const
  const { rollout } = await world.engine.deployOrQueue(queued, bob)
  await world.until(
    async () => world.rows.some(({ key, type }) => key.id === rollout && type === 'rollout_started'),
    (isStarted) => isStarted,
  )
  await world.settled(rollout)
  const again = await world.engine.rollback(back, bob)
  strictEqual((await world.settled(again.rollout)).status, 'succeeded')
})

test('a broken glass goes past what people put in the way, only with a reason, and is red until somebody else has looked', async () => {
  const { world, next } = await wanting({ approvals: 1 })
  await world.engine.lock(production, null, carol)
  const command = { ...production, purpose: 'deploy', release: next.id } as const
  const past = (caller: Caller) => world.engine.governance.deployPastGlass(command, caller)
  await rejects(past({ ...bob, reason: ' ' }), refusedFor(/says why/, 'usage_invalid'))
  const { rollout } = await past({ ...bob, reason: 'checkout is down' })
  const { governance } = await world.settled(rollout)
  deepStrictEqual(governance?.breakGlass?.passed, ['locked', 'approval_missing'])
  const target = { ...production, rollout }
  await rejects(
    world.engine.governance.reviewGlass(target, bob),
    refusedFor(/somebody else must look/, 'self_approval'),
  )
  await world.engine.governance.reviewGlass(target, { ...carol, reason: 'it was right' })
  const { brokenGlass } = await world.engine.reading.environment('shop', 'production')
  deepStrictEqual(
    brokenGlass?.map(({ by, reason, review }) => [by.name, reason, review?.by.name]),
    [['bob', 'checkout is down', 'carol']],
  )
  // What is so stays in the way: it serves already.
  await rejects(past({ ...bob, reason: 'again' }), refusedFor(/already serves/))
})

test('a policy that is not met says which it is and what to do, and what time mends may wait for its turn', async () => {
  const world = new SmallWorld()
  const made = {
    production: { after: 'staging' },
    policies: {
      managed: { environments: ['production'], who: { groups: ['managers'] } },
      steady: { environments: ['production'], errorBudget: { rollbacks: 1, within: '1h' } },
    },
  } as const
  const old = await world.cut('1.0.0', made)
  await world.rollOut(old, 'staging')
  await rejects(deploy(world, old), refusedFor(/policy managed: the group managers may ask; bob asks/))
  const manager = named('mia', ['managers'])
  await world.settled((await deploy(world, old, manager)).rollout)
  const sick = await world.cut('2.0.0', made)
  await world.rollOut(sick, 'staging')
  world.sick.add(sick.id)
  strictEqual((await world.settled((await deploy(world, sick, manager)).rollout)).status, 'rolled_back')
  world.sick.clear()
  const fix = await world.cut('3.0.0', made)
  await world.rollOut(fix, 'staging')
  await rejects(deploy(world, fix, manager), refusedFor(/policy steady: 1 of at most 1 release\(s\) were taken back/))
  const queued = { ...production, purpose: 'deploy', release: fix.id, whenBusy: 'queue' } as const
  const { rollout } = await world.engine.deployOrQueue(queued, manager)
  await world.until(
    async () => world.rows.some(({ key, type }) => key.id === rollout && type === 'rollout_started'),
    (isStarted) => isStarted,
  )
  strictEqual((await world.settled(rollout)).status, 'succeeded')
})

test('a spent error budget keeps releases out, an unmeasured one too; a person says yes where they may; ways back pass', async () => {
  const world = new SmallWorld()
  const metrics = { url: 'http://127.0.0.1:9090', counters: { http: { total: 'a{{release}}', bad: 'b{{release}}' } } }
  const slo = {
    objective: '99.9%',
    over: '1h',
    total: 'all[{{window}}]',
    bad: 'bad[{{window}}]',
    whenSpent: 'approve',
  } as const
  const made = {
    production: { after: 'staging', metrics },
    policies: { budget: { environments: ['production'], slo } },
  } as const
  const cutAndStage = async (version: string) => {
    const release = await world.cut(version, { ...made, flags: [`reads-${version}`] })
    await world.rollOut(release, 'staging')
    return release
  }
  // Nothing serves, so nothing is spent, although nobody counts.
  const first = await cutAndStage('1.0.0')
  await world.settled((await deploy(world, first)).rollout)
  const second = await cutAndStage('2.0.0')
  await rejects(deploy(world, second), refusedFor(/policy budget: .* was not measured: nothing matches all\[3600s\]/))
  world.measured.set('all[3600s]', 10_000)
  world.measured.set('bad[3600s]', 9)
  await world.settled((await deploy(world, second)).rollout)
  world.measured.set('bad[3600s]', 10)
  const third = await cutAndStage('3.0.0')
  await rejects(deploy(world, third), refusedFor(/10 of 10000 requests were bad, 100 % of the error budget/))
  const inbox = await world.engine.governance.inbox('shop')
  deepStrictEqual(
    inbox.map(({ environment, release, policies }) => [environment, release.content.version, policies[0]?.isMet]),
    [['production', '3.0.0', false]],
  )
  // Nobody asks for approvals here but the policy, and the inbox says so.
  const [waits] = inbox.map((pending) => pendingView(pending, null))
  deepStrictEqual([waits?.asked.count, waits?.asked.budgets], [0, ['budget']])
  deepStrictEqual(waits?.changes.flags, [
    { name: 'reads-2.0.0', change: 'removed' },
    { name: 'reads-3.0.0', change: 'added' },
  ])
  strictEqual(waits?.missing, '1 approval for the spent error budget of policy budget')
  await world.engine.governance.approve({ ...production, release: third.id }, carol)
  await world.settled((await deploy(world, third)).rollout)
  // What is not counted lets nobody past a refusal, and stands in no way back.
  world.measured.clear()
  const undone = await world.engine.rollback({ ...production, release: second.id }, bob)
  strictEqual((await world.settled(undone.rollout)).status, 'succeeded')
  const fourth = await cutAndStage('4.0.0')
  await world.engine.governance.approve({ ...production, release: fourth.id }, carol)
  await rejects(deploy(world, fourth), refusedFor(/was not measured/))
  const { rollout } = await world.engine.governance.deployPastGlass(
    { ...production, purpose: 'deploy', release: fourth.id },
    { ...bob, reason: 'the shop is down' },
  )
  strictEqual((await world.settled(rollout)).status, 'succeeded')
})

test('whoever takes off a lock of somebody else says why, and the ledger says whose it was', async () => {
  const { world } = await wanting({})
  await world.engine.lock(production, null, { ...carol, reason: 'a migration' })
  await rejects(
    world.engine.unlock(production, { ...bob, reason: null }),
    refusedFor(/carol holds the lock/, 'usage_invalid'),
  )
  await world.engine.unlock(production, { ...bob, reason: 'she is asleep, and it is over' })
  const row = world.rows.findLast(({ type }) => type === 'unlocked')
  deepStrictEqual([row?.actor.name, row?.reason], ['bob', 'she is asleep, and it is over'])
  match(JSON.stringify(row?.body), /"broke":\{"by":\{"kind":"person","name":"carol"\},"reason":"a migration"/)
})

test('a hotfix is on record with what it makes good, is kept out like anything else, and names only what failed here', async () => {
  const world = new SmallWorld()
  await world.rollOut(await world.cut('1.0.0'))
  const bad = await deploy(world, await world.cut('2.0.0'))
  await world.settled(bad.rollout)
  const fix = await world.cut('2.0.1')
  const hotfix = { remediates: [bad.rollout] }
  const asFix = (remediates: readonly string[]) =>
    world.engine.deploy(
      { ...production, purpose: 'deploy', release: fix.id, hotfix: { remediates: remediates.map(rolloutId) } },
      bob,
    )
  await rejects(asFix(['rol_none']), refusedFor(/there is no rollout "rol_none"/, 'not_found'))
  const { id: staged } = await world.rollOut(fix, 'staging')
  await rejects(asFix([bad.rollout, staged]), refusedFor(/is a rollout of shop in staging/, 'usage_invalid'))
  await world.engine.freeze(production, { from: world.now, until: world.now + 3_600_000, reason: 'fair' }, carol)
  await rejects(asFix([bad.rollout]), refusedFor(/production is frozen by carol/))
  const queued = { ...production, purpose: 'deploy', release: fix.id, whenBusy: 'queue' } as const
  // Said with the place in the queue, it is said of the rollout; a second word about it is not lost in silence.
  const { rollout } = await world.engine.deployOrQueue({ ...queued, hotfix }, bob)
  strictEqual((await world.engine.deployOrQueue({ ...queued, hotfix }, bob)).rollout, rollout)
  const other = { remediates: [rolloutId(staged)] }
  await rejects(
    world.engine.deployOrQueue({ ...queued, hotfix: other }, bob),
    refusedFor(/in staging/, 'usage_invalid'),
  )
  const { rollout: first } = await firstOf(world)
  await rejects(
    world.engine.deployOrQueue({ ...queued, hotfix: { remediates: [first] } }, bob),
    refusedFor(/waits for production already, and not as this hotfix/, 'command_conflict'),
  )
  await world.restart()
  await world.engine.unfreeze(production, bob)
  await world.until(
    async () => world.rows.some(({ key, type }) => key.id === rollout && type === 'rollout_started'),
    (isStarted) => isStarted,
  )
  const settled = await world.settled(rollout)
  deepStrictEqual([settled.status, settled.plan.hotfix], ['succeeded', hotfix])
  const rows = world.rows.filter(({ key }) => key.kind === 'rollout' && key.id === rollout)
  deepStrictEqual(foldDelivery(rows)?.hotfix, hotfix)
  // Who says nothing leaves no trace of it.
  strictEqual('hotfix' in (await world.engine.reading.rollout(bad.rollout)).plan, false)
  const undone = await world.engine.rollback(back, bob)
  await world.settled(undone.rollout)
  await rejects(asFix([undone.rollout]), refusedFor(/is a rollback: name the rollout/, 'usage_invalid'))
})

/** The oldest rollout of production. */
const firstOf = async (world: SmallWorld): Promise<{ readonly rollout: RolloutId }> => {
  const row = world.rows.find(({ key, type }) => key.kind === 'rollout' && type === 'rollout_started')
  return { rollout: rolloutId(row?.key.id ?? '') }
}
