/** Notifications on the real engine: the laws of the message machine, and that every notice arrives, in order, once for each row, however often the control plane dies. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { limits } from '../../src/core/limits.ts'

import {
  type MessageEffect,
  type MessageEvent,
  messageMachine,
  type MessageState,
  type MessageResult,
} from '../../src/core/notify/message.ts'
import { reportOf } from '../../src/core/notify/reports.ts'
import type { NotifySettings } from '../../src/core/notify/rules.ts'
import type { Channel, Notice } from '../../src/core/notify/types.ts'
import type { Delivered, Delivery } from '../../src/ports/notifier.ts'
import { machineVersions } from '../../src/engine/machines.ts'
import { schemas } from '../../src/http/schemas/all.ts'
import { ada, SmallWorld } from '../engine/small-world.ts'
import { rootToken, SmallApi } from '../http/small-api.ts'
import { checkLaws, documentedTransitions, type Draw, observedTransitions, type Subject } from '../laws.ts'

const by = { kind: 'person', name: 'ada' } as const
const one = <Item>(draw: Draw, items: readonly [Item, ...Item[]]): Item => items[draw(items.length)] ?? items[0]

const notice: Notice = {
  id: '1',
  kind: 'rollout.started',
  severity: 'low',
  at: 1,
  subject: { kind: 'rollout', id: 'rol_1' },
  outcome: 'going_on',
  service: 'shop',
  environment: 'production',
  isProduction: true,
  title: '1.0.0 goes to production',
  facts: [],
  reason: null,
  actor: by,
  release: null,
  stable: null,
  commit: null,
  url: null,
}

const results: readonly [MessageResult, ...MessageResult[]] = [
  { kind: 'later', detail: '503', retryAfterMs: null },
  { kind: 'later', detail: '429', retryAfterMs: 90_000 },
  { kind: 'delivered', receipt: { ts: '1' } },
  { kind: 'refused', detail: 'no such channel' },
]

const subject: Subject<MessageState, MessageEvent, MessageEffect> = {
  machine: messageMachine,
  initial: { status: 'absent' },
  length: 40,
  event: (state, draw) => {
    const at = 1_000 + draw(40_000_000)
    const turn = { previous: draw(2) === 0 ? null : { ts: '0' }, failures: draw(5), isFailing: draw(2) === 0 }
    if (state.status === 'absent' || draw(20) === 0) {
      const queued = { type: 'message_queued', at, id: 'msg_1', channel: 'ops', notice, because: 'x' } as const
      if (draw(5) === 0) return { ...queued, turn: null, isOverflow: true }
      return { ...queued, turn: draw(2) === 0 ? null : turn }
    }
    const [effect] = messageMachine.outstanding(state)
    const sequence = draw(8) === 0 ? draw(9) : (effect?.sequence ?? 0)
    if (state.status === 'dead') {
      const type = one(draw, ['retry_requested', 'retry_requested', 'discard_requested'] as const)
      return { type, at, by, reason: null }
    }
    switch (draw(14)) {
      case 0:
        return { type: 'superseded', at, by: 'msg_2' }
      case 1:
        return { type: one(draw, ['retry_requested', 'discard_requested'] as const), at, by, reason: 'x' }
      case 2:
        return { type: 'work_parked', at, detail: 'five claims' }
      case 3:
        return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
      case 4: {
        const failure = { code: 'unexpected', retry: 'later', detail: 'x', evidence: [] } as const
        return { type: 'effect_failed', at, sequence, failure }
      }
      case 5:
        return { type: 'time_passed', at: (messageMachine.nextAt(state) ?? at) + draw(2) }
      default:
        if (effect === undefined) return { type: 'turn_given', at, turn }
        return { type: 'effect_succeeded', at, sequence, result: one(draw, results) }
    }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5, sequence, result: { kind: 'delivered', receipt: {} } },
    {
      type: 'effect_failed',
      at: 5,
      sequence,
      failure: { code: 'unexpected', retry: 'later', detail: 'x', evidence: [] },
    },
    { type: 'effect_unknown', at: 5, sequence, detail: 'no answer' },
  ],
}

checkLaws(subject)

test('the transition table in the header of the message machine is the one of its code', () => {
  const header = documentedTransitions(
    readFileSync(new URL('../../src/core/notify/message.ts', import.meta.url), 'utf8'),
  )
  deepStrictEqual(observedTransitions(subject, 2_000, header), header)
})

const hook = (name: string): Channel => ({ name, kind: 'webhook', url: 'https://a.example.com', secret: 'S' })
const everything = (...channels: readonly Channel[]): NotifySettings => ({
  publicUrl: 'https://sluice.example.com/',
  channels,
  routes: [],
  templates: {},
})

type Lab = {
  readonly world: SmallWorld
  /** What arrived, attempts without an answer included. */
  readonly sent: Delivery[]
  /** What the receiver says next; it takes everything else. */
  readonly answers: (Delivered | 'silent')[]
}

