import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, it } from 'node:test'
import { RawClient, ask, eventually, serve, startRaw, startUpstream } from './harness.ts'

describe('a request through the gateway', () => {
  it('arrives with its method, target, fields and body, and its answer comes back', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a', (request, response) => {
      let body = ''
      request
        .on('data', (bytes) => (body += bytes))
        .on('end', () => {
          response.writeHead(201, { 'x-answer': 'yes', 'set-cookie': ['a=1', 'b=2'] })
          response.end(`got ${body}`)
        })
    })
    const { port } = await serve(t, [upstream])
    const answer = await ask(port, {
      method: 'POST',
      path: '/a/b?c=d%20e',
      headers: { 'X-Custom': 'v', host: 'shop.example:81' },
      body: 'hello',
    })
    assert.deepEqual(
      [answer.status, answer.body, answer.headers['x-answer'], answer.headers['set-cookie']],
      [201, 'got hello', 'yes', ['a=1', 'b=2']],
    )
    assert.deepEqual(
      [requests[0]?.method, requests[0]?.url, requests[0]?.headers['x-custom'], requests[0]?.headers.host],
      ['POST', '/a/b?c=d%20e', 'v', 'shop.example:81'],
    )
  })

  it('carries the forwarding fields of this hop, not those a stranger wrote', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream])
    await ask(port, {
      headers: { host: 'shop', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'https', forwarded: 'for=6.6.6.6' },
    })
    const headers = requests[0]?.headers ?? {}
    assert.deepEqual(
      [headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['x-forwarded-host'], headers['forwarded']],
      ['127.0.0.1', 'http', 'shop', undefined],
    )
  })

  it('appends to the forwarding fields when the proxy before it is trusted', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream], { settings: { trustForwarded: true } })
    await ask(port, {
      headers: {
        host: 'inner',
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'shop',
      },
    })
    const headers = requests[0]?.headers ?? {}
    assert.deepEqual(
      [headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['x-forwarded-host']],
      ['6.6.6.6, 127.0.0.1', 'https', 'shop'],
    )
  })

  it('keeps a request id that came, makes one where there is none, and replaces one that is not plain', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream])
    await ask(port, { headers: { 'x-request-id': 'abc-123' } })
    await ask(port)
    await ask(port)
    await ask(port, { headers: { 'x-request-id': 'a b' } })
    const ids = requests.map((request) => String(request.headers['x-request-id']))
    assert.equal(ids[0], 'abc-123')
    assert.equal(new Set(ids).size, 4)
    for (const id of ids.slice(1)) assert.match(id, /^[\da-f]{16}-\w+$/)
  })

  it('leaves out what belongs to one hop: Connection, what it names, Keep-Alive, TE, Upgrade', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a', (_, response) => {
      response.setHeader('Keep-Alive', 'timeout=99')
      response.setHeader('Proxy-Connection', 'x')
      response.end('x')
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX-Stay: 1\r\n\r\n',
    )
    const answer = await client.end()
    assert.doesNotMatch(answer, /keep-alive|proxy-connection/i)
    const names = Object.keys(requests[0]?.headers ?? {}).filter(
      (name) => !name.startsWith('x-forwarded') && name !== 'x-request-id',
    )
    assert.deepEqual(names.toSorted(), ['host', 'x-stay'])
  })

  it('turns a target in absolute form into a path, and refuses one that contradicts Host', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream])
    assert.equal((await ask(port, { path: 'http://shop/x?y', headers: { host: 'shop' } })).status, 200)
    assert.equal(requests[0]?.url, '/x?y')
    assert.equal((await ask(port, { path: 'http://other/x', headers: { host: 'shop' } })).status, 400)
  })

  it('uses its upstream connections again', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream])
    for (let count = 0; count < 20; count += 1) await ask(port)
    assert.equal(new Set(requests.map((request) => request.socket)).size, 1)
  })

  it('serves requests sent ahead on one connection in their order', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      const delay = request.url === '/0' ? 30 : 0
      setTimeout(() => response.end(`answer ${request.url}`), delay)
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    const count = 50
    client.send(Array.from({ length: count }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
    const received = await client.until(`answer /${count - 1}`)
    assert.deepEqual(
      received.match(/answer \/\d+/g),
      Array.from({ length: count }, (_, index) => `answer /${index}`),
    )
  })

  it('serves the next request on the connection of one whose body came in one piece with its head', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      request.resume().on('end', () => response.end(`answer ${request.method} ${request.url}`))
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    for (const body of [
      'Content-Length: 5\r\n\r\nhello',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ]) {
      client.received = ''
      client.send(`POST /1 HTTP/1.1\r\nHost: a\r\n${body}`)
      await client.until('answer POST /1')
      client.send('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.until('answer GET /2')
    }
  })

  it('reads a request that comes byte by byte', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      let body = ''
      request.on('data', (bytes) => (body += bytes)).on('end', () => response.end(body))
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.socket.setNoDelay(true)
    for (const byte of 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n') {
      client.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.match(await client.end(), /hello.*HTTP\/1.1 200 OK/s)
  })
})

