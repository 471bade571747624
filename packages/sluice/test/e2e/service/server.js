// The tiny service that end-to-end tests and benchmarks deploy: quick to start, honest about what it got, polite when it is stopped.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { acceptWebSocket } from './websocket.js'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const behaviour = JSON.parse(readFileSync(new URL('behaviour.json', import.meta.url), 'utf8'))
const webSockets = new Set()
const block = Buffer.alloc(16_384, 'sluice ')
let requests = 0
let bad = 0
let lastAt = 0
let badShare = behaviour.badShare ?? 0
let stopping = false
let listenedAt = Number.NaN

const send = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const small = (request, response) => {
  requests += 1
  lastAt = performance.timeOrigin + performance.now()
  const isBad = (behaviour.badEvery > 0 && requests % behaviour.badEvery === 0) || Math.random() < badShare
  if (isBad) bad += 1
  send(response, isBad ? 500 : 200, JSON.stringify({ version, bad: isBad }))
}

// From now on so many of the answers are bad, by chance; and what was seen so far.
const behave = (request, response) => {
  badShare = Number(new URL(request.url, 'http://service').searchParams.get('badShare') ?? badShare)
  send(response, 200, JSON.stringify({ requests, bad, lastAt }))
}

const bytes = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 4 * block.length })
  for (let left = 4; left > 0; left -= 1) response.write(block)
  response.end()
}

const slow = async (request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' })
  for (let piece = 0; piece < 5; piece += 1) {
    response.write(`${piece}\n`)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  response.end('end\n')
}

const upload = (request, response) => {
  const hash = createHash('sha256')
  let size = 0
  request.on('data', (piece) => {
    size += piece.length
    hash.update(piece)
  })
  request.on('end', () => send(response, 200, JSON.stringify({ bytes: size, sha256: hash.digest('hex'), version })))
}

const health = (request, response) => send(response, behaviour.healthy ? 200 : 503, '{}')

const show = (request, response) =>
  send(
    response,
    200,
    JSON.stringify({
      version,
      pid: process.pid,
      greeting: process.env.GREETING ?? null,
      secret: process.env.SECRET_WORD ?? null,
      // What the start took is the service's own to tell: from the beginning of its process until it listened.
      startMs: listenedAt - performance.timeOrigin,
    }),
  )

const routes = {
  '/': small,
  '/behave': behave,
  '/bytes': bytes,
  '/slow': slow,
  '/upload': upload,
  '/healthz': health,
  '/show': show,
}

if (behaviour.exitAtOnce) {
  console.error('cannot open the database: no such host')
  process.exit(7)
}

const server = http.createServer((request, response) => {
  if (stopping) response.setHeader('connection', 'close')
  const route = routes[request.url.split('?')[0]]
  if (route === undefined) send(response, 404, '{}')
  else route(request, response)
})
server.keepAliveTimeout = 5_000
server.on('upgrade', (request, socket, head) => {
  const webSocket = acceptWebSocket(request, socket, head)
  webSockets.add(webSocket)
  webSocket.onEnd(() => webSockets.delete(webSocket))
})
server.listen(Number(process.env.PORT), process.env.HOST, () => {
  listenedAt = performance.timeOrigin + performance.now()
})

process.on('SIGTERM', () => {
  stopping = true
  server.close(() => process.exit(0))
  server.closeIdleConnections()
  for (const webSocket of webSockets) webSocket.close(1001)
})