const opened = (settings: NotifySettings): Lab => {
  const world = new SmallWorld()
  const sent: Delivery[] = []
  const answers: Lab['answers'] = []
  world.notify = { status: 'read', settings, service: 'shop' }
  world.send = async (delivery) => {
    sent.push(delivery)
    const answer = answers.shift()
    if (answer === 'silent') return new Promise(() => {})
    return answer ?? { status: 'delivered', receipt: { nth: String(sent.length) } }
  }
  return { world, sent, answers }
}

const kindsOf = (sent: readonly Delivery[], channel: string): readonly string[] =>
  sent.flatMap((one_) => (one_.channel.name === channel ? [one_.notice.kind] : []))

/** Messages as they stand. */
const messagesOf = async (world: SmallWorld) =>
  (await world.engine.notifications.messages({ status: null, channel: null }, { limit: 200 })).items

const settledAll = (world: SmallWorld) =>
  world.until(
    () => messagesOf(world),
    (items) => items.length > 0 && items.every(({ status }) => status !== 'pending'),
  )

const later: Delivered = { status: 'later', detail: 'it answered 503', retryAfterMs: null }

test('a rollout is told from its start to its end, each message with what the one before it left, and with the release by name', async () => {
  const { world, sent } = opened(everything(hook('all')))
  const release = await world.cut('1.0.0')
  const { id } = await world.rollOut(release)
  await world.pass(1_000)
  deepStrictEqual(
    sent.map(({ notice: { kind, title, url, severity } }) => ({ kind, title, url, severity })),
    [
      {
        kind: 'rollout.started',
        title: '1.0.0 goes to production',
        url: `https://sluice.example.com/rollouts/${id}`,
        severity: 'low',
      },
      {
        kind: 'rollout.promoted',
        title: '1.0.0 serves production',
        url: `https://sluice.example.com/rollouts/${id}`,
        severity: 'low',
      },
    ],
  )
  deepStrictEqual(
    sent.map(({ previous }) => previous),
    [null, { nth: '1' }],
  )
  ok(sent.every(({ notice: { isProduction, environment } }) => isProduction && environment === 'production'))
})

test('a candidate that never gets healthy is told as failed with its cause first, as held, and as taken back', async () => {
  const { world, sent } = opened(everything(hook('all')))
  const [good, bad] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  await world.rollOut(good)
  world.sick.add(bad.id)
  const { status } = await world.rollOut(bad)
  strictEqual(status, 'rolled_back')
  await world.pass(1_000)
  const told = sent.map(({ notice: { kind, severity, outcome } }) => `${kind} ${severity} ${outcome ?? ''}`)
  deepStrictEqual(told.slice(-4), [
    'rollout.started low going_on',
    'rollout.failed high failed',
    'rollout.rolled_back high failed',
    'release.held medium ',
  ])
  const failed = sent.find(({ notice: { kind } }) => kind === 'rollout.failed')?.notice
  match(failed?.title ?? '', /: 1\.1\.0 leaves production, back to 1\.0\.0$/)
  strictEqual(failed?.stable?.version, '1.0.0')
})

test('what was taken back and what serves then are told alike, whether it turned around by itself or a person took it back', async () => {
  const { world, sent } = opened(everything(hook('all')))
  for (const version of ['1.0.0', '1.1.0']) await world.rollOut(await world.cut(version))
  const back = { service: 'shop', environment: 'production', release: null, reason: 'outage' } as const
  const { rollout } = await world.engine.rollback(back, ada)
  await world.settled(rollout)
  await settledAll(world)
  const bad = await world.cut('1.2.0')
  world.sick.add(bad.id)
  await world.rollOut(bad)
  await settledAll(world)
  const told = sent.filter(({ notice: { kind } }) => kind === 'rollout.rolled_back').map((delivery) => delivery.notice)
  deepStrictEqual(
    told.map(({ outcome, release, stable }) => [outcome, release?.version, stable?.version]),
    [
      ['succeeded', '1.1.0', '1.0.0'],
      ['failed', '1.2.0', '1.0.0'],
    ],
  )
  // A code host is told what was deployed by it: that is what serves.
  const [byPerson] = told
  const report = byPerson === undefined ? null : reportOf(byPerson)
  strictEqual(report?.commit, byPerson?.stable?.commit.id)
})

