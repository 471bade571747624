/** A commit taken to production and back, through the real parts: git, runner, store, engine, driver, gateway; under traffic. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Load, startLoad } from '../../../../bench/cutover/load/load.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { Release } from '../../src/core/model.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const common = { drainTimeout: '2s', stopGrace: '2s', judge: { interval: '100ms' } } as const

const versionAt = async (port: number): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/show`)
  const { version } = (await response.json()) as { readonly version: string }
  return version
}

describe('a commit on its way to production', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let staging: number
  let production: number
  let load: Load
  let good: Release

  before(async () => {
    staging = await freePort()
    production = await freePort()
    project = await makeProject({
      staging: { ...common, listen: staging, config: { GREETING: 'hello' } },
      production: {
        ...common,
        after: 'staging',
        listen: production,
        instances: 2,
        strategy: { kind: 'canary', steps: [{ share: '5%', bake: '500ms', unitsMin: 5 }], bake: '100ms' },
      },
    })
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
  })
  after(async () => {
    await desk.close()
    await removeState(stateDir, ['staging', 'production'], project.directory)
    await project.remove()
  })

  test('its run cuts a release that names the artifact by digest', async () => {
    good = await desk.cut()
    assert.match(good.content.version, /^1\.0\.0\+/)
    assert.deepEqual(
      good.content.artifacts.map(({ name }) => name),
      ['app'],
    )
    assert.equal(
      await desk.plane.ports.artifacts.verify(good.content.artifacts[0]?.digest ?? assert.fail(), never),
      'ok',
    )
  })

  test('production refuses it before staging has verified it, and says who must', async () => {
    await assert.rejects(desk.deploy('production', good.id), (error) => {
      assert.ok(error instanceof SluiceError)
      assert.equal(error.code, 'admission_refused')
      assert.match(error.detail, /staging/)
      return true
    })
  })

  test('it serves staging with the configuration of staging', async () => {
    assert.equal((await desk.rollOut('staging', good.id)).status, 'succeeded')
    const shown = await (await fetch(`http://127.0.0.1:${staging}/show`)).json()
    assert.equal((shown as { readonly greeting: string }).greeting, 'hello')
  })

  test('promoting takes the release that staging verified', async () => {
    const state = await desk.rollOut('production', null, 'promote')
    assert.deepEqual([state.status, state.plan.to], ['succeeded', good.id])
    assert.equal(await versionAt(production), '1.0.0')
  })

  test('a bad release is cut after few bad answers, and no request but those is hurt', async () => {
    await project.commit('2.0.0', { badEvery: 2 })
    const bad = await desk.cut()
    assert.equal((await desk.rollOut('staging', bad.id)).status, 'succeeded')
    load = startLoad({
      groups: [
        {
          target: { host: '127.0.0.1', port: production },
          clients: [
            { kind: 'keepAlive', count: 10, intervalMs: 20 },
            { kind: 'upload', count: 1, intervalMs: 400 },
            { kind: 'slow', count: 1, intervalMs: 700 },
            { kind: 'webSocket', count: 2, intervalMs: 100 },
          ],
        },
      ],
    })
    const state = await desk.rollOut('production', bad.id)
    assert.equal(state.status, 'rolled_back')
    assert.ok(state.status === 'rolled_back' && state.cause.kind === 'tripped', JSON.stringify(state))
    const { failures } = await load.report()
    assert.deepEqual([...new Set(failures.map(({ failure }) => failure))], ['status'])
    assert.ok(failures.length <= 20, `${failures.length} bad answers`)
    assert.equal(await versionAt(production), '1.0.0')
    const { serving } = await desk.plane.engine.reading.environment('tiny', 'production')
    assert.equal(serving, good.id)
  })

  test('the fix is promoted under the same traffic, and a rollback brings the release before back', async () => {
    const failedBefore = (await load.report()).failed
    await project.commit('2.0.1')
    const fixed = await desk.cut()
    assert.equal((await desk.rollOut('staging', fixed.id)).status, 'succeeded')
    assert.equal((await desk.rollOut('production', null, 'promote')).status, 'succeeded')
    assert.equal(await versionAt(production), '2.0.1')
    assert.equal((await desk.rollOut('production', null, 'rollback')).status, 'succeeded')
    assert.equal(await versionAt(production), '1.0.0')
    const { failed, failures } = await load.stop()
    assert.equal(failed - failedBefore, 0, JSON.stringify(failures.slice(failedBefore, failedBefore + 5)))
  })
})

const never = new AbortController().signal
