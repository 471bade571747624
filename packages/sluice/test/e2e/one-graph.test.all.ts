/** One graph from commit to production: jobs that make the release, that take it to an environment, and that come after. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { JobConfig } from '../../src/core/config/types-pipeline.ts'
import { freePort } from '../free-port.ts'
import { type Desk, makeStateDir, openDesk, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const jobs: Readonly<Record<string, JobConfig>> = {
  build: {
    steps: ['node --check server.js', 'echo "kind=tiny" >> "$SLUICE_OUTPUT"'],
    artifacts: { app: ['server.js', 'websocket.js', 'package.json', 'behaviour.json'] },
  },
  staging: { needs: ['build'], deploy: 'staging' },
  smoke: { needs: ['staging'], steps: 'echo "serves for $SLUICE_JOB"' },
  production: { needs: ['smoke'], promote: 'production' },
  tell: { needs: ['production'], if: 'always', steps: 'true' },
}

describe('a pipeline that delivers', () => {
  let project: Project
  let stateDir: string
  let desk: Desk

  before(async () => {
    const environment = { drainTimeout: '1s', stopGrace: '1s', strategy: 'recreate', progressDeadline: '20s' } as const
    project = await makeProject(
      {
        staging: { ...environment, listen: await freePort() },
        production: { ...environment, listen: await freePort(), after: 'staging' },
      },
      { pipeline: { isolation: 'none', jobs } },
    )
    stateDir = await makeStateDir()
    desk = await openDesk(project.directory, stateDir)
  })
  after(async () => {
    await desk.close()
    await removeState(stateDir, ['staging', 'production'], project.directory)
    await project.remove()
  })

  const run = async (): Promise<readonly string[]> => {
    const { status, jobs: states } = await desk.run()
    return [status, ...states.map((job) => job.status)]
  }

  test('goes from the commit to production in one run, and production serves the release that staging verified', async () => {
    assert.deepEqual(await run(), ['succeeded', 'succeeded', 'succeeded', 'succeeded', 'succeeded', 'succeeded'])
    const { engine } = desk.plane
    const [staging, production] = await Promise.all(
      ['staging', 'production'].map((name) => engine.reading.environment('tiny', name)),
    )
    assert.notEqual(production?.serving, null)
    assert.equal(production?.serving, staging?.serving)
  })

  test('a release that staging takes back never gets to production, and what runs in any case still runs', async () => {
    const { engine } = desk.plane
    const before = await engine.reading.environment('tiny', 'production')
    await project.commit('2.0.0', { exitAtOnce: true })
    assert.deepEqual(await run(), ['failed', 'succeeded', 'failed', 'skipped', 'skipped', 'succeeded'])
    assert.equal((await engine.reading.environment('tiny', 'production')).serving, before.serving)
  })
})