test('locks, the line, incidents, approvals and a hold are told in the words of whoever said them', async () => {
  const { world, sent } = opened(everything(hook('all')))
  const release = await world.cut('1.0.0', { production: { approvals: 1 } })
  const target = { service: 'shop', environment: 'production' }
  const { engine } = world
  await engine.lock(target, null, ada)
  await engine.unlock(target, ada)
  await engine.governance.approve({ ...target, release: release.id }, { ...ada, by: { kind: 'person', name: 'grace' } })
  await engine.governance.stopLine({ underway: 'finish' }, { ...ada, reason: 'payments fail' })
  await engine.governance.resumeLine(ada)
  const { incident } = await engine.openIncident({ ...target, title: 'nothing answers', reason: 'outage' }, ada)
  await engine.resolveIncident(incident, ada)
  await engine.holdRelease({ service: 'shop', release: release.id, reason: null }, { ...ada, reason: 'broken prices' })
  await settledAll(world)
  deepStrictEqual(
    sent.map(({ notice: { kind } }) => kind),
    [
      'environment.locked',
      'environment.unlocked',
      'approval.given',
      'line.stopped',
      'line.resumed',
      'incident.opened',
      'incident.resolved',
      'release.held',
    ],
  )
  strictEqual(sent[3]?.notice.title, 'ada stopped the line: payments fail')
  // What is of no release is of the environments that the newest one has.
  ok(sent[0]?.notice.isProduction === true && sent[0].notice.environment === 'production')
  // Time, reason, who and release are said by every channel; what is told here is only what they do not show.
  deepStrictEqual(
    [sent[5], sent[6]].map((delivery) => [delivery?.notice.text, delivery?.notice.facts.map(({ name }) => name)]),
    [
      [undefined, []],
      [undefined, ['opened by', 'lasted']],
    ],
  )
})

test('an incident matters as much as its environment, whatever that is called; an emergency is critical, and told at once', async () => {
  const { world, sent } = opened(everything(hook('all'), hook('pager')))
  for (const version of ['1.0.0', '1.1.0']) await world.rollOut(await world.cut(version))
  // Nothing comes after staging in this service.
  await world.engine.openIncident({ service: 'shop', environment: 'staging', title: 'slow', reason: null }, ada)
  await settledAll(world)
  const known = sent.length
  const back = { service: 'shop', environment: 'production', release: null, emergency: 'declared' } as const
  const { rollout } = await world.engine.rollback({ ...back, reason: 'outage' }, ada)
  await world.settled(rollout)
  await settledAll(world)
  const incidents = sent.filter(({ notice: { kind } }) => kind === 'incident.opened')
  deepStrictEqual(
    incidents.map(({ channel: { name }, notice: { severity } }) => `${name} ${severity}`),
    ['all high', 'pager high', 'all critical', 'pager critical'],
  )
  const told = kindsOf(sent.slice(known), 'all')
  ok(told.indexOf('incident.opened') < told.indexOf('rollout.rolled_back'), told.join())
  match(incidents.at(-1)?.notice.title ?? '', /^Emergency in production: /)
  deepStrictEqual(incidents.at(-1)?.notice.facts, [{ name: 'rollback under way', value: rollout }])
})

test('while the config tells nobody anything no message is made, and once it does nothing of before is told', async () => {
  const { world, sent } = opened(everything())
  world.notify = { status: 'read', settings: null, service: 'shop' }
  const [first, second] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  await world.rollOut(first)
  ok(!world.rows.some(({ key }) => key.kind === 'message'))
  strictEqual(world.kept.size, 0)
  world.notify = { status: 'read', settings: everything(hook('all')), service: 'shop' }
  await world.rollOut(second)
  await world.pass(1_000)
  deepStrictEqual(new Set(sent.map(({ notice: { release } }) => release?.version)), new Set(['1.1.0']))
  deepStrictEqual(kindsOf(sent, 'all'), ['rollout.started', 'rollout.step', 'rollout.promoted'])
})

