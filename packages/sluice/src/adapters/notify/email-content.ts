/** A notice as the content of a mail: text for every mail program, HTML for most. */
import { isoTime } from '../../core/iso-time.ts'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice } from '../../core/notify/types.ts'
import { fitted, type Message, type Tone } from './message.ts'
import { bounded, escapeHtml } from './text.ts'

/** The content of a mail. */
export type MailContent = { readonly subject: string; readonly text: string; readonly html: string }

/** A notice as a mail. The subject says what happened, so that one knows without opening it. */
export const mailContent = (notice: Notice): MailContent =>
  fitted(
    notice,
    (message) => ({ subject: subjectOf(message), text: textOf(message), html: htmlOf(message) }),
    ({ text, html }) => Buffer.byteLength(text) + Buffer.byteLength(html) <= channelLimits.mailBytesMax,
  )

const subjectOf = ({ icon, headline, title }: Message): string =>
  bounded(`${icon} ${headline}${title === '' ? '' : ` – ${title}`}`, channelLimits.mailSubjectMax)

const textOf = ({ headline, title, text, facts, commands, link, at }: Message): string => {
  const parts = [
    `${headline}\n${title}`,
    text,
    facts.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    commands.length === 0 ? '' : `Next:\n${commands.map((command) => `    ${command}`).join('\n')}`,
    link ?? '',
    `-- \nSluice, ${timeOf(at)}`,
  ]
  return `${parts.filter((part) => part.trim() !== '').join('\n\n')}\n`
}

/** Tables and styles in attributes: what mail programs understand, the oldest included. Colours of both themes are theirs but for the bar, which the word beside it repeats. */
const htmlOf = ({ icon, headline, title, text, facts, commands, link, tone, at }: Message): string => {
  const rows = facts.map(({ name, value }) => `<tr>${cell('th', name)}${cell('td', value)}</tr>`).join('\n')
  const next = commands.map((command) => `<div style="${styles.command}">${escapeHtml(command)}</div>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(headline)}</title>
</head>
<body style="margin: 0; padding: 16px;">
<div style="${styles.page} border-left: 4px solid ${colors[tone]};">
<h1 style="${styles.heading}">${icon} ${escapeHtml(headline)}</h1>
<p style="${styles.title}">${escapeHtml(title)}</p>
${text === '' ? '' : `<p style="${styles.title}">${text.split('\n').map(escapeHtml).join('<br>')}</p>`}
<table style="${styles.table}">
${rows}
</table>
${next === '' ? '' : `<p style="${styles.label}">Next</p>\n${next}`}
${link === null ? '' : `<p style="${styles.title}"><a href="${escapeHtml(link)}">Open in Sluice</a></p>`}
<p style="${styles.foot}">Sluice · ${timeOf(at)}</p>
</div>
</body>
</html>
`
}

const timeOf = (at: number): string => `${isoTime(at).slice(0, 16).replace('T', ' ')} UTC`

const cell = (tag: 'th' | 'td', text: string): string => {
  const [scope, style] = tag === 'th' ? [' scope="row"', styles.name] : ['', styles.value]
  return `<${tag}${scope} style="${style}">${escapeHtml(text)}</${tag}>`
}

const styles = {
  page: 'max-width: 640px; margin: 0 auto; padding: 4px 0 4px 16px; font: 15px/1.5 system-ui, -apple-system, Segoe UI, Roboto, sans-serif;',
  heading: 'margin: 0 0 8px; font-size: 19px; line-height: 1.3; font-weight: 600;',
  title: 'margin: 0 0 16px; overflow-wrap: anywhere;',
  table: 'border-collapse: collapse; margin: 0 0 16px;',
  name: 'padding: 3px 16px 3px 0; text-align: left; vertical-align: top; font-weight: 600; white-space: nowrap;',
  value: 'padding: 3px 0; vertical-align: top; overflow-wrap: anywhere;',
  label: 'margin: 0 0 4px; font-weight: 600;',
  command:
    'margin: 0 0 8px; padding: 6px 10px; border: 1px solid #8c959f; border-radius: 6px; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere;',
  foot: 'margin: 16px 0 0; font-size: 13px; opacity: 0.75;',
} as const

const colors: Readonly<Record<Tone, string>> = {
  good: '#2da44e',
  bad: '#cf222e',
  waiting: '#bf8700',
  busy: '#0969da',
  plain: '#8c959f',
}
