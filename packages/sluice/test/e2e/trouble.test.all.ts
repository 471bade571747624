/** What goes wrong, and that traffic stays where it was: each failure has its code, its evidence and its next step. */
import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { chmod, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openControlPlane } from '../../src/app.ts'
import { type ErrorCode, SluiceError } from '../../src/core/errors.ts'
import type { Release } from '../../src/core/model.ts'
import type { Rollout } from '../../src/engine/trusted.ts'
import { openConnection } from '../../src/routers/gateway/connection.ts'
import { fileSecretKeeper } from '../../src/adapters/secrets/file.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const never = new AbortController().signal
const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SluiceError && error.code === code

const show = async (port: number): Promise<Record<string, unknown>> => {
  const response = await fetch(`http://127.0.0.1:${port}/show`)
  return (await response.json()) as Record<string, unknown>
}

/** The failure that turned a rollout around. */
const failureOf = (state: Rollout): { code: string; evidence: readonly string[]; detail: string } => {
  assert.equal(state.status, 'rolled_back', JSON.stringify(state))
  assert.ok(state.status === 'rolled_back' && state.cause.kind === 'step_failed', JSON.stringify(state))
  return state.cause.failure
}

describe('trouble', () => {
  let project: Project
  let stateDir: string
  let desk: Desk
  let port: number
  let takenPort: number
  let good: Release
  const blocker = net.createServer()

  before(async () => {
    port = await freePort()
    blocker.listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    takenPort = typeof address === 'object' && address !== null ? address.port : 0
    const common = { after: null, drainTimeout: '1s', stopGrace: '1s', progressDeadline: '8s' } as const
    project = await makeProject(
      {
        production: { ...common, listen: port, secrets: ['SECRET_WORD'], strategy: { kind: 'blueGreen', bake: '0s' } },
        taken: { ...common, listen: takenPort, strategy: 'recreate' },
      },
      { health: { path: '/healthz', interval: '20ms', healthyAfter: 1, startTimeout: '2s' } },
    )
    stateDir = await makeStateDir()
    await fileSecretKeeper(stateDir).keep({ name: 'SECRET_WORD', value: 'swordfish' }, never)
    desk = await openDesk(project.directory, stateDir)
    good = await desk.cut()
    assert.equal((await desk.rollOut('production', good.id)).status, 'succeeded')
  })
  after(async () => {
    blocker.close()
    await desk.close()
    await removeState(stateDir, ['production', 'taken'], project.directory)
    await project.remove()
  })

  test('instances get their secrets; the ledger has their versions only', async () => {
    assert.equal((await show(port))['secret'], 'swordfish')
    const rows = await desk.plane.engine.ledger({ after: 0, limit: 1_000 })
    assert.ok(!JSON.stringify(rows).includes('swordfish'))
    assert.ok(JSON.stringify(rows).includes('SECRET_WORD'))
  })

  test('secrets that others on the machine can read are refused', async () => {
    await chmod(join(stateDir, 'secrets.age'), 0o644)
    await assert.rejects(desk.run(), failsWith('config_invalid'))
    await chmod(join(stateDir, 'secrets.age'), 0o600)
  })

  test('a start command that ends at once: start_failed, with its last lines; traffic stays', async () => {
    await project.commit('2.0.0', { exitAtOnce: true })
    const { code, evidence } = failureOf(await desk.rollOut('production', (await desk.cut()).id))
    assert.equal(code, 'start_failed')
    assert.match(evidence.join('\n'), /cannot open the database/)
    assert.equal((await show(port))['version'], '1.0.0')
  })

  test('a health check that never passes: health_failed, with what was answered; traffic stays', async () => {
    await project.commit('2.1.0', { healthy: false })
    const { code, detail } = failureOf(await desk.rollOut('production', (await desk.cut()).id))
    assert.equal(code, 'health_failed')
    assert.match(detail, /503/)
    assert.equal((await show(port))['version'], '1.0.0')
  })

  test('a port that something else has: port_in_use', async () => {
    const { code } = failureOf(await desk.rollOut('taken', good.id))
    assert.equal(code, 'port_in_use')
  })

  test('an artifact that is not what its digest says: artifact_mismatch; traffic stays', async () => {
    await project.commit('2.2.0')
    const { id, content } = await desk.cut()
    const hex = content.artifacts[0]?.digest.slice('sha256:'.length) ?? ''
    const file = (await readdir(stateDir, { recursive: true })).find((name) => name.endsWith(`${hex}.tar`))
    const out = createWriteStream(join(stateDir, file ?? assert.fail('the archive is there')), {
      flags: 'r+',
      start: 600,
    })
    out.end('changed')
    await once(out, 'close')
    const { code } = failureOf(await desk.rollOut('production', id))
    assert.equal(code, 'artifact_mismatch')
    assert.equal((await show(port))['version'], '1.0.0')
  })

  test('two deploys at once: the second is refused and told by whom', async () => {
    await project.commit('2.3.0')
    const { id } = await desk.cut()
    const first = await desk.deploy('production', id)
    await assert.rejects(desk.deploy('production', good.id), (error) => {
      assert.ok(error instanceof SluiceError && error.code === 'admission_refused')
      assert.match(error.detail, new RegExp(first))
      return true
    })
    assert.equal((await desk.until(first)).status, 'succeeded')
    assert.equal((await desk.rollOut('production', null, 'rollback')).status, 'succeeded')
  })

  test('a second control plane on the same state: server_running', async () => {
    const options = { projectDir: project.directory, stateDir, gateway: 'whenNeeded' } as const
    await assert.rejects(openControlPlane({ ...options, onFatal: () => {} }), failsWith('server_running'))
  })

  test('a truncated routing file: the gateway that comes up anew serves as before', async () => {
    const folder = join(stateDir, 'routes')
    const name = (await readdir(folder)).find((each) => each.endsWith('production.json'))
    await truncate(join(folder, name ?? assert.fail('the routing file is there')), 40)
    const connection = await openConnection(join(stateDir, 'gateway.sock'), () => {})
    const hello = await connection?.send({ kind: 'hello' })
    assert.ok(connection !== null && hello?.kind === 'answered')
    process.kill((hello.answer as { readonly pid: number }).pid, 'SIGKILL')
    await connection.closed
    const observed = await desk.plane.ports.router.observe({ service: 'tiny', environment: 'production' }, never)
    assert.equal(observed?.route.arms[0]?.release, good.id)
    assert.equal((await show(port))['version'], '1.0.0')
    assert.match(await readFile(join(stateDir, 'gateway.log'), 'utf8'), /route_file_damaged/)
  })

  test('a damaged state file: store_corrupt says what to do, and traffic goes on meanwhile', async () => {
    await desk.close()
    const file = join(stateDir, (await readdir(stateDir)).find((name) => name.endsWith('.db')) ?? assert.fail())
    const whole = await readFile(file)
    await writeFile(file, Buffer.concat([Buffer.alloc(4_096, 7), whole.subarray(4_096)]))
    await assert.rejects(openDesk(project.directory, stateDir), failsWith('store_corrupt'))
    assert.equal((await show(port))['version'], '1.0.0')
    await writeFile(file, whole)
    desk = await openDesk(project.directory, stateDir)
    assert.equal((await desk.plane.engine.reading.environment('tiny', 'production')).serving, good.id)
  })
})
