/**
 * PagerDuty by its Events API v2. What needs somebody is an alert of the subject: triggered, acknowledged once somebody acts, resolved when it is over. All else is a change event: it tells nobody,
 * and stands beside the alerts that come after it. <https://developer.pagerduty.com/docs/events-api-v2-overview>, <https://developer.pagerduty.com/docs/send-change-event>, read in November 2026.
 *
 * | the subject's alert | notice                                                              | sent                 |
 * |---------------------|---------------------------------------------------------------------|----------------------|
 * | none                | it needs somebody (see `needsSomebody`)                             | trigger              |
 * | none                | anything else                                                       | change event         |
 * | open                | it needs somebody                                                   | trigger, with the key |
 * | open                | approval.given while it still waits                                 | acknowledge          |
 * | open                | it goes on, succeeded or was canceled; unlocked, resumed            | resolve, and a change event |
 * | none                | incident.resolved, line.resumed                                     | resolve: also where the trigger's answer was lost |
 * | any                 | test                                                                | trigger, then resolve |
 */
import { hash } from 'node:crypto'
import { isoTime } from '../../core/iso-time.ts'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice, NoticeSeverity } from '../../core/notify/types.ts'
import type { Send } from './channel.ts'
import { fitted, type Message } from './message.ts'
import { addressOf, ask, judgeStatus, type Undelivered } from './request.ts'
import { bounded, jsonBytes } from './text.ts'

const receiver = 'PagerDuty'

/** One event, and where below the API's address it goes. */
export type PagerdutyEvent = { readonly path: '/v2/enqueue' | '/v2/change/enqueue'; readonly body: object }

/** See the file's header. Each event has a key, and a repeated one changes nothing: PagerDuty takes it into the same alert. */
export const sendPagerduty: Send<'pagerduty'> = async ({ channel, notice, previous }, tools, signal) => {
  const routingKey = await tools.secret(channel.routingKey, signal)
  const events = pagerdutyEvents(notice, previous?.['alert'] === 'open')
  for (const { path, body } of events) {
    const url = addressOf(receiver, `${channel.url.replace(/\/$/, '')}${path}`, 'secret')
    if (!(url instanceof URL)) return url
    const why = await send(url, { routing_key: routingKey, ...body })
    if (why !== null) return why
  }
  const last = events.findLast(({ path }) => path === '/v2/enqueue')?.body
  const action = last !== undefined && 'event_action' in last ? last.event_action : null
  const isOpen = action === null ? previous?.['alert'] === 'open' : action !== 'resolve'
  return { status: 'delivered', receipt: { alert: isOpen ? 'open' : 'none' } }

  async function send(url: URL, body: object): Promise<Undelivered | null> {
    const headers = { 'user-agent': `Sluice/${tools.version}` }
    const deadlineMs = tools.callDeadlineMs
    const answer = await ask({ receiver, url, method: 'POST', headers, body: JSON.stringify(body), deadlineMs }, signal)
    return answer.status === 'answered' ? judgeStatus(receiver, answer) : answer
  }
}

/** The events that a notice makes, in order; without the routing key. */
export const pagerdutyEvents = (notice: Notice, isOpen: boolean): readonly PagerdutyEvent[] => {
  if (notice.kind === 'test') return [alert(notice, 'trigger'), alert(notice, 'resolve')]
  if (needsSomebody(notice)) return [alert(notice, 'trigger')]
  if (isOpen && notice.outcome === 'waiting') return [alert(notice, 'acknowledge')]
  if (endsAlerts.has(notice.kind)) return [alert(notice, 'resolve')]
  return isOpen ? [alert(notice, 'resolve'), change(notice)] : [change(notice)]
}

/** Whether a notice asks for somebody: it waits for a word, it failed and did not come back by itself, or what it says is worse than that. */
const needsSomebody = ({ kind, outcome, severity }: Notice): boolean => {
  if (kind === 'approval.given' || kind === 'approval.rejected' || outcome === 'succeeded' || outcome === 'canceled')
    return false
  if (severity === 'critical' || severity === 'high') return true
  if (kind === 'rollout.rolled_back') return false
  return outcome === 'failed' || outcome === 'waiting' || alarms.has(kind)
}

const alarms: ReadonlySet<Notice['kind']> = new Set([
  'incident.opened',
  'line.stopped',
  'glass.broken',
  'channel.failing',
])

const endsAlerts: ReadonlySet<Notice['kind']> = new Set(['incident.resolved', 'line.resumed'])

type Action = 'trigger' | 'acknowledge' | 'resolve'

const alert = (notice: Notice, action: Action): PagerdutyEvent => ({
  path: '/v2/enqueue',
  body:
    action === 'trigger'
      ? fitted(notice, (message) => triggerOf(notice, message), isSmall)
      : { event_action: action, dedup_key: dedupKey(notice) },
})

const triggerOf = (notice: Notice, message: Message): object => ({
  event_action: 'trigger',
  dedup_key: dedupKey(notice),
  client: 'Sluice',
  ...(message.link === null ? {} : { client_url: message.link }),
  ...payloadOf(notice, message),
})

const change = (notice: Notice): PagerdutyEvent => ({
  path: '/v2/change/enqueue',
  body: fitted(notice, (message) => changeOf(notice, message), isSmall),
})

const changeOf = (notice: Notice, message: Message): object => {
  const { payload, links } = payloadOf(notice, message)
  const { summary, source, timestamp, custom_details } = payload
  return { payload: { summary, source, timestamp, custom_details }, links }
}

type Payload = {
  readonly payload: {
    readonly summary: string
    readonly source: string
    readonly severity: 'critical' | 'error' | 'warning' | 'info'
    readonly timestamp: string
    readonly component: string
    readonly group?: string
    readonly class: string
    readonly custom_details: Readonly<Record<string, string>>
  }
  readonly links: readonly { readonly href: string; readonly text: string }[]
}

const payloadOf = (notice: Notice, { headline, title, text, facts, commands, link, at }: Message): Payload => {
  const { service, environment, kind, severity } = notice
  const details = [
    ...(text === '' ? [] : [{ name: 'Text', value: text }]),
    ...facts,
    ...commands.map((value, index) => ({ name: index === 0 ? 'Next' : `Or ${index + 1}`, value })),
  ]
  return {
    payload: {
      summary: bounded(`${headline}. ${title}`, channelLimits.pagerdutySummaryMax),
      source: environment === null ? service : `${service}/${environment}`,
      severity: severities[severity],
      timestamp: isoTime(at),
      component: service,
      ...(environment === null ? {} : { group: environment }),
      class: kind,
      custom_details: Object.fromEntries(details.map(({ name, value }) => [name, value])),
    },
    links: link === null ? [] : [{ href: link, text: 'Open in Sluice' }],
  }
}

const isSmall = (body: object): boolean => jsonBytes(body) <= channelLimits.pagerdutyBytesMax

const severities: Readonly<Record<NoticeSeverity, Payload['payload']['severity']>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
}

/** The key of a subject's alert: what it is about in words; where that is longer than PagerDuty takes, its hash. */
export const dedupKey = ({ service, subject }: Notice): string => {
  const key = `sluice/${service}/${subject.kind}/${subject.id}`
  return key.length <= channelLimits.pagerdutyKeyMax ? key : `sluice/${hash('sha256', key)}`
}
