/** `sluice verify` typed into the real command line, against a real environment. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { removeState } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'
import { type Place, sluice } from './sluice.ts'

let project: Project
let place: Place
/** A file with which the checks of production no longer pass. */
let flag: string

before(async () => {
  flag = join(await mkdtemp(join(tmpdir(), 'sluice-flag-')), 'down')
  const common = { stopGrace: '1s', drainTimeout: '1s' } as const
  project = await makeProject({
    staging: {
      ...common,
      listen: await freePort(),
      verify: [
        { kind: 'http', name: 'show', path: '/show', expect: { json: { '$.version': { matches: '^1\\.0\\.0' } } } },
        { kind: 'command', name: 'files', command: 'test -f server.js', scope: 'environment' },
        { kind: 'http', name: 'new ones', path: '/healthz', scope: 'candidate' },
      ],
    },
    production: {
      ...common,
      after: null,
      listen: await freePort(),
      verify: [
        { kind: 'command', name: 'gone', command: `test ! -e ${flag} || exit 4` },
        { kind: 'command', name: 'unsure', command: `test ! -e ${flag} || exec no-such-program` },
      ],
    },
    plain: { ...common, after: null, listen: await freePort() },
  })
  place = { cwd: project.directory }
})
after(async () => {
  await sluice(place, 'down')
  await removeState(join(project.directory, '.sluice'), ['staging', 'production', 'plain'], project.directory)
  await project.remove()
  await rm(dirname(flag), { recursive: true })
})

test('verify looks at the environment as its users reach it, says what it saw, and records it', async () => {
  strictEqual((await sluice(place, 'run')).code, 0)
  const early = await sluice(place, 'verify', 'staging')
  strictEqual(early.code, 2)
  match(early.stderr, /nothing serves staging/)
  for (const environment of ['staging', 'plain']) {
    const deployed = await sluice(place, 'deploy', environment)
    strictEqual(deployed.code, 0, deployed.stderr)
  }
  const good = await sluice(place, 'verify', 'staging', '-m', 'after the move')
  strictEqual(good.code, 0, good.stdout + good.stderr)
  match(good.stdout, /show +passed +GET \/show: 200/)
  match(good.stdout, /files +passed +exit code 0/)
  match(good.stdout, /staging with 1\.0\.0\+.*: 2 checks passed/)
  match((await sluice(place, 'env', 'show', 'staging')).stdout, /verified +. 1\.0\.0\S* passed/)
  const none = await sluice(place, 'verify', 'plain')
  strictEqual(none.code, 2)
  match(none.stderr, /has no checks that look at plain/)
  const { stdout } = await sluice(place, 'ledger', 'export')
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'verification_ran')
  deepStrictEqual(
    rows.map(({ id, reason, body }) => [id, reason, body.report.results.map(({ name }: { name: string }) => name)]),
    [['tiny/staging', 'after the move', ['show', 'files']]],
  )
})

test('a check that does not pass ends with 3, tells why, and one that could not look is no pass', async () => {
  const deployed = await sluice(place, 'deploy', 'production')
  strictEqual(deployed.code, 0, deployed.stdout + deployed.stderr)
  await writeFile(flag, '')
  const bad = await sluice(place, 'verify', 'production')
  strictEqual(bad.code, 3, bad.stdout + bad.stderr)
  match(bad.stdout, /SLU-1304 .*production with 1\.0\.0.*: 2 of 2 checks did not pass/)
  match(bad.stdout, /Why +gone failed: exit code 4/)
  match(bad.stdout, /unsure is broken: exit code 127/)
  match(bad.stdout, /Now +production serves 1\.0\.0/)
  match(bad.stdout, /Next +sluice rollback production/)
  const json = JSON.parse((await sluice(place, 'verify', 'production', '--json')).stdout)
  deepStrictEqual(
    json.verification.results.map(({ name, outcome }: { name: string; outcome: string }) => [name, outcome]),
    [
      ['gone', 'failed'],
      ['unsure', 'broken'],
    ],
  )
})

test('a release whose checks do not pass is taken back before it has any traffic', async () => {
  await project.commit('2.0.0')
  strictEqual((await sluice(place, 'run')).code, 0)
  const deployed = await sluice(place, 'deploy', 'staging')
  strictEqual(deployed.code, 3, deployed.stdout + deployed.stderr)
  match(deployed.stdout, /show failed: .*\$\.version does not match/)
  const { stdout } = await sluice(place, 'ledger', 'export')
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const started = rows.findLast(({ type }) => type === 'rollout_started')
  deepStrictEqual(
    started.body.plan.steps.map(({ kind, scope }: { kind: string; scope?: string }) => scope ?? kind).slice(0, 5),
    ['start', 'probe', 'candidate', 'shift', 'environment'],
  )
  const shifted = rows
    .filter(({ id }) => id === started.id)
    .some(({ body }) => JSON.stringify(body).includes(`"shift/${started.body.plan.to}`))
  strictEqual(shifted, false)
})
