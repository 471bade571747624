import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isEntryName } from './entry.ts'
import { exactPrefix, keyPrefix, keyedName } from './keyed.ts'
import { accessOf, isScope } from './scope.ts'

describe('scopes', () => {
  it('let only protected refs write what protected refs read', () => {
    assert.deepEqual(accessOf({ kind: 'protected' }), { reads: ['protected'], writes: 'protected' })
    const others = fc.oneof(
      fc.record({ kind: fc.constant('branch' as const), name: fc.string({ unit: 'grapheme', maxLength: 20 }) }),
      fc.record({ kind: fc.constant('pull_request' as const), number: fc.string({ maxLength: 20 }) }),
    )
    fc.assert(
      fc.property(others, (ref) => {
        const { reads, writes } = accessOf(ref)
        assert.ok(writes !== null && writes !== 'protected' && isScope(writes), String(writes))
        assert.deepEqual(reads, [writes, 'protected'])
      }),
    )
  })

  it('are not there for a name that no folder can have', () => {
    const access = accessOf({ kind: 'branch', name: 'x'.repeat(300) })
    assert.deepEqual(access, { reads: ['protected'], writes: null })
  })

  it('are another for every branch', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '/', '~', '2', 'f', '.', 'ü'), maxLength: 6 })
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, other] = [a, b].map((text) => accessOf({ kind: 'branch', name: text }).writes)
        assert.equal(one === other, a === b)
      }),
    )
  })
})

describe('names of keyed entries', () => {
  // Enough of a hash to tell names apart; what is looked at is what surrounds it.
  const sha256 = (text: string): string => text.length.toString(16).padStart(64, '0')

  it('are names that every store takes, and begin with what their key begins with', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.nat(300), (key, length) => {
        const name = keyedName(key, 'd'.repeat(64), sha256)
        assert.ok(isEntryName(name), name)
        assert.ok(name.startsWith(exactPrefix(key, sha256)))
        const start = Array.from(key).slice(0, length).join('')
        assert.ok(name.startsWith(keyPrefix(start)), `${start} of ${key}`)
      }),
    )
  })
})
