/** What the config says about traffic, carried through a release and its rollout to real clients; through the real parts. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Release, RolloutId } from '../../src/core/model.ts'
import type { Rollout } from '../../src/engine/trusted.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const by = { kind: 'person', name: 'grace' } as const

/** A browser with a page open: keeps its cookies, and says which version it is served by. */
class Browser {
  readonly jar = new Map<string, string>()
  readonly port: number
  constructor(port: number) {
    this.port = port
  }
  async version(headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`http://127.0.0.1:${this.port}/show`, { headers: { ...headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      this.jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const { version } = (await response.json()) as { readonly version: string }
    return version
  }
}

describe('a page that was opened before a rollout', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let port: number
  let second: Release

  before(async () => {
    port = await freePort()
    project = await makeProject({
      production: {
        listen: port,
        strategy: { kind: 'blueGreen', bake: '0s', keepPrevious: true },
        sticky: { cookie: 'arm' },
        routing: { skew: { maxAge: '1h' }, force: { header: 'x-arm' }, assets: ['/assets/'] },
        drainTimeout: '2s',
        stopGrace: '2s',
      },
    })
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
    await desk.rollOut('production', (await desk.cut()).id)
  })
  after(async () => {
    await desk.close()
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
  })

  test('keeps reaching its release while that is up, and new clients get the new one', async () => {
    const opened = new Browser(port)
    assert.equal(await opened.version(), '1.0.0')
    await project.commit('2.0.0')
    second = await desk.cut()
    const rolled = await desk.rollOut('production', second.id)
    assert.equal(rolled.status, 'succeeded')
    assert.equal(await opened.version(), '1.0.0')
    assert.equal(await new Browser(port).version(), '2.0.0')
    assert.equal(await opened.version(), '1.0.0')
  })

  test('moves, once, when the next rollout takes its instances down; nobody stays on what was rolled back', async () => {
    const old = new Browser(port)
    assert.equal(await old.version(), '2.0.0')
    await project.commit('3.0.0')
    await desk.rollOut('production', (await desk.cut()).id)
    const fresh = new Browser(port)
    assert.deepEqual([await old.version(), await fresh.version()], ['2.0.0', '3.0.0'])
    const back = await desk.rollOut('production', second.id, 'rollback')
    assert.equal(back.status, 'succeeded')
    assert.deepEqual([await old.version(), await fresh.version()], ['2.0.0', '2.0.0'])
  })
})

describe('green that waits for its switch', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let port: number
  let preview: number

  before(async () => {
    port = await freePort()
    preview = await freePort()
    project = await makeProject({
      production: {
        listen: port,
        strategy: { kind: 'blueGreen', preview: { listen: preview }, verify: true, approve: true, bake: '0s' },
        verify: [{ kind: 'http', name: 'page', path: '/show' }],
        drainTimeout: '2s',
        stopGrace: '2s',
      },
    })
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
    await desk.rollOut('production', (await desk.cut()).id)
  })
  after(async () => {
    await desk.close()
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
  })

  const isClosed = (): Promise<unknown> => assert.rejects(new Browser(preview).version(), /fetch failed/)
  const awaits = (state: Rollout): boolean => state.status === 'advancing' && state.stage.kind === 'awaiting'
  const begin = async (version: string): Promise<RolloutId> => {
    await project.commit(version)
    const rollout = await desk.deploy('production', (await desk.cut()).id)
    await desk.until(rollout, awaits)
    return rollout
  }

  test('is alone at its preview address, was verified there, and has none any more once it serves', async () => {
    await isClosed()
    const rollout = await begin('2.0.0')
    assert.deepEqual([await new Browser(port).version(), await new Browser(preview).version()], ['1.0.0', '2.0.0'])
    const rows = await desk.plane.ports.store.ledger({ after: 0, limit: 1_000, key: { kind: 'rollout', id: rollout } })
    assert.match(JSON.stringify(rows), /preview: /, 'the report names where it looked')
    await desk.plane.engine.governance.approve({ rollout }, { by, reason: null, idempotencyKey: null })
    assert.equal((await desk.until(rollout)).status, 'succeeded')
    assert.equal(await new Browser(port).version(), '2.0.0')
    await isClosed()
  })

  test('has none any more when it is called off', async () => {
    const rollout = await begin('3.0.0')
    assert.equal(await new Browser(preview).version(), '3.0.0')
    await desk.plane.engine.commandRollout(rollout, 'abort_requested', { by, reason: null, idempotencyKey: null })
    assert.equal((await desk.until(rollout)).status, 'rolled_back')
    assert.equal(await new Browser(port).version(), '2.0.0')
    await isClosed()
  })

  test('is turned back with the port by its name where somebody else has it', async () => {
    const squatter = net.createServer((socket) => socket.destroy()).listen(preview, '127.0.0.1')
    await once(squatter, 'listening')
    await project.commit('4.0.0')
    const state = await desk.rollOut('production', (await desk.cut()).id)
    squatter.close()
    assert.ok(state.status === 'rolled_back' && state.cause.kind === 'step_failed', JSON.stringify(state.status))
    assert.equal(state.cause.failure.code, 'port_in_use')
    assert.match(state.cause.failure.detail, new RegExp(`127.0.0.1:${preview} is in use`))
    assert.equal(await new Browser(port).version(), '2.0.0')
  })
})
