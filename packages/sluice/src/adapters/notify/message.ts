/** What a notice says to people, once for every channel: each gives it another form, none another content. */
import { channelLimits } from '../../core/limits/channels.ts'
import { limits } from '../../core/limits.ts'
import type { Commit } from '../../core/model.ts'
import type { Notice, NoticeKind, NoticeRelease } from '../../core/notify/types.ts'
import { commandsFor } from './next-commands.ts'
import { bounded, oneLine } from './text.ts'

/** How good the news are: what colours are chosen by, where there are any. */
export type Tone = 'good' | 'bad' | 'waiting' | 'busy' | 'plain'

/** A notice in the words that people read. All but `text` are one line each, without markup, and bounded. */
export type Message = {
  readonly icon: string
  /** What happened in one or two words; with the icon it says what a colour would. */
  readonly word: string
  readonly tone: Tone
  /** `<word>: <service> → <environment>`. */
  readonly headline: string
  /** The sentence of the notice: the cause first where something failed. */
  readonly title: string
  /** What a template says below it, in lines; empty where none does. */
  readonly text: string
  /** In the order of their weight: what the notice tells, then why, who and which release. */
  readonly facts: readonly { readonly name: string; readonly value: string }[]
  /** What somebody would type next. */
  readonly commands: readonly string[]
  readonly link: string | null
  readonly at: number
  /** Whether somebody should look now: a message that changes in silence is not enough. */
  readonly wantsLook: boolean
}

/** How much of a notice is told, when a receiver takes only so much. */
type Room = { readonly valueMax: number; readonly factsMax: number }

const widest: Room = { valueMax: 2_000, factsMax: 20 }
const narrower: readonly Room[] = [
  { valueMax: 700, factsMax: 15 },
  { valueMax: 250, factsMax: 12 },
  { valueMax: 100, factsMax: 10 },
  { valueMax: 40, factsMax: 4 },
]

/** The largest form of a notice that a receiver takes; the smallest one, where it would take none. What is left out is told: a cut text ends in `…`, and facts say how many more there are. */
export const fitted = <Form>(notice: Notice, form: (message: Message) => Form, fits: (form: Form) => boolean): Form => {
  let made = form(messageOf(notice, widest))
  for (const room of narrower) {
    if (fits(made)) break
    made = form(messageOf(notice, room))
  }
  return made
}

const messageOf = (notice: Notice, room: Room): Message => {
  const { icon, word } = looks[notice.kind]
  const text = textOf(notice.text ?? '', room)
  const where = [notice.service, notice.environment].flatMap((name) => (name === null ? [] : [oneLine(name)]))
  return {
    icon,
    word,
    tone: toneOf(notice),
    headline: bounded(`${word}: ${where.join(' → ')}`, 120),
    title: bounded(oneLine(notice.title), channelLimits.titleMax),
    text,
    facts: factsOf(notice, room),
    // A template that says what to type is not told twice.
    commands: commandsFor(notice).filter((command) => !text.includes(command.split(' ', 2).join(' '))),
    link: linkOf(notice.url),
    at: notice.at,
    wantsLook: wantsLook(notice),
  }
}

const textOf = (text: string, { valueMax }: Room): string =>
  bounded(text.split('\n').map(oneLine).join('\n').trim(), valueMax)

/** Whether somebody should look now: it failed, it waits for a word, or it matters that much. */
export const wantsLook = ({ outcome, severity, kind }: Notice): boolean => {
  if (kind === 'test' || outcome === 'succeeded' || outcome === 'canceled') return false
  return outcome === 'failed' || outcome === 'waiting' || severity === 'critical' || severity === 'high'
}

const toneOf = ({ outcome, severity }: Notice): Tone => {
  switch (outcome) {
    case 'succeeded':
      return 'good'
    case 'failed':
      return 'bad'
    case 'waiting':
      return 'waiting'
    case 'going_on':
      return severity === 'critical' || severity === 'high' ? 'bad' : 'busy'
    case 'canceled':
      return 'plain'
    case null:
      return severity === 'critical' || severity === 'high' ? 'bad' : 'plain'
  }
}

