/** What is sent keeps within the bounds of its receiver, whatever texts a notice holds. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type * as AdaptiveCards from 'adaptivecards'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { cdEvent } from '../../src/adapters/notify/cdevents.ts'
import { discordLine, discordMessage } from '../../src/adapters/notify/discord.ts'
import { mailContent } from '../../src/adapters/notify/email-content.ts'
import { dedupKey, pagerdutyEvents } from '../../src/adapters/notify/pagerduty.ts'
import { retryAfterOf } from '../../src/adapters/notify/request.ts'
import { slackLine, slackMessage } from '../../src/adapters/notify/slack-blocks.ts'
import { teamsMessage } from '../../src/adapters/notify/teams.ts'
import { bounded, escapeHtml, oneLine } from '../../src/adapters/notify/text.ts'
import { webhookBody } from '../../src/adapters/notify/webhook.ts'
import { noticeKinds } from '../../src/core/notify/types.ts'
import { cdeventsSchemas, customSchema } from './cdevents-schema.ts'
import { notice, notices, story } from './notices.ts'
import { blocksError } from './receivers.ts'

/** The bundle: what the package gives to an import runs in bundlers alone. */
const cards: typeof AdaptiveCards = createRequire(import.meta.url)('adaptivecards/dist/adaptivecards.js')

const always = (check: (one: Parameters<typeof slackMessage>[0]) => void): void => {
  fc.assert(fc.property(notices, check), { numRuns: 150 })
}

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

test('a Slack message has at most 8 kB, and blocks that Slack takes; no text in it is a mention or a broadcast', () => {
  always((one) => {
    const message = slackMessage(one)
    ok(bytes(message) <= 8_000, `${bytes(message)} bytes`)
    equal(blocksError(message.blocks), null)
    const marked = JSON.stringify([
      message.blocks.filter((block) => JSON.stringify(block).includes('mrkdwn')),
      message.text,
      slackLine(one),
    ])
    // The only angle brackets are those of the time and of the link.
    deepEqual(
      marked.replaceAll(/<!date\^\d+\^[^|<>]+\|[^|<>]+>|<https?:[^|<>]+\|Open in Sluice>/g, '').match(/[<>]/g),
      null,
    )
  })
})

test('a Teams card has at most 28 kB, and only texts that are never read as Markdown', () => {
  always((one) => {
    const message = teamsMessage(one)
    ok(bytes(message) <= 28_000, `${bytes(message)} bytes`)
    const { body, actions } = message.attachments[0].content
    ok(
      body.every(
        ({ type, inlines }) =>
          type === 'RichTextBlock' && inlines.every((run) => run.type === 'TextRun' && run.text !== ''),
      ),
    )
    ok(actions.every(({ url }) => /^https?:\/\//.test(url)))
  })
})

test('a Teams card is one to the reader that Microsoft publishes, which says what it would leave out', () => {
  const read = (content: object): { readonly said: readonly string[]; readonly card: unknown } => {
    const context = new cards.SerializationContext()
    const card = new cards.AdaptiveCard()
    card.parse(content, context)
    const events = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index))
    return {
      said: [...events, ...card.validateProperties().validationEvents].map(({ message }) => message),
      card: card.toJSON(),
    }
  }
  for (const one of [...Object.values(story), ...noticeKinds.map((kind) => notice({ kind }))]) {
    const { content } = teamsMessage(one).attachments[0]
    // A word of Teams beside the card's own; and an empty list, which is written as none.
    const { msteams: _, actions, ...plain } = content
    deepEqual(read(content), { said: [], card: { ...plain, ...(actions.length === 0 ? {} : { actions }) } })
  }
  const [block] = teamsMessage(notice()).attachments[0].content.body
  const wrong = { ...block, inlines: [{ type: 'TextRun', text: 'x', color: 'Red' }] }
  match(read({ type: 'AdaptiveCard', version: '1.2', body: [wrong] }).said.join(), /Invalid value "Red"/)
})

