/** What the routes of notifications take and give, as types. Part of `contract.ts`. */
import type { Message } from '../../core/notify/message.ts'
import type { None, PageInput, ReasonInput } from './contract.ts'
import type {
  ChannelsView,
  ChannelTestView,
  MessageView,
  NotificationReasonsView,
  RetriedView,
} from './notification-views.ts'
import type { PageView } from './views.ts'

/** Query, body and response of the routes of notifications. */
export type NotificationsContract = {
  'notifications.list': {
    query: PageInput & {
      readonly status?: Message['status'] | undefined
      readonly channel?: string | undefined
    }
    body: None
    response: PageView<MessageView>
  }
  'notifications.show': { query: None; body: None; response: MessageView }
  'notifications.retry': { query: None; body: ReasonInput; response: MessageView }
  'notifications.retryAll': {
    query: None
    body: ReasonInput & { readonly channel?: string | null | undefined }
    response: RetriedView
  }
  'notifications.discard': { query: None; body: ReasonInput; response: MessageView }
  'notifications.channels': { query: None; body: None; response: ChannelsView }
  'notifications.test': {
    query: None
    body: { readonly channel?: string | null | undefined }
    response: ChannelTestView
  }
  'notifications.why': { query: { readonly subject: string }; body: None; response: NotificationReasonsView }
}