test('a config that cannot be read holds everything back, and loses nothing', async () => {
  const { world, sent } = opened(everything(hook('all')))
  const [first, second] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  await world.rollOut(first)
  await world.pass(1_000)
  const known = sent.length
  const { notify } = world
  world.notify = { status: 'unreadable', detail: 'a missing comma' }
  await world.rollOut(second)
  await world.pass(limits.notifyConfigMs)
  strictEqual(sent.length, known)
  world.notify = notify
  await world.pass(2 * limits.notifyConfigMs)
  deepStrictEqual(kindsOf(sent.slice(known), 'all'), ['rollout.started', 'rollout.step', 'rollout.promoted'])
})

test('where the place up to which was told is lost, what comes after the newest message is told all the same', async () => {
  const { world, sent } = opened(everything(hook('all')))
  const [first, second] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  await world.rollOut(first)
  await settledAll(world)
  const [known, { notify }] = [sent.length, world]
  world.notify = { status: 'unreadable', detail: 'a missing comma' }
  await world.rollOut(second)
  world.kept.clear()
  world.notify = notify
  await world.restart()
  await world.pass(1_000)
  deepStrictEqual(kindsOf(sent.slice(known), 'all'), ['rollout.started', 'rollout.step', 'rollout.promoted'])
})

test('a receiver that is away for a while gets every message once it is back, in order, and the ledger has few rows of it', async () => {
  const { world, sent, answers } = opened(everything(hook('all')))
  const [first, second] = [await world.cut('1.0.0'), await world.cut('1.1.0')]
  answers.push(...Array.from({ length: 10 }, () => later))
  const { status } = await world.rollOut(first)
  strictEqual(status, 'succeeded')
  await world.rollOut(second)
  const items = await settledAll(world)
  ok(items.every((message) => message.status === 'delivered'))
  const arrived = sent.slice(10).map(({ notice: { kind, release } }) => `${release?.version ?? ''} ${kind}`)
  // What nothing follows on is its end, and no step.
  deepStrictEqual(
    arrived.filter((text) => text.startsWith('1.0.0')),
    ['1.0.0 rollout.started', '1.0.0 rollout.promoted'],
  )
  deepStrictEqual(
    arrived.filter((text) => text.startsWith('1.1.0')),
    ['1.1.0 rollout.started', '1.1.0 rollout.step', '1.1.0 rollout.promoted'],
  )
  const rows = world.rows.filter(({ key }) => key.kind === 'message')
  // A row when it is queued, and two for each attempt.
  ok(rows.length <= items.length + 2 * sent.length, `${rows.length} rows`)
  // What was asked while nobody answered: few times, though there was more and more to say.
  const [firstAt, lastAt] = [rows[0]?.at ?? 0, rows.at(-1)?.at ?? 0]
  ok(lastAt - firstAt > 500_000, 'ten failures take a while')
})

test('a failing message changes no verdict, and is told through the other channels, once', async () => {
  const { world, sent } = opened(everything(hook('bad'), hook('good')))
  const { send } = world
  world.send = async (delivery, signal) => {
    if (delivery.channel.name !== 'bad') return send(delivery, signal)
    sent.push(delivery)
    return later
  }
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    const { status } = await world.rollOut(await world.cut(version))
    strictEqual(status, 'succeeded')
  }
  await world.pass(3_600_000)
  strictEqual(kindsOf(sent, 'good').filter((kind) => kind === 'channel.failing').length, 1)
  ok(!kindsOf(sent, 'bad').includes('channel.failing'))
  const failing = sent.find(({ notice: { kind } }) => kind === 'channel.failing')?.notice
  strictEqual(failing?.title, 'it answered 503: messages do not arrive at bad')
  const [bad, good] = await world.engine.notifications.channels()
  ok(bad?.isFailing === true && bad.backlog > 0 && bad.lastFailure?.detail === 'it answered 503')
  ok(good?.isFailing === false && good.backlog === 0 && good.lastDeliveredAt !== null)
})

