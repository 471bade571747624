import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HeadParser, needMore, rejected } from './head-parser.ts'
import { field } from './field-names.ts'

const limits = { headBytesMax: 1_024, targetBytesMax: 128, fieldsMax: 40 }
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

type Outcome = {
  readonly after: number
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly line: string
}

const outcome = (parser: HeadParser, bytes: Buffer, after: number): Outcome => {
  if (after === rejected) return { after, status: parser.rejection, fields: [], line: parser.reason }
  const text = bytes.toString('latin1')
  const mark = (index: number): number => parser.marks[index] ?? 0
  return {
    after,
    status: parser.isRequest ? 0 : parser.status,
    fields: Array.from({ length: parser.count }, (_, index) => [
      text.slice(mark(index * 4), mark(index * 4 + 1)),
      text.slice(mark(index * 4 + 2), mark(index * 4 + 3)),
    ]),
    line: parser.isRequest
      ? `${text.slice(parser.methodStart, parser.methodEnd)} ${text.slice(parser.targetStart, parser.targetEnd)} ${parser.minor}`
      : `${parser.minor} ${text.slice(parser.reasonStart, parser.reasonEnd)}`,
  }
}

/** Reads the bytes in pieces cut at `cuts`, as they would come from a socket. */
const read = (kind: 'request' | 'response', bytes: Buffer, cuts: readonly number[] = []): Outcome => {
  const parser = new HeadParser(kind, limits)
  let after: number = needMore
  for (const cut of [...cuts, bytes.length]) {
    after = parser.parse(bytes, 0, cut)
    if (after !== needMore) break
  }
  return outcome(parser, bytes, after)
}

const good = 'GET /a?b=%20 HTTP/1.1\r\nHost: shop.example\r\nX-Empty:\r\nX-Pad:  \t v\tw \t \r\nx-\xe9: no\r\n'

