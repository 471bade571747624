import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { assess } from '../../core/judge/assess.ts'
import { type JudgePolicy, releaseId, rolloutId } from '../../core/model.ts'
import type { Route, Trip } from '../../core/routing.ts'
import { UpstreamPool } from '../data/upstream-pool.ts'
import { defaultSettings } from '../settings.ts'
import type { World } from '../world.ts'
import { restoreEvidence, writeEvidenceNow } from './evidence-file.ts'
import { LatencyWindow } from './latency-window.ts'
import type { LiveArm } from './live-route.ts'
import { LiveRoute } from './live-route.ts'
import { logEOf, statisticsOf } from './tripwire.ts'

const base: JudgePolicy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 }
const latency = { quantiles: [0.95, 0.99], tolerance: 1.25, warmupMs: 0 }
const upstream = (instance: string) => ({ instance, host: '127.0.0.1', port: 9 })
const releases = { stable: releaseId(`rel_${'a'.repeat(64)}`), candidate: releaseId(`rel_${'b'.repeat(64)}`) }
const routeOf = (policy: JudgePolicy, shareBp: number): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 8_080 },
  fence: { token: 1, sequence: 1 },
  arms: [
    { name: 'stable', release: releases.stable, shareBp: 10_000 - shareBp, upstreams: [upstream('a')] },
    { name: 'candidate', release: releases.candidate, shareBp, upstreams: [upstream('b')] },
  ],
  sticky: { kind: 'none' },
  salt: 'salt',
  tripwire: { rollout: rolloutId('rol_1'), policy },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

/** Numbers that are the same in every run. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 4_294_967_296
}

const open = (route: Route): { live: LiveRoute; trips: Trip[] } => {
  const trips: Trip[] = []
  const random = numbers(11)
  const world: World = { now: () => 42, monotonic: () => 0, random, token: () => '0'.repeat(32), log: () => {} }
  const listener = { tripped: (_: LiveRoute, trip: Trip) => void trips.push(trip), healthChanged: () => {} }
  return { live: new LiveRoute(route, { world, settings: defaultSettings, listener }), trips }
}

const arm = (live: LiveRoute, name: string): LiveArm => {
  const found = live.arms.find((each) => each.name === name)
  assert.ok(found)
  return found
}

/** Serves so many requests, each at the arm that chance gives; the candidate's take `factor` times as long. */
const serve = (live: LiveRoute, count: number, factor: number, next = numbers(3)): void => {
  for (let request = 0; request < count && live.trip === null; request += 1) {
    const chosen = live.choose('')
    assert.ok(chosen)
    const ms = -Math.log(1 - next()) * 20
    live.count(chosen.arm, chosen.unit, chosen.arm.name === 'candidate' ? ms * factor : ms)
  }
}

describe('a tripwire on latency', () => {
  it('cuts a slower candidate in the turn of the response that decided it, and says by which metric', () => {
    const { live, trips } = open(routeOf({ ...base, latency }, 1_000))
    serve(live, 20_000, 3)
    assert.equal(trips.length, 1)
    assert.equal(live.route.arms[1]?.shareBp, 0)
    assert.match(trips[0]?.metric ?? '', /^p9[59]$/)
    assert.deepEqual(
      trips[0]?.metrics?.map(({ metric }) => metric),
      ['errors', 'p95', 'p99'],
    )
    assert.ok((trips[0]?.candidate.units ?? Infinity) < 400, `${trips[0]?.candidate.units} requests of the candidate`)
  })

  it('lets a candidate as fast as stable alone, whatever the unit of time', () => {
    for (const unit of [0.001, 1, 1_000]) {
      const { live, trips } = open(routeOf({ ...base, latency }, 1_000))
      const next = numbers(5)
      for (let request = 0; request < 40_000; request += 1) {
        const chosen = live.choose('')
        assert.ok(chosen)
        live.count(chosen.arm, chosen.unit, -Math.log(1 - next()) * unit)
      }
      assert.deepEqual(trips, [])
    }
  })

  it('the same responses in another unit of time give the same evidence to the last digit', () => {
    const evidence = [0.001, 1, 7.3, 1_000].map((unit) => {
      const { live } = open(routeOf({ ...base, alpha: 1e-300, latency }, 1_000))
      const next = numbers(9)
      for (let request = 0; request < 5_000; request += 1) {
        const chosen = live.choose('')
        assert.ok(chosen)
        const ms = -Math.log(1 - next()) * (chosen.arm.name === 'candidate' ? 1.6 : 1)
        live.count(chosen.arm, chosen.unit, ms * unit)
      }
      return logEOf(live.watch)
    })
    assert.deepEqual(new Set(evidence).size, 1)
  })

  it('cuts by an absolute limit, also when stable was never as slow', () => {
    const slow = { quantiles: [], tolerance: 1.25, limitMs: 500, warmupMs: 0 }
    const { live, trips } = open(routeOf({ ...base, latency: slow }, 500))
    for (let response = 0; response < 6 && trips.length === 0; response += 1) {
      live.count(arm(live, 'stable'), null, 499)
      live.count(arm(live, 'candidate'), null, 501)
    }
    assert.equal(trips[0]?.metric, 'slow')
  })

  it('says nothing of slowness before it knows how fast stable is', () => {
    const window = new LatencyWindow([0.95])
    for (let ms = 1; ms < 250; ms += 1) window.learn(ms)
    assert.equal(window.thresholds[0], Infinity)
    window.learn(250)
    assert.equal(window.thresholds[0], 238)
    for (let ms = 0; ms < 1_250; ms += 1) window.learn(5)
    assert.equal(window.thresholds[0], 5)
  })

  it('learns what is slow from stable alone', () => {
    const { live } = open(routeOf({ ...base, latency }, 5_000))
    for (let response = 0; response < 600; response += 1) live.count(arm(live, 'candidate'), null, 5)
    assert.deepEqual([...(live.watch.window?.thresholds ?? [])], [Infinity, Infinity])
    for (let response = 0; response < 250; response += 1) live.count(arm(live, 'stable'), null, 7)
    assert.deepEqual([...(live.watch.window?.thresholds ?? [])], [7, 7])
  })

  it('a slow response of a warming instance is no evidence; an error of it is, and so is a slow one of stable', () => {
    const policy = { ...base, alpha: 1e-300, latency: { ...latency, quantiles: [], limitMs: 10, warmupMs: 1_000 } }
    const { live } = open(routeOf(policy, 5_000))
    const candidate = arm(live, 'candidate')
    const pool = new UpstreamPool(upstream('b'), releases.candidate, 1)
    assert.equal(live.isWarming(candidate, pool, 5_000), true)
    assert.equal(live.isWarming(candidate, pool, 5_999), true)
    assert.equal(live.isWarming(candidate, pool, 6_000), false)
    assert.equal(live.isWarming(arm(live, 'stable'), new UpstreamPool(upstream('a'), releases.stable, 1), 5_000), false)
    live.countUnjudged(candidate, null, 999)
    assert.equal(live.watch.slow[0]?.candidateBad, 0)
    live.countBad(candidate, null)
    assert.equal(live.watch.errors.candidateBad, 1)
    assert.equal(live.watch.candidate.requests, 1)
  })
})

