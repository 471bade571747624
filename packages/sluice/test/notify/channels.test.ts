/** Channels over HTTP, as they are opened, against receivers on this machine. What is sent is a snapshot: `node --test --test-update-snapshots <this file>`. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { after, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { openNotifier } from '../../src/adapters/notify/open.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { Channel, Receipt } from '../../src/core/notify/types.ts'
import type { Delivered } from '../../src/ports/notifier.ts'
import { notice, story } from './notices.ts'
import { delivery, discordApi, pagerdutyApi, receive, type Said, secretsOf, slackApi, slackToken } from './receivers.ts'

const slack = await receive(slackApi())
const discord = await receive(discordApi())
const pagerduty = await receive(pagerdutyApi)
const slackHook = await receive(() => ({ status: 200, body: 'ok' }))
const teams = await receive(() => ({ status: 202 }))
const webhook = await receive(() => ({ status: 204 }))
const cdevents = await receive(() => ({ status: 200, body: '{}' }))
const receivers = { slack, slackHook, teams, discord, pagerduty, webhook, cdevents }
after(() => Promise.all(Object.values(receivers).map((one) => one.close())))

const routingKey = 'f00dcafe'.repeat(4)
const values = {
  SLACK_TOKEN: slackToken,
  SLACK_URL: `${slackHook.url}/services/T0AAAAAAA/B0BBBBBBB/q9Zx'81&"kLmNoPqRsTuV`,
  TEAMS_URL: `${teams.url}/workflows/9f8e7d6c5b4a/triggers/manual/paths/invoke?api-version=1&sig=Ab3%2BxYz%2F19_secretsig`,
  DISCORD_URL: `${discord.url}/api/webhooks/11223344/Zz-token_0987654321abcdef?thread_id=77`,
  PAGERDUTY_KEY: routingKey,
  SIGNING: `whsec_${Buffer.from('a signing key of thirty-two bytes').toString('base64')}`,
  PLAIN_URL: 'http://hooks.slack.example/services/T0/B0/plainplainplain',
}

const notifier = openNotifier({
  secrets: secretsOf(values),
  version: '0.1.0',
  callDeadlineMs: 2_000,
})

const channels = {
  slack: { name: 'chat', kind: 'slack', token: 'SLACK_TOKEN', channel: '#deploys', url: `${slack.url}/` },
  slackHook: { name: 'hook', kind: 'slackWebhook', url: 'SLACK_URL' },
  teams: { name: 'teams', kind: 'teams', url: 'TEAMS_URL' },
  discord: { name: 'discord', kind: 'discord', url: 'DISCORD_URL' },
  pagerduty: { name: 'page', kind: 'pagerduty', routingKey: 'PAGERDUTY_KEY', url: pagerduty.url },
  webhook: { name: 'ours', kind: 'webhook', url: `${webhook.url}/sluice`, secret: 'SIGNING' },
  cdevents: { name: 'events', kind: 'cdevents', url: `${cdevents.url}/events`, source: '/sluice/shop' },
} as const satisfies Readonly<Record<string, Channel>>

const names = Object.keys(channels) as (keyof typeof channels)[]

const send = (channel: Channel, one = notice(), previous: Receipt | null = null): Promise<Delivered> =>
  notifier.send(delivery(channel, one, previous), AbortSignal.timeout(10_000))

const receiptOf = (delivered: Delivered): Receipt => {
  equal(delivered.status, 'delivered', JSON.stringify(delivered))
  return delivered.status === 'delivered' ? delivered.receipt : {}
}

const detailOf = (delivered: Delivered): string => ('detail' in delivered ? delivered.detail : '')

/** What was asked since it was last looked at. */
const paths = (receiver: { readonly seen: { method: string; path: string }[] }): readonly string[] =>
  receiver.seen.splice(0).map(({ method, path }) => `${method} ${path}`)