test('what a receiver refuses is set aside at once, and a person tries it again or gives it up', async () => {
  const { world, sent, answers } = opened(everything(hook('all')))
  const release = await world.cut('1.0.0')
  const no: Delivered = { status: 'refused', detail: 'no such channel' }
  answers.push(no, no)
  await world.rollOut(release)
  const items = await settledAll(world)
  const [one_, other] = items.filter(({ status }) => status === 'dead')
  ok(one_ !== undefined && other !== undefined)
  // None of it is loaded again by whoever comes next.
  const unsettled = await world.disk.open().open(machineVersions)
  ok(!unsettled.some(({ key }) => key.kind === 'message'))
  const known = sent.length
  await world.engine.notifications.retry(one_.id, { ...ada, idempotencyKey: 'a' })
  await world.engine.notifications.retry(one_.id, { ...ada, idempotencyKey: 'a' })
  await world.engine.notifications.discard(other.id, ada)
  await world.pass(1_000)
  strictEqual(sent.length, known + 1)
  strictEqual((await world.engine.reading.message(one_.id)).status, 'delivered')
  strictEqual((await world.engine.reading.message(other.id)).status, 'discarded')
  await world.engine.notifications.retry(one_.id, ada).then(
    () => ok(false),
    ({ code }) => strictEqual(code, 'command_conflict'),
  )
})

test('a message without an answer is sent again under the same key', async () => {
  const { world, sent, answers } = opened(everything(hook('all')))
  const release = await world.cut('1.0.0')
  answers.push('silent')
  await world.rollOut(release)
  await settledAll(world)
  const [first, second] = sent
  strictEqual(first?.key, second?.key)
  strictEqual(new Set(sent.slice(1).map(({ key }) => key)).size, sent.length - 1)
})

test('however often the control plane dies, each notice becomes one message, and each message arrives', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const { world, sent, answers } = opened(everything(hook('one'), hook('two')))
    const first = await world.cut('1.0.0')
    answers.push(...Array.from({ length: seed % 4 }, () => later), ...(seed % 3 === 0 ? (['silent'] as const) : []))
    const command = { service: 'shop', environment: 'production', purpose: 'deploy', release: first.id } as const
    const { rollout } = await world.engine.deploy(command, ada)
    for (let death = 0; death < 4; death += 1) {
      await world.pass(1 + ((seed * 7 + death * 13) % 400))
      // The place that was kept may be lost, too.
      if ((seed + death) % 3 === 0 && world.rows.some(({ key }) => key.kind === 'message')) world.kept.clear()
      await world.restart()
    }
    await world.settled(rollout)
    await settledAll(world)
    for (const name of ['one', 'two']) {
      const arrived = sent.filter(({ channel }) => channel.name === name)
      const keys = [...new Set(arrived.map(({ key }) => key))]
      deepStrictEqual(
        keys.map((key) => arrived.find((delivery) => delivery.key === key)?.notice.kind),
        ['rollout.started', 'rollout.promoted'],
        `seed ${seed}`,
      )
    }
  }
})

test('beyond its limit a backlog is set aside at once, and says so', async () => {
  const { world, answers } = opened(everything(hook('all')))
  await world.cut('1.0.0')
  answers.push(...Array.from({ length: 40 }, () => later))
  const target = { service: 'shop', environment: 'production' }
  for (let index = 0; index <= limits.messageBacklogMax / 2; index += 1) {
    await world.engine.lock(target, null, ada)
    await world.engine.unlock(target, ada)
  }
  const [standing] = await world.until(
    () => world.engine.notifications.channels(),
    ([channel]) => channel !== undefined && channel.backlog === limits.messageBacklogMax,
  )
  strictEqual(standing?.backlog, limits.messageBacklogMax)
  const { items } = await world.engine.notifications.messages({ status: 'dead', channel: 'all' }, {})
  ok(items.some((message) => message.status === 'dead' && message.cause === 'overflow'))
})

test('a test is sent past the outbox to who is named, and says what came back; what is not in the config is not found', async () => {
  const { world, sent, answers } = opened(everything(hook('one'), hook('two')))
  await world.cut('1.0.0')
  answers.push(later)
  const { signal } = new AbortController()
  const tested = await world.engine.notifications.test(null, by, signal)
  deepStrictEqual(
    tested.map(({ channel, delivered }) => [channel.name, delivered.status]),
    [
      ['one', 'later'],
      ['two', 'delivered'],
    ],
  )
  strictEqual(sent[0]?.notice.title, 'ada tests this channel of shop')
  await world.engine.notifications.test('three', by, signal).then(
    () => ok(false),
    ({ code, hint }) => deepStrictEqual([code, hint], ['not_found', 'channels: one, two']),
  )
  ok(!world.rows.some(({ key }) => key.kind === 'message'))
})