describe('a candidate without a control', () => {
  const policy = { ...base, errorLimit: 0.05 }

  it('is held against the declared limit, and cut where somebody can take its traffic', () => {
    const { live, trips } = open(routeOf(policy, 10_000))
    for (let request = 0; request < 400 && trips.length === 0; request += 1) {
      live.count(arm(live, 'candidate'), null, 1)
      if (request % 4 === 0) live.countBad(arm(live, 'candidate'), null)
    }
    assert.equal(trips.length, 1)
    assert.deepEqual(
      live.route.arms.map(({ shareBp }) => shareBp),
      [10_000, 0],
    )
  })

  it('is left alone at a rate within it', () => {
    const { live, trips } = open(routeOf(policy, 10_000))
    for (let request = 0; request < 5_000; request += 1) {
      live.count(arm(live, 'candidate'), null, 1)
      if (request % 40 === 0) live.countBad(arm(live, 'candidate'), null)
    }
    assert.deepEqual(trips, [])
  })

  it('a first release that is too bad has nobody to give its traffic to: the evidence stays, for the control plane to see', () => {
    const route = routeOf(policy, 10_000)
    const { live, trips } = open({ ...route, arms: route.arms.filter(({ name }) => name === 'candidate') })
    for (let request = 0; request < 400; request += 1) {
      live.count(arm(live, 'candidate'), null, 1)
      live.countBad(arm(live, 'candidate'), null)
    }
    assert.deepEqual(trips, [])
    assert.ok(assess(statisticsOf(live.watch), policy).countedLogE > Math.log(100))
  })
})

it('what the gateway weighs as it comes and what is assessed from its statistics afterwards is the same evidence', () => {
  const policy = { ...base, alpha: 1e-300, errorLimit: 0.02, latency: { ...latency, limitMs: 60 } }
  const { live } = open(routeOf(policy, 1_000))
  const next = numbers(21)
  for (const shareBp of [1_000, 3_000, 10_000]) {
    live.put(routeOf(policy, shareBp))
    serve(live, 3_000, 1.3)
    for (let bad = 0; bad < 30; bad += 1) {
      const chosen = live.choose('')
      assert.ok(chosen)
      live.count(chosen.arm, null, 20 * next())
      live.countBad(chosen.arm, null)
    }
  }
  const assessed = assess(statisticsOf(live.watch), policy).logE
  assert.ok(Math.abs((logEOf(live.watch) ?? 0) - assessed) < 1e-6 * Math.max(1, Math.abs(assessed)))
})

it('counts and evidence of every metric survive the death of the gateway', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-evidence-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const route = routeOf({ ...base, alpha: 1e-300, errorLimit: 0.02, latency }, 1_000)
  const { live } = open(route)
  serve(live, 5_000, 2)
  live.countBad(arm(live, 'candidate'), 7)
  writeEvidenceNow(folder, live)
  const { live: next } = open(route)
  assert.ok(restoreEvidence(folder, next))
  assert.deepEqual(statisticsOf(next.watch), statisticsOf(live.watch))
  assert.equal(logEOf(next.watch), logEOf(live.watch))
  next.countBad(arm(next, 'candidate'), 7)
  assert.equal(next.watch.errors.candidateBad, 1, 'a unit that was counted before the death counts no more')
})
