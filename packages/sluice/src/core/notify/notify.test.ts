import { deepStrictEqual, match, ok, strictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../config/parse.ts'
import { commitId, type Release, releaseId, sluice } from '../model.ts'
import { limits } from '../limits.ts'
import { isProduction } from '../production.ts'
import { backoffMs } from './backoff.ts'
import type { MessageEvent, PendingMessage } from './message.ts'
import { beginsToFail, messageMachine } from './message.ts'
import { channelPrefix, messageId, subjectPrefix } from './message-id.ts'
import { routed } from './route.ts'
import type { NotifySettings } from './rules.ts'
import { cappedSeverity, severityOf } from './severity.ts'
import { applyTemplate } from './template.ts'
import { channelTurn, healthAfter, lastHealth, healthy } from './turns.ts'
import { type Channel, type Notice, type NoticeKind, noticeKinds } from './types.ts'

const by = { kind: 'person', name: 'ada' } as const

const noticeOf = (kind: NoticeKind, more: Partial<Notice> = {}): Notice => ({
  id: '7',
  kind,
  severity: severityOf[kind],
  at: 1_700_000_000_000,
  subject: { kind: 'rollout', id: 'rol_1' },
  outcome: null,
  service: 'shop',
  environment: 'production',
  isProduction: true,
  title: '1.4.0 serves production',
  facts: [],
  reason: null,
  actor: by,
  release: {
    id: releaseId(`rel_${'a'.repeat(64)}`),
    version: '1.4.0',
    commit: { id: commitId('b'.repeat(40)), subject: 's', author: 'Ada', committedAt: 1 },
  },
  stable: null,
  commit: null,
  url: 'https://sluice.example.com/rollouts/rol_1',
  ...more,
})

const hook = (name: string): Channel => ({ name, kind: 'webhook', url: 'https://a.example.com', secret: 'S' })
const slack = (name: string): Channel => ({
  name,
  kind: 'slack',
  token: 'T',
  channel: '#x',
  url: 'https://slack.com/api',
})
const pager = (name: string): Channel => ({ name, kind: 'pagerduty', routingKey: 'K', url: 'https://p.example.com' })

const settingsOf = (channels: readonly Channel[], routes: NotifySettings['routes'] = []): NotifySettings => ({
  publicUrl: null,
  channels,
  routes,
  templates: {},
})

const anyRoute = { kinds: null, environments: null, services: null, severity: null } as const

const toldOf = (settings: NotifySettings, notice: Notice): readonly string[] =>
  routed(settings, notice).flatMap(({ channel, isTold }) => (isTold ? [channel] : []))

test('without routes programs are told everything, people what matters and how rollouts go, and nobody is paged for what is low', () => {
  const settings = settingsOf([hook('hook'), slack('slack'), pager('pager')])
  deepStrictEqual(toldOf(settings, noticeOf('rollout.step')), ['hook', 'slack'])
  deepStrictEqual(toldOf(settings, noticeOf('run.started')), ['hook'])
  deepStrictEqual(toldOf(settings, noticeOf('run.failed')), ['hook', 'slack'])
  deepStrictEqual(toldOf(settings, noticeOf('rollout.failed')), ['hook', 'slack', 'pager'])
  deepStrictEqual(toldOf(settings, noticeOf('rollout.promoted')), ['hook', 'slack', 'pager'])
  deepStrictEqual(toldOf(settings, noticeOf('rollout.promoted', { isProduction: false })), ['hook', 'slack'])
  deepStrictEqual(toldOf(settings, noticeOf('incident.resolved')), ['hook', 'slack', 'pager'])
})

test('every route that matches counts, all of its parts must hold, and a channel that no route names keeps its defaults', () => {
  const routes = [
    { ...anyRoute, kinds: ['rollout.*'], environments: ['production'], channels: ['slack'] },
    { ...anyRoute, severity: 'high', channels: ['slack', 'pager'] },
    { ...anyRoute, services: ['other'], channels: ['pager'] },
  ] as const
  const settings = settingsOf([hook('hook'), slack('slack'), pager('pager')], routes)
  deepStrictEqual(toldOf(settings, noticeOf('rollout.step')), ['hook', 'slack'])
  deepStrictEqual(toldOf(settings, noticeOf('rollout.step', { environment: 'staging' })), ['hook'])
  deepStrictEqual(toldOf(settings, noticeOf('incident.opened')), ['hook', 'slack', 'pager'])
  const [, said] = routed(settings, noticeOf('run.failed', { environment: null }))
  deepStrictEqual(said, {
    channel: 'slack',
    isTold: false,
    because: 'route 1: run.failed is none of rollout.*; route 2: medium is less than high',
  })
})

test('a channel that fails is told to every other channel, and not to itself', () => {
  const settings = settingsOf([hook('one'), hook('two')], [{ ...anyRoute, channels: ['one', 'two'] }])
  const failing = noticeOf('channel.failing', { subject: { kind: 'channel', id: 'one' } })
  deepStrictEqual(toldOf(settings, failing), ['two'])
})

test('where nobody was promised anything nothing is worth more than medium, an emergency neither', () => {
  const staging = { environment: 'staging', isProduction: false }
  strictEqual(cappedSeverity('critical', staging), 'medium')
  strictEqual(cappedSeverity('low', staging), 'low')
  strictEqual(cappedSeverity('critical', { environment: 'production', isProduction: true }), 'critical')
  strictEqual(cappedSeverity('high', { environment: null, isProduction: false }), 'high')
})

test('production is what is called so, and the last of several environments', () => {
  const of = (...names: readonly string[]): Pick<Release, 'content'> => ({
    content: { environments: names.map((name, index) => ({ name, after: names[index - 1] ?? null })) } as never,
  })
  ok(isProduction(of('staging', 'live'), 'live'))
  ok(!isProduction(of('staging', 'live'), 'staging'))
  ok(!isProduction(of('only'), 'only'))
  ok(isProduction(of('production', 'mirror'), 'production'))
})

test('a template fills the placeholders that there are, leaves other braces, drops lines that say nothing, and is bounded', () => {
  const text = 'Since {time}, {actor}\nrunbook: {reason}\n{"a": 1} {release}'
  const filled = applyTemplate(noticeOf('rollout.failed'), { title: '{service}/{environment}: {title}', text })
  strictEqual(filled.title, 'shop/production: 1.4.0 serves production')
  strictEqual(filled.text, 'Since 2023-11-14T22:13:20Z, ada\n{"a": 1} 1.4.0')
  // What is filled in is not looked at again.
  const odd = noticeOf('rollout.failed', { reason: '{actor}', title: 'x'.repeat(300) })
  strictEqual(applyTemplate(odd, { title: null, text: '{reason}' }).text, '{actor}')
  strictEqual(applyTemplate(odd, { title: '{title}', text: null }).title.length, limits.noticeTitleCharactersMax)
  strictEqual(applyTemplate(noticeOf('run.failed'), null).text, undefined)
})

const configOf = (notify: unknown) =>
  parseConfig(
    {
      service: 'shop',
      pipeline: { jobs: { test: { steps: 'true', artifacts: { app: 'dist' } } } },
      environments: { production: { listen: 8080 } },
      start: { command: 'true', artifact: 'app' },
      notify,
    },
    { file: 'sluice.config.ts', text: '', distance: (a, b) => (a.slice(0, 3) === b.slice(0, 3) ? 1 : 9) },
  )

test('a config gives channels with their names, what was left out filled in, and links to where people sign in', () => {
  const { notify } = configOf({
    publicUrl: 'https://sluice.example.com',
    channels: {
      ops: { slack: { token: 'T', channel: '#ops' } },
      page: { pagerduty: { routingKey: 'K' } },
      mail: { email: { server: 'smtps://m.example.com', from: 'a@example.com', to: ['b@example.com'] } },
      events: { cdevents: { url: 'https://broker.example.com' } },
    },
  })
  deepStrictEqual(notify?.channels, [
    { name: 'ops', kind: 'slack', token: 'T', channel: '#ops', url: 'https://slack.com/api' },
    { name: 'page', kind: 'pagerduty', routingKey: 'K', url: 'https://events.pagerduty.com' },
    {
      name: 'mail',
      kind: 'email',
      server: 'smtps://m.example.com',
      from: 'a@example.com',
      to: ['b@example.com'],
      user: null,
      password: null,
    },
    { name: 'events', kind: 'cdevents', url: 'https://broker.example.com', source: 'https://sluice.example.com' },
  ])
})

test('mistakes in notifications are told with what was probably meant', () => {
  const channels = { ops: { slack: { token: 'T', channel: '#ops' } } }
  const mistakes: readonly (readonly [unknown, RegExp])[] = [
    [{ channels, routes: [{ channels: ['opx'] }] }, /there is no channel "opx"/],
    [{ channels, routes: [{ kinds: ['rollot.*'], channels: ['ops'] }] }, /there is no kind of notice "rollot\.\*"/],
    [{ channels, routes: [{ environments: ['prod'], channels: ['ops'] }] }, /there is no environment "prod"/],
    [{ channels, templates: { 'incident.opend': { title: 'x' } } }, /there is no kind of notice "incident.opend"/],
    [{ channels, templates: { 'run.failed': { title: '{serivce}' } } }, /there is no placeholder "\{serivce\}"/],
    [{ channels: { ops: { slck: { token: 'T', channel: '#ops' } } } }, /this key is not known here/],
    [{ channels: { ops: { slack: channels.ops.slack, teams: { url: 'T' } } } }, /expected exactly one kind of channel/],
    [
      { channels: { ops: { slack: { token: 'xoxb-1', channel: '#ops' } } } },
      /expected the name of an environment variable/,
    ],
  ]
  for (const [notify, sentence] of mistakes)
    throws(() => configOf(notify), { code: 'config_invalid', detail: sentence }, String(sentence))
  const hinted = (notify: unknown): string => {
    try {
      configOf(notify)
    } catch (error) {
      return String((error as { hint?: string }).hint)
    }
    return ''
  }
  match(hinted({ channels, routes: [{ channels: ['opx'] }] }), /Known: ops|Did you mean "ops"/)
  match(hinted({ channels, templates: { 'run.failed': { title: '{serivce}' } } }), /\{service\}/)
})

test('the pause between attempts grows from 5 s to 10 min, is not the same for every message, and the same whenever it is asked', () => {
  for (let failures = 1; failures < 40; failures += 1) {
    const pauses = Array.from({ length: 50 }, (_, index) => backoffMs(failures, `msg_${index}`))
    const base = Math.min(5_000 * 2 ** (failures - 1), 600_000)
    ok(pauses.every((ms) => ms >= base * 0.8 && ms <= base * 1.2))
    ok(new Set(pauses).size > 40)
    deepStrictEqual(
      pauses,
      Array.from({ length: 50 }, (_, index) => backoffMs(failures, `msg_${index}`)),
    )
  }
})

test('ids of messages follow from row, subject and channel, and begin alike for what belongs together', () => {
  const sha256 = (text: string): string => Buffer.from(text).toString('hex').padEnd(8, '0')
  const notice = noticeOf('run.failed')
  const id = messageId('ops', notice, sha256)
  strictEqual(id, messageId('ops', structuredClone(notice), sha256))
  ok(id.startsWith(subjectPrefix('ops', notice.subject, sha256)) && id.startsWith(channelPrefix('ops', sha256)))
})

const queued = (seq: number, subject: string, at = 0): PendingMessage => {
  const notice = noticeOf('rollout.step', { id: String(seq), subject: { kind: 'rollout', id: subject } })
  const event: MessageEvent = {
    type: 'message_queued',
    at,
    id: `msg_${seq}`,
    channel: 'ops',
    notice,
    because: 'route 1 matches',
    turn: null,
  }
  const { state } = messageMachine.decide({ status: 'absent' }, event)
  if (state.status !== 'pending') throw new Error(state.status)
  return state
}

const turn = (failures: number) => ({ previous: null, failures, isFailing: false })

/** The message after an attempt that came to nothing. */
const missed = (message: PendingMessage, at: number, { failures = 0, retryAfterMs = null as number | null } = {}) => {
  const given = messageMachine.decide(message, { type: 'turn_given', at, turn: turn(failures) }).state
  const [effect] = messageMachine.outstanding(given)
  const result = { kind: 'later', detail: '503', retryAfterMs } as const
  const answer = { type: 'effect_succeeded', at, sequence: effect?.sequence ?? 0, result } as const
  const { state } = messageMachine.decide(given, answer)
  if (state.status !== 'pending') throw new Error(state.status)
  return state
}

const view = (now: number, more: object = {}) => ({ now, health: healthy, isInPlace: false, ...more })

test('one message of a channel is out at a time, the oldest first, and the first of a subject before the next', () => {
  const [a1, a2, b1] = [queued(1, 'a'), queued(2, 'a'), queued(3, 'b')]
  strictEqual(channelTurn([b1, a2, a1], view(0)).next?.id, 'msg_1')
  const out = messageMachine.decide(a1, { type: 'turn_given', at: 0, turn: turn(0) }).state as PendingMessage
  strictEqual(channelTurn([out, a2, b1], view(0)).next, null)
  // What waits for its pause holds back its own subject, and no other.
  const waits = missed(a1, 0)
  const found = channelTurn([waits, a2, b1], view(1))
  strictEqual(found.next?.id, 'msg_3')
  strictEqual(channelTurn([waits, a2], view(1)).next, null)
  strictEqual(channelTurn([waits, a2], view(60_000)).next?.id, 'msg_1')
})

test('a channel that fails is not asked before its pause is over, and then with the message that was tried least', () => {
  const a = missed(queued(1, 'a'), 0)
  const health = healthAfter(a, healthy) ?? healthy
  const b = queued(2, 'b')
  const early = channelTurn([a, b], view(1, { health }))
  strictEqual(early.next, null)
  strictEqual(early.wakeAt, health.notBeforeAt)
  strictEqual(channelTurn([a, b], view(60_000, { health })).next?.id, 'msg_2')
  deepStrictEqual(lastHealth([b, a]), health)
})

test('a channel that shows the last word on a subject is not sent the words before it', () => {
  const [a1, a2, b1] = [queued(1, 'a'), queued(2, 'a'), queued(3, 'b')]
  const { superseded, next } = channelTurn([a1, a2, b1], view(0, { isInPlace: true }))
  deepStrictEqual(superseded, [{ id: 'msg_1', by: 'msg_2' }])
  strictEqual(next?.id, 'msg_2')
})

test('a receiver that asks for time gets it, up to an hour, and a clock that was set back holds nothing for longer', () => {
  const long = missed(queued(1, 'a'), 0, { retryAfterMs: 120_000 })
  strictEqual(channelTurn([long], view(119_999)).next, null)
  strictEqual(channelTurn([long], view(120_000)).next?.id, 'msg_1')
  const longer = missed(queued(1, 'a'), 0, { retryAfterMs: 1e12 })
  strictEqual(channelTurn([longer], view(0)).wakeAt, limits.messageRetryAfterMsMax)
  strictEqual(channelTurn([longer], view(-10 * limits.messageRetryAfterMsMax)).next?.id, 'msg_1')
})

test('a message is tried for a day, and then set aside with the last that was said to it', () => {
  const tried = missed(queued(1, 'a'), 0)
  const before = messageMachine.decide(tried, { type: 'time_passed', at: limits.messageLifeMs - 1 })
  strictEqual(before.state, tried)
  const { state } = messageMachine.decide(tried, { type: 'time_passed', at: limits.messageLifeMs })
  ok(state.status === 'dead' && state.cause === 'expired')
  strictEqual(state.detail, '503')
})

test('that a channel fails is told once: at the third failure in a row, or when it says no', () => {
  const attempt = (failures: number, isFailing: boolean, kind: 'later' | 'refused') => {
    const given = messageMachine.decide(queued(1, 'a'), {
      type: 'turn_given',
      at: 0,
      turn: { previous: null, failures, isFailing },
    }).state
    const result =
      kind === 'later' ? ({ kind, detail: 'x', retryAfterMs: null } as const) : ({ kind, detail: 'x' } as const)
    const after = messageMachine.decide(given, { type: 'effect_succeeded', at: 1, sequence: 1, result }).state
    return beginsToFail(given, after)
  }
  deepStrictEqual(
    [0, 1, 2].map((failures) => attempt(failures, false, 'later')),
    [false, false, true],
  )
  ok(!attempt(3, true, 'later'))
  ok(attempt(0, false, 'refused'))
  ok(!attempt(4, true, 'refused'))
})

test('every kind of notice has a severity', () => {
  deepStrictEqual(Object.keys(severityOf).toSorted(), [...noticeKinds].toSorted())
  strictEqual(sluice.kind, 'system')
})
