/** Receivers on this machine that speak as the documents of the real ones say, and can be told to fail as those do. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SluiceError } from '../../src/core/errors.ts'
import type { Channel, Notice } from '../../src/core/notify/types.ts'
import type { Delivery } from '../../src/ports/notifier.ts'
import type { SecretSource } from '../../src/ports/secrets.ts'

/** A request that came. */
export type Seen = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

/** What is answered: a status with a body; or nothing, ever; or the end of the connection; or a body that does not end. */
export type Said =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'nothing'
  | 'reset'
  | 'endless'

/** A receiver that listens. */
export type Receiver = {
  readonly url: string
  readonly seen: Seen[]
  /** The next requests are answered so, one each; null: as usual. */
  readonly next: (Said | null)[]
  close(): Promise<void>
}

/** Listens, and answers as `usual` says. */
export const receive = async (usual: (seen: Seen) => Said): Promise<Receiver> => {
  const seen: Seen[] = []
  const next: (Said | null)[] = []
  const server = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
      const { method = '', url: path = '', headers } = request
      const one: Seen = { method, path, headers, text, json: JSON.parse(text) as Seen['json'] }
      seen.push(one)
      answer(response, next.shift() ?? usual(one))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    next,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const answer = (response: ServerResponse, said: Said): void => {
  if (said === 'nothing') return
  if (said === 'reset') {
    response.destroy()
    return
  }
  if (said === 'endless') {
    response.writeHead(500)
    const piece = 'x'.repeat(16_384)
    const write = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', write)
    }
    write()
    return
  }
  response.writeHead(said.status, said.headers)
  response.end(said.body ?? '')
}

const json = (body: object, status = 200): Said => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** Slack's token, which its receiver asks for. */
export const slackToken = 'xoxb-12345-67890-abcdefghijklmnop'

/** Slack's two methods: what it says no to, it says with 200. */
export const slackApi = (): ((seen: Seen) => Said) => {
  const messages = new Set<string>()
  let count = 0
  const no = (error: string): Said => json({ ok: false, error })
  return ({ path, headers, json: asked }) => {
    if (headers.authorization !== `Bearer ${slackToken}`) return no('invalid_auth')
    const { channel, ts } = asked
    const why = blocksError(asked['blocks'])
    if (why !== null) return no(why)
    if (path === '/chat.update') {
      if (typeof channel !== 'string' || !channel.startsWith('C0')) return no('channel_not_found')
      return messages.has(String(ts)) ? json({ ok: true, channel, ts }) : no('message_not_found')
    }
    if (channel !== '#deploys' && channel !== 'C0DEPLOYS') return no('channel_not_found')
    count += 1
    const own = `1790000000.00000${count}`
    messages.add(own)
    return json({ ok: true, channel: 'C0DEPLOYS', ts: own, message: { text: asked['text'] } })
  }
}

/** What is wrong with blocks, by the bounds of Slack's reference. */
export const blocksError = (blocks: unknown): string | null => {
  if (blocks === undefined) return null
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks'
  const isFit = (text: unknown, max: number): boolean => {
    if (typeof text !== 'object' || text === null || !('text' in text)) return false
    return typeof text.text === 'string' && text.text.length > 0 && text.text.length <= max
  }
  const fits = (blocks as readonly Readonly<Record<string, unknown>>[]).every((block) => {
    if (block['type'] === 'header') return isFit(block['text'], 150)
    if (block['type'] === 'section') return isFit(block['text'], 3_000)
    const { elements } = block
    return (
      block['type'] === 'context' &&
      Array.isArray(elements) &&
      elements.length <= 10 &&
      elements.every((one) => isFit(one, 3_000))
    )
  })
  return fits ? null : 'invalid_blocks'
}

/** Discord's webhook: posts and edits; an id only for those who wait for it. */
export const discordApi = (): ((seen: Seen) => Said) => {
  const messages = new Set<string>()
  let count = 0
  return ({ method, path }) => {
    const url = new URL(path, 'http://discord')
    if (method === 'PATCH') {
      const id = url.pathname.split('/').at(-1) ?? ''
      return messages.has(id) ? json({ id }) : json({ message: 'Unknown Message', code: 10008 }, 404)
    }
    count += 1
    const id = `119000000000000000${count}`
    messages.add(id)
    return url.searchParams.get('wait') === 'true' ? json({ id, type: 0 }) : { status: 204 }
  }
}

/** PagerDuty's Events API: 202 for what it takes, 400 for what it does not. */
export const pagerdutyApi = ({ path, json: event }: Seen): Said => {
  const errors = [
    ...(/^[0-9a-f]{32}$/.test(String(event['routing_key'])) ? [] : ["'routing_key' is missing or is invalid"]),
    ...(path === '/v2/enqueue' && !['trigger', 'acknowledge', 'resolve'].includes(String(event['event_action']))
      ? ["'event_action' is invalid"]
      : []),
  ]
  if (errors.length > 0) return json({ status: 'invalid event', message: 'Event object is invalid', errors }, 400)
  if (path === '/v2/enqueue')
    return json({ status: 'success', message: 'Event processed', dedup_key: event['dedup_key'] }, 202)
  if (path === '/v2/change/enqueue') return json({ status: 'success', message: 'Change event processed' }, 202)
  return { status: 404 }
}

/** Secrets by name, with versions; a name that is not there is `not_found`. */
export const secretsOf = (values: Readonly<Record<string, string>>): SecretSource => ({
  versions: async (names) => {
    const missing = names.find((name) => values[name] === undefined)
    if (missing !== undefined)
      throw new SluiceError('not_found', {
        detail: `there is no secret ${missing}`,
        hint: 'set it',
      })
    return Object.fromEntries(names.map((name) => [name, 'v1']))
  },
  values: async (versions) => Object.fromEntries(Object.keys(versions).map((name) => [name, values[name] ?? ''])),
})

/** A delivery of which a test says only what matters to it. */
export const delivery = (channel: Channel, notice: Notice, previous: Delivery['previous'] = null): Delivery => ({
  key: `shop/${notice.id}/${channel.name}`,
  channel,
  notice,
  previous,
})
