import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { freePort } from '../free-port.ts'
import { runningIn } from '../../src/lib/process-identity.ts'
import { GatewayKeeper } from '../../src/routers/gateway/keeper.ts'
import {
  Control,
  type GatewayProcess,
  arm,
  ask,
  atEnd,
  eventually,
  kill,
  makeRoute,
  spawnGateway,
  startUpstream,
  stateFolder,
} from './harness.ts'

const standbyOf = (stateDir: string): number | null => runningIn(path.join(stateDir, 'standby.json'))?.pid ?? null

const anotherStandby = (stateDir: string, before: number): number | false => {
  const pid = standbyOf(stateDir)
  return pid !== null && pid !== before && pid
}

const shutdown = (control: Control): Promise<unknown> => control.send({ kind: 'shutdown' }).catch(() => {})

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const connect = (t: TestContext, stateDir: string): Control => {
  const control = new Control(path.join(stateDir, 'gateway.sock'))
  atEnd(t, () => control.close())
  return control
}

/** The pid of the gateway that answers, once it is another than this one. */
const nextGateway = (t: TestContext, stateDir: string, before: number | undefined): Promise<number> =>
  eventually('another gateway answers', async () => {
    const { pid } = await connect(t, stateDir)
      .send({ kind: 'hello' })
      .catch(() => ({ pid: before }))
    return pid !== before && pid
  })

/** A gateway with a standby, and a route; whatever serves in the end is ended. */
const withStandby = async (
  t: TestContext,
): Promise<{ first: GatewayProcess; stateDir: string; port: number; standby: number }> => {
  const { upstream } = await startUpstream(t, 'a')
  const stateDir = stateFolder(t)
  atEnd(t, async () => {
    const control = new Control(path.join(stateDir, 'gateway.sock'))
    const pid = await control.send({ kind: 'hello' }).then(
      (hello) => hello.pid,
      () => null,
    )
    const standby = standbyOf(stateDir)
    if (pid !== null) await shutdown(control)
    await eventually('all of them end', () => [pid, standby].every((each) => each === null || !isAlive(each)))
  })
  const first = await spawnGateway(t, stateDir, [])
  const port = await freePort()
  const route = makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] })
  await first.control.send({ kind: 'set_route', route })
  const standby = await eventually('a standby', () => standbyOf(stateDir))
  return { first, stateDir, port, standby }
}

