/**
 * Microsoft Teams by the address of a workflow ("When a Teams webhook request is received"), which posts an Adaptive Card. The connectors of before were retired. It gives back nothing to find
 * a card by: each notice is one of its own. <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>, <https://adaptivecards.io/explorer/>, read in
 * November 2026.
 */
import { isoTime } from '../../core/iso-time.ts'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice } from '../../core/notify/types.ts'
import type { Send } from './channel.ts'
import { fitted, type Message, type Tone } from './message.ts'
import { addressOf, ask, judgeStatus } from './request.ts'
import { jsonBytes } from './text.ts'

/** See the file's header. */
export const sendTeams: Send<'teams'> = async ({ channel, notice }, tools, signal) => {
  const receiver = 'the Teams workflow'
  const url = addressOf(receiver, await tools.secret(channel.url, signal), 'secret')
  if (!(url instanceof URL)) return url
  const body = JSON.stringify(teamsMessage(notice))
  const headers = { 'user-agent': `Sluice/${tools.version}` }
  const answer = await ask({ receiver, url, method: 'POST', headers, body, deadlineMs: tools.callDeadlineMs }, signal)
  if (answer.status !== 'answered') return answer
  return judgeStatus(receiver, answer) ?? { status: 'delivered', receipt: {} }
}

/** A run of text. Unlike a TextBlock, it is never read as Markdown: nothing in a commit message can become a link, and nothing has to be escaped. */
type TextRun = {
  readonly type: 'TextRun'
  readonly text: string
  readonly weight?: 'Bolder'
  readonly size?: 'Large'
  readonly color?: 'Good' | 'Attention' | 'Warning' | 'Accent' | 'Default'
  readonly isSubtle?: true
  readonly fontType?: 'Monospace'
}

type RichText = {
  readonly type: 'RichTextBlock'
  readonly inlines: readonly TextRun[]
  readonly spacing?: 'None' | 'Medium'
}

type Card = {
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
  readonly type: 'AdaptiveCard'
  /** The first one with all that is used, so that old clients show it too. */
  readonly version: '1.2'
  readonly fallbackText: string
  readonly speak: string
  readonly body: readonly RichText[]
  readonly actions: readonly { readonly type: 'Action.OpenUrl'; readonly title: string; readonly url: string }[]
  readonly msteams: { readonly width: 'Full' }
}

/** What a workflow takes. */
export type TeamsMessage = {
  readonly type: 'message'
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive'
      readonly contentUrl: null
      readonly content: Card
    },
  ]
}

/** A notice as a card, within the size that Teams takes. */
export const teamsMessage = (notice: Notice): TeamsMessage =>
  fitted(notice, messageForm, (form) => jsonBytes(form) <= channelLimits.teamsBytesMax)

const messageForm = (message: Message): TeamsMessage => ({
  type: 'message',
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: cardOf(message) }],
})

const cardOf = ({ icon, headline, title, text, facts, commands, link, tone, at }: Message): Card => {
  const sentence = `${icon} ${headline}. ${title}`
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.2',
    fallbackText: sentence,
    speak: `${headline}. ${title}`,
    body: [
      line([{ type: 'TextRun', text: `${icon} ${headline}`, weight: 'Bolder', size: 'Large', color: colors[tone] }]),
      ...(title === '' ? [] : [line([{ type: 'TextRun', text: title }])]),
      ...text.split('\n').flatMap((part) => (part === '' ? [] : [line([{ type: 'TextRun', text: part }], 'None')])),
      ...facts.map(({ name, value }, index) =>
        line(
          [
            { type: 'TextRun', text: `${name}: `, weight: 'Bolder' },
            { type: 'TextRun', text: value },
          ],
          index === 0 ? 'Medium' : 'None',
        ),
      ),
      ...commands.map((text, index) =>
        line([{ type: 'TextRun', text, fontType: 'Monospace' }], index === 0 ? 'Medium' : 'None'),
      ),
      line([{ type: 'TextRun', text: isoTime(at), isSubtle: true }], 'Medium'),
    ],
    actions: link === null ? [] : [{ type: 'Action.OpenUrl', title: 'Open in Sluice', url: link }],
    msteams: { width: 'Full' },
  }
}

const line = (inlines: readonly TextRun[], spacing?: 'None' | 'Medium'): RichText => ({
  type: 'RichTextBlock',
  inlines,
  ...(spacing === undefined ? {} : { spacing }),
})

const colors: Readonly<Record<Tone, 'Good' | 'Attention' | 'Warning' | 'Accent' | 'Default'>> = {
  good: 'Good',
  bad: 'Attention',
  waiting: 'Warning',
  busy: 'Accent',
  plain: 'Default',
}
