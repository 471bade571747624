/** E-mail, through a real SMTP server, with TLS of an authority of its own. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { mailContent } from '../../src/adapters/notify/email-content.ts'
import { openNotifier } from '../../src/adapters/notify/open.ts'
import type { Channel, Receipt } from '../../src/core/notify/types.ts'
import type { Delivered } from '../../src/ports/notifier.ts'
import { certificateFor } from '../verification/services.ts'
import { notice, story } from './notices.ts'
import { delivery, secretsOf } from './receivers.ts'

const { key, certificate, authority } = certificateFor('localhost', 30)
setDefaultCACertificates([...getCACertificates('default'), authority])

/** What the server says no to: by the name before the @. */
const no: Readonly<Record<string, { readonly responseCode: number; readonly message: string }>> = {
  nobody: { responseCode: 550, message: 'no such user here' },
  full: { responseCode: 452, message: 'mailbox full, try later' },
}

type Mail = { readonly raw: string; readonly to: readonly string[]; readonly isSecure: boolean; readonly user: unknown }

const mails: Mail[] = []
const servers: SMTPServer[] = []
after(() => Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(resolve)))))

const serve = async (options: SMTPServerOptions): Promise<number> => {
  const server = new SMTPServer({
    key,
    cert: certificate,
    closeTimeout: 100,
    onAuth: ({ username, password, method }, _session, callback) => {
      if (username === 'busy') return callback(Object.assign(new Error('too many sign-ins'), { responseCode: 454 }))
      if (password !== 'correct horse battery')
        return callback(Object.assign(new Error(`${method} failed for ${password}`), { responseCode: 535 }))
      return callback(null, { user: username })
    },
    onRcptTo: ({ address }, _session, callback) => {
      const why = no[address.split('@')[0] ?? '']
      return callback(
        why === undefined ? null : Object.assign(new Error(why.message), { responseCode: why.responseCode }),
      )
    },
    onData: (stream, session, callback) => {
      void (async () => {
        let raw = ''
        for await (const chunk of stream.setEncoding('utf8')) raw += String(chunk)
        mails.push({
          raw,
          to: session.envelope.rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: session.user,
        })
        callback()
      })()
    },
    ...options,
  })
  servers.push(server)
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  return (listening.address() as AddressInfo).port
}

const port = await serve({})

const notifier = openNotifier({
  secrets: secretsOf({ SMTP_PASSWORD: 'correct horse battery', WRONG: 'wrong horse battery' }),
  version: '0.1.0',
  callDeadlineMs: 3_000,
})

const channel: Extract<Channel, { kind: 'email' }> = {
  name: 'mail',
  kind: 'email',
  server: `smtp://localhost:${port}`,
  user: 'sluice',
  password: 'SMTP_PASSWORD',
  from: 'Sluice <sluice@shop.example>',
  to: ['ann@shop.example', 'ben@shop.example'],
}

const send = (one = notice(), previous: Receipt | null = null, to: Channel = channel): Promise<Delivered> =>
  notifier.send(delivery(to, one, previous), AbortSignal.timeout(10_000))

const receiptOf = (delivered: Delivered): Receipt => {
  equal(delivered.status, 'delivered', JSON.stringify(delivered))
  return delivered.status === 'delivered' ? delivered.receipt : {}
}

test('a mail goes over TLS with a password, as text and HTML that say the same', async () => {
  receiptOf(await send(story['rollout rolled back']))
  const [mail] = mails.splice(0)
  ok(mail !== undefined)
  deepEqual([mail.isSecure, mail.user, mail.to], [true, 'sluice', channel.to])
  const { subject, text, html, from, headers } = await PostalMime.parse(mail.raw)
  equal(from?.address, 'sluice@shop.example')
  match(subject ?? '', /^↩️ Rolled back: shop → production – Errors: 61 of 1,204 bad/)
  const header = (name: string): string | undefined => headers.find((one) => one.key === name)?.value
  equal(header('auto-submitted'), 'auto-generated')
  for (const said of [
    '61 of 1,204 bad',
    'the tripwire cut the candidate',
    'sluice why rol_',
    '1.4.0 (rel_0123456789ab)',
  ]) {
    ok(text?.includes(said), said)
    ok(html?.includes(said), said)
  }
})