for (const name of names) {
  test(`${name}: what is sent of a story`, async (t) => {
    const { seen } = receivers[name]
    seen.length = 0
    for (const [title, one] of Object.entries(story)) {
      receiptOf(await send(channels[name], one))
      const bodies = seen.splice(0).map(({ json }) => json)
      t.assert.snapshot({ [title]: bodies.length === 1 ? bodies[0] : bodies })
    }
  })

  test(`${name}: who asks to come back is asked later, who says no is not`, async () => {
    const { next, seen } = receivers[name]
    const statusOf = async (said: Said): Promise<string> => {
      next.push(said)
      const delivered = await send(channels[name])
      return delivered.status === 'later' ? `later ${delivered.retryAfterMs ?? ''}`.trim() : delivered.status
    }
    for (const status of [408, 429, 500, 502, 503])
      equal(await statusOf({ status, body: 'not now' }), 'later', String(status))
    equal(await statusOf({ status: 429, headers: { 'retry-after': '7' } }), 'later 7000')
    equal(await statusOf({ status: 503, headers: { 'retry-after': '999999' } }), 'later 3600000')
    for (const status of [400, 401, 403, 404, 410, 413])
      equal(await statusOf({ status, body: 'never' }), 'refused', String(status))
    equal(await statusOf('reset'), 'later')
    equal(await statusOf('endless'), 'later')
    equal(next.length, 0)
    seen.length = 0
  })

  test(`${name}: who answers from elsewhere is not followed`, async () => {
    const { next, seen } = receivers[name]
    const elsewhere = await receive(() => ({ status: 200, body: 'ok' }))
    for (const status of [301, 302, 303, 307, 308]) {
      next.push({ status, headers: { location: elsewhere.url } })
      const delivered = await send(channels[name])
      equal(delivered.status, 'refused')
      match(detailOf(delivered), /nobody is followed/)
    }
    equal(elsewhere.seen.length, 0)
    await elsewhere.close()
    seen.length = 0
  })

  test(`${name}: whoever says nothing is given up at the deadline, or when it is called off`, async () => {
    const { next, seen } = receivers[name]
    const hasty = openNotifier({
      secrets: secretsOf(values),
      version: '0.1.0',
      callDeadlineMs: 60,
    })
    next.push('nothing')
    const late = await hasty.send(delivery(channels[name], notice()), new AbortController().signal)
    equal(late.status, 'later')
    match(detailOf(late), /did not answer within 60 ms/)
    next.push('nothing')
    const stopped = await notifier.send(delivery(channels[name], notice()), AbortSignal.timeout(30))
    equal(stopped.status, 'later')
    match(detailOf(stopped), /called off/)
    seen.length = 0
  })

  test(`${name}: no receiver that repeats what it was sent gets a secret into why it failed`, async () => {
    const { next, seen } = receivers[name]
    const used = await usedSecrets(name)
    const texts = used.flatMap((value) => {
      const url = URL.parse(value)
      return url === null
        ? [value]
        : [value, `${url.pathname}${url.search}`, ...url.searchParams.values()].filter(({ length }) => length >= 8)
    })
    for (const text of texts) {
      const bytes = Buffer.from(text)
      const forms = [
        text,
        JSON.stringify(text).slice(1, -1),
        encodeURIComponent(text),
        bytes.toString('base64'),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ]
      const said = forms.map((form) => `no <${form}> here`).join(' ')
      next.push({ status: 403, body: said }, { status: 200, body: JSON.stringify({ ok: false, error: said }) })
      const expected = forms.map(() => 'no <***> here').join(' ')
      ok(detailOf(await send(channels[name])).endsWith(`: ${expected}`), text)
      // Slack alone says no with 200; for the others that is a yes, and nothing to tell.
      const second = await send(channels[name])
      ok(second.status === 'delivered' || !forms.some((form) => detailOf(second).includes(form)), text)
    }
    equal(texts.length > 0, name !== 'cdevents')
    next.length = 0
    seen.length = 0
  })
}

/** The values that a channel needs, found by giving it none. */
const usedSecrets = async (name: keyof typeof channels): Promise<readonly string[]> => {
  const used: string[] = []
  const source = secretsOf(values)
  const watching = openNotifier({
    version: '0.1.0',
    secrets: {
      versions: (names, signal) => source.versions(names, signal),
      values: async (versions, signal) => {
        const found = await source.values(versions, signal)
        used.push(...Object.values(found))
        return found
      },
    },
  })
  await watching.send(delivery(channels[name], notice()), AbortSignal.timeout(5_000))
  return used
}

