import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { releaseId } from './model.ts'
import { overlapping } from './routing-spec.ts'

const from = releaseId(`rel_${'a'.repeat(64)}`)
const to = releaseId(`rel_${'b'.repeat(64)}`)

describe('the release that clients may stay with although it has no share any more', () => {
  const forward = { status: 'advancing', purpose: 'deploy', from, shares: [{ release: to }] }

  it('is the one that a rollout replaces', () => {
    assert.equal(overlapping(forward), from)
    assert.equal(overlapping({ ...forward, shares: [{ release: from }, { release: to }] }), null)
    assert.equal(overlapping({ ...forward, from: null }), null)
  })

  it('is never one that is taken back', () => {
    assert.equal(overlapping({ ...forward, status: 'reverting', shares: [{ release: from }] }), null)
    assert.equal(overlapping({ ...forward, purpose: 'rollback' }), null)
  })
})