test('why: each notice of a rollout, who was told of it and what became of the message, and who was not and why not', async () => {
  const routes = [{ kinds: ['rollout.failed'], environments: null, services: null, severity: null, channels: ['page'] }]
  const settings = { ...everything(hook('all'), hook('page')), routes }
  const { world } = opened(settings)
  const { id } = await world.rollOut(await world.cut('1.0.0'))
  await settledAll(world)
  const explained = await world.engine.notifications.why(id, 'shop')
  deepStrictEqual(
    explained.map(({ notice: { kind }, channels }) => [
      kind,
      ...channels.map((one_) => one_.message?.status ?? one_.because),
    ]),
    ['rollout.started', 'rollout.promoted'].map((kind) => [
      kind,
      'delivered',
      `route 1: ${kind} is none of rollout.failed`,
    ]),
  )
  await world.engine.notifications.why('rol_none', 'shop').then(
    () => ok(false),
    ({ code }) => strictEqual(code, 'not_found'),
  )
})

test('what a command does while no control plane serves is told to nobody, then or later; what waited before it is sent by the next one that serves', async () => {
  const { world, sent, answers } = opened(everything(hook('all')))
  const [first, second, third] = [await world.cut('1.0.0'), await world.cut('1.1.0'), await world.cut('1.2.0')]
  answers.push(later, 'silent')
  await world.rollOut(first)
  const { endsWithCommand } = world
  const known = sent.length
  strictEqual(sent.filter(({ notice: { kind } }) => kind === 'rollout.promoted').length, 0)
  world.endsWithCommand = true
  await world.restart()
  const { id } = await world.rollOut(second)
  await world.pass(3_600_000)
  strictEqual(sent.length, known)
  const whyOf = async () =>
    (await world.engine.notifications.why(id, 'shop')).flatMap(({ channels }) =>
      channels.map(({ isTold, because, message }) => [isTold, /no control plane ran/.test(because), message]),
    )
  const nobody = [false, true, null]
  deepStrictEqual(await whyOf(), [nobody, nobody, nobody])
  world.endsWithCommand = endsWithCommand
  await world.restart()
  await world.rollOut(third)
  await settledAll(world)
  const versions = new Set(sent.slice(known).map(({ notice: { release } }) => release?.version))
  deepStrictEqual([...versions].toSorted(), ['1.0.0', '1.2.0'])
  deepStrictEqual(await whyOf(), [nobody, nobody, nobody])
  const ended = sent.slice(known).map(({ notice: { kind, release } }) => `${release?.version ?? ''} ${kind}`)
  ok(ended.includes('1.0.0 rollout.promoted') && ended.includes('1.2.0 rollout.promoted'), ended.join())
})

test('a channel that refuses is told as failing once, also by the control plane after a restart', async () => {
  const { world, sent } = opened(everything(hook('bad'), hook('good')))
  const { send } = world
  world.send = async (delivery, signal) =>
    delivery.channel.name === 'bad' ? { status: 'refused', detail: 'the token is wrong' } : send(delivery, signal)
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await world.rollOut(await world.cut(version))
    await settledAll(world)
    await world.restart()
    const [bad] = await world.engine.notifications.channels()
    ok(bad?.isFailing === true && bad.backlog === 0)
  }
  strictEqual(kindsOf(sent, 'good').filter((kind) => kind === 'channel.failing').length, 1)
  // Once it has taken one, its next no is news.
  world.send = send
  await world.rollOut(await world.cut('1.3.0'))
  await settledAll(world)
  await world.restart()
  strictEqual((await world.engine.notifications.channels())[0]?.isFailing, false)
})