test("a Discord embed keeps Discord's bounds, mentions nobody, and no Markdown of a text comes through", () => {
  always((one) => {
    const message = discordMessage(one)
    const [embed] = message.embeds
    ok(embed.title.length >= 1 && embed.title.length <= 256)
    ok(embed.description.length >= 1 && embed.description.length <= 4_096)
    ok(embed.fields.length <= 25)
    for (const { name, value } of embed.fields) {
      ok(name.length >= 1 && name.length <= 256)
      ok(value.length >= 1 && value.length <= 1_024)
      match(value, /^(?:[^\\*_~`|>#[\]()<:@-]|\\[\\*_~`|>#[\]()<:@-])*$/)
    }
    const all = [
      embed.title,
      embed.description,
      embed.footer.text,
      ...embed.fields.flatMap(({ name, value }) => [name, value]),
    ]
    ok(all.join('').length <= 6_000)
    deepEqual(message.allowed_mentions, { parse: [] })
    ok(discordLine(one).length <= 2_000)
  })
})

test("a PagerDuty event keeps PagerDuty's bounds, and its key is that of the subject", () => {
  always((one) => {
    for (const { body } of pagerdutyEvents(one, true)) {
      ok(bytes(body) <= 512_000)
      const { payload, dedup_key: key } = body as { payload?: { summary: string }; dedup_key?: string }
      ok(payload === undefined || (payload.summary.length >= 1 && payload.summary.length <= 1_024))
      ok(key === undefined || (key.length <= 255 && key === dedupKey({ ...one, id: 'another', kind: 'test' })))
    }
  })
})

test('a mail has no controls in its subject, and no text becomes HTML', () => {
  const own = new Set('html head meta title body div h1 p br table tr th td a'.split(' '))
  always((one) => {
    const { subject, text, html } = mailContent(one)
    ok(subject.length >= 1 && subject.length <= 150)
    match(subject, /^\P{Cc}+$/u)
    ok(Buffer.byteLength(text) + Buffer.byteLength(html) <= 64_000)
    for (const [, name = ''] of html.matchAll(/<\/?([^\s>]*)/g)) ok(own.has(name) || name === '!doctype', name)
    for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) match(href, /^https?:\/\//)
  })
})

test('a body for a webhook has at most 20 kB', () => {
  always((one) => {
    const body = webhookBody(one)
    if (
      bytes([one.service, one.environment, one.subject, one.actor, one.release, one.stable, one.commit, one.url]) >
      8_000
    )
      return
    ok(Buffer.byteLength(body) <= 20_000, `${Buffer.byteLength(body)} bytes`)
    JSON.parse(body)
  })
})

const ajv = addFormats.default(new Ajv2020({ allErrors: true }))
const validators = new Map([...cdeventsSchemas].map(([type, schema]) => [type, ajv.compile(schema)]))
const validateCustom = ajv.compile(customSchema)

test('every kind of notice is a valid CDEvent, and those that CDEvents has a word for say it', () => {
  const types = new Set<string>()
  for (const one of [...Object.values(story), ...noticeKinds.map((kind) => notice({ kind }))])
    for (const of of [
      one,
      { ...one, stable: null },
      { ...one, environment: null },
      { ...one, url: null, release: null },
    ]) {
      const event = cdEvent(of, { key: '17/cdevents', source: '/sluice/shop' })
      const { type } = event.context
      types.add(type)
      const validate = validators.get(type) ?? validateCustom
      ok(validate(event), `${type}: ${ajv.errorsText(validate.errors)}`)
    }
  deepEqual(
    [...validators.keys()].filter((type) => !types.has(type)),
    [],
  )
})

test('what is cut shows it, at the border of a character as people see it, and never inside of an escape', () => {
  equal(bounded('short', 5), 'short')
  equal(bounded('too long', 5), 'too …')
  equal(bounded('ab👩‍👩‍👧‍👦cdefghijkl', 10), 'ab…')
  equal(bounded('a&b&c', 8, escapeHtml), 'a&amp;b…')
  equal(bounded('a&b', 7, escapeHtml), 'a&amp;b')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
      const made = bounded(oneLine(text), max, escapeHtml)
      ok(made.length <= max && made.isWellFormed())
    }),
  )
})

test('the releases are named for what they are: the one on its way and the way back, or what was taken back and what serves', () => {
  const names = (parts: Parameters<typeof notice>[0]): string =>
    [
      ...JSON.stringify(slackMessage(notice(parts)).blocks).matchAll(
        /\*(?:Release|Way back|Taken back|Serving):\* [^\s"]+/g,
      ),
    ].join(', ')
  equal(names({}), '*Release:* 1.4.0, *Way back:* 1.3.2')
  for (const outcome of ['failed', 'succeeded', 'canceled'] as const)
    equal(names({ kind: 'rollout.rolled_back', outcome }), '*Taken back:* 1.4.0, *Serving:* 1.3.2', outcome)
  for (const outcome of ['failed', 'succeeded'] as const)
    match(
      JSON.stringify(cdEvent(notice({ kind: 'rollout.rolled_back', outcome }), { key: 'k', source: 's' })),
      /"type":"dev\.cdevents\.service\.rolledback\.0\.3\.0".*"artifactId":"pkg:generic\/shop@1\.3\.2/,
    )
})

test('what a template says to type is not told twice', () => {
  const opened = story['incident opened'] ?? notice()
  const rollbacks = (text: string): number => mailContent({ ...opened, text }).text.split('sluice rollback').length - 1
  deepEqual([rollbacks('be calm'), rollbacks('Go back: sluice rollback production --emergency')], [1, 1])
})

test('a commit message cannot turn the direction of what stands around it', () => {
  equal(oneLine('fix \u202E\u2066gnp.exe\u2069\n\tnow\u0000 \uD800'), 'fix gnp.exe now \uFFFD')
})

test('the weightiest facts are told when not all fit, and how many are left out', () => {
  const facts = Array.from({ length: 30 }, (_, index) => ({ name: `Fact ${index}`, value: 'x'.repeat(800) }))
  const text = JSON.stringify(slackMessage(notice({ facts })))
  ok(text.includes('Fact 0') && !text.includes('Fact 29'))
  match(text, /\*And:\* \d+ more facts…/)
  ok(
    text.includes('*Reason:* sale starts at noon') &&
      text.includes('*Release:* 1.4.0 (rel_0123456789ab), commit 4f9c2a7'),
  )
})

test('Retry-After is read in seconds and as a date, within an hour', () => {
  equal(retryAfterOf(null), null)
  equal(retryAfterOf('30'), 30_000)
  equal(retryAfterOf('0.35'), 350)
  equal(retryAfterOf('86400'), 3_600_000)
  equal(retryAfterOf('soon'), null)
  equal(retryAfterOf('Wed, 21 Oct 2015 07:28:00 GMT'), 0)
  const inAMinute = retryAfterOf(new Date(Date.now() + 60_000).toUTCString()) ?? 0
  ok(inAMinute > 55_000 && inAMinute <= 60_000)
})
