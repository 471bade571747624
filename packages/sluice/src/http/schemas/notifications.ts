/** Schemas of notifications. */
import { z } from 'zod'
import { noticeKinds, noticeSeverities } from '../../core/notify/types.ts'
import type {
  ChannelsView,
  ChannelTestView,
  MessageView,
  NoticeView,
  NotificationReasonsView,
  RetriedView,
} from '../client/notification-views.ts'
import { actor, at, ref } from './fields.ts'

/** Where a message may stand. */
export const messageStatuses = ['pending', 'delivered', 'dead', 'superseded', 'discarded'] as const

const kinds = [
  'slack',
  'slackWebhook',
  'teams',
  'discord',
  'pagerduty',
  'email',
  'webhook',
  'cdevents',
  'github',
  'gitlab',
] as const

const notice: z.ZodType<NoticeView> = z.strictObject({
  id: z.string(),
  kind: z.enum(noticeKinds),
  severity: z.enum(noticeSeverities),
  at,
  subject: z.strictObject({
    kind: z.enum(['run', 'rollout', 'release', 'incident', 'environment', 'line', 'drill', 'train', 'channel', 'test']),
    id: z.string(),
  }),
  outcome: z.enum(['going_on', 'waiting', 'succeeded', 'failed', 'canceled']).nullable(),
  service: z.string(),
  environment: z.string().nullable(),
  isProduction: z.boolean(),
  title: z.string(),
  text: z.string().nullable(),
  facts: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  reason: z.string().nullable(),
  actor,
  release: ref.nullable(),
  stable: ref.nullable(),
  url: z.string().nullable(),
})

const failure = z.strictObject({ at, detail: z.string() })

/** A message. */
export const message: z.ZodType<MessageView> = z.strictObject({
  id: z.string(),
  channel: z.string(),
  status: z.enum(messageStatuses),
  notice,
  because: z.string(),
  queuedAt: at,
  expiresAt: at.nullable(),
  settledAt: at.nullable(),
  attempts: z.number().int(),
  recent: z.array(failure),
  notBeforeAt: at.nullable(),
  isSending: z.boolean(),
  cause: z.enum(['refused', 'expired', 'overflow']).nullable(),
  detail: z.string().nullable(),
  discardedBy: actor.nullable(),
})

/** What came of trying all again. */
export const retried: z.ZodType<RetriedView> = z.strictObject({ retried: z.number().int(), isMore: z.boolean() })

/** The channels. */
export const channels: z.ZodType<ChannelsView> = z.strictObject({
  items: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(kinds),
      target: z.string().nullable(),
      secrets: z.array(z.string()),
      backlog: z.number().int(),
      failures: z.number().int(),
      isFailing: z.boolean(),
      lastDeliveredAt: at.nullable(),
      lastFailure: failure.nullable(),
    }),
  ),
})

/** The answer to a test. */
export const channelTest: z.ZodType<ChannelTestView> = z.strictObject({
  items: z.array(
    z.strictObject({
      channel: z.string(),
      kind: z.enum(kinds),
      status: z.enum(['delivered', 'later', 'refused']),
      detail: z.string().nullable(),
    }),
  ),
})

/** Why somebody was told, or not. */
export const notificationReasons: z.ZodType<NotificationReasonsView> = z.strictObject({
  subject: z.string(),
  items: z.array(
    z.strictObject({
      notice,
      channels: z.array(
        z.strictObject({
          channel: z.string(),
          isTold: z.boolean(),
          because: z.string(),
          message: z.string().nullable(),
          status: z.enum(messageStatuses).nullable(),
        }),
      ),
    }),
  ),
})
