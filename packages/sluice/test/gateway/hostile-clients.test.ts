import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RawClient, ask, eventually, serve, startUpstream } from './harness.ts'

const host = 'Host: a\r\n'
const smuggling: readonly (readonly [string, string, number])[] = [
  [
    'Content-Length and Transfer-Encoding',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['two Content-Lengths that differ', `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`, 400],
  [
    'two Content-Lengths that agree',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  ['a list of Content-Lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\nhello`, 400],
  ['a signed Content-Length', `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`, 400],
  ['an empty Content-Length', `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`, 400],
  ['a hexadecimal Content-Length', `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\nhello`, 400],
  [
    'a Content-Length beyond what a number holds',
    `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`,
    400,
  ],
  ['a Transfer-Encoding other than chunked', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, 400],
  [
    'chunked twice',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a coding before chunked', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`, 400],
  ['a coding that only looks like chunked', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`, 400],
  ['chunked with a vertical tab', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`, 400],
  [
    'a space before the colon of Transfer-Encoding',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['Transfer-Encoding on a folded line', `POST / HTTP/1.1\r\n${host}X: a\r\n Transfer-Encoding: chunked\r\n\r\n`, 400],
  ['Transfer-Encoding in HTTP/1.0', `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['a bare LF', `GET / HTTP/1.1\n${host}\r\n`, 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
  ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
  ['a Host with userinfo', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 400],
  [
    'Connection naming Content-Length',
    `POST / HTTP/1.1\r\n${host}Connection: close, content-length\r\nContent-Length: 5\r\n\r\nhello`,
    400,
  ],
  [
    'Connection naming Transfer-Encoding',
    `POST / HTTP/1.1\r\n${host}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['a chunk with a bare LF', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`, 400],
  [
    'a chunk size with blanks',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`,
    400,
  ],
  [
    'a chunk longer than it says',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`,
    400,
  ],
  [
    'a chunk size that overflows',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    400,
  ],
  ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${host}\r\n`, 501],
  ['a target that is no path', `GET a HTTP/1.1\r\n${host}\r\n`, 400],
  ['a target of another scheme', `GET ftp://a/ HTTP/1.1\r\n${host}\r\n`, 400],
  ['HTTP/2 in the clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['an expectation nobody knows', `POST / HTTP/1.1\r\n${host}Expect: magic\r\nContent-Length: 1\r\n\r\n`, 417],
  ['TLS on a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
]

describe('a request that two parsers could read differently', () => {
  it('is refused, closes the connection, and no byte of what follows reaches an upstream', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a', (request, response) => {
      request.on('error', () => {})
      request.resume().on('end', () => response.end('served'))
    })
    const { port, control } = await serve(t, [upstream])
    await Promise.all(
      smuggling.map(async ([name, text, status]) => {
        const client = new RawClient(t, port)
        client.send(`${text}GET /smuggled HTTP/1.1\r\n${host}\r\n`)
        const received = await client.end()
        assert.match(received, new RegExp(`^HTTP/1.1 ${status} `), name)
        assert.match(received, /connection: close/, name)
        assert.doesNotMatch(received, /served/, name)
      }),
    )
    assert.deepEqual(
      requests.filter((request) => request.url === '/smuggled'),
      [],
    )
    assert.equal((await control.observe()).counters[0]?.bad, 0, 'the fault of a client counts against no release')
  })
})

describe('bounds', () => {
  const settings = { headBytesMax: 2_048, targetBytesMax: 512, fieldsMax: 20, bodyBytesMax: 1_000 }

  it('refuses heads, targets, fields and bodies that are too large, each with its status', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'a', (request, response) => {
      request.on('error', () => {})
      request.resume().on('end', () => response.end())
    })
    const { port } = await serve(t, [upstream], { settings })
    assert.equal((await ask(port, { headers: { x: 'a'.repeat(2_000) } })).status, 431)
    assert.equal((await ask(port, { path: `/${'a'.repeat(600)}` })).status, 414)
    assert.equal(
      (await ask(port, { headers: Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`x-${index}`, '1'])) }))
        .status,
      431,
    )
    assert.equal(requests.length, 0)
    assert.equal((await ask(port, { method: 'POST', body: 'x'.repeat(1_000) })).status, 200)
    assert.equal((await ask(port, { method: 'POST', body: 'x'.repeat(1_001) })).status, 413)
    const chunked = new RawClient(t, port)
    chunked.send(`POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n400\r\n${'x'.repeat(1_024)}\r\n`)
    assert.match(await chunked.end(), /^HTTP\/1.1 413 /)
  })
})

describe('a slow client', () => {
  it('that does not finish its head gets 408 and is closed, also when it keeps sending', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream], { settings: { headTimeoutMs: 100 } })
    const client = new RawClient(t, port)
    const drip = setInterval(() => client.send('x: y\r\n'), 20)
    t.after(() => clearInterval(drip))
    client.send(`GET / HTTP/1.1\r\n${host}`)
    assert.match(await client.end(), /^HTTP\/1.1 408 /)
  })

  it('that never begins a request is closed without a word', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream], { settings: { headTimeoutMs: 50 } })
    assert.equal(await new RawClient(t, port).end(), '')
  })

  it('that keeps a connection idle is closed without a word', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { port } = await serve(t, [upstream], { settings: { idleTimeoutMs: 60 } })
    const client = new RawClient(t, port)
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    assert.match(await client.end(), /^HTTP\/1.1 200 /)
  })

  it('that does not finish its body gets 408, which counts against no release', async (t) => {
    let aborted = false
    const { upstream } = await startUpstream(
      t,
      'a',
      (request) => void request.on('error', () => {}).on('close', () => (aborted = true)),
    )
    const { port, control } = await serve(t, [upstream], { settings: { bodyIdleTimeoutMs: 80 } })
    const client = new RawClient(t, port)
    client.send(`POST / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nabc`)
    assert.match(await client.end(), /^HTTP\/1.1 408 /)
    await eventually('the upstream hears of it', () => aborted)
    assert.deepEqual(
      (await control.observe()).counters.map(({ bad, inFlight }) => [bad, inFlight]),
      [[0, 0]],
    )
  })

  it('that takes nothing of its response is cut off', async (t) => {
    const { upstream } = await startUpstream(t, 'a', (_, response) => response.end(Buffer.alloc(32 * 1_048_576)))
    const { port, control } = await serve(t, [upstream], { settings: { stalledClientMs: 100 } })
    const client = new RawClient(t, port)
    client.socket.pause()
    client.send(`GET / HTTP/1.1\r\n${host}\r\n`)
    await eventually('it is in flight', async () => (await control.observe()).counters[0]?.inFlight === 1)
    await eventually('it is cut off', async () => (await control.observe()).counters[0]?.inFlight === 0)
  })
})
