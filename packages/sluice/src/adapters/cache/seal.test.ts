import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { pairSeal, secretSeal } from './seal.ts'

const pair = (): { readonly private: KeyObject; readonly public: KeyObject } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { private: privateKey, public: publicKey }
}

describe('seals', () => {
  const project = pair()
  const full = pairSeal({ private: project.private, public: [project.public], pepper: Buffer.from('pepper') })
  const reader = pairSeal({ private: null, public: [project.public], pepper: null })
  const secret = secretSeal(Buffer.alloc(32, 1))

  for (const [name, seal] of [
    ['of a secret', secret],
    ['of a pair of keys', full],
  ] as const)
    it(`${name} hold for the text that was signed and no other`, () => {
      const signature = seal.sign('text') ?? assert.fail('it signs')
      assert.equal(seal.verify('text', signature), true)
      for (const [text, wrong] of [
        ['text ', signature],
        ['text', ''],
        ['text', signature.slice(0, -2)],
        ['text', signature.replace(/ \S+ /, ' 000000000000 ')],
        ['text', signature.replace(/^\S+/, 'none')],
      ] as const)
        assert.equal(seal.verify(text, wrong), false, wrong)
    })

  it('do not hold under another key, or the other way of signing', () => {
    const other = pair()
    const foreign = pairSeal({ private: other.private, public: [other.public], pepper: null }).sign('text') ?? ''
    assert.equal(full.verify('text', foreign), false)
    assert.equal(full.verify('text', secret.sign('text') ?? ''), false)
    assert.equal(secret.verify('text', full.sign('text') ?? ''), false)
    assert.equal(secretSeal(Buffer.alloc(32, 2)).verify('text', secret.sign('text') ?? ''), false)
  })

  it('can be checked, and not made, with the public half', () => {
    assert.equal(reader.verify('text', full.sign('text') ?? ''), true)
    assert.equal(reader.sign('text'), null)
  })

  it('hold under the key of before while keys change', () => {
    const next = pair()
    const changing = pairSeal({ private: next.private, public: [next.public, project.public], pepper: null })
    assert.equal(changing.verify('text', full.sign('text') ?? ''), true)
    assert.equal(full.verify('text', changing.sign('text') ?? ''), false)
  })

  it('digest a secret value so that only holders of the key can guess at it', () => {
    assert.equal(
      full.digestSecret('PIN', '1234'),
      pairSeal({ private: null, public: [], pepper: Buffer.from('pepper') }).digestSecret('PIN', '1234'),
    )
    assert.notEqual(full.digestSecret('PIN', '1234'), full.digestSecret('OTHER', '1234'))
    assert.notEqual(
      reader.digestSecret('PIN', '1234'),
      pairSeal({ private: null, public: [project.public], pepper: null }).digestSecret('PIN', '1234'),
    )
    assert.notEqual(secret.digestSecret('PIN', '1234'), secretSeal(Buffer.alloc(32, 2)).digestSecret('PIN', '1234'))
  })
})
