/** A control plane that cannot start. */
import { match, ok, rejects, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { databasePath } from '../../src/adapters/store/sqlite/files.ts'
import { shutdownGateway } from '../../src/routers/gateway/keeper.ts'
import { besideTrafficNodeOptions } from '../../src/lib/node-options.ts'
import { serve } from '../../src/serve.ts'
import { type } from '../cli/sluice.ts'
import { makeStateDir } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'

let project: Project
let stateDir: string
const onFatal = (error: Error): void => {
  throw error
}

/** A state with something unsettled that nobody can read. */
before(async () => {
  project = await makeProject({ staging: { listen: await freePort() } })
  stateDir = await makeStateDir()
  const options = { projectDir: project.directory, stateDir, host: '127.0.0.1', port: 0, onFatal }
  await (await serve(options)).close()
  const database = new DatabaseSync(databasePath(stateDir))
  database.exec(`insert into "aggregate" ("kind", "id", "version", "machine_version", "state", "state_version", "settled", "claims", "updated_at")
    values ('run', 'run_unreadable', 1, 1, '{', 1, 0, 0, 0)`)
  database.close()
})
after(async () => {
  await shutdownGateway(stateDir)
  await project.remove()
})

test('a control plane whose recovery fails hangs up and lets go of its state', async () => {
  for (const _ of ['first', 'again']) {
    const port = await freePort()
    await rejects(serve({ projectDir: project.directory, stateDir, host: '127.0.0.1', port, onFatal }), /JSON/)
    await rejects(fetch(`http://127.0.0.1:${port}/health/liveness`))
  }
})

test('a control plane whose recovery fails says so and ends', async (t) => {
  const place = ['--project', project.directory, '--state-dir', stateDir, '--port', String(await freePort())]
  const { child, ended } = type(['server', ...place], { cwd: project.directory })
  t.after(() => child.kill('SIGKILL'))
  const { code, stderr } = await ended
  ok(code !== 0 && code !== null, String(code))
  match(stderr, /JSON/)
  strictEqual(stderr.includes('control plane at'), false)
})

test('a control plane that is started by hand collects its garbage on one thread, as one that its gateway starts', async (t) => {
  const own = await makeStateDir()
  const place = ['--project', project.directory, '--state-dir', own, '--port', '0']
  const { child, ended, said } = type(['server', ...place], { cwd: project.directory })
  t.after(async () => {
    child.kill('SIGTERM')
    await ended
    await shutdownGateway(own)
  })
  await said('control plane at')
  // The same process: whoever started it (a terminal, systemd) waits for the one that serves.
  const words = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0')
  for (const option of besideTrafficNodeOptions)
    strictEqual(words.filter((word) => word === option).length, 1, words.join(' '))
  ok(words.includes('server'))
})
