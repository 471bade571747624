import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { WebSocketFrames } from './websocket-frames.ts'

type Frame = { readonly code: number; readonly final: boolean; readonly masked: boolean; readonly length: number }

/** A frame as RFC 6455 section 5.2 has it. */
const bytesOf = ({ code, final, masked, length }: Frame): Buffer => {
  const head = [(final ? 0x80 : 0) | code]
  const mask = masked ? 0x80 : 0
  if (length < 126) head.push(mask | length)
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255)
  else head.push(mask | 127, 0, 0, 0, 0, (length >>> 24) & 255, (length >> 16) & 255, (length >> 8) & 255, length & 255)
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0, 7), Buffer.alloc(length, 0x81)])
}

const frame = fc.record({
  code: fc.constantFrom(0, 1, 2, 8, 9, 10),
  final: fc.boolean(),
  masked: fc.boolean(),
  length: fc.oneof(fc.integer({ min: 0, max: 125 }), fc.integer({ min: 126, max: 300 }), fc.constant(66_000)),
})

describe('WebSocket frames', () => {
  it('end where they end, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }),
        (made, cuts) => {
          const frames = made.map((one) =>
            one.code >= 8 ? { ...one, final: true, length: Math.min(one.length, 125) } : one,
          )
          const all = Buffer.concat(frames.map(bytesOf))
          const ends = new Set<number>([0])
          let end = 0
          for (const one of frames) ends.add((end += bytesOf(one).length))
          const followed = new WebSocketFrames()
          let at = 0
          for (let turn = 0; at < all.length; turn += 1) {
            const to = Math.min(all.length, at + (cuts[turn % cuts.length] ?? 1))
            followed.follow(all, at, to)
            at = to
            assert.equal(followed.betweenFrames, ends.has(at), `at ${at}`)
          }
          assert.equal(followed.opaque, false)
          const last = frames.findLast(({ code }) => code < 8)
          assert.equal(followed.betweenMessages, last?.final ?? true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of messages are told from pings, pongs and closes', () => {
    const follow = (code: number): boolean => {
      const bytes = bytesOf({ code, final: true, masked: true, length: 3 })
      return new WebSocketFrames().follow(bytes, 0, bytes.length)
    }
    assert.deepEqual([0, 1, 2, 8, 9, 10].map(follow), [true, true, true, false, false, false])
  })

  it('are not looked for any more once something is none', () => {
    for (const bytes of ['welcome', '\x83\x01x', '\x09\x01x', '\x89\x7e\x01\x00']) {
      const followed = new WebSocketFrames()
      const made = Buffer.from(bytes, 'latin1')
      followed.follow(made, 0, made.length)
      assert.deepEqual([followed.opaque, followed.betweenFrames, followed.follow(made, 0, 1)], [true, false, true])
    }
  })
})
