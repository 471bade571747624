/**
 * Notices as CDEvents 0.5.1 (<https://github.com/cdevents/spec>), sent as CloudEvents 1.0 over HTTP in binary mode: the attributes are headers, the CDEvent is the body. What CDEvents has no word for is
 * a custom event of `sluice-…`, as its chapter on those says.
 *
 * | notice                        | type                                                             |
 * |-------------------------------|------------------------------------------------------------------|
 * | run.started                   | `dev.cdevents.pipelinerun.started.0.3.0`                         |
 * | run.succeeded failed canceled | `dev.cdevents.pipelinerun.finished.0.3.0`                        |
 * | rollout.promoted              | `dev.cdevents.service.upgraded.0.3.0`, the first time `deployed` |
 * | rollout.rolled_back           | `dev.cdevents.service.rolledback.0.3.0`, of what serves after it |
 * | incident.opened               | `dev.cdevents.incident.detected.0.3.0`                           |
 * | incident.resolved             | `dev.cdevents.incident.resolved.0.3.0`                           |
 * | any other, and those that lack what their type asks for | `dev.cdeventsx.sluice-<subject>.<predicate>.0.1.0` |
 */
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice, NoticeRelease } from '../../core/notify/types.ts'
import type { Send } from './channel.ts'
import { fitted, type Message } from './message.ts'
import { addressOf, ask, judgeStatus } from './request.ts'
import { jsonBytes } from './text.ts'

/** A CDEvent. */
export type CdEvent = {
  readonly context: {
    readonly specversion: '0.5.1'
    readonly id: string
    readonly source: string
    readonly type: string
    readonly timestamp: string
    readonly chainId: string
  }
  readonly subject: { readonly id: string; readonly source: string; readonly content: Content }
  readonly customData: { readonly sluice: object }
  readonly customDataContentType: 'application/json'
}

type Content = Readonly<Record<string, unknown>>

/** What a notice is in the words of CDEvents. */
type Meaning = { readonly type: string; readonly content: Content; readonly id?: string }

/** See the file's header. The id of the event is that of the delivery: whoever gets it twice can tell. */
export const sendCdevents: Send<'cdevents'> = async ({ key, channel, notice }, tools, signal) => {
  const receiver = `the CDEvents receiver ${channel.name}`
  const url = addressOf(receiver, channel.url, 'open')
  if (!(url instanceof URL)) return url
  const event = cdEvent(notice, { key, source: channel.source })
  const { id, source, type, timestamp } = event.context
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': headerValue(id),
    'ce-source': headerValue(source),
    'ce-type': type,
    'ce-subject': headerValue(event.subject.id),
    'ce-time': timestamp,
    'user-agent': `Sluice/${tools.version}`,
  }
  const body = JSON.stringify(event)
  const answer = await ask({ receiver, url, method: 'POST', headers, body, deadlineMs: tools.callDeadlineMs }, signal)
  if (answer.status !== 'answered') return answer
  return judgeStatus(receiver, answer) ?? { status: 'delivered', receipt: {} }
}

/** A notice as a CDEvent. */
export const cdEvent = (notice: Notice, from: { readonly key: string; readonly source: string }): CdEvent => {
  const { type, content, id } = meaningOf(notice)
  const { service, subject } = notice
  const form = (message: Message): CdEvent => ({
    context: {
      specversion: '0.5.1',
      id: from.key,
      source: from.source,
      type,
      timestamp: new Date(notice.at).toISOString(),
      chainId: `${service}/${subject.kind}/${subject.id}`,
    },
    subject: {
      id: id ?? subject.id,
      source: from.source,
      content,
    },
    customData: { sluice: customOf(notice, message) },
    customDataContentType: 'application/json',
  })
  return fitted(notice, form, (event) => jsonBytes(event) <= channelLimits.webhookBytesMax)
}

const meaningOf = (notice: Notice): Meaning => {
  const { kind, service, environment, release, stable, url, subject } = notice
  const pipeline = { pipelineName: service, uri: url ?? `urn:sluice:run:${encodeURIComponent(subject.id)}` }
  const place = environment === null ? null : { environment: { id: environment } }
  const finished = (outcome: 'success' | 'failure' | 'cancel'): Meaning => ({
    type: 'dev.cdevents.pipelinerun.finished.0.3.0',
    content: { ...pipeline, outcome, ...(outcome === 'failure' ? { errors: notice.title } : {}) },
  })
  const served = (predicate: string, of: NoticeRelease | null): Meaning =>
    place === null || of === null
      ? customMeaning(notice)
      : {
          type: `dev.cdevents.service.${predicate}.0.3.0`,
          id: service,
          content: { ...place, artifactId: packageUrl(service, of) },
        }
  const incident = (predicate: string): Meaning => {
    if (place === null) return customMeaning(notice)
    const artifact = release === null ? {} : { artifactId: packageUrl(service, release) }
    const content = { description: notice.title, ...place, service: { id: service }, ...artifact }
    return { type: `dev.cdevents.incident.${predicate}.0.3.0`, content }
  }
  switch (kind) {
    case 'run.started':
      return { type: 'dev.cdevents.pipelinerun.started.0.3.0', content: pipeline }
    case 'run.succeeded':
      return finished('success')
    case 'run.failed':
      return finished('failure')
    case 'run.canceled':
      return finished('cancel')
    case 'rollout.promoted':
      return served(stable === null ? 'deployed' : 'upgraded', release)
    case 'rollout.rolled_back':
      return served('rolledback', stable)
    case 'incident.opened':
      return incident('detected')
    case 'incident.resolved':
      return incident('resolved')
    default:
      return customMeaning(notice)
  }
}

/** `<tool>-<subject>`, and a predicate, of letters only. */
const customMeaning = ({ kind, service, environment, outcome, severity }: Notice): Meaning => {
  const [about = 'notice', happened = 'sent'] = kind.split('.')
  const predicate = happened.replaceAll('_', '')
  return {
    type: `dev.cdeventsx.sluice-${about}.${predicate}.0.1.0`,
    content: {
      service,
      severity,
      ...(environment === null ? {} : { environment }),
      ...(outcome === null ? {} : { outcome }),
    },
  }
}

const customOf = (notice: Notice, { title, text, facts, link }: Message): object => ({
  kind: notice.kind,
  severity: notice.severity,
  title,
  ...(text === '' ? {} : { text }),
  facts,
  ...(notice.release === null ? {} : { release: notice.release.id, commit: notice.release.commit.id }),
  ...(link === null ? {} : { url: link }),
})

/** A release as a package URL (<https://github.com/package-url/purl-spec>): its version, or where it has none its id, by which Sluice knows it in any case. */
const packageUrl = (service: string, { id, version }: NoticeRelease): string =>
  `pkg:generic/${encodeURIComponent(service)}@${encodeURIComponent(version ?? id)}?release=${encodeURIComponent(id)}`

/** A value of a header, as the HTTP binding of CloudEvents 1.0 (3.1.3.2) spells it: what is no visible ASCII, the quote and the percent sign, in percent. */
const headerValue = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^\u0021-\u007E]|["%]/gu, (letter) =>
      [...Buffer.from(letter, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