describe('a response through the gateway', () => {
  it('without a body ends with its head: HEAD, 204, 304', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      if (request.url === '/304') response.writeHead(304, { etag: '"x"' }).end()
      else if (request.url === '/204') response.writeHead(204).end()
      else response.setHeader('content-length', 5).end('hello')
    })
    const { port } = await serve(t, [upstream])
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    assert.deepEqual((await ask(port, { agent, method: 'HEAD' })).headers['content-length'], '5')
    assert.equal((await ask(port, { agent, path: '/204' })).status, 204)
    assert.equal((await ask(port, { agent, path: '/304' })).status, 304)
    assert.equal((await ask(port, { agent })).body, 'hello')
  })

  it('keeps its chunks for HTTP/1.1 and loses them for HTTP/1.0', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (_, response) => {
      response.write('hello ')
      setImmediate(() => response.end('world'))
    })
    const { port } = await serve(t, [upstream])
    const old = new RawClient(t, port)
    old.send('GET / HTTP/1.0\r\n\r\n')
    const received = await old.end()
    assert.match(received, /\r\n\r\nhello world$/)
    assert.doesNotMatch(received, /transfer-encoding/i)
    const modern = new RawClient(t, port)
    modern.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(await modern.until('\r\n0\r\n\r\n'), /6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n$/)
  })

  it('keeps an HTTP/1.0 connection that asks for it', async (t) => {
    const { upstream } = await startUpstream(
      t,
      'a',
      (_, response) => void response.setHeader('content-length', 1).end('x'),
    )
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    assert.match(await client.until('\r\n\r\nx'), /connection: keep-alive/i)
    client.send('GET / HTTP/1.0\r\n\r\n')
    assert.match(await client.end(), /connection: close\r\n\r\nx$/i)
  })

  it('without a length ends when the upstream closes, and so does the client connection', async (t) => {
    const upstream = await startRaw(t, 'a', (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
    )
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(await client.end(), /connection: close\r\n\r\nall of it$/)
    assert.equal(client.reset, false)
  })

  it('that is cut short reaches the client as a broken connection, never as a whole response', async (t) => {
    const upstream = await startRaw(t, 'a', (socket) =>
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', () => socket.destroy()),
      ),
    )
    const { port, control } = await serve(t, [upstream])
    await assert.rejects(ask(port), /aborted|ECONNRESET|socket hang up/)
    assert.equal((await control.observe()).counters[0]?.bad, 1)
  })

  it('passes interim responses on', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.end('x')
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(
      await client.end(),
      /^HTTP\/1.1 103 Early Hints\r\nlink: <\/a.css>; rel=preload\r\n\r\nHTTP\/1.1 200 OK/i,
    )
  })

  it('that two parsers could read differently is not passed on', async (t) => {
    const heads = [
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
      'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      'nonsense\r\n\r\n',
    ]
    const upstream = await startRaw(t, 'a', (socket) =>
      socket.on('data', (bytes) => void socket.write(heads[Number(/GET \/(\d)/.exec(String(bytes))?.[1])] ?? '')),
    )
    const { port, control } = await serve(t, [upstream])
    for (const index of heads.keys()) assert.equal((await ask(port, { path: `/${index}` })).status, 502, heads[index])
    assert.equal((await control.observe()).counters[0]?.bad, heads.length)
  })

  it('followed by bytes that nobody asked for does not poison the next response', async (t) => {
    const upstream = await startRaw(t, 'a', (socket) =>
      socket.on(
        'data',
        () =>
          void socket.write(
            'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
          ),
      ),
    )
    const { port } = await serve(t, [upstream])
    for (let count = 0; count < 3; count += 1) assert.equal((await ask(port)).body, 'ok')
  })
})

