import type { ApiContext, Handlers } from '../context.ts'
import type { MessageView } from '../client/notification-views.ts'
import { channelTestView, channelView, messageView, reasonsView } from '../present/notifications.ts'
import { serviceOf } from './lookup.ts'

/** Answers about messages and channels, and everything that is asked of them. */
export const notificationHandlers: Handlers<
  | 'notifications.list'
  | 'notifications.show'
  | 'notifications.retry'
  | 'notifications.retryAll'
  | 'notifications.discard'
  | 'notifications.channels'
  | 'notifications.test'
  | 'notifications.why'
> = {
  'notifications.list': async ({ engine }, { query }) => {
    const { status = null, channel = null, limit, cursor } = query
    const page = await engine.notifications.messages(
      { status, channel },
      { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) },
    )
    return { items: page.items.map(messageView), next: page.next }
  },
  'notifications.show': (context, { params }) => show(context, params.message),
  'notifications.retry': async (context, { params, body, caller }) => {
    await context.engine.notifications.retry(params.message, { ...caller, reason: body.reason ?? null })
    return show(context, params.message)
  },
  'notifications.retryAll': ({ engine }, { body: { channel = null, reason = null }, caller }) =>
    engine.notifications.retryAll(channel, { ...caller, reason }),
  'notifications.discard': async (context, { params, body, caller }) => {
    await context.engine.notifications.discard(params.message, { ...caller, reason: body.reason ?? null })
    return show(context, params.message)
  },
  'notifications.channels': async ({ engine }) => ({
    items: (await engine.notifications.channels()).map(channelView),
  }),
  'notifications.test': async ({ engine }, { body, caller, signal }) =>
    channelTestView(await engine.notifications.test(body.channel ?? null, caller.by, signal)),
  'notifications.why': async (context, { query, signal }) => {
    const { subject } = query
    return reasonsView(subject, await context.engine.notifications.why(subject, await serviceOf(context, signal)))
  },
}

const show = async ({ engine }: ApiContext, id: string): Promise<MessageView> =>
  messageView(await engine.reading.message(id))
