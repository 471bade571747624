/** Rows of the API's table. Who is told what: messages, channels, and why. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { messageStatuses } from '../schemas/notifications.ts'
import { command, count, read, reason, withReason } from './parts.ts'
import type { Rows } from './spec.ts'

const channel = z.string().min(1).max(limits.nameLengthMax)

/** Who is told what: messages, channels, and why. */
export const notificationsRows: Rows<'notifications'> = {
  'notifications.list': {
    ...read,
    needs: 'view',
    summary:
      'Messages, those to which something happened last first. A page may hold fewer than asked for, and still have a next one.',
    cli: 'notify ls',
    query: z.strictObject({
      status: z.enum(messageStatuses).optional().meta({ description: 'Those that stand there.' }),
      channel: channel.optional().meta({ description: 'Those of that channel.' }),
      limit: count(limits.pageItemsMax).optional().meta({ description: 'Items at most.' }),
      cursor: z.string().max(500).optional().meta({ description: '`next` of the page before.' }),
    }),
    response: 'Messages',
    errors: [],
  },
  'notifications.show': {
    ...read,
    needs: 'view',
    summary: 'One message: what it says, why its channel is told, and what came of it.',
    cli: 'notify show',
    response: 'Message',
  },
  'notifications.retry': {
    ...read,
    needs: 'maintain',
    summary: 'Tries a message again that was set aside.',
    cli: 'notify retry',
    body: withReason,
    response: 'Message',
    errors: command,
  },
  'notifications.retryAll': {
    ...read,
    needs: 'maintain',
    summary: 'Tries all messages again that were set aside, of one channel or of all.',
    cli: 'notify retry',
    body: z.strictObject({ channel: channel.nullish().meta({ description: 'All of them when absent.' }), reason }),
    response: 'Retried',
    errors: command,
  },
  'notifications.discard': {
    ...read,
    needs: 'maintain',
    summary: 'Gives a message up.',
    cli: 'notify discard',
    body: withReason,
    response: 'Message',
    errors: command,
  },
  'notifications.channels': {
    ...read,
    needs: 'view',
    summary: 'The channels of the config, and how they stand.',
    cli: 'notify channels',
    response: 'Channels',
    errors: ['config_invalid'],
  },
  'notifications.test': {
    ...read,
    needs: 'maintain',
    summary: 'Sends a notice of the kind `test` now, to one channel or all, and says what came back.',
    cli: 'notify test',
    body: z.strictObject({ channel: channel.nullish().meta({ description: 'All of them when absent.' }) }),
    response: 'ChannelTest',
    errors: ['not_found', 'config_invalid'],
    withoutKey: 'it writes nothing, and asking again sends another test',
  },
  'notifications.why': {
    ...read,
    needs: 'view',
    summary: 'What there was to tell of a thing, who was told of it, and why or why not by what the config says now.',
    cli: 'notify why',
    query: z.strictObject({
      subject: z.string().min(1).max(200).meta({
        description:
          'The id of a run, rollout, release, incident, drill or train; the name of an environment; or `line`.',
      }),
    }),
    response: 'NotificationReasons',
    errors: ['not_found', 'config_invalid'],
  },
}