describe('streaming', () => {
  it('gives each piece to the client as it comes', async (t) => {
    let more: (text: string) => void = () => {}
    const { upstream } = await startUpstream(t, 'a', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      more = (text) => void response.write(text)
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until('data: 1')
    more('data: 2\n\n')
    await client.until('data: 2')
  })

  it('holds the upstream back when the client is slow, and gives everything in the end', async (t) => {
    const total = 24 * 1_048_576
    let written = 0
    const { upstream } = await startUpstream(t, 'a', (_, response) => {
      const block = Buffer.alloc(65_536, 'x')
      const push = (): void => {
        while (written < total) {
          written += block.length
          if (!response.write(block)) return void response.once('drain', push)
        }
        response.end()
      }
      push()
    })
    const { port } = await serve(t, [upstream])
    let received = 0
    await new Promise<void>((resolve, reject) => {
      http
        .get({ host: '127.0.0.1', port, agent: false }, (response) => {
          response.pause()
          let before = -1
          const watch = setInterval(() => {
            if (written !== before) return void (before = written)
            clearInterval(watch)
            if (written >= total) reject(new Error('the upstream was not held back'))
            response
              .on('data', (bytes) => (received += bytes.length))
              .on('end', resolve)
              .resume()
          }, 60)
        })
        .on('error', reject)
    })
    assert.equal(received, total)
  })

  it('holds the client back when the upstream is slow, and sends everything in the end', async (t) => {
    const total = 24 * 1_048_576
    let read = 0
    let release: () => void = () => {}
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      release = () => {
        request.on('data', (bytes) => (read += bytes.length)).on('end', () => response.end(String(read)))
      }
    })
    const { port } = await serve(t, [upstream])
    let sent = 0
    const answer = await new Promise<string>((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port, method: 'POST', agent: false }, (response) => {
        response.setEncoding('utf8').once('data', resolve)
      })
      request.on('error', reject)
      const block = Buffer.alloc(65_536, 'x')
      const push = (): void => {
        while (sent < total) {
          sent += block.length
          if (!request.write(block)) return void request.once('drain', push)
        }
        request.end()
      }
      push()
      let before = -1
      const watch = setInterval(() => {
        if (sent !== before) return void (before = sent)
        clearInterval(watch)
        if (sent >= total) reject(new Error('the client was not held back'))
        release()
      }, 60)
    })
    assert.equal(answer, String(total))
  })

  it('passes an answer on while the upload is still running, then closes without losing the answer', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      request.resume()
      response.writeHead(413).end('too much')
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc')
    await client.until('too much')
    client.send('x'.repeat(10_000))
    assert.match(await client.end(), /^HTTP\/1.1 413 .*connection: close.*too much/is)
    assert.equal(client.reset, false)
  })

  it('lets both sides talk at once', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      response.writeHead(200)
      request.on('data', (bytes) => response.write(`echo ${bytes}`)).on('end', () => response.end('bye'))
    })
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
    await client.until('echo one')
    client.send('3\r\ntwo\r\n')
    await client.until('echo two')
    client.send('0\r\n\r\n')
    await client.until('bye')
  })

  it('asks the client to go on only when the upstream does', async (t) => {
    const { upstream, server } = await startUpstream(t, 'a', (request, response) => void request.pipe(response))
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('hello')
    await client.until('hello')
    server.on('checkExpectation', () => {})
    server.removeAllListeners('checkContinue')
    server.on('checkContinue', (_, response) => response.writeHead(417).end('no'))
    const refused = new RawClient(t, port)
    refused.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
    assert.match(await refused.end(), /^HTTP\/1.1 417/)
  })
})

describe('a client that goes away', () => {
  it('frees its upstream', async (t) => {
    let aborted = false
    const { upstream, requests } = await startUpstream(t, 'a', (request, response) => {
      response.on('close', () => (aborted = true))
      request.resume()
    })
    const { port, control } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await eventually('the request arrives', () => requests.length === 1)
    assert.equal((await control.observe()).counters[0]?.inFlight, 1)
    client.socket.destroy()
    await eventually('the upstream hears of it', () => aborted)
    const [counters] = (await control.observe()).counters
    assert.deepEqual([counters?.inFlight, counters?.bad], [0, 0])
  })
})
