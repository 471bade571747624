/** The kinds of clients. Each keeps asking until it is told to stop, and reports everything that was not as it should be. */
import { createHash, randomBytes } from 'node:crypto'
import { Connection, type FailureKind, type Outgoing, RequestFailure, type Target } from './connection.ts'
import { WebSocketClient } from './web-socket.ts'

/** The kinds of clients. */
export type ClientKind = 'keepAlive' | 'download' | 'slow' | 'upload' | 'webSocket'

/** Where a client reports to. */
export type Sink = {
  readonly running: () => boolean
  readonly answered: (kind: ClientKind, latencyMs: number) => void
  readonly failed: (kind: ClientKind, failure: FailureKind, detail: string) => void
}

/** One client's place in the load. */
export type ClientOptions = { readonly target: Target; readonly intervalMs: number; readonly sink: Sink }

/** Runs one client of a kind until the sink says stop. */
export const runClient = (kind: ClientKind, options: ClientOptions): Promise<void> =>
  kind === 'webSocket' ? talk(options) : ask(kind, options)

const host = 'bench.invalid'
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Requests at a fixed rate, whether or not the last answer was late: a late one makes the next one late, and that counts. */
const ask = async (
  kind: Exclude<ClientKind, 'webSocket'>,
  { target, intervalMs, sink }: ClientOptions,
): Promise<void> => {
  const connection = new Connection(target)
  let dueAt = performance.now() + Math.random() * intervalMs
  while (sink.running()) {
    const waitMs = dueAt - performance.now()
    if (waitMs > 0) await pause(waitMs)
    const startedAt = waitMs > 0 ? performance.now() : dueAt
    dueAt += intervalMs
    try {
      await requests[kind](connection)
      sink.answered(kind, performance.now() - startedAt)
    } catch (error) {
      report(sink, kind, error)
      await pause(5)
    }
  }
  connection.close()
}

const report = (sink: Sink, kind: ClientKind, error: unknown): void => {
  if (!(error instanceof RequestFailure)) throw error
  sink.failed(kind, error.kind, error.message)
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`

const good = async (connection: Connection, outgoing: Outgoing): Promise<Buffer> => {
  const { status, body } = await connection.request(outgoing)
  if (status < 200 || status > 299)
    throw new RequestFailure('status', `status ${status}: ${body.toString().slice(0, 120)}`)
  return body
}

const expect = (holds: boolean, what: string): void => {
  if (!holds) throw new RequestFailure('wrong_body', what)
}

const requests: Record<Exclude<ClientKind, 'webSocket'>, (connection: Connection) => Promise<void>> = {
  keepAlive: async (connection) => {
    const body = await good(connection, { pieces: [get('/')], pauseMs: 0 })
    expect(body.toString().startsWith('{"version":"'), `unknown body ${body.toString().slice(0, 60)}`)
  },
  download: async (connection) => {
    const body = await good(connection, { pieces: [get('/bytes')], pauseMs: 0 })
    expect(body.length === 65_536, `${body.length} bytes instead of 65536`)
  },
  slow: async (connection) => {
    const pieces = ['GET /slow ', 'HTTP/1.1\r\n', `host: ${host}\r\n`, 'x-slow: yes\r\n', '\r\n']
    const body = await good(connection, { pieces, pauseMs: 50 })
    expect(body.toString() === '0\n1\n2\n3\n4\nend\n', `a slow answer of ${body.length} bytes`)
  },
  upload: async (connection) => {
    const content = Array.from({ length: 8 }, () => randomBytes(16_384))
    const head = `POST /upload HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\n\r\n`
    const chunks = content.map((piece) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    )
    const body = await good(connection, { pieces: [head, ...chunks, '0\r\n\r\n'], pauseMs: 20 })
    const sha256 = createHash('sha256').update(Buffer.concat(content)).digest('hex')
    expect(body.toString().includes(sha256), `an upload that did not arrive whole: ${body.toString().slice(0, 120)}`)
  },
}

/** Opens a WebSocket, sends texts and expects each back, and opens another when the server said goodbye. An end without goodbye is a failure. */
const talk = async ({ target, intervalMs, sink }: ClientOptions): Promise<void> => {
  while (sink.running()) {
    try {
      await conversation({ target, intervalMs, sink })
    } catch (error) {
      report(sink, 'webSocket', error)
      await pause(20)
    }
  }
}

const conversation = async ({ target, intervalMs, sink }: ClientOptions): Promise<void> => {
  const connection = new Connection(target)
  const key = randomBytes(16).toString('base64')
  const head = `GET /ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: 13\r\n\r\n`
  const { status } = await connection.request({ pieces: [head], pauseMs: 0 })
  if (status !== 101) throw new RequestFailure('status', `status ${status} for an upgrade`)
  const { socket, rest } = connection.takeSocket()
  const sentAt = new Map<string, number>()
  const ended = Promise.withResolvers<{ clean: boolean }>()
  const webSocket = new WebSocketClient(socket, rest, (event) => {
    if (event.kind === 'end') return ended.resolve(event)
    const at = sentAt.get(event.text)
    sentAt.delete(event.text)
    if (at === undefined) sink.failed('webSocket', 'wrong_body', `an echo of nothing: ${event.text.slice(0, 60)}`)
    else sink.answered('webSocket', performance.now() - at)
  })
  const timer = setInterval(() => {
    if (!sink.running()) return webSocket.close()
    const text = randomBytes(8).toString('hex')
    if (webSocket.send(text)) sentAt.set(text, performance.now())
  }, intervalMs)
  const { clean } = await ended.promise
  clearInterval(timer)
  if (!clean && sink.running()) throw new RequestFailure('websocket_cut', 'the connection ended without a close frame')
}
