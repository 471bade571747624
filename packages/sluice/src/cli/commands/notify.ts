/** `sluice notify ls | show | channels | test | why | retry | discard`. */
import { isoTime } from '../../core/iso-time.ts'
import type { Message } from '../../core/notify/message.ts'
import { SluiceError } from '../../core/errors.ts'
import type { MessageView } from '../../http/client/notification-views.ts'
import { countOf } from '../../http/client/words.ts'
import { type Cli, type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { freshKey } from './follow.ts'
import { limitOf, required } from './which.ts'

const statuses: readonly Message['status'][] = ['pending', 'delivered', 'dead', 'superseded', 'discarded']

/** `sluice notify ls`. */
export const list: Command = (cli, input) => {
  const status = statusOf(textOption(input, 'status'))
  const channel = textOption(input, 'channel')
  const cursor = textOption(input, 'cursor')
  const limit = limitOf(textOption(input, 'limit'))
  return withClient(cli, 'read', async (client) => {
    const page = await client.call('notifications.list', {
      query: {
        limit,
        ...(status === null ? {} : { status }),
        ...(channel === null ? {} : { channel }),
        ...(cursor === null ? {} : { cursor }),
      },
    })
    if (cli.globals.json) {
      cli.json(page)
      return 0
    }
    if (page.items.length === 0) cli.print('no messages')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.channel,
        standingOf(one),
        one.notice.severity,
        isoTime(one.queuedAt),
        one.notice.title,
      ])
      const head = ['message', 'channel', 'status', 'severity', 'queued', 'title']
      for (const line of tableLines(head, rows, cli.style)) cli.print(line)
      const dead = page.items.filter((one) => one.status === 'dead')
      const [one] = dead
      if (one !== undefined) {
        const all = dead.length === 1 ? one.id : '--all'
        cli.print(cli.style.dim(`  next  sluice notify show ${one.id}   or   sluice notify retry ${all}`))
      }
    }
    if (page.next !== null) cli.print(cli.style.dim(`  next  sluice notify ls --cursor ${page.next}`))
    return 0
  })
}

/** `sluice notify show`. */
export const show: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const message = required(input.args[0], 'a message')
    return tell(cli, await client.call('notifications.show', { params: { message } }))
  })

/** `sluice notify retry`: one, or with `--all` all that were set aside. */
export const retry: Command = (cli, input) => {
  const channel = textOption(input, 'channel')
  const isAll = flagOption(input, 'all')
  if (isAll === (input.args[0] !== undefined) || (channel !== null && !isAll))
    throw new SluiceError('usage_invalid', {
      detail: 'either one message, or --all of them, with --channel those of one channel',
      hint: 'sluice notify retry --all --channel ops',
    })
  return isAll ? retryAll(channel)(cli, input) : commandFor('retry')(cli, input)
}

const retryAll =
  (channel: string | null): Command =>
  (cli, input) =>
    withClient(cli, 'server', async (client) => {
      const body = { channel, reason: textOption(input, 'message') }
      const answer = await client.call('notifications.retryAll', { body, idempotencyKey: freshKey() })
      if (cli.globals.json) {
        cli.json(answer)
        return 0
      }
      const of = channel === null ? '' : ` of ${channel}`
      if (answer.retried === 0) cli.print(`no message${of} was set aside`)
      else cli.print(`${cli.style.mark('done')} ${countOf(answer.retried, 'message')}${of} tried again`)
      const next = answer.isMore ? 'sluice notify retry --all (there are more)' : 'sluice notify channels'
      if (answer.retried > 0) cli.print(cli.style.dim(`  next  ${next}`))
      return 0
    })

/** `sluice notify discard`. */
export const discard: Command = (cli, input) => commandFor('discard')(cli, input)

const commandFor =
  (name: 'retry' | 'discard'): Command =>
  (cli, input) =>
    withClient(cli, 'server', async (client) => {
      const params = { message: required(input.args[0], 'a message') }
      const body = { reason: textOption(input, 'message') }
      const asked = { params, body, idempotencyKey: freshKey() }
      return tell(cli, await client.call(`notifications.${name}`, asked))
    })

