/** `kill -9` of the real control plane in the middle of a rollout: traffic does not notice, its gateway starts it again, and the rollout goes on to its end. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Load, mixedClients, startLoad } from '../../../../bench/cutover/load/load.ts'
import { type Client, createClient } from '../../src/http/client/client.ts'
import type { RolloutView } from '../../src/http/client/views.ts'
import { identify, isRunning, type ProcessIdentity } from '../../src/lib/process-identity.ts'
import { freePort } from '../free-port.ts'
import { makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const program = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

const endProcess = async (identity: ProcessIdentity): Promise<void> => {
  process.kill(identity.pid, 'SIGTERM')
  while (isRunning(identity)) await new Promise((resolve) => setTimeout(resolve, 20))
}

type ServerFile = { readonly pid: number; readonly url: string }

describe('a control plane that is killed', () => {
  let project: Project
  let stateDir: string
  let load: Load | undefined
  let server: ChildProcess
  let client: Client
  let releases: readonly [string, string]

  /** Asks until the condition holds; a control plane that is dead just now is asked again. */
  const until = async <Answer>(ask: () => Promise<Answer>, holds: (answer: Answer) => boolean): Promise<Answer> => {
    const lateAt = performance.now() + 20_000
    for (;;) {
      const answer = await ask().catch((error: unknown) => {
        if (performance.now() > lateAt) throw error
        return null
      })
      if (answer !== null && holds(answer)) return answer
      assert.ok(performance.now() < lateAt, `still ${JSON.stringify(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const serverFile = (): ServerFile => JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as ServerFile
  const show = (rollout: string): Promise<RolloutView> => client.call('rollouts.show', { params: { rollout } })

  before(async () => {
    const port = await freePort()
    const environment = {
      listen: port,
      instances: 2,
      drainTimeout: '500ms',
      judge: { interval: '100ms' },
      strategy: { kind: 'canary', steps: [{ share: '20%', bake: '1s', unitsMin: 5 }], bake: '200ms' },
    } as const
    project = await makeProject({ production: environment })
    stateDir = await makeStateDir()
    const desk = await openDesk(project.directory, stateDir)
    const first = await desk.cut()
    await project.commit('2.0.0')
    const second = await desk.cut()
    releases = [first.id, second.id]
    assert.equal((await desk.rollOut('production', first.id)).status, 'succeeded')
    await desk.close()
    const words = [
      'server',
      '--project',
      project.directory,
      '--state-dir',
      stateDir,
      '--port',
      String(await freePort()),
    ]
    server = spawn(process.execPath, [program, ...words], { stdio: 'ignore' })
    const { url } = await until(
      async () => serverFile(),
      () => true,
    )
    const token = readFileSync(join(stateDir, 'token'), 'utf8').trim()
    client = createClient({ url, token, actor: 'tester', transport: (request) => fetch(request), timeoutMs: 5_000 })
    await until(
      () => client.call('server.show', {}),
      () => true,
    )
    load = startLoad({ groups: [{ target: { host: '127.0.0.1', port }, clients: mixedClients(200) }] })
  })
  after(async () => {
    await load?.stop()
    const identity = existsSync(join(stateDir, 'server.json')) ? identify(serverFile().pid) : null
    if (identity !== null) await endProcess(identity)
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
  })

  test('a dead controller that looks alive: it is started again by the gateway, finishes the rollout, and no request fails', async () => {
    const key = 'deploy-once'
    const [, release] = releases
    const deploy = (): Promise<{ readonly rollout: string }> =>
      client.call('environments.deploy', {
        params: { environment: 'production' },
        body: { release },
        idempotencyKey: key,
      })
    const { rollout } = await deploy()
    await until(
      () => show(rollout),
      ({ stage }) => stage?.kind === 'resting',
    )
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
    assert.equal(
      (
        await until(
          () => show(rollout),
          ({ status }) => status === 'succeeded',
        )
      ).status,
      'succeeded',
    )
    assert.notEqual(serverFile().pid, server.pid)
    assert.deepEqual(
      await deploy(),
      { ...(await deploy()), rollout },
      'the same key is the same rollout, across the death',
    )
    const { failed, failures } = (await load?.report()) ?? assert.fail('the load runs')
    assert.equal(failed, 0, JSON.stringify(failures.slice(0, 5)))
    const { status } = await client.call('ledger.verify', {})
    assert.equal(status, 'whole')
  })
})
