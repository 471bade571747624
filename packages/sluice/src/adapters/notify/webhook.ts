/**
 * Any receiver, by a signed request in the manner of Standard Webhooks 1.0 (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>): `webhook-id` is the same for
 * every attempt, `webhook-timestamp` is that of the attempt, and `webhook-signature` is HMAC-SHA-256 over `<id>.<timestamp>.<body>`, the body's bytes as they are sent.
 */
import { createHmac } from 'node:crypto'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Notice } from '../../core/notify/types.ts'
import type { Send } from './channel.ts'
import { addressOf, ask, judgeStatus, refused } from './request.ts'
import { bounded } from './text.ts'

/** See the file's header. */
export const sendWebhook: Send<'webhook'> = async ({ key, channel, notice }, tools, signal) => {
  const receiver = `the webhook ${channel.name}`
  const secret = signingKey(await tools.secret(channel.secret, signal))
  if (secret === null) return refused(`the secret of ${receiver} has less than 24 bytes, or is no base64 after whsec_`)
  const url = addressOf(receiver, channel.url, 'open')
  if (!(url instanceof URL)) return url
  const body = webhookBody(notice)
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const signature = createHmac('sha256', secret).update(`${key}.${timestamp}.${body}`).digest('base64')
  const headers = {
    'webhook-id': key,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
    'user-agent': `Sluice/${tools.version}`,
  }
  const answer = await ask({ receiver, url, method: 'POST', headers, body, deadlineMs: tools.callDeadlineMs }, signal)
  if (answer.status !== 'answered') return answer
  return judgeStatus(receiver, answer) ?? { status: 'delivered', receipt: {} }
}

/** After `whsec_`, base64; anything else is taken as it is. Null for one that is no key: the specification asks for 24 bytes at least. */
const signingKey = (secret: string): Buffer | null => {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const bytes = encoded === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(encoded, 'base64')
  return bytes.length < 24 || (encoded === undefined && secret.startsWith('whsec_')) ? null : bytes
}

/** The notice as it is, `type` being its kind. One that is too large has fewer and shorter facts, and says so. */
export const webhookBody = (notice: Notice): string => {
  const timestamp = new Date(notice.at).toISOString()
  const bodyOf = (data: Notice & { readonly isShortened?: true }): string =>
    JSON.stringify({ type: notice.kind, timestamp, data })
  const whole = bodyOf(notice)
  if (Buffer.byteLength(whole) <= channelLimits.webhookBytesMax) return whole
  const facts = notice.facts
    .slice(0, 20)
    .map(({ name, value }) => ({ name: bounded(name, 40), value: bounded(value, 100) }))
  return bodyOf({
    ...notice,
    facts,
    title: bounded(notice.title, channelLimits.titleMax),
    ...(notice.text === undefined ? {} : { text: bounded(notice.text, 1_000) }),
    reason: notice.reason === null ? null : bounded(notice.reason, 500),
    isShortened: true,
  })
}
