/** A job of a run that takes the release to an environment which does not take it: what is said of it, and how it goes on. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeState } from '../e2e/plane.ts'
import { makeProject } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'
import { sluice } from './sluice.ts'

test('a job whose deploy is refused names job and environment once, and the release that was cut all the same', async (t) => {
  const jobs = {
    build: { steps: 'true', artifacts: { app: ['server.js', 'websocket.js', 'package.json', 'behaviour.json'] } },
    production: { needs: ['build'], deploy: 'production' },
    ship: { needs: ['build'], deploy: 'production' },
  }
  const environments = {
    staging: { listen: await freePort() },
    production: { listen: await freePort(), after: 'staging' },
  }
  const project = await makeProject(environments, { pipeline: { jobs } })
  t.after(async () => {
    await removeState(join(project.directory, '.sluice'), [], project.directory)
    await project.remove()
  })
  const { code, stdout, stderr } = await sluice({ cwd: project.directory }, 'run')
  strictEqual(code, 3, stdout + stderr)
  const because = String.raw`1\.0\.0\+\w+ \(rel_\w+\) has not succeeded in staging, which comes before production`
  const said = [...stderr.matchAll(/job (?:production|ship) failed in [^:]+: (.*)/g)].map(([, text = '']) => text)
  deepStrictEqual(
    said.map((text) => text.replace(new RegExp(`^${because}$`), 'once')),
    ['once', 'once'],
  )
  match(stdout, new RegExp(String.raw`Why +job (?:production|ship): ${because}\n`))
  match(stdout, /Now +release 1\.0\.0\S* was cut; sluice status shows what serves/)
  match(stdout, /Next +sluice runs retry run_\w+ --failed/)
})
