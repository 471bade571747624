/** The same commit once more, by another control plane: it is the same release, and nothing is written twice. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '../free-port.ts'
import { makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject } from './project.ts'

test('a commit that is run again, after a restart too, gives the release that it gave before', async (t) => {
  const project = await makeProject({ staging: { listen: await freePort() } })
  const stateDir = await makeStateDir()
  t.after(async () => {
    await removeState(stateDir, ['staging'], project.directory)
    await project.remove()
  })
  const releases: (string | undefined)[] = []
  for (let opened = 0; opened < 2; opened += 1) {
    const desk = await openDesk(project.directory, stateDir)
    for (let runs = 0; runs < 2; runs += 1) {
      const run = await desk.run()
      strictEqual(run.status, 'succeeded')
      if (run.status === 'succeeded') releases.push(run.release?.id)
    }
    const { items } = await desk.plane.engine.reading.releases({})
    strictEqual(items.length, 1)
    await desk.close()
  }
  deepStrictEqual(new Set(releases).size, 1)
})
