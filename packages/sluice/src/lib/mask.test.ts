import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formsOf, mask, Masker } from './mask.ts'

const maskAll = (secrets: readonly string[], chunks: readonly string[]): string => {
  const masker = new Masker(secrets)
  return chunks.map((chunk) => masker.push(chunk)).join('') + masker.end()
}

describe('masking', () => {
  it('replaces a secret wherever the chunks are cut', () => {
    const text = 'before hunter2-hunter2 after'
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.equal(maskAll(['hunter2-hunter2'], [text.slice(0, cut), text.slice(cut)]), `before ${mask} after`)
    }
  })

  it('knows the forms that logs put a secret in', () => {
    const secret = 'p@ss w"rd/1'
    const bytes = Buffer.from(secret)
    const forms = [
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      bytes.toString('hex'),
      bytes.toString('base64').replaceAll('=', ''),
    ]
    for (const form of forms) assert.ok(!maskAll([secret], [`<${form}>`]).includes(form), form)
    const inLonger = Buffer.from(`user:${secret}:more`).toString('base64')
    assert.ok(maskAll([secret], [inLonger]).includes(mask))
  })

  it('masks each line of a secret of many lines', () => {
    const key = '-----BEGIN KEY-----\nMIIBOgIBAAJBAK\n-----END KEY-----'
    assert.ok(!maskAll([key], ['line: MIIBOgIBAAJBAK\n']).includes('MIIBOgIBAAJBAK'))
  })

  it('leaves ordinary text as it is, to the last character', () => {
    assert.equal(maskAll(['hunter2'], ['hunt', 'er', ' hunter']), 'hunter hunter')
    assert.equal(maskAll([], ['anything']), 'anything')
    assert.equal(maskAll(['{'], ['{"a":1}']), '{"a":1}')
  })

  it('never lets a form through, whatever the secret, its surroundings and the chunks', () => {
    const secrets = fc.string({ minLength: 6, maxLength: 24 }).filter((text) => text.trim().length >= 6)
    fc.assert(
      fc.property(
        secrets,
        fc.string(),
        fc.string(),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(),
        (secret, before, after, size, pick) => {
          const forms = formsOf(secret)
          const form = forms[pick % forms.length] ?? secret
          const text = before + form + after
          const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
            text.slice(index * size, (index + 1) * size),
          )
          const masked = maskAll([secret], chunks)
          assert.ok(masked.includes(mask))
          // What is left may hold the form only where the surroundings, not the secret, spell it with the mask itself.
          assert.ok(!masked.includes(form) || mask.includes(form) || (before + mask + after).includes(form))
          assert.ok(masked.length <= text.length + mask.length * 8)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
