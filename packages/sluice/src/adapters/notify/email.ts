/**
 * E-mail over SMTP, by nodemailer. Notices of one subject are a thread: each mail answers the one before (RFC 5322, In-Reply-To and References, from the receipt). The Message-ID is made of the
 * delivery's key, so that a mail that arrives twice is the same mail. A password is only said over TLS, or to this machine.
 */
import { hash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { channelLimits } from '../../core/limits/channels.ts'
import type { Receipt } from '../../core/notify/types.ts'
import type { Delivered } from '../../ports/notifier.ts'
import type { DeliveryTo, Send } from './channel.ts'
import { mailContent } from './email-content.ts'
import { isHere, later, refused, type Undelivered } from './request.ts'

/** See the file's header. */
export const sendEmail: Send<'email'> = async (delivery, tools, signal) => {
  const { channel, notice, key, previous } = delivery
  const password = channel.password === null ? null : await tools.secret(channel.password, signal)
  const server = URL.parse(channel.server)
  if (server === null || !/^smtps?:$/.test(server.protocol) || server.hostname === '')
    return refused('the address of the mail server is none that begins with smtp:// or smtps://')
  const isSecure = server.protocol === 'smtps:'
  const host = server.hostname.replaceAll(/^\[|\]$/g, '')
  const transport = createTransport({
    host,
    port: server.port === '' ? (isSecure ? 465 : 587) : Number(server.port),
    secure: isSecure,
    requireTLS: !isSecure && password !== null && !isHere(host),
    ...(password === null ? {} : { auth: { user: channel.user ?? channel.from, pass: password } }),
    connectionTimeout: tools.callDeadlineMs,
    greetingTimeout: tools.callDeadlineMs,
    socketTimeout: tools.callDeadlineMs,
    dnsTimeout: tools.callDeadlineMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const messageId = messageIdOf(key, channel.from)
  const thread = [previous?.['first'], previous?.['last']].flatMap((id) =>
    id !== undefined && isMessageId(id) ? [id] : [],
  )
  const mail = {
    from: channel.from,
    to: [...channel.to],
    messageId,
    date: new Date(notice.at),
    ...(thread.length === 0 ? {} : { inReplyTo: thread.at(-1), references: [...new Set(thread)] }),
    headers: {
      // RFC 3834: nobody is away from a machine's mail.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-Sluice-Kind': notice.kind,
    },
    priority: notice.severity === 'critical' ? ('high' as const) : ('normal' as const),
    ...mailContent(notice),
  }
  try {
    const sent = await within(transport.sendMail(mail), signal)
    const receipt = { first: thread[0] ?? messageId, last: messageId }
    return outcomeOf(sent.rejectedErrors ?? [], delivery, receipt)
  } catch (error) {
    return failureOf(error, signal)
  } finally {
    transport.close()
  }
}

/** Whoever is left out of a mail that others got is named: a wrong address shows, and a full mailbox is tried again (the others get the same Message-ID). */
const outcomeOf = (errors: readonly unknown[], { channel }: DeliveryTo<'email'>, receipt: Receipt): Delivered => {
  if (errors.length === 0) return { status: 'delivered', receipt }
  const answers = errors.map(answerOf)
  const detail = `${channel.to.length - errors.length} of ${channel.to.length} got the mail: ${answers.map(({ text }) => text).join('; ')}`
  return answers.some(({ code }) => code !== null && code >= 500) ? refused(detail) : later(detail)
}

/** RFC 5321: 4xx may pass, 5xx will not; without an answer it may. */
const failureOf = (error: unknown, signal: AbortSignal): Undelivered => {
  if (signal.aborted) return later('the mail server: it was called off')
  if (error instanceof LateError)
    return later(`the mail server did not take the mail within ${channelLimits.mailDeadlineMs} ms`)
  const { code, text, kind } = answerOf(error)
  if (code !== null)
    return code >= 500 ? refused(`the mail server says ${text}`) : later(`the mail server says ${text}`)
  if (kind === 'EAUTH' || kind === 'ENOAUTH')
    return refused('the mail server takes no password in any way that is known here')
  if (kind === 'EENVELOPE') return refused('there is no valid address that the mail could go to')
  return later(`the mail server cannot be reached${kind === null ? '' : ` (${kind})`}`)
}

type MailAnswer = { readonly code: number | null; readonly text: string; readonly kind: string | null }

/** Parser of what nodemailer throws: `responseCode` and `response` are the server's words, `code` is nodemailer's. */
const answerOf = (error: unknown): MailAnswer => {
  const fields: Readonly<Record<string, unknown>> = error instanceof Error ? { ...error } : {}
  const { responseCode, response, code } = fields
  const isCode = typeof responseCode === 'number' && responseCode >= 400
  return {
    code: isCode ? responseCode : null,
    text: isCode ? (typeof response === 'string' ? response : String(responseCode)) : 'nothing',
    kind: typeof code === 'string' ? code : null,
  }
}

class LateError extends Error {}

/** What nodemailer does, for as long as it may take; it knows no signals. */
const within = async <Sent>(sending: Promise<Sent>, signal: AbortSignal): Promise<Sent> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new LateError()), channelLimits.mailDeadlineMs)
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await Promise.race([sending, promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    // What is still under way ends when its transport is closed; nobody waits for how.
    sending.catch(() => {})
  }
}

const messageIdOf = (key: string, from: string): string => {
  const [, domain = 'sluice.invalid'] = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from) ?? []
  return `<${hash('sha256', key).slice(0, 32)}@${domain}>`
}

const isMessageId = (text: string): boolean => /^<[\w.-]+@[\w.-]+>$/.test(text)