test('all that were refused are tried again by one request, of one channel or of all', async () => {
  const { world, sent } = opened(everything(hook('bad'), hook('worse')))
  const { send } = world
  world.send = async () => ({ status: 'refused', detail: 'the token is wrong' })
  for (const version of ['1.0.0', '1.1.0']) await world.rollOut(await world.cut(version))
  await settledAll(world)
  const dead = async (channel: string | null) =>
    (await world.engine.notifications.messages({ status: 'dead', channel }, { limit: 200 })).items.length
  const [ofBad, all] = [await dead('bad'), await dead(null)]
  ok(ofBad > 2 && all > ofBad)
  world.send = send
  const keyed = { ...ada, idempotencyKey: 'again' }
  const { notifications } = world.engine
  for (let time = 0; time < 2; time += 1)
    deepStrictEqual(await notifications.retryAll('bad', keyed), { retried: ofBad, isMore: false })
  await settledAll(world)
  deepStrictEqual([await dead('bad'), await dead(null)], [0, all - ofBad])
  strictEqual(sent.filter(({ channel: { name } }) => name === 'bad').length, ofBad)
  deepStrictEqual(await notifications.retryAll(null, ada), { retried: all - ofBad, isMore: false })
  await settledAll(world)
  deepStrictEqual([await dead(null), await notifications.retryAll(null, ada)], [0, { retried: 0, isMore: false }])
})

test('over the API: messages by status and channel, page by page; one that was set aside is tried again or given up; what is no message, or over, is refused', async () => {
  const small = new SmallApi()
  const { world } = small
  world.notify = { status: 'read', settings: everything(hook('one'), hook('two')), service: 'shop' }
  world.send = async ({ channel: { name } }) =>
    name === 'one' ? { status: 'refused', detail: 'no such channel' } : { status: 'delivered', receipt: {} }
  const release = await world.cut('1.0.0')
  const { id: rollout } = await world.rollOut(release)
  await settledAll(world)
  const ask = (id: Parameters<SmallApi['ask']>[1], sent: object = {}) => small.ask(rootToken, id, sent)
  const list = async (query: Readonly<Record<string, string | number>>) =>
    schemas.Messages.parse((await ask('notifications.list', { query })).body)
  const [dead, delivered] = [await list({ status: 'dead' }), await list({ channel: 'two' })]
  deepStrictEqual(
    [dead, delivered].map(({ items }) => items.map(({ channel, status, cause }) => [channel, status, cause])),
    [
      [
        ['one', 'dead', 'refused'],
        ['one', 'dead', 'refused'],
      ],
      // The third: that the other one fails.
      [
        ['two', 'delivered', null],
        ['two', 'delivered', null],
        ['two', 'delivered', null],
      ],
    ],
  )
  const first = await list({ limit: 1 })
  const rest = await list({ limit: 100, cursor: first.next ?? '' })
  strictEqual(new Set([...first.items, ...rest.items].map(({ id }) => id)).size, 5)
  const message = dead.items[0]?.id ?? ''
  strictEqual(schemas.Message.parse((await ask('notifications.show', { params: { message } })).body).attempts, 1)
  const again = await ask('notifications.retry', { params: { message }, body: { reason: 'the channel is there' } })
  strictEqual(schemas.Message.parse(again.body).status, 'pending')
  await settledAll(world)
  const retried = await ask('notifications.retryAll', { body: { channel: 'two', reason: 'the token is new' } })
  deepStrictEqual(schemas.Retried.parse(retried.body), { retried: 0, isMore: false })
  const given = await ask('notifications.discard', { params: { message }, body: {} })
  strictEqual(schemas.Message.parse(given.body).discardedBy?.name, 'token')
  for (const id of ['notifications.retry', 'notifications.discard'] as const) {
    strictEqual((await ask(id, { params: { message } })).name, 'command_conflict')
    strictEqual((await ask(id, { params: { message: 'msg_none' } })).name, 'not_found')
  }
  strictEqual((await ask('notifications.list', { query: { status: 'lost' } })).name, 'usage_invalid')
  const channels = schemas.Channels.parse((await ask('notifications.channels')).body)
  deepStrictEqual(
    channels.items.map(({ name, isFailing, secrets }) => [name, isFailing, secrets]),
    [
      ['one', true, ['S']],
      ['two', false, ['S']],
    ],
  )
  const tested = schemas.ChannelTest.parse((await ask('notifications.test', { body: { channel: 'one' } })).body)
  deepStrictEqual(tested.items, [{ channel: 'one', kind: 'webhook', status: 'refused', detail: 'no such channel' }])
  const reasons = schemas.NotificationReasons.parse(
    (await ask('notifications.why', { query: { subject: rollout } })).body,
  )
  deepStrictEqual(
    reasons.items.map(({ notice: { kind } }) => kind),
    ['rollout.started', 'rollout.promoted'],
  )
})
