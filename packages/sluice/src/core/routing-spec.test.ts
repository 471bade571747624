import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { releaseId } from './model.ts'
import { drainMsOf, overlapping, routingOf } from './routing-spec.ts'

const from = releaseId(`rel_${'a'.repeat(64)}`)
const to = releaseId(`rel_${'b'.repeat(64)}`)

describe('the release that clients may stay with although it has no share any more', () => {
  const forward = { status: 'advancing', purpose: 'deploy', from, shares: [{ release: to, shareBp: 10_000 }] }

  it('is the one that a rollout replaces', () => {
    assert.equal(overlapping(forward), from)
    const split = (shareBp: number) => [
      { release: from, shareBp },
      { release: to, shareBp: 10_000 - shareBp },
    ]
    assert.equal(overlapping({ ...forward, shares: split(5_000) }), null)
    assert.equal(overlapping({ ...forward, shares: split(0) }), from)
    assert.equal(overlapping({ ...forward, from: null }), null)
  })

  it('is never one that is taken back', () => {
    assert.equal(overlapping({ ...forward, status: 'reverting', shares: [{ release: from, shareBp: 10_000 }] }), null)
    assert.equal(overlapping({ ...forward, purpose: 'rollback' }), null)
  })
})

describe('what the config says about traffic', () => {
  const base = { drainTimeoutMs: 30_000 }
  const overlap = [{ release: from, upstreams: [] }]

  it('is nothing in a route of an environment that says nothing', () => {
    assert.deepEqual(routingOf({}, { overlap }), {})
    assert.equal(drainMsOf(base), 30_000)
  })

  it('names the overlapping release only where clients stay or assets are looked for', () => {
    const drain = { idleMs: 1, maxAgeMs: 60_000 }
    assert.deepEqual(routingOf({ routing: { drain } }, { overlap }), { drain })
    assert.deepEqual(routingOf({ routing: { assets: ['/a'] } }, { overlap }), { assets: ['/a'], overlap })
    assert.deepEqual(routingOf({ routing: { assets: ['/a'] } }, { overlap: [] }), { assets: ['/a'] })
    const [forced, own] = (['stable', 'candidate'] as const).map((arm) => ({ arm, all: [] }))
    assert.ok(forced && own)
    const both = routingOf({ routing: { rules: [forced] } }, { rules: [own], overlap: [] })
    assert.deepEqual(both, { rules: [forced, own] })
    assert.deepEqual(routingOf({}, { rules: [own], overlap }), { rules: [own] })
    assert.equal(drainMsOf({ ...base, routing: { drain } }), 60_000)
  })
})
