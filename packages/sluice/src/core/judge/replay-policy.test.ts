import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { argoPolicy } from './argo/policy.ts'
import { readArgo } from './argo/template.ts'
import { readKayenta } from './kayenta/config.ts'
import { kayentaPolicy } from './kayenta/policy.ts'
import type { CountedMoment } from './policy.ts'
import { replayPolicy } from './replay-policy.ts'

const argo = argoPolicy(
  readArgo({
    kind: 'AnalysisTemplate',
    metadata: { name: 'rate' },
    spec: { metrics: [{ name: 'rate', interval: '1m', failureLimit: 3, successCondition: 'result[0] >= 0.95' }] },
  }).template,
)
const kayenta = kayentaPolicy(readKayenta(JSON.stringify({ metrics: [{ name: 'errors', groups: ['g'] }] })).config, {
  lifetimeMs: 3_600_000,
  intervalMs: 600_000,
  warmupMs: 0,
})

/** A look every ten seconds for an hour: a hundred requests of the candidate each, of which so many are bad. */
const hour = (bad: number): readonly CountedMoment[] =>
  Array.from({ length: 361 }, (_, look) => ({
    at: look * 10_000,
    candidate: { units: 100 * look, badUnits: bad * look + (look % 3) },
    stable: { units: 900 * look, badUnits: look % 5 },
  }))
const past = (bad: number) => ({ startedAt: 0, moments: hour(bad), ended: true })

describe('another policy over a past rollout', () => {
  it('stops what it would have stopped, with the time that its own interval costs', () => {
    const stopped = replayPolicy(argo, past(20), 'good')
    assert.deepEqual([stopped.final.outcome, stopped.final.verdict], ['Failed', 'fail'])
    // Four failures, a minute apart: three minutes and the first look.
    assert.ok(stopped.stoppedAt !== null && stopped.stoppedAt >= 180_000 && stopped.stoppedAt <= 260_000)
    const worse = replayPolicy(kayenta, past(20), 'bad')
    assert.equal(worse.final.verdict, 'fail')
    assert.ok(worse.stoppedAt !== null && worse.stoppedAt >= 600_000)
  })

  it('lets pass what it would have let pass', () => {
    assert.deepEqual(
      [replayPolicy(argo, past(2), 'good').stoppedAt, replayPolicy(argo, past(2), 'good').final.verdict],
      [null, 'pass'],
    )
  })

  it('is broken, not passed, where nothing was measured', () => {
    const nothing = { startedAt: 0, moments: [], ended: true }
    for (const policy of [argo, kayenta]) {
      const { final, stoppedAt } = replayPolicy(policy, nothing, 'bad')
      assert.deepEqual([final.verdict, stoppedAt], ['broken', null])
    }
  })
})
