/** Going back through the real parts, under traffic: a watch that takes a release back by itself, a drill, and what a rollback restores. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Load, startLoad } from '../../../../bench/cutover/load/load.ts'
import type { Release } from '../../src/core/model.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState, tester } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const target = { service: 'tiny', environment: 'staging' } as const

const shown = async (port: number): Promise<{ readonly version: string; readonly greeting: string }> =>
  (await (await fetch(`http://127.0.0.1:${port}/show`)).json()) as { version: string; greeting: string }

describe('going back under traffic', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let port: number
  let load: Load
  let good: Release

  before(async () => {
    port = await freePort()
    project = await makeProject({
      staging: {
        listen: port,
        drainTimeout: '2s',
        stopGrace: '2s',
        strategy: { kind: 'blueGreen', bake: '0s', keepPrevious: true },
        config: { GREETING: 'hello' },
        rollback: {
          watch: { for: '1m', interval: '100ms', errorRate: { above: '10%', for: '500ms', requestsMin: 20 } },
        },
      },
    })
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
    good = await desk.cut()
    assert.equal((await desk.rollOut('staging', good.id)).status, 'succeeded')
    const clients = [{ kind: 'keepAlive', count: 10, intervalMs: 20 }] as const
    load = startLoad({ groups: [{ target: { host: '127.0.0.1', port }, clients }] })
  })
  after(async () => {
    await load.stop()
    await desk.close()
    await removeState(stateDir, ['staging'], project.directory)
    await project.remove()
  })

  const over = <State>(read: () => Promise<State>, holds: (state: State) => boolean): Promise<State> =>
    new Promise((resolve, reject) => {
      const look = (): void =>
        void read().then((state) => {
          if (!holds(state)) return
          end()
          resolve(state)
        }, reject)
      const end = desk.plane.engine.subscribe(look)
      look()
    })

  test('a release that answers badly once it has all traffic is taken back by its watch, and held', async () => {
    await project.commit('2.0.0', { badEvery: 2 })
    const bad = await desk.cut()
    const rollout = await desk.deploy('staging', bad.id)
    assert.equal((await desk.until(rollout)).status, 'succeeded')
    const { engine } = desk.plane
    const watch = await over(
      () => engine.reading.watch(rollout),
      (state) => state?.status === 'ended',
    )
    assert.ok(watch?.status === 'ended' && watch.rollback !== null, JSON.stringify(watch))
    assert.match(watch.detail, /bad responses: \d+ of \d+/)
    assert.equal((await desk.until(watch.rollback)).status, 'succeeded')
    assert.deepEqual(await shown(port), { ...(await shown(port)), version: '1.0.0', greeting: 'hello' })
    assert.equal((await engine.reading.hold(bad.id))?.reason, 'critical_bug')
    const again = { ...target, purpose: 'deploy', release: bad.id } as const
    await assert.rejects(engine.deploy(again, tester), /is held by sluice/)
  })

  test('a drill goes back and returns without a failed request, and says how long each way took', async () => {
    await project.commit('2.0.1')
    const fixed = await desk.cut()
    assert.equal((await desk.rollOut('staging', fixed.id)).status, 'succeeded')
    const failedBefore = (await load.report()).failed
    const { engine } = desk.plane
    const { drill: id } = await engine.startDrill({ ...target, dwellMs: 500, confirm: null }, tester)
    const drill = await over(
      () => engine.reading.drill(id),
      ({ status }) => status === 'ended',
    )
    assert.ok(drill.status === 'ended', JSON.stringify(drill))
    assert.equal(drill.outcome, 'passed', drill.detail)
    assert.ok((drill.back?.proof.requests ?? 0) > 0, 'the release before answered users while it served')
    assert.ok((drill.back?.tookMs ?? Infinity) < 5_000 && (drill.return?.tookMs ?? Infinity) < 5_000)
    assert.equal((await shown(port)).version, '2.0.1')
    const { failed, failures } = await load.report()
    assert.equal(failed - failedBefore, 0, JSON.stringify(failures.slice(failedBefore, failedBefore + 3)))
  })
})
