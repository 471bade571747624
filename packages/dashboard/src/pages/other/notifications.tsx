/** Who is told what: the channels and how they stand, the messages, and what could not be delivered. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import type { ChannelView, MessageView } from '../../../../sluice/src/http/client/notification-views.ts'
import { countOf } from '../../../../sluice/src/http/client/words.ts'
import { ask } from '../../live/ask.ts'
import { type Question, useAnswer } from '../../live/store.ts'
import { type Deed, Deeds, OneDeed } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Paged } from '../../parts/more.tsx'
import { Empty, Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { momentOf, type Told } from '../../words.ts'

const pageItems = 50

const channelsQuestion: Question<'notifications.channels'> = {
  id: 'notifications.channels',
  input: {},
  concerns: ({ key }) => key.kind === 'message',
  // The config is a file: no event tells that it was changed.
  everyMs: 30_000,
}

type Status = MessageView['status']

const messagesQuestion = (status: Status | null): Question<'notifications.list'> => ({
  id: 'notifications.list',
  input: { query: { limit: pageItems, ...(status === null ? {} : { status }) } },
  concerns: ({ key }) => key.kind === 'message',
})

/** The page. */
export const Notifications = (): VNode => {
  const answer = useAnswer(channelsQuestion)
  return (
    <Page title="Notifications">
      <Shown answer={answer} what="The channels">
        {({ items }) => (items.length === 0 ? <Nobody /> : <Channels items={items} />)}
      </Shown>
      <Messages />
    </Page>
  )
}

const Nobody = (): VNode => (
  <Empty>
    <p>Nobody is told anything: the config has no channels. One is written in its file, for instance:</p>
    <pre tabIndex={0} aria-label="How to write a channel">
      <code>{`notify: {
  channels: { ops: { webhook: { url: 'https://…', secret: 'HOOK_SECRET' } } },
}`}</code>
    </pre>
  </Empty>
)

const channelTold = ({ isFailing, failures, lastDeliveredAt }: ChannelView): Told => {
  if (isFailing) return { tone: 'bad', word: 'failing' }
  if (failures > 0) return { tone: 'warn', word: `failed ${countOf(failures, 'time')} in a row` }
  return lastDeliveredAt === null ? { tone: 'calm', word: 'nothing delivered yet' } : { tone: 'good', word: 'delivers' }
}

