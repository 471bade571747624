/** The preview address through the death of gateways and their replacement, in processes of their own. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { runningIn } from '../../src/lib/process-identity.ts'
import { freePort } from '../free-port.ts'
import {
  arm,
  ask,
  atEnd,
  Control,
  eventually,
  kill,
  makeRoute,
  replaceGateway,
  spawnGateway,
  startUpstream,
  stateFolder,
} from './harness.ts'

test('a preview address outlives kill -9, is handed over with the other socket, and closes with the switch', async (t) => {
  const { upstream: blue } = await startUpstream(t, 'blue')
  const { upstream: green } = await startUpstream(t, 'green')
  const stateDir = stateFolder(t)
  const [port, preview] = [await freePort(), await freePort()]
  const arms = [arm('stable', 10_000, [blue]), arm('candidate', 0, [green])]
  const first = await spawnGateway(t, stateDir)
  const route = makeRoute(port, 1, { arms, preview: { host: '127.0.0.1', port: preview } })
  await first.control.send({ kind: 'set_route', route })
  await kill(first.child)
  await spawnGateway(t, stateDir)
  assert.equal((await ask(preview)).body, 'green')
  let failed = 0
  let served = 0
  const stop = new AbortController()
  const load = Array.from({ length: 3 }, async () => {
    while (!stop.signal.aborted) {
      await ask(preview).then(
        ({ body }) => (body === 'green' ? (served += 1) : (failed += 1)),
        () => (failed += 1),
      )
    }
  })
  const pid = await replaceGateway(t, stateDir)
  const before = served
  await eventually('requests at the successor', () => served > before + 20)
  stop.abort()
  await Promise.all(load)
  assert.equal(failed, 0)
  const control = new Control(path.join(stateDir, 'gateway.sock'))
  atEnd(t, () => control.close())
  assert.equal((await control.send({ kind: 'hello' })).pid, pid)
  await control.send({ kind: 'set_route', route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [green])] }) })
  await assert.rejects(ask(preview), /ECONNREFUSED/)
})

test('a standby answers at the preview address when its gateway is killed, and no connection is refused', async (t) => {
  const { upstream: blue } = await startUpstream(t, 'blue')
  const { upstream: green } = await startUpstream(t, 'green')
  const stateDir = stateFolder(t)
  const [port, preview] = [await freePort(), await freePort()]
  const arms = [arm('stable', 10_000, [blue]), arm('candidate', 0, [green])]
  const first = await spawnGateway(t, stateDir, [])
  atEnd(t, () => new Control(path.join(stateDir, 'gateway.sock')).send({ kind: 'shutdown' }).catch(() => {}))
  const before = runningIn(path.join(stateDir, 'standby.json'))?.pid ?? null
  const route = makeRoute(port, 1, { arms, preview: { host: '127.0.0.1', port: preview } })
  await first.control.send({ kind: 'set_route', route })
  await eventually('a standby that has both sockets', () => {
    const pid = runningIn(path.join(stateDir, 'standby.json'))?.pid ?? null
    return pid !== null && pid !== before
  })
  await kill(first.child)
  assert.equal((await ask(preview)).body, 'green')
  assert.equal((await ask(port)).body, 'blue')
})