test('the address of a receiver that is not there shows nowhere', async () => {
  const gone = await receive(() => 'nothing')
  await gone.close()
  const lost = openNotifier({ secrets: secretsOf({ URL: `${gone.url}/services/topsecret1` }), version: '0.1.0' })
  for (const kind of ['slackWebhook', 'teams', 'discord'] as const) {
    const delivered = await lost.send(
      delivery({ name: 'lost', kind, url: 'URL' }, notice()),
      AbortSignal.timeout(5_000),
    )
    equal(delivered.status, 'later')
    match(detailOf(delivered), /cannot be reached \(ECONNREFUSED\)$/)
    ok(!detailOf(delivered).includes('127.0.0.1'))
  }
})

test('an address that is a secret goes over TLS, or stays on this machine; one that names who signs in is none', async () => {
  const plain = await send({ name: 'plain', kind: 'slackWebhook', url: 'PLAIN_URL' })
  deepEqual([plain.status, detailOf(plain).includes('plainplain')], ['refused', false])
  match(detailOf(plain), /https:\/\//)
  const page = await send({
    name: 'page',
    kind: 'pagerduty',
    routingKey: 'PAGERDUTY_KEY',
    url: 'http://events.example',
  })
  equal(page.status, 'refused')
  for (const url of ['http://me:word@127.0.0.1/', 'ftp://127.0.0.1/', 'file:///etc/passwd', 'nowhere'])
    equal((await send({ name: 'odd', kind: 'cdevents', url, source: '/' })).status, 'refused', url)
})

test('a secret that is not there is refused by name; a store that is locked for now, tried again', async () => {
  const missing = await send({ ...channels.slack, token: 'NOT_SET' })
  deepEqual(missing, { status: 'refused', detail: 'there is no secret NOT_SET: set it' })
  const busy = openNotifier({
    version: '0.1.0',
    secrets: {
      versions: () => Promise.reject(new SluiceError('overloaded', { detail: 'the store is busy', retry: 'later' })),
      values: () => Promise.resolve({}),
    },
  })
  const later = await busy.send(delivery(channels.slack, notice()), AbortSignal.timeout(5_000))
  deepEqual(later, { status: 'later', detail: 'the store is busy', retryAfterMs: null })
})

test('Slack: one message for a rollout, updated in place, what happened in its thread, and told to all where somebody should look', async () => {
  const first = receiptOf(await send(channels.slack))
  deepEqual(Object.keys(first), ['to', 'channel', 'ts'])
  deepEqual(paths(slack), ['POST /chat.postMessage'])
  deepEqual(receiptOf(await send(channels.slack, story['rollout step'], first)), first)
  const [update, line] = slack.seen.splice(0)
  deepEqual([update?.path, update?.json['ts'], update?.json['channel']], ['/chat.update', first['ts'], 'C0DEPLOYS'])
  deepEqual([update?.json['parse'], update?.json['link_names']], ['none', false])
  deepEqual(
    [line?.path, line?.json['thread_ts'], line?.json['reply_broadcast']],
    ['/chat.postMessage', first['ts'], false],
  )
  receiptOf(await send(channels.slack, story['rollout rolled back'], first))
  equal(slack.seen.splice(0)[1]?.json['reply_broadcast'], true)
})

test('Slack: a message that is gone, or in another channel than the config names now, is posted anew', async () => {
  const lost = { to: '#deploys', channel: 'C0DEPLOYS', ts: '1.2' }
  const anew = receiptOf(await send(channels.slack, notice(), lost))
  ok(anew['ts'] !== lost.ts)
  deepEqual(paths(slack), ['POST /chat.update', 'POST /chat.postMessage'])
  for (const error of ['cant_update_message', 'edit_window_closed']) {
    slack.next.push({ status: 200, body: JSON.stringify({ ok: false, error }) })
    ok(receiptOf(await send(channels.slack, notice(), anew))['ts'] !== anew['ts'], error)
  }
  paths(slack)
  receiptOf(await send(channels.slack, notice(), { ...anew, to: '#elsewhere' }))
  deepEqual(paths(slack), ['POST /chat.postMessage'])
})

test('Slack: its errors come with 200, and mean what they say', async () => {
  const said = async (body: string, status = 200): Promise<Delivered> => {
    slack.next.push({ status, body, headers: { 'retry-after': '30' } })
    return send(channels.slack)
  }
  deepEqual(await said('{"ok":false,"error":"ratelimited"}', 429), {
    status: 'later',
    detail: 'Slack says ratelimited',
    retryAfterMs: 30_000,
  })
  deepEqual(await said('{"ok":false,"error":"ratelimited"}'), {
    status: 'later',
    detail: 'Slack says ratelimited',
    retryAfterMs: 30_000,
  })
  equal((await said('{"ok":false,"error":"internal_error"}')).status, 'later')
  deepEqual(await said('{"ok":false,"error":"not_in_channel"}'), {
    status: 'refused',
    detail: 'Slack says not_in_channel: invite the app into the channel: /invite @<its name>',
  })
  equal((await said('{"ok":false,"error":"some_new_error"}')).status, 'refused')
  for (const body of ['<html>Welcome to our WLAN</html>', '', '[]', '{"ok":"yes"}', 'null'])
    equal((await said(body)).status, 'later', body)
  slack.seen.length = 0
})

test('Slack: what it does not take as blocks, it gets as a text; a line that finds no thread loses no alarm', async () => {
  slack.next.push({ status: 200, body: '{"ok":false,"error":"msg_blocks_too_long"}' })
  const first = receiptOf(await send(channels.slack))
  deepEqual(slack.seen.splice(0).at(-1)?.json['blocks'], [])
  slack.next.push(null, { status: 200, body: '{"ok":false,"error":"thread_locked"}' })
  deepEqual(receiptOf(await send(channels.slack, story['rollout step'], first)), first)
  deepEqual(paths(slack).length, 2)
  slack.next.push(null, { status: 200, body: '{"ok":false,"error":"thread_locked"}' })
  ok(receiptOf(await send(channels.slack, story['rollout rolled back'], first))['ts'] !== first['ts'])
  deepEqual(paths(slack).length, 3)
})

test('a Slack webhook that answers 200 with anything but ok has not posted', async () => {
  slackHook.next.push({ status: 200, body: '<html>sign in</html>' })
  equal((await send(channels.slackHook)).status, 'refused')
})

test('Discord: one message, edited in place; a line beside it where somebody should look; posted anew when it is gone', async () => {
  const first = receiptOf(await send(channels.discord))
  match(first['message'] ?? '', /^\d+$/)
  deepEqual(paths(discord), ['POST /api/webhooks/11223344/Zz-token_0987654321abcdef?thread_id=77&wait=true'])
  deepEqual(receiptOf(await send(channels.discord, story['rollout step'], first)), first)
  const edit = `PATCH /api/webhooks/11223344/Zz-token_0987654321abcdef/messages/${first['message']}?thread_id=77`
  deepEqual(paths(discord), [edit])
  deepEqual(receiptOf(await send(channels.discord, story['rollout rolled back'], first)), first)
  const [, line] = discord.seen.splice(0)
  match(String(line?.json['content']), /^↩️ \*\*Rolled back\*\*: /)
  deepEqual(line?.json['allowed_mentions'], { parse: [] })
  const anew = receiptOf(await send(channels.discord, notice(), { message: '404' }))
  ok(anew['message'] !== undefined && anew['message'] !== '404')
  paths(discord)
})

test('Discord: a 429 says how long to the millisecond, in its body', async () => {
  discord.next.push({
    status: 429,
    headers: { 'retry-after': '1' },
    body: '{"message":"You are being rate limited.","retry_after":0.652,"global":false}',
  })
  deepEqual(await send(channels.discord), {
    status: 'later',
    detail: 'the Discord webhook answers 429: You are being rate limited.',
    retryAfterMs: 652,
  })
})

test('PagerDuty: an alert is triggered, acknowledged and resolved by the key of its subject; what needs nobody is a change event', async () => {
  const asked = async (one = notice(), previous: Receipt | null = null): Promise<readonly unknown[]> => {
    const receipt = receiptOf(await send(channels.pagerduty, one, previous))
    const sent = pagerduty.seen
      .splice(0)
      .map(({ path, json }) => (path === '/v2/enqueue' ? json['event_action'] : path))
    return [...sent, receipt['alert']]
  }
  const open = { alert: 'open' }
  pagerduty.seen.length = 0
  deepEqual(await asked(), ['/v2/change/enqueue', 'none'])
  deepEqual(await asked(notice({ kind: 'rollout.rolled_back', outcome: 'failed', severity: 'medium' })), [
    '/v2/change/enqueue',
    'none',
  ])
  deepEqual(await asked(story['rollout rolled back']), ['trigger', 'open'])
  deepEqual(await asked(story['incident opened']), ['trigger', 'open'])
  deepEqual(await asked(story['incident resolved'], open), ['resolve', 'none'])
  deepEqual(await asked(story['approval requested']), ['trigger', 'open'])
  deepEqual(await asked(notice({ kind: 'approval.given', outcome: 'waiting' }), open), ['acknowledge', 'open'])
  deepEqual(await asked(notice({ kind: 'rollout.promoted', outcome: 'succeeded' }), open), [
    'resolve',
    '/v2/change/enqueue',
    'none',
  ])
  deepEqual(await asked(notice({ kind: 'line.stopped', outcome: null })), ['trigger', 'open'])
  deepEqual(await asked(notice({ kind: 'line.resumed', outcome: null })), ['resolve', 'none'])
  deepEqual(await asked(notice({ kind: 'test', outcome: null })), ['trigger', 'resolve', 'none'])
})

test('PagerDuty: a wrong routing key is refused in its own words, without the key', async () => {
  const wrong = openNotifier({ secrets: secretsOf({ PAGERDUTY_KEY: 'nonsense-key-of-someone' }), version: '0.1.0' })
  const delivered = await wrong.send(delivery(channels.pagerduty, notice()), AbortSignal.timeout(5_000))
  equal(delivered.status, 'refused')
  match(detailOf(delivered), /routing_key.*invalid/)
})

test('a webhook is signed so that the library of Standard Webhooks takes it, under the same id for every attempt', async () => {
  webhook.next.push({ status: 503 }, null)
  equal((await send(channels.webhook)).status, 'later')
  receiptOf(await send(channels.webhook))
  const [failed, arrived] = webhook.seen.splice(0)
  ok(failed !== undefined && arrived !== undefined)
  equal(arrived.headers['webhook-id'], failed.headers['webhook-id'])
  const headers = arrived.headers as Record<string, string>
  deepEqual(new Webhook(values.SIGNING).verify(arrived.text, headers), {
    type: 'rollout.started',
    timestamp: '2026-11-27T02:30:00.000Z',
    data: JSON.parse(JSON.stringify(notice())),
  })
  let refused = 0
  for (const [text, secret] of [
    [`${arrived.text} `, values.SIGNING],
    [arrived.text, `whsec_${Buffer.alloc(32).toString('base64')}`],
  ] as const)
    try {
      new Webhook(secret).verify(text, headers)
    } catch {
      refused += 1
    }
  equal(refused, 2)
  const raw = { SIGNING: 'thirty-two characters, no base64' }
  await openNotifier({ secrets: secretsOf(raw), version: '0.1.0' }).send(
    delivery(channels.webhook, notice()),
    AbortSignal.timeout(5_000),
  )
  const [plain] = webhook.seen.splice(0)
  new Webhook(raw.SIGNING, { format: 'raw' }).verify(plain?.text ?? '', plain?.headers as Record<string, string>)
})

test('a key that is too short to sign with signs nothing', async () => {
  for (const key of [
    'short',
    `whsec_${Buffer.alloc(8).toString('base64')}`,
    'whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!',
  ]) {
    const weak = openNotifier({ secrets: secretsOf({ SIGNING: key }), version: '0.1.0' })
    equal((await weak.send(delivery(channels.webhook, notice()), AbortSignal.timeout(5_000))).status, 'refused', key)
  }
  equal(webhook.seen.length, 0)
})

test('a CDEvent is a CloudEvent in binary mode: its context is in the headers, and they are ASCII', async () => {
  const odd = { ...channels.cdevents, source: '/läden/"eins" zwei%' }
  receiptOf(await send(odd, story['incident opened']))
  const [seen] = cdevents.seen.splice(0)
  const context = seen?.json['context'] as Record<string, string>
  deepEqual(
    ['specversion', 'id', 'source', 'type', 'subject', 'time'].map((name) => seen?.headers[`ce-${name}`]),
    [
      '1.0',
      'shop/21/events',
      '/l%C3%A4den/%22eins%22%20zwei%25',
      'dev.cdevents.incident.detected.0.3.0',
      'inc_01h2xcejqtf2nbrexx3vqjhp41',
      '2026-11-27T02:30:00.000Z',
    ],
  )
  equal(seen?.headers['content-type'], 'application/json')
  equal(context['source'], odd.source)
})
