/** Notices and messages as the API tells them. */
import { unreachable } from '../../core/machine.ts'
import type { Message } from '../../core/notify/message.ts'
import { secretsOf } from '../../core/notify/rules.ts'
import type { Channel, Notice, NoticeRelease } from '../../core/notify/types.ts'
import type { Tested } from '../../engine/commands/channel-test.ts'
import type { ExplainedNotice } from '../../engine/notify/notice-reasons.ts'
import type { ChannelStanding } from '../../engine/notify/notifications.ts'
import type {
  ChannelTestView,
  ChannelView,
  MessageView,
  NoticeView,
  NotificationReasonsView,
} from '../client/notification-views.ts'
import type { ReleaseRef } from '../client/views.ts'

/** A notice. */
const noticeView = (notice: Notice): NoticeView => ({
  id: notice.id,
  kind: notice.kind,
  severity: notice.severity,
  at: notice.at,
  subject: notice.subject,
  outcome: notice.outcome,
  service: notice.service,
  environment: notice.environment,
  isProduction: notice.isProduction,
  title: notice.title,
  text: notice.text ?? null,
  facts: notice.facts,
  reason: notice.reason,
  actor: notice.actor,
  release: refOf(notice.release),
  stable: refOf(notice.stable),
  url: notice.url,
})

const refOf = (release: NoticeRelease | null): ReleaseRef | null =>
  release === null ? null : { id: release.id, version: release.version ?? release.id }

/** A message as it stands. */
export const messageView = (message: Message): MessageView => {
  const { id, channel, status, notice, because, queuedAt, attempts, recent } = message
  const common = { id, channel, status, notice: noticeView(notice), because, queuedAt, attempts, recent }
  const open = { expiresAt: null, notBeforeAt: null, isSending: false, cause: null, detail: null, discardedBy: null }
  switch (message.status) {
    case 'pending': {
      const { stage, expiresAt } = message
      const notBeforeAt = stage.kind === 'waiting' ? stage.notBeforeAt : null
      return { ...common, ...open, expiresAt, notBeforeAt, isSending: stage.kind === 'sending', settledAt: null }
    }
    case 'delivered':
      return { ...common, ...open, settledAt: message.deliveredAt }
    case 'dead':
      return { ...common, ...open, settledAt: message.deadAt, cause: message.cause, detail: message.detail }
    case 'superseded':
      return { ...common, ...open, settledAt: message.supersededAt, detail: `${message.by} says all of it` }
    case 'discarded':
      return {
        ...common,
        ...open,
        settledAt: message.discardedAt,
        detail: message.reason,
        discardedBy: message.by,
      }
    default:
      return unreachable(message)
  }
}

/** A channel as it stands. */
export const channelView = (standing: ChannelStanding): ChannelView => {
  const { channel, backlog, failures, isFailing, lastDeliveredAt, lastFailure } = standing
  return {
    name: channel.name,
    kind: channel.kind,
    target: targetOf(channel),
    secrets: secretsOf(channel),
    backlog,
    failures,
    isFailing,
    lastDeliveredAt,
    lastFailure,
  }
}

const targetOf = (channel: Channel): string | null => {
  switch (channel.kind) {
    case 'slack':
      return channel.channel
    case 'slackWebhook':
    case 'teams':
    case 'discord':
      return null
    case 'email':
      return channel.to.join(', ')
    case 'pagerduty':
    case 'webhook':
    case 'cdevents':
      return channel.url
    case 'github':
      return channel.repository
    case 'gitlab':
      return channel.project
    default:
      return unreachable(channel)
  }
}

/** What came back of a test. */
export const channelTestView = (tested: readonly Tested[]): ChannelTestView => ({
  items: tested.map(({ channel, delivered }) => ({
    channel: channel.name,
    kind: channel.kind,
    status: delivered.status,
    detail: delivered.status === 'delivered' ? null : delivered.detail,
  })),
})

/** Why somebody was told, or not. */
export const reasonsView = (subject: string, found: readonly ExplainedNotice[]): NotificationReasonsView => ({
  subject,
  items: found.map(({ notice, channels }) => ({
    notice: noticeView(notice),
    channels: channels.map(({ channel, isTold, because, message }) => ({
      channel,
      isTold,
      because,
      message: message?.id ?? null,
      status: message?.status ?? null,
    })),
  })),
})
