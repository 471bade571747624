import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BodyFraming, broken } from './body-framing.ts'
import type { FramingKind } from './body-framing.ts'

type Outcome = { readonly consumed: number; readonly done: boolean; readonly data: string }

/** Reads the text in pieces; `consumed` is how much of it belonged to the body, or `broken`. */
const read = (kind: FramingKind, length: number, pieces: readonly string[]): Outcome => {
  const framing = new BodyFraming()
  framing.begin(kind, length)
  let consumed = 0
  let data = ''
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    framing.sink = (_, from, to) => {
      data += bytes.toString('latin1', from, to)
    }
    const end = framing.consume(bytes, 0, bytes.length)
    if (end === broken) return { consumed: broken, done: false, data: '' }
    consumed += end
    if (end < bytes.length) break
  }
  return { consumed, done: framing.done, data }
}

const splitsOf = (text: string): readonly (readonly string[])[] => [
  ...Array.from({ length: text.length }, (_, cut) => [text.slice(0, cut), text.slice(cut)]),
  [...text],
]

describe('the framing of a body', () => {
  it('ends after Content-Length bytes', () => {
    assert.deepEqual(read('length', 5, ['hel', 'loX']), { consumed: 5, done: true, data: 'hello' })
    assert.deepEqual(read('length', 0, ['X']), { consumed: 0, done: true, data: '' })
  })

  it('ends with the connection when there is no other end', () => {
    assert.deepEqual(read('close', 0, ['a', 'b']), { consumed: 2, done: false, data: 'ab' })
  })

  it('ends after the last chunk and its trailers, at every split', () => {
    const text = '5;ext="a b"\r\nhello\r\n01\r\n!\r\n00\r\nX-Sum: 1\r\nY:\r\n\r\n'
    for (const pieces of splitsOf(`${text}GET`))
      assert.deepEqual(read('chunked', 0, pieces), { consumed: text.length, done: true, data: 'hello!' })
  })

  it('refuses chunks that two parsers could read differently, at every split', () => {
    const bad = [
      '5\nhello\n0\n\n',
      '5 \r\nhello\r\n',
      ' 5\r\nhello\r\n',
      '0x5\r\nhello\r\n',
      '+5\r\nhello\r\n',
      '-1\r\n',
      '\r\nhello',
      ';a\r\n',
      'g\r\n',
      '5\r\nhelloX\r\n',
      '5\r\nhello\rX',
      '5\r\nhello\n0\r\n\r\n',
      `${'0'.repeat(14)}\r\n\r\n`,
      'fffffffffffffff\r\n',
      '5;a\nb\r\nhello\r\n',
      '5;\0\r\nhello\r\n',
      '0\r\nX\r\n\r\n',
      '0\r\n X: a\r\n\r\n',
      '0\r\nX: a\n\r\n',
      '0\r\n\rX',
      '0\r\nX : a\r\n\r\n',
      '1,1\r\na\r\n',
    ]
    for (const text of bad) {
      for (const pieces of splitsOf(text))
        assert.equal(
          read('chunked', 0, pieces).consumed,
          broken,
          `${JSON.stringify(text)} as ${JSON.stringify(pieces)}`,
        )
    }
  })

  it('bounds what chunk extensions and trailers may weigh', () => {
    assert.equal(read('chunked', 0, [`1;${'a'.repeat(9_000)}\r\n`]).consumed, broken)
    assert.equal(read('chunked', 0, ['0\r\n', ...Array.from({ length: 900 }, () => 'trailer: x\r\n')]).consumed, broken)
  })

  it('gives back any body that was chunked in any way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 6 }),
        fc.array(fc.nat(200), { maxLength: 5 }),
        (chunks, cuts) => {
          const latin = chunks.map((chunk) => Buffer.from(chunk).toString('latin1'))
          const text = `${latin.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`
          const at = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length]
          const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
          assert.deepEqual(read('chunked', 0, pieces), { consumed: text.length, done: true, data: latin.join('') })
        },
      ),
    )
  })
})
