/** A notice as blocks of Slack (Block Kit): <https://docs.slack.dev/reference/block-kit/blocks>, read in November 2026. */
import { isoTime } from '../../core/iso-time.ts'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice } from '../../core/notify/types.ts'
import { fitted, type Message } from './message.ts'
import { bounded, type Escape, jsonBytes } from './text.ts'

type PlainText = { readonly type: 'plain_text'; readonly text: string; readonly emoji: boolean }

/** `verbatim`: Slack looks for no names, channels or addresses in it. */
type Markup = { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true }

/** The blocks that are used. */
export type SlackBlock =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: PlainText | Markup }
  | { readonly type: 'context'; readonly elements: readonly Markup[] }

/** What is posted: the text is for notifications and screen readers. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly SlackBlock[] }

/** A notice as a message, within all bounds of Slack. */
export const slackMessage = (notice: Notice): SlackMessage =>
  fitted(notice, messageForm, (form) => jsonBytes(form) <= channelLimits.slackBytesMax)

/** A notice as the one line that a thread gets. */
export const slackLine = (notice: Notice): string =>
  fitted(
    notice,
    ({ icon, word, title }) => lineOf(icon, word, title),
    () => true,
  )

const messageForm = (message: Message): SlackMessage => {
  const { icon, word, headline, title, text, facts, commands, link } = message
  const said = [title === '' ? word : title, text].filter((part) => part !== '').join('\n\n')
  const lines = facts.map(({ name, value }) => `*${escapeSlack(name)}:* ${bounded(value, 2_500, escapeSlack)}`)
  const next = commands.length === 0 ? [] : [`*Next:*\n\`\`\`${commands.map(escapeSlack).join('\n')}\`\`\``]
  return {
    text: lineOf(icon, word, title),
    blocks: [
      { type: 'header', text: plain(bounded(`${icon} ${headline}`, channelLimits.slackHeaderMax)) },
      { type: 'section', text: plain(bounded(said, channelLimits.slackSectionMax)) },
      ...[...sectionsOf(lines), ...next].map((part) => ({ type: 'section', text: marked(part) }) as const),
      { type: 'context', elements: [marked([timeOf(message.at), ...linkOf(link)].join('  ·  '))] },
    ],
  }
}

const lineOf = (icon: string, word: string, title: string): string =>
  `${icon} ${escapeSlack(word)}: ${bounded(title, channelLimits.titleMax, escapeSlack)}`

const plain = (text: string): PlainText => ({ type: 'plain_text', text, emoji: true })

const marked = (text: string): Markup => ({ type: 'mrkdwn', text, verbatim: true })

/** Lines, together as far as a section takes them. */
const sectionsOf = (lines: readonly string[]): readonly string[] => {
  const sections: string[] = []
  for (const line of lines) {
    const last = sections.at(-1)
    if (last === undefined || last.length + 1 + line.length > channelLimits.slackSectionMax) sections.push(line)
    else sections[sections.length - 1] = `${last}\n${line}`
  }
  return sections
}

/** The three characters that begin a link, a mention or a broadcast: nothing else in a text can ring a bell. A backtick would take the lines that follow into its code. */
export const escapeSlack: Escape = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'")

/** Shown in the reader's own time zone; in UTC by a program that cannot. */
const timeOf = (at: number): string =>
  `<!date^${Math.floor(at / 1_000)}^{date_short_pretty} {time_secs}|${isoTime(at)}>`

const linkOf = (link: string | null): readonly string[] =>
  link === null ? [] : [`<${escapeSlack(link).replaceAll('|', '%7C')}|Open in Sluice>`]