test('mails of one subject are a thread, and a repeated one is the same mail', async () => {
  const started = receiptOf(await send())
  const step = receiptOf(await send(story['rollout step'], started))
  const again = receiptOf(await send(story['rollout step'], started))
  receiptOf(await send(story['rollout rolled back'], step))
  const [first, second, repeated, third] = await Promise.all(mails.splice(0).map(({ raw }) => PostalMime.parse(raw)))
  deepEqual(step, again)
  deepEqual([first?.inReplyTo, first?.references], [undefined, undefined])
  deepEqual([second?.inReplyTo, second?.references], [first?.messageId, first?.messageId])
  equal(repeated?.messageId, second?.messageId)
  deepEqual([third?.inReplyTo, third?.references], [second?.messageId, `${first?.messageId} ${second?.messageId}`])
  match(first?.messageId ?? '', /^<[0-9a-f]{32}@shop\.example>$/)
})

test('no text of a notice becomes a header', async () => {
  receiptOf(
    await send(notice({ title: 'x\r\nBcc: eve@evil.example\r\n\r\nhello', reason: '<img src=x onerror=alert(1)>' })),
  )
  const [mail] = mails.splice(0)
  const { bcc, headers, html } = await PostalMime.parse(mail?.raw ?? '')
  deepEqual([bcc, headers.some((one) => one.key === 'bcc'), mail?.to], [undefined, false, channel.to])
  ok(html?.includes('&lt;img src=x'))
})

test('4xx is tried again, 5xx is not, and why is told without the password', async () => {
  deepEqual(await send(notice(), null, { ...channel, to: ['nobody@shop.example'] }), {
    status: 'refused',
    detail: 'the mail server says 550 no such user here',
  })
  deepEqual(await send(notice(), null, { ...channel, to: ['full@shop.example'] }), {
    status: 'later',
    detail: 'the mail server says 452 mailbox full, try later',
    retryAfterMs: null,
  })
  const wrong = await send(notice(), null, { ...channel, password: 'WRONG' })
  deepEqual(wrong, { status: 'refused', detail: 'the mail server says 535 PLAIN failed for ***' })
  equal((await send(notice(), null, { ...channel, user: 'busy' })).status, 'later')
  mails.length = 0
})

test('whoever is left out of a mail that others got is named', async () => {
  deepEqual(await send(notice(), null, { ...channel, to: ['ann@shop.example', 'nobody@shop.example'] }), {
    status: 'refused',
    detail: '1 of 2 got the mail: 550 no such user here',
  })
  equal((await send(notice(), null, { ...channel, to: ['ann@shop.example', 'full@shop.example'] })).status, 'later')
  equal(mails.splice(0).length, 2)
})

test('smtps, and a server that asks for no password', async () => {
  const secure = await serve({ secure: true })
  receiptOf(await send(notice(), null, { ...channel, server: `smtps://localhost:${secure}` }))
  const open = await serve({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] })
  receiptOf(await send(notice(), null, { ...channel, server: `smtp://127.0.0.1:${open}`, user: null, password: null }))
  deepEqual(
    mails.splice(0).map(({ isSecure }) => isSecure),
    [true, false],
  )
})

test('a server that nobody vouches for gets no password; one that is silent, or not there, is tried again', async () => {
  const stranger = certificateFor('localhost', 30)
  const strange = await serve({ key: stranger.key, cert: stranger.certificate })
  equal((await send(notice(), null, { ...channel, server: `smtp://localhost:${strange}` })).status, 'later')
  const silent = await serve({ onConnect: () => {} })
  const stopped = await notifier.send(
    delivery({ ...channel, server: `smtp://localhost:${silent}` }, notice()),
    AbortSignal.timeout(100),
  )
  deepEqual([stopped.status, 'detail' in stopped && stopped.detail], ['later', 'the mail server: it was called off'])
  const gone = await send(notice(), null, { ...channel, server: 'smtp://127.0.0.1:1' })
  deepEqual(gone, { status: 'later', detail: 'the mail server cannot be reached (ESOCKET)', retryAfterMs: null })
  equal((await send(notice(), null, { ...channel, server: 'http://localhost' })).status, 'refused')
  equal(mails.length, 0)
})

test('what a mail says of a story', (t) => {
  for (const [title, one] of Object.entries(story)) t.assert.snapshot({ [title]: mailContent(one) })
})
