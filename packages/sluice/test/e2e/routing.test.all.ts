/** What the config says about traffic, carried through a release and its rollout to real clients; through the real parts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Release } from '../../src/core/model.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

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