const factsOf = (notice: Notice, { valueMax, factsMax }: Room): Message['facts'] => {
  const { reason, actor, release, stable, commit } = notice
  const names = notice.kind === 'rollout.rolled_back' ? wentBack : onItsWay
  const own = notice.facts.slice(0, factsMax)
  const left = notice.facts.length - own.length
  const all = [
    ...own,
    ...(left === 0 ? [] : [{ name: 'And', value: `${left} more ${left === 1 ? 'fact' : 'facts'}…` }]),
    ...(reason === null ? [] : [{ name: 'Reason', value: reason }]),
    { name: 'By', value: actor.name },
    ...(release === null ? [] : [{ name: names.release, value: releaseText(release) }]),
    ...(release === null && commit !== null ? [{ name: 'Commit', value: commitText(commit) }] : []),
    ...(stable === null || stable.id === release?.id ? [] : [{ name: names.stable, value: releaseText(stable) }]),
  ]
  return all.flatMap(({ name, value }) => {
    const text = oneLine(value)
    return text === '' ? [] : [{ name: bounded(capital(oneLine(name)), 40) || 'Fact', value: bounded(text, valueMax) }]
  })
}

/** What the two releases of a notice are called. */
const onItsWay = { release: 'Release', stable: 'Way back' } as const
const wentBack = { release: 'Taken back', stable: 'Serving' } as const

const capital = (text: string): string => text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase())

const releaseText = ({ id, version, commit }: NoticeRelease): string => {
  const short = id.slice(0, limits.shortIdLength)
  return `${version === null ? short : `${version} (${short})`}, commit ${commitText(commit)}`
}

const commitText = ({ id, subject, author }: Commit): string => `${id.slice(0, 7)} “${subject}” by ${author}`

/** Only what a browser opens as a page; nothing that a program would run. */
const linkOf = (url: string | null): string | null => {
  const parsed = url === null ? null : URL.parse(url)
  return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.href.length <= 1_000 ? parsed.href : null
}

const looks: Readonly<Record<NoticeKind, { readonly icon: string; readonly word: string }>> = {
  'run.started': { icon: '▶️', word: 'Run started' },
  'run.succeeded': { icon: '✅', word: 'Run succeeded' },
  'run.failed': { icon: '❌', word: 'Run failed' },
  'run.canceled': { icon: '🚫', word: 'Run canceled' },
  'release.held': { icon: '✋', word: 'Release held' },
  'rollout.started': { icon: '🚀', word: 'Rollout started' },
  'rollout.waiting': { icon: '⏳', word: 'Rollout waits' },
  'rollout.paused': { icon: '⏸️', word: 'Rollout paused' },
  'rollout.resumed': { icon: '▶️', word: 'Rollout resumed' },
  'rollout.step': { icon: '⏩', word: 'Rollout goes on' },
  'rollout.promoted': { icon: '✅', word: 'Promoted' },
  'rollout.rolled_back': { icon: '↩️', word: 'Rolled back' },
  'rollout.failed': { icon: '❌', word: 'Rollout failed' },
  'approval.requested': { icon: '🙋', word: 'Approval wanted' },
  'approval.given': { icon: '👍', word: 'Approved' },
  'approval.rejected': { icon: '👎', word: 'Rejected' },
  'incident.opened': { icon: '🚨', word: 'Incident' },
  'incident.resolved': { icon: '✅', word: 'Incident resolved' },
  'environment.locked': { icon: '🔒', word: 'Locked' },
  'environment.unlocked': { icon: '🔓', word: 'Unlocked' },
  'line.stopped': { icon: '🛑', word: 'Line stopped' },
  'line.resumed': { icon: '🟢', word: 'Line resumed' },
  'glass.broken': { icon: '🔨', word: 'Break-glass' },
  'drill.failed': { icon: '❌', word: 'Drill failed' },
  'train.failed': { icon: '❌', word: 'Train failed' },
  'channel.failing': { icon: '🔇', word: 'Channel failing' },
  test: { icon: '🔔', word: 'Test' },
}