const Channels = ({ items }: { readonly items: readonly ChannelView[] }): VNode => (
  <Part title="Channels" note="from sluice.config.ts">
    <Table
      label="Channels"
      columns={['Channel', 'Kind', 'To', 'State', { figure: 'Waiting' }, 'Delivered last', 'Failed last', 'What to do']}
    >
      <tbody role="rowgroup">
        {items.map((channel) => (
          <tr role="row" key={channel.name}>
            <th role="rowheader" scope="row">
              {channel.name}
            </th>
            <td role="cell">{channel.kind}</td>
            <td role="cell">{channel.target ?? <span class="none">a secret</span>}</td>
            <td role="cell">
              <Mark told={channelTold(channel)} />
            </td>
            <td role="cell" class="figure">
              {channel.backlog}
            </td>
            <td role="cell">{channel.lastDeliveredAt === null ? <None /> : <Age at={channel.lastDeliveredAt} />}</td>
            <td role="cell">
              {channel.lastFailure === null ? (
                <None />
              ) : (
                <>
                  <Age at={channel.lastFailure.at} /> {channel.lastFailure.detail}
                </>
              )}
            </td>
            <td role="cell">
              <OneDeed deed={testing(channel)} label={`Test ${channel.name}`} />{' '}
              {channel.lastFailure !== null && (
                <OneDeed deed={retryingAll(channel)} label={`Retry all of ${channel.name}`} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  </Part>
)

const None = (): VNode => <span class="none">never</span>

const testing = ({ name, kind }: ChannelView): Deed => ({
  word: 'Send test',
  title: `Send a test to ${name}?`,
  needs: { permission: 'maintain', environment: null },
  tone: 'main',
  reason: 'none',
  happens: <p>A message that says it is a test goes to {name} now, past everything that waits. It is not recorded.</p>,
  fails: <p>What {kind} answered is said here. Nothing else changes.</p>,
  run: async (_reason, idempotencyKey) => {
    const { items } = await ask('notifications.test', { body: { channel: name }, idempotencyKey })
    const [one] = items
    return one?.status === 'delivered'
      ? `${name} took the test`
      : `${name} did not take the test: ${one?.detail ?? 'no answer'}`
  },
})

const retryingAll = ({ name }: ChannelView): Deed => ({
  word: 'Retry all',
  title: `Try all again that ${name} did not take?`,
  needs: { permission: 'maintain', environment: null },
  tone: 'main',
  reason: 'optional',
  happens: (
    <p>Every message that was set aside gets in line for {name}, the newest 1,000 at once, each for another day.</p>
  ),
  fails: <p>What {name} refuses is set aside again, with what it answered.</p>,
  run: async (reason, idempotencyKey) => {
    const answer = await ask('notifications.retryAll', { body: { channel: name, reason }, idempotencyKey })
    const { retried, isMore } = answer
    return `${countOf(retried, 'message')} tried again${isMore ? '; there are more' : ''}`
  },
})

const statuses: readonly (readonly [value: Status | '', text: string])[] = [
  ['', 'all'],
  ['dead', 'not delivered'],
  ['pending', 'on their way'],
  ['delivered', 'delivered'],
  ['superseded', 'superseded'],
  ['discarded', 'given up'],
]

const Messages = (): VNode => {
  const chosen = useSignal<Status | null>(null)
  const answer = useAnswer(messagesQuestion(chosen.value))
  return (
    <Part
      title="Messages"
      note={
        <label>
          Show{' '}
          <select
            onChange={({ currentTarget: { value } }) =>
              (chosen.value =
                statuses.flatMap(([status]) => (status === value && status !== '' ? [status] : []))[0] ?? null)
            }
          >
            {statuses.map(([value, text]) => (
              <option key={value} value={value} selected={(chosen.value ?? '') === value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Shown answer={answer} what="The messages">
        {(first) =>
          first.items.length === 0 && first.next === null ? (
            <Empty>
              <p>{chosen.value === null ? 'No message was made yet.' : 'No message stands there.'}</p>
            </Empty>
          ) : (
            <Paged
              key={chosen.value ?? ''}
              first={first}
              identity={({ id }) => id}
              ask={(cursor) =>
                ask('notifications.list', {
                  query: { limit: pageItems, cursor, ...(chosen.value === null ? {} : { status: chosen.value }) },
                })
              }
            >
              {(messages) => (
                <ul class="lines messages">
                  {messages.map((message) => (
                    <li key={message.id}>
                      <Message {...message} />
                    </li>
                  ))}
                </ul>
              )}
            </Paged>
          )
        }
      </Shown>
    </Part>
  )
}

const causes: Readonly<Record<NonNullable<MessageView['cause']>, string>> = {
  refused: 'refused',
  expired: 'given up after a day',
  overflow: 'too many were waiting',
}

const messageTold = ({ status, isSending, attempts, cause }: MessageView): Told => {
  switch (status) {
    case 'delivered':
      return { tone: 'good', word: 'delivered' }
    case 'dead':
      return { tone: 'bad', word: cause === null ? 'not delivered' : causes[cause] }
    case 'superseded':
      return { tone: 'calm', word: 'superseded' }
    case 'discarded':
      return { tone: 'calm', word: 'given up' }
    case 'pending':
      if (isSending) return { tone: 'live', word: 'being sent' }
      return attempts === 0
        ? { tone: 'live', word: 'waits' }
        : { tone: 'warn', word: `waits, tried ${countOf(attempts, 'time')}` }
  }
}

const Message = (message: MessageView): VNode => {
  const { id, channel, notice, status, recent, attempts, because, detail } = message
  return (
    <details class="message">
      <summary>
        <Mark told={messageTold(message)} />
        <span class="what">{notice.title}</span>
        <span class="where">{channel}</span>
        <Age at={message.queuedAt} />
      </summary>
      <Facts
        facts={[
          ['Message', <code>{id}</code>],
          ['Kind', `${notice.kind}, ${notice.severity}`],
          ['Row of the ledger', notice.id],
          ['Why it is told', because],
          ['Attempts', String(attempts)],
          message.expiresAt === null ? null : ['Given up', momentOf(message.expiresAt)],
          message.notBeforeAt === null ? null : ['Not before', momentOf(message.notBeforeAt)],
          detail === null ? null : ['Because', detail],
          message.discardedBy === null ? null : ['Given up by', message.discardedBy.name],
        ]}
      />
      {recent.length > 0 && (
        <ol class="attempts" aria-label="Attempts that came to nothing">
          {recent.map((one) => (
            <li key={one.at}>
              <time dateTime={new Date(one.at).toISOString()}>{momentOf(one.at)}</time> {one.detail}
            </li>
          ))}
        </ol>
      )}
      {(status === 'dead' || status === 'pending') && (
        <p>
          <Deeds deeds={[...(status === 'dead' ? [retrying(message)] : []), discarding(message)]} />
        </p>
      )}
    </details>
  )
}

const retrying = ({ id, channel }: MessageView): Deed => ({
  word: 'Try again',
  title: 'Try this message again?',
  needs: { permission: 'maintain', environment: null },
  tone: 'main',
  reason: 'optional',
  happens: <p>It gets in line for {channel}, and is tried for another day.</p>,
  fails: <p>It is set aside again, with what {channel} answered.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('notifications.retry', { params: { message: id }, body: { reason }, idempotencyKey })
    return 'The message is tried again'
  },
})

const discarding = ({ id, channel }: MessageView): Deed => ({
  word: 'Give up',
  title: 'Give this message up?',
  needs: { permission: 'maintain', environment: null },
  tone: 'danger',
  reason: 'optional',
  happens: <p>{channel} is not told of it any more. It stays on record, with what you say about it.</p>,
  fails: <p>It stays as it is.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('notifications.discard', { params: { message: id }, body: { reason }, idempotencyKey })
    return 'The message is given up'
  },
})