describe('a gateway with a standby', { concurrency: true }, () => {
  it('replaces a standby that is killed; and killed itself under load it refuses nobody: the standby answers, under the same fence', async (t) => {
    const { first, stateDir, port, standby: gone } = await withStandby(t)
    process.kill(gone, 'SIGKILL')
    const standby = await eventually('another standby', () => anotherStandby(stateDir, gone))
    const refused: unknown[] = []
    let served = 0
    const stop = new AbortController()
    atEnd(t, () => stop.abort())
    const load = Array.from({ length: 6 }, async () => {
      while (!stop.signal.aborted) {
        await ask(port).then(
          () => (served += 1),
          (error: NodeJS.ErrnoException) => error.syscall === 'connect' && refused.push(error),
        )
      }
    })
    await eventually('load', () => served > 50)
    await kill(first.child)
    const from = served
    await eventually('more load', () => served > from + 50)
    stop.abort()
    await Promise.all(load)
    assert.deepEqual(refused, [])
    assert.equal(await nextGateway(t, stateDir, first.child.pid), standby)
    const control = connect(t, stateDir)
    const stale = { ...(await control.observe()).route, fence: { token: 0, sequence: 1 } }
    await assert.rejects(control.send({ kind: 'set_route', route: stale }), /fence_stale/)
    await eventually('a standby of its own', () => anotherStandby(stateDir, standby))
  })

  it('serves on where the disk has no room to say which standby it has', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const stateDir = stateFolder(t)
    fs.symlinkSync('/dev/full', path.join(stateDir, 'standby.json'))
    const { child, control, log } = await spawnGateway(t, stateDir, [])
    await eventually('it says so', () => log().includes('standby_not_named') || child.exitCode !== null)
    assert.equal(child.exitCode, null, log())
    const port = await freePort()
    await control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] }) })
    await ask(port)
    await shutdown(control)
    await eventually('it ends', () => child.exitCode !== null)
  })

  it('serves on where the disk has no room for its log', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const stateDir = stateFolder(t)
    const full = fs.openSync('/dev/full', 'w')
    const bin = path.join(import.meta.dirname, '../../src/gateway/bin.ts')
    const child = spawn(process.execPath, [bin, '--state-dir', stateDir, '--alone'], { stdio: ['ignore', full, full] })
    fs.closeSync(full)
    atEnd(t, () => child.kill('SIGKILL'))
    await eventually(
      'it can be told something',
      () => fs.existsSync(path.join(stateDir, 'gateway.sock')) || child.exitCode !== null,
    )
    assert.equal(child.exitCode, null)
    const control = connect(t, stateDir)
    const port = await freePort()
    await control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] }) })
    await ask(port)
    await shutdown(control)
    await eventually('it ends', () => child.exitCode !== null)
  })

  it('is started by its keeper once what kept it from being started is over', async (t) => {
    const stateDir = stateFolder(t)
    fs.mkdirSync(path.join(stateDir, 'gateway.log'))
    const said: string[] = []
    const log = { info: () => {}, warn: () => {}, error: (event: string) => void said.push(event) }
    const bin = path.join(import.meta.dirname, '../../src/gateway/bin.ts')
    const command = [process.execPath, bin, '--state-dir', stateDir, '--alone']
    const keeper = new GatewayKeeper({ stateDir, command, log })
    atEnd(t, () => keeper.stop())
    keeper.start()
    await eventually('it cannot be started', () => said.includes('gateway_not_started'))
    fs.rmdirSync(path.join(stateDir, 'gateway.log'))
    await keeper.ready()
    await shutdown(connect(t, stateDir))
  })

  it('and whose standby dies with it is started again by its keeper; the port is free for it', async (t) => {
    const { first, stateDir, port, standby } = await withStandby(t)
    const said: string[] = []
    const log = { info: (event: string) => void said.push(event), warn: () => {}, error: () => {} }
    const bin = path.join(import.meta.dirname, '../../src/gateway/bin.ts')
    const keeper = new GatewayKeeper({ stateDir, command: [process.execPath, bin, '--state-dir', stateDir], log })
    atEnd(t, () => keeper.stop())
    await keeper.ready()
    process.kill(standby, 'SIGKILL')
    await kill(first.child)
    const pid = await nextGateway(t, stateDir, first.child.pid)
    assert.deepEqual([pid === standby, said], [false, ['gateway_started']])
    assert.equal((await ask(port)).body, 'a')
    // A keeper does not come before a standby.
    const second = await eventually('a standby', () => anotherStandby(stateDir, standby))
    process.kill(pid, 'SIGKILL')
    assert.equal(await nextGateway(t, stateDir, pid), second)
    assert.deepEqual(said, ['gateway_started'])
  })

  it('and whose standby is late loses to the one that has the lock: the standby ends, and with it its hold on the port', async (t) => {
    const { first, stateDir, port, standby } = await withStandby(t)
    process.kill(standby, 'SIGSTOP')
    await kill(first.child)
    const second = await spawnGateway(t, stateDir)
    assert.match(second.log(), /route_not_listening/)
    process.kill(standby, 'SIGCONT')
    await eventually('the late one ends', () => !isAlive(standby))
    await eventually('the port', () =>
      ask(port).then(
        ({ body }) => body === 'a',
        () => false,
      ),
    )
    assert.equal((await second.control.send({ kind: 'hello' })).pid, second.child.pid)
  })

  it('takes its standby along when it stops, is replaced, or lets go of a port', async (t) => {
    const { first, stateDir, port } = await withStandby(t)
    const control = first.control
    await control.send({
      kind: 'remove_route',
      service: 'shop',
      environment: 'production',
      fence: { token: 1, sequence: 2 },
    })
    const squatter = http.createServer().listen(port, '127.0.0.1')
    await eventually('the port is free at once', () => squatter.listening)
    squatter.close()
    const standby = await eventually('a standby without the port', () => standbyOf(stateDir))
    const successor = first.child.spawnargs.slice(1)
    const { pid } = await control.send({
      kind: 'hand_over',
      command: [process.execPath, ...process.execArgv, ...successor, '--adopt'],
    })
    await eventually('the first and its standby are gone', () => first.child.exitCode === 0 && !isAlive(standby))
    const next = await eventually('the standby of the successor', () => standbyOf(stateDir))
    await shutdown(connect(t, stateDir))
    await eventually('nobody is left', () => !isAlive(pid) && !isAlive(next))
    assert.equal(fs.existsSync(path.join(stateDir, 'gateway.sock')), false)
  })
})
