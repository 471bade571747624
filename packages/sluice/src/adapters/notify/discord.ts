/**
 * Discord by a webhook. The message of a subject is posted once and edited in place; where somebody should look, a line is posted beside it, since Discord tells nobody of an edit. Nothing in it
 * mentions anybody (`allowed_mentions`). <https://docs.discord.com/developers/resources/webhook>, read in November 2026.
 */
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice } from '../../core/notify/types.ts'
import type { Delivered } from '../../ports/notifier.ts'
import type { Send, Tools } from './channel.ts'
import { fitted, type Message, type Tone, wantsLook } from './message.ts'
import {
  addressOf,
  ask,
  type Answer,
  type Answered,
  judgeStatus,
  later,
  retryAfterOf,
  type Undelivered,
} from './request.ts'
import { bounded, type Escape } from './text.ts'

const receiver = 'the Discord webhook'

/** See the file's header. */
export const sendDiscord: Send<'discord'> = async ({ channel, notice, previous }, tools, signal) => {
  const url = addressOf(receiver, await tools.secret(channel.url, signal), 'secret')
  if (!(url instanceof URL)) return url
  const content = discordMessage(notice)
  const message = previous?.['message'] ?? ''
  if (/^\d{1,30}$/.test(message)) {
    const edited = await call({ method: 'PATCH', url: messageUrl(url, message), content }, tools, signal)
    if (edited.status === 'answered' && edited.code !== 404) {
      const why = judge(edited)
      if (why !== null) return why
      return wantsLook(notice)
        ? tell({ url, notice, message }, tools, signal)
        : { status: 'delivered', receipt: { message } }
    }
    // 10008, unknown message: somebody deleted it. Any other 404 is about the webhook, and said again when a message is posted.
    if (edited.status !== 'answered') return edited
  }
  const posted = await call({ method: 'POST', url: waitUrl(url), content }, tools, signal)
  if (posted.status !== 'answered') return posted
  const { id } = posted.json
  // A message that cannot be found again is a message all the same.
  const receipt = typeof id === 'string' && /^\d{1,30}$/.test(id) ? { message: id } : {}
  return judge(posted) ?? { status: 'delivered', receipt }
}

type Told = { readonly url: URL; readonly notice: Notice; readonly message: string }

const tell = async ({ url, notice, message }: Told, tools: Tools, signal: AbortSignal): Promise<Delivered> => {
  const content = { content: discordLine(notice), allowed_mentions: { parse: [] } }
  const told = await call({ method: 'POST', url: waitUrl(url), content }, tools, signal)
  if (told.status !== 'answered') return told
  return judge(told) ?? { status: 'delivered', receipt: { message } }
}

type Call = { readonly method: 'POST' | 'PATCH'; readonly url: URL; readonly content: object }

const call = ({ method, url, content }: Call, tools: Tools, signal: AbortSignal): Promise<Answer> =>
  ask(
    {
      receiver,
      url,
      method,
      headers: { 'user-agent': `Sluice/${tools.version}` },
      body: JSON.stringify(content),
      deadlineMs: tools.callDeadlineMs,
    },
    signal,
  )

/** A 429 says how long in its body, in seconds with a fraction; the header is rounded. */
const judge = (answer: Answered): Undelivered | null => {
  const judged = judgeStatus(receiver, answer)
  const { retry_after: seconds, message } = answer.json
  if (judged === null || judged.status !== 'later') return judged
  const own = typeof seconds === 'number' ? retryAfterOf(String(seconds)) : null
  const detail = typeof message === 'string' ? `${receiver} answers ${answer.code}: ${message}` : judged.detail
  return later(detail, own ?? judged.retryAfterMs)
}

/** Without `wait`, Discord answers before it has looked, and gives no id. */
const waitUrl = (url: URL): URL => {
  const waiting = new URL(url)
  waiting.searchParams.set('wait', 'true')
  return waiting
}

const messageUrl = (url: URL, message: string): URL => {
  const inside = new URL(url)
  inside.pathname = `${inside.pathname.replace(/\/$/, '')}/messages/${message}`
  return inside
}

/** What is posted. */
export type DiscordMessage = {
  readonly embeds: readonly [
    {
      readonly title: string
      readonly description: string
      readonly color: number
      readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[]
      readonly url?: string
      readonly footer: { readonly text: string }
      readonly timestamp: string
    },
  ]
  readonly allowed_mentions: { readonly parse: readonly [] }
}

/** A notice as an embed, within all bounds of Discord. */
export const discordMessage = (notice: Notice): DiscordMessage =>
  fitted(notice, messageForm, (form) => embedLength(form) <= channelLimits.discordEmbedMax)

/** A notice as one line. */
export const discordLine = (notice: Notice): string =>
  fitted(
    notice,
    ({ icon, word, title }) => `${icon} **${word}**: ${bounded(title, 1_000, escapeDiscord)}`,
    () => true,
  )

const messageForm = ({
  icon,
  word,
  headline,
  title,
  text,
  facts,
  commands,
  link,
  tone,
  at,
}: Message): DiscordMessage => {
  const said = [title === '' ? word : title, text].filter((part) => part !== '').join('\n\n')
  const next = commands.length === 0 ? '' : `\n\`\`\`\n${commands.join('\n')}\n\`\`\``
  const fields = facts.slice(0, channelLimits.discordFieldsMax).map(({ name, value }) => ({
    name: bounded(name, channelLimits.discordFieldNameMax, escapeDiscord),
    value: bounded(value, channelLimits.discordFieldValueMax, escapeDiscord),
    inline: value.length <= 40,
  }))
  return {
    embeds: [
      {
        title: bounded(`${icon} ${headline}`, channelLimits.discordTitleMax, escapeDiscord),
        description: `${bounded(said, 3_000, escapeDiscord)}${next}`,
        color: colors[tone],
        fields,
        ...(link === null ? {} : { url: link }),
        footer: { text: 'Sluice' },
        timestamp: new Date(at).toISOString(),
      },
    ],
    allowed_mentions: { parse: [] },
  }
}

/** As Discord counts: all texts of an embed together. */
const embedLength = ({ embeds: [embed] }: DiscordMessage): number =>
  [embed.title, embed.description, embed.footer.text, ...embed.fields.flatMap(({ name, value }) => [name, value])].join(
    '',
  ).length

/** What Markdown, a mention, a timestamp, an emoji or an address begins with. */
export const escapeDiscord: Escape = (text) => text.replaceAll(/[\\*_~`|>#[\]()<:@-]/g, String.raw`\$&`)

const colors: Readonly<Record<Tone, number>> = {
  good: 0x2e_a0_43,
  bad: 0xd1_24_2f,
  waiting: 0xbf_87_00,
  busy: 0x09_69_da,
  plain: 0x6e_77_81,
}