const requests: readonly (readonly [string, string, number])[] = [
  ['a bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 400],
  ['a bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n', 400],
  ['a bare CR in a field', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n', 400],
  ['a bare CR in the request line', 'GET / HTTP/1.1\rX\r\n\r\n', 400],
  ['an obs-fold', 'GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n', 400],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
  ['a tab before the colon', 'GET / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\n\r\n', 400],
  ['an empty field name', 'GET / HTTP/1.1\r\n: a\r\n\r\n', 400],
  ['a field without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n', 400],
  ['a NUL in a value', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n', 400],
  ['a DEL in a value', 'GET / HTTP/1.1\r\nHost: a\x7fb\r\n\r\n', 400],
  ['a control byte in a name', 'GET / HTTP/1.1\r\nHo\x01st: a\r\n\r\n', 400],
  ['a byte above ASCII in a name', 'GET / HTTP/1.1\r\nH\xf6st: a\r\n\r\n', 400],
  ['a byte above ASCII in the target', 'GET /\xe9 HTTP/1.1\r\n\r\n', 400],
  ['two spaces after the method', 'GET  / HTTP/1.1\r\n\r\n', 400],
  ['a space at the front', ' GET / HTTP/1.1\r\n\r\n', 400],
  ['two spaces after the target', 'GET /  HTTP/1.1\r\n\r\n', 400],
  ['a tab after the method', 'GET\t/ HTTP/1.1\r\n\r\n', 400],
  ['no version', 'GET /\r\nHost: a\r\n\r\n', 400],
  ['a space after the version', 'GET / HTTP/1.1 \r\n\r\n', 400],
  ['HTTP in lower case', 'GET / http/1.1\r\n\r\n', 400],
  ['a version of two digits', 'GET / HTTP/1.10\r\n\r\n', 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n\r\n', 505],
  ['a method of 33 letters', `${'G'.repeat(33)} / HTTP/1.1\r\n\r\n`, 501],
  ['a target too long', `GET /${'a'.repeat(128)} HTTP/1.1\r\n\r\n`, 414],
  ['a head too large', `GET / HTTP/1.1\r\nx: ${'a'.repeat(1_024)}\r\n\r\n`, 431],
  ['too many fields', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(41)}\r\n`, 431],
  ['two empty lines at the front', '\r\n\r\nGET / HTTP/1.1\r\n\r\n', 400],
]

describe('the parser of request heads', () => {
  it('gives the parts of a head and the offset after it', () => {
    assert.deepEqual(read('request', bytesOf('GET /a?b HTTP/1.0\r\nHost: x \r\nB:\r\n\r\nrest')), {
      after: 35,
      status: 0,
      fields: [
        ['Host', 'x'],
        ['B', ''],
      ],
      line: 'GET /a?b 0',
    })
  })

  it('skips one empty line before a request', () => {
    assert.equal(read('request', bytesOf('\r\nGET / HTTP/1.1\r\n\r\n')).line, 'GET / 1')
  })

  for (const [name, text, status] of requests) {
    it(`refuses ${name} with ${status}, however the bytes are split`, () => {
      const bytes = bytesOf(text)
      assert.deepEqual([read('request', bytes).after, read('request', bytes).status], [rejected, status])
      for (let cut = 1; cut < bytes.length; cut += 1)
        assert.equal(read('request', bytes, [cut]).status, status, `split at ${cut}`)
      const each = Array.from({ length: bytes.length }, (_, index) => index + 1)
      assert.equal(read('request', bytes, each).status, status, 'byte by byte')
    })
  }

  it('reads the same head at every split', () => {
    const bytes = bytesOf(`${good.replace('\xe9', 'e')}Content-Length: 5\r\n\r\nhello`)
    const whole = read('request', bytes)
    assert.equal(whole.after, bytes.length - 5)
    for (let first = 1; first < bytes.length; first += 1)
      assert.deepEqual(read('request', bytes, [first]), whole, `split at ${first}`)
  })

  it('makes the same of any bytes however they are split', () => {
    const text = fc.array(
      fc.constantFrom(
        'GET ',
        '/',
        ' HTTP/1.1',
        '\r\n',
        '\r',
        '\n',
        'Host',
        ':',
        ' ',
        'a',
        '\0',
        'Content-Length: 1',
        '\t',
        '\xff',
      ),
      { maxLength: 24 },
    )
    fc.assert(
      fc.property(text, fc.array(fc.nat(80), { maxLength: 6 }), (parts, cuts) => {
        const bytes = bytesOf(parts.join(''))
        const sorted = cuts.filter((cut) => cut > 0 && cut < bytes.length).toSorted((a, b) => a - b)
        const whole = read('request', bytes)
        assert.deepEqual(read('request', bytes, sorted), whole)
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads head after head with one parser, at any offset', () => {
    const parser = new HeadParser('request', limits)
    const bytes = bytesOf('GET /1 HTTP/1.1\r\nA: 1\r\n\r\nGET /2 HTTP/1.1\r\nB: 2\r\nHost: x\r\n\r\n')
    const first = parser.parse(bytes, 0, bytes.length)
    assert.deepEqual([first, parser.count], [25, 1])
    assert.equal(parser.parse(bytes, first, bytes.length), bytes.length)
    assert.deepEqual([parser.count, parser.ids[1]], [2, field.host])
  })

  it('keeps more fields than it first has room for', () => {
    const names = Array.from({ length: 40 }, (_, index) => [`x-${index}`, `${index}`] as const)
    const text = `GET / HTTP/1.1\r\n${names.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    assert.deepEqual(read('request', bytesOf(text)).fields, names)
  })
})

describe('the parser of response heads', () => {
  it('gives status and reason', () => {
    const bytes = bytesOf('HTTP/1.1 204 No Content\r\nA: b\r\n\r\n')
    assert.deepEqual(read('response', bytes), {
      after: bytes.length,
      status: 204,
      fields: [['A', 'b']],
      line: '1 No Content',
    })
    assert.equal(read('response', bytesOf('HTTP/1.0 200\r\n\r\n')).line, '0 ')
    assert.equal(read('response', bytesOf('HTTP/1.1 200 \r\n\r\n')).line, '1 ')
  })

  it('refuses what is no status line, however it is split', () => {
    for (const text of [
      'HTTP/1.1 20 OK\r\n\r\n',
      'HTTP/1.1 2000 OK\r\n\r\n',
      'HTTP/1.1  200 OK\r\n\r\n',
      'HTTP/1.1 099 X\r\n\r\n',
      'ICY 200 OK\r\n\r\n',
      'HTTP/1.1 200 OK\n\n',
      'HTTP/1.1 200 O\0K\r\n\r\n',
    ]) {
      const bytes = bytesOf(text)
      for (let cut = 1; cut <= bytes.length; cut += 1)
        assert.equal(read('response', bytes, [cut]).after, rejected, JSON.stringify(text))
    }
  })
})
