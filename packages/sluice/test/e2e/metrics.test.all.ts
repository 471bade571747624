/** Releases that answer every request with 200, judged by what a real Prometheus counts of them, and by an external judge. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Release } from '../../src/core/model.ts'
import { directClient } from '../../src/http/direct.ts'
import type { MetricsWorld } from '../contracts/metrics.contract.ts'
import { freePort } from '../free-port.ts'
import { json, serving } from '../metrics/little-prometheus.ts'
import { realPrometheus } from '../metrics/real-prometheus.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

/** What the instances of a release show of a checkout: how many a tick, and how many of them fail. Null: nothing at all. */
type Shown = { readonly total: number; readonly failed: number } | null

describe('a rollout that is judged from outside', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let prometheus: MetricsWorld
  let judge: Awaited<ReturnType<typeof serving>>
  let directive = 'continue'
  let port = 0
  const over = new AbortController()
  let working: Promise<unknown> = Promise.resolve()
  const shown = new Map<string, Shown>()
  const counted = new Map<string, { total: number; failed: number }>()

  /** Users, and the shop's own counters, until the end of the test. */
  const live = async (): Promise<void> => {
    while (!over.signal.aborted) {
      for (const [release, tick] of shown) {
        const { total, failed } = counted.get(release) ?? { total: 0, failed: 0 }
        if (tick !== null) counted.set(release, { total: total + tick.total, failed: failed + tick.failed })
      }
      const series = (pick: 'total' | 'failed') =>
        [...counted].map(([release, counts]) => ({ labels: { release }, value: counts[pick] }))
      await prometheus.expose({ checkouts_total: series('total'), checkouts_failed_total: series('failed') })
      await Promise.all(Array.from({ length: 40 }, () => fetch(`http://127.0.0.1:${port}/`).catch(() => null)))
    }
  }

  const cut = async (version: string): Promise<Release> => {
    await project.commit(version)
    return desk.cut()
  }

  before(async () => {
    port = await freePort()
    prometheus = await realPrometheus()
    judge = await serving((_, __, response) =>
      json(response, { nextStep: { directive }, statusReasons: [{ message: `the test says ${directive}` }] }),
    )
    project = await makeProject({
      production: {
        listen: port,
        drainTimeout: '1s',
        stopGrace: '1s',
        judge: { interval: '100ms', staleAfter: '2s' },
        strategy: { kind: 'canary', steps: [{ share: '20%', bake: '3s', unitsMin: 5 }], bake: '100ms' },
        metrics: {
          url: prometheus.url,
          interval: '200ms',
          counters: {
            checkout: {
              total: 'checkouts_total{release="{{release}}"}',
              bad: 'checkouts_failed_total{release="{{release}}"}',
            },
          },
        },
        externalJudge: { url: judge.url, interval: '300ms' },
      },
    })
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
    const first = await desk.cut()
    shown.set(first.id, { total: 90, failed: 0 })
    assert.equal((await desk.rollOut('production', first.id)).status, 'succeeded')
    working = live()
  })
  after(async () => {
    over.abort()
    await working
    await desk.close()
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
    await judge.close()
    await prometheus.remove()
  })

  test('is taken back by checkouts that fail, though every answer is 200', async () => {
    const release = await cut('1.1.0')
    shown.set(release.id, { total: 10, failed: 4 })
    const state = await desk.rollOut('production', release.id)
    shown.set(release.id, null)
    assert.equal(state.status, 'rolled_back')
    assert.match(JSON.stringify(state.cause), /checkout: candidate \d+ of \d+ bad, stable 0 of \d+/)
    const why = await directClient(desk.plane.api, 'tester').call('rollouts.why', { params: { rollout: state.id } })
    assert.match(why.summary, /^the judge stopped it: checkout: candidate \d+ of \d+ bad/)
    assert.match(why.deciding?.outside ?? '', /^checkout: candidate/)
    assert.equal(why.metric, 'told from outside the gateway')
  })

  test('pauses while its counters are not there, and goes on by itself once they are', async () => {
    const release = await cut('1.2.0')
    const rollout = await desk.deploy('production', release.id)
    const paused = await desk.until(rollout, (state) => state.status === 'advancing' && state.paused !== null)
    assert.match(JSON.stringify(paused), /checkout: nothing matches [^"]*checkouts_/)
    shown.set(release.id, { total: 10, failed: 0 })
    assert.equal((await desk.until(rollout)).status, 'succeeded')
  })

  test('waits while the external judge says wait, and is taken back when it says abort', async () => {
    directive = 'wait'
    const release = await cut('1.3.0')
    shown.set(release.id, { total: 10, failed: 0 })
    const rollout = await desk.deploy('production', release.id)
    await desk.until(rollout, (state) => /says wait: the test says wait/.test(state.lastVerdict?.detail ?? ''))
    await sleep(4_000)
    assert.equal((await desk.plane.engine.reading.rollout(rollout)).status, 'advancing')
    directive = 'abort'
    const state = await desk.until(rollout)
    assert.equal(state.status, 'rolled_back')
    assert.match(JSON.stringify(state), /the external judge says abort: the test says abort/)
  })
})
