/** A control plane that goes while somebody watches, names that a shell completes, and hosts by another name: the real command line on a real control plane. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../free-port.ts'
import { type Place, sluice, type } from './sluice.ts'

let cwd = ''
let port = 0

before(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'sluice-patience-')))
  port = await freePort()
  const environments = { staging: { listen: await freePort() }, production: { listen: await freePort() } }
  const jobs = { build: { steps: 'true', artifacts: { app: ['app'] } } }
  const start = { command: 'sleep 1', artifact: 'app' }
  const config = { service: 's', pipeline: { jobs }, start, environments }
  await writeFile(join(cwd, 'sluice.config.json'), JSON.stringify(config))
  await writeFile(join(cwd, 'app'), '1')
  await writeFile(join(cwd, '.gitignore'), '.sluice/\n')
  const git = (...words: readonly string[]) =>
    execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], { cwd })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('commit', '--quiet', '--message', 'feat: one')
  await up()
})
after(async () => {
  await sluice({ cwd }, 'down', '--all')
  await rm(cwd, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
})

const up = async (): Promise<void> => {
  const { code, stderr } = await sluice({ cwd }, 'up', '-d', '--port', String(port))
  strictEqual(code, 0, stderr)
}

/** It stays away: one that was killed would be started again by its gateway, perhaps before anybody has looked twice. */
const down = async (): Promise<void> => {
  const { code, stderr } = await sluice({ cwd }, 'down')
  strictEqual(code, 0, stderr)
}

/** What a shell is offered; asked again where a busy machine did not answer in time, which is no fault. */
const offered = async (place: Place, ...words: readonly string[]): Promise<string> => {
  for (let asked = 1; ; asked += 1) {
    const { stdout } = await sluice(place, '__complete', ...words)
    if (stdout !== '' || asked === 20) return stdout
  }
}

test('a shell is offered the environments of the control plane, also that of another folder', async () => {
  strictEqual(await offered({ cwd }, 'deploy', ''), 'production\nstaging\n')
  strictEqual(await offered({ cwd: tmpdir() }, '--project', cwd, 'status', '--env', 'st'), 'staging\n')
})

test('a control plane that listens on localhost is where it was asked to be, by whatever name; every address is another place', async () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1']) {
    const { code, stderr } = await sluice({ cwd }, 'up', '-d', '--host', host)
    strictEqual(code, 0, stderr)
    match(stderr, /runs already/)
  }
  const other = await sluice({ cwd }, 'up', '-d', '--host', '0.0.0.0')
  strictEqual(other.code, 5, other.stderr)
  match(other.stderr, /runs already at http:\/\/127\.0\.0\.1/)
})

test('status --watch waits for a control plane that is gone, says so, and goes on; Ctrl-C ends it either way', async () => {
  const place = { cwd }
  const [watching, leaving] = [type(['status', '--watch'], place), type(['status', '--watch', '--json'], place)]
  await Promise.all([watching, leaving].map(async ({ child: { stdout } }) => stdout && (await once(stdout, 'data'))))
  await down()
  const away = 'the control plane does not answer'
  await Promise.all([watching.said(away), leaving.said(away)])
  leaving.child.kill('SIGINT')
  strictEqual((await leaving.ended).code, 130)
  await up()
  await watching.said('the control plane answers again')
  watching.child.kill('SIGINT')
  const { code, stdout } = await watching.ended
  deepStrictEqual([code, stdout.includes('staging')], [130, true])
})