/** `sluice notify channels`. */
export const channels: Command = (cli) =>
  withClient(cli, 'read', async (client) => {
    const view = await client.call('notifications.channels', {})
    if (cli.globals.json) {
      cli.json(view)
      return 0
    }
    if (view.items.length === 0) {
      cli.print('the config has no channels')
      return 0
    }
    const rows = view.items.map((one) => [
      one.name,
      one.kind,
      one.target ?? '',
      one.isFailing ? 'failing' : one.failures > 0 ? countOf(one.failures, 'failure') : 'ok',
      String(one.backlog),
      one.lastDeliveredAt === null ? 'never' : isoTime(one.lastDeliveredAt),
      one.lastFailure === null ? '' : `${isoTime(one.lastFailure.at)} ${one.lastFailure.detail}`,
    ])
    const head = ['channel', 'kind', 'to', 'state', 'waiting', 'delivered last', 'failed last']
    for (const line of tableLines(head, rows, cli.style)) cli.print(line)
    return 0
  })

/** `sluice notify test`: 1 when a channel did not take it. */
export const test: Command = (cli, input) =>
  withClient(cli, 'work', async (client) => {
    const body = { channel: input.args[0] ?? null }
    const { items } = await client.call('notifications.test', { body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ items })
    else {
      for (const { channel, kind, status, detail } of items) {
        const mark = cli.style.mark(status === 'delivered' ? 'done' : 'failed')
        cli.print(`${mark} ${channel} (${kind}) ${status}${detail === null ? '' : `: ${detail}`}`)
      }
    }
    return items.every(({ status }) => status === 'delivered') ? 0 : 1
  })

/** `sluice notify why`. */
export const why: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const subject = required(input.args[0], 'a run, a rollout, or what else it is about')
    const view = await client.call('notifications.why', { query: { subject } })
    if (cli.globals.json) {
      cli.json(view)
      return 0
    }
    if (view.items.length === 0) cli.print(`nothing of ${subject} is anything to tell`)
    for (const { notice, channels: told } of view.items) {
      cli.print(cli.style.bold(notice.title))
      cli.print(cli.style.dim(`  ${isoTime(notice.at)}  ${notice.kind}  ${notice.severity}`))
      if (told.length === 0) cli.print('  the config has no channels')
      for (const { channel, isTold, because, message, status } of told) {
        const mark = cli.style.mark(isTold ? 'done' : 'waiting')
        const fate = message === null ? (isTold ? unmade : '') : `   ${status ?? ''} ${message}`
        cli.print(`  ${mark} ${channel}: ${isTold ? 'told' : 'not told'}, ${because}${fate}`)
      }
    }
    return 0
  })

/** Of a channel that would be told by what the config says now. */
const unmade = '   no message was made: it is to come, or the config said otherwise then'

const statusOf = (text: string | null): Message['status'] | null => {
  if (text === null) return null
  const known = statuses.find((one) => one === text)
  if (known !== undefined) return known
  throw new SluiceError('usage_invalid', {
    detail: `--status ${text} is none of ${statuses.join(', ')}`,
    hint: 'sluice notify ls --status dead',
  })
}

const standingOf = ({ status, isSending, attempts, cause }: MessageView): string => {
  if (status === 'dead') return `dead (${cause ?? ''})`
  if (status !== 'pending') return status
  return isSending ? 'sending' : attempts === 0 ? 'waiting' : `waiting, ${countOf(attempts, 'attempt')}`
}

const tell = (cli: Cli, message: MessageView): number => {
  if (cli.globals.json) cli.json({ message })
  else for (const line of messageLines(cli, message)) cli.print(line)
  return 0
}

const messageLines = ({ style }: Cli, message: MessageView): readonly string[] => {
  const { notice, status, recent, detail } = message
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(11))} ${text}`
  const marks = {
    pending: 'waiting',
    delivered: 'done',
    dead: 'failed',
    superseded: 'done',
    discarded: 'done',
  } as const
  return [
    `${style.mark(marks[status])} ${style.bold(message.id)} to ${message.channel}: ${standingOf(message)}`,
    row('says', notice.title),
    row('kind', `${notice.kind}, ${notice.severity}`),
    row('told', message.because),
    row('queued', isoTime(message.queuedAt)),
    ...(message.expiresAt === null ? [] : [row('given up', isoTime(message.expiresAt))]),
    ...(message.notBeforeAt === null ? [] : [row('not before', isoTime(message.notBeforeAt))]),
    ...(message.settledAt === null ? [] : [row(status, isoTime(message.settledAt))]),
    ...(message.discardedBy === null ? [] : [row('by', message.discardedBy.name)]),
    ...(detail === null ? [] : [row('because', detail)]),
    ...recent.map((one) => row('attempt', `${isoTime(one.at)} ${one.detail}`)),
    ...(status === 'dead'
      ? [style.dim(`  next  sluice notify retry ${message.id}   or   sluice notify discard ${message.id}`)]
      : []),
  ]
}
