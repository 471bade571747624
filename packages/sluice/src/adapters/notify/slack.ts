/**
 * Slack by a bot token. The message of a subject is posted once and updated in place; what happened goes, a line each, into its thread, and there to the whole channel where somebody should look:
 * Slack tells nobody of an update.
 *
 * Two methods, by plain requests: Slack's own client is 12 MB, retries by itself (the outbox does) and does not say what it did. <https://docs.slack.dev/reference/methods/chat.postMessage>,
 * `chat.update`; read in November 2026.
 */
import type { Receipt } from '../../core/notify/types.ts'
import type { Send, Tools } from './channel.ts'
import { wantsLook } from './message.ts'
import { addressOf, ask, type Answered, judgeStatus, later, refused, type Undelivered } from './request.ts'
import { slackLine, slackMessage } from './slack-blocks.ts'

type Method = 'chat.postMessage' | 'chat.update'

/** One call: what is asked of whom. */
type Call = {
  readonly api: string
  readonly method: Method
  readonly token: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** What Slack answers: its fields, or why not, with the code of the error where it gave one. */
type Said =
  | { readonly status: 'said'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly status: 'unsaid'; readonly error: string | null; readonly why: Undelivered }

/** See the file's header. Slack offers no key by which it would know a message that it has; one whose answer got lost is posted twice. */
export const sendSlack: Send<'slack'> = async ({ channel, notice, previous }, tools, signal) => {
  const token = await tools.secret(channel.token, signal)
  const call = (method: Method, fields: Call['fields']): Promise<Said> =>
    callSlack({ api: channel.url.replace(/\/+$/, ''), method, token, fields }, tools, signal)
  const content = { ...slackMessage(notice), ...quiet }
  const place = placeOf(previous, channel.channel)
  if (place !== null) {
    const updated = await withoutBlocks((body) => call('chat.update', { ...place, ...body }), content)
    if (updated.status === 'said') {
      const line = { channel: place.channel, thread_ts: place.ts, text: slackLine(notice), ...quiet }
      const told = await call('chat.postMessage', { ...line, reply_broadcast: wantsLook(notice) })
      const isTold = told.status === 'said' || (told.why.status === 'refused' && !wantsLook(notice))
      if (isTold) return { status: 'delivered', receipt: receiptOf(channel.channel, place) }
      if (told.why.status === 'later') return told.why
    } else if (updated.error === null || !gone.has(updated.error)) return updated.why
  }
  const posted = await withoutBlocks((body) => call('chat.postMessage', { channel: channel.channel, ...body }), content)
  if (posted.status === 'unsaid') return posted.why
  const { channel: id, ts } = posted.fields
  const at =
    typeof id === 'string' && typeof ts === 'string'
      ? placeOf({ to: channel.channel, channel: id, ts }, channel.channel)
      : null
  // A message that cannot be found again is a message all the same.
  return { status: 'delivered', receipt: at === null ? {} : receiptOf(channel.channel, at) }
}

/** Slack looks for nothing in the texts that would ring a bell or show a page; `chat.update` would, if not told. */
const quiet = { parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false } as const

type Place = { readonly channel: string; readonly ts: string }

/** Where the message of the subject is; null for none, one in another channel than the config names now, or a receipt of another form. */
const placeOf = (receipt: Receipt | null, to: string): Place | null => {
  const { to: postedTo, channel = '', ts = '' } = receipt ?? {}
  return postedTo === to && /^[A-Z0-9]{1,40}$/.test(channel) && /^\d{1,20}\.\d{1,10}$/.test(ts) ? { channel, ts } : null
}

const receiptOf = (to: string, { channel, ts }: Place): Receipt => ({ to, channel, ts })

/** Errors that say that a message is not there any more, or no longer ours to change. */
const gone: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
  'is_archived',
])

/** Slack's limits of blocks are lower than it documents: what it does not take as blocks, it gets as a text. */
const withoutBlocks = async (
  send: (content: object) => Promise<Said>,
  content: { readonly blocks: readonly object[] },
): Promise<Said> => {
  const said = await send(content)
  return said.status === 'unsaid' && said.error !== null && tooMuch.has(said.error)
    ? send({ ...content, blocks: [] })
    : said
}

const tooMuch: ReadonlySet<string> = new Set(['msg_blocks_too_long', 'invalid_blocks', 'invalid_blocks_format'])

/** Errors that pass. */
const passing: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'service_unavailable',
  'internal_error',
  'fatal_error',
  'request_timeout',
  'team_added_to_org',
  'external_channel_migrating',
])

/** What to do about errors that people meet. */
const advice: Readonly<Record<string, string>> = {
  not_in_channel: 'invite the app into the channel: /invite @<its name>',
  channel_not_found: 'there is no such channel, or it is private and the app was not invited',
  is_archived: 'the channel is archived',
  missing_scope: 'give the app the scope chat:write, and install it again',
  invalid_auth: 'the token is wrong',
  not_authed: 'the token is empty',
  token_revoked: 'the token was revoked',
  account_inactive: 'the app was removed from the workspace',
}

const callSlack = async ({ api, method, token, fields }: Call, tools: Tools, signal: AbortSignal): Promise<Said> => {
  const url = addressOf('Slack', `${api}/${method}`, 'secret')
  if (!(url instanceof URL)) return { status: 'unsaid', error: null, why: url }
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json; charset=utf-8',
    'user-agent': `Sluice/${tools.version}`,
  }
  const answer = await ask(
    { receiver: 'Slack', url, method: 'POST', headers, body: JSON.stringify(fields), deadlineMs: tools.callDeadlineMs },
    signal,
  )
  return answer.status === 'answered' ? meaningOf(answer) : { status: 'unsaid', error: null, why: answer }
}

/** Slack says no with 200 and `ok: false`; a 429 has the same form. */
const meaningOf = (answer: Answered): Said => {
  const { ok, error } = answer.json
  const judged = judgeStatus('Slack', answer)
  if (judged === null && ok === true) return { status: 'said', fields: answer.json }
  if (typeof error !== 'string')
    return {
      status: 'unsaid',
      error: null,
      why: judged ?? later('Slack answers 200, with what is none of its answers'),
    }
  const why = passing.has(error)
    ? later(`Slack says ${error}`, answer.retryAfterMs)
    : refused(`Slack says ${error}${advice[error] === undefined ? '' : `: ${advice[error]}`}`)
  return {
    status: 'unsaid',
    error,
    why: judged?.status === 'later' ? later(why.detail, answer.retryAfterMs) : why,
  }
}
