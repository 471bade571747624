/** Deliveries typed into the real command line: from init to a rollback, and what goes wrong on the way. Traffic stays where it was whenever something does. */
import { deepStrictEqual, fail, match, ok, strictEqual } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { serve } from '../../src/serve.ts'
import { removeState } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'
import { type Ended, type Place, sluice, type } from './sluice.ts'

/** What a control plane that was killed leaves behind: the address of a process that is gone. */
const killedControlPlane = (stateDir: string): Promise<void> =>
  writeFile(
    join(stateDir, 'server.json'),
    JSON.stringify({ pid: process.pid, processStart: 'another', url: 'http://127.0.0.1:1', restartCommand: [] }),
  )

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds().catch(() => false))) await new Promise((resolve) => setImmediate(resolve))
}

describe('a project under way', () => {
  let project: Project
  let place: Place
  let stateDir: string
  let staging: number
  let taken: number
  let blocker: Server

  before(async () => {
    staging = await freePort()
    blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const address = blocker.address()
    taken = typeof address === 'object' && address !== null ? address.port : 0
    project = await makeProject({
      staging: {
        listen: staging,
        judge: { interval: '100ms' },
        stopGrace: '1s',
        drainTimeout: '1s',
        strategy: { kind: 'canary', steps: [{ share: '10%', bake: '1h' }] },
      },
      blocked: { listen: taken, after: null, progressDeadline: '2s' },
    })
    place = { cwd: project.directory }
    stateDir = join(project.directory, '.sluice')
  })
  after(async () => {
    blocker.close()
    await sluice(place, 'down')
    await removeState(stateDir, ['staging', 'blocked'], project.directory)
    await project.remove()
  })

  const version = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${staging}/show`)
    const { version: shown } = (await response.json()) as { readonly version: string }
    return shown.split('+')[0] ?? ''
  }
  const json = ({ stdout, stderr }: Ended): Record<string, never> => {
    strictEqual(stdout.trim().split('\n').length, 1, stdout + stderr)
    return JSON.parse(stdout)
  }

  test('a run needs no server: it cuts a release, says what comes next, and leaves nothing running', async () => {
    const run = await sluice(place, 'run')
    strictEqual(run.code, 0, run.stderr)
    match(run.stdout, /Release 1\.0\.0.* cut/)
    match(run.stdout, /sluice deploy staging/)
    match(run.stderr, /job build succeeded/)
    const down = await sluice(place, 'down')
    match(down.stdout, /no control plane runs here/)
    // Without a server only one command has the state open at a time; the others wait for it.
    const looks = await Promise.all([
      sluice(place, 'runs', 'ls'),
      sluice(place, 'releases', 'ls'),
      sluice(place, 'status'),
    ])
    deepStrictEqual(
      looks.map(({ code, stderr }) => [code, stderr.includes('SLU-')]),
      [
        [0, false],
        [0, false],
        [0, false],
      ],
    )
  })

  test('a control plane that is asked to end while it starts ends cleanly, and nobody is to start it again', async () => {
    await killedControlPlane(stateDir)
    const server = type(['server', '--port', '0'], place)
    const pid = String(server.child.pid)
    await until(() => readFile(join(stateDir, 'control.pid'), 'utf8').then((text) => text.trim() === pid))
    server.child.kill('SIGTERM')
    const { code, stderr } = await server.ended
    deepStrictEqual([code, existsSync(join(stateDir, 'server.json'))], [0, false], stderr)
  })

  test('one that was killed is not brought back after `sluice down`, even when it is on its way', async () => {
    await killedControlPlane(stateDir)
    await sluice(place, 'down')
    strictEqual(existsSync(join(stateDir, 'server.json')), false)

    await killedControlPlane(stateDir)
    await rm(join(stateDir, 'token'))
    const options = { projectDir: project.directory, stateDir, host: '127.0.0.1', port: 0 }
    const starting = serve({ ...options, onFatal: (error) => fail(error) })
    // The token is made in the middle of a start.
    await until(() => Promise.resolve(existsSync(join(stateDir, 'token'))))
    await rm(join(stateDir, 'server.json'))
    const { isWanted, close } = await starting
    await close()
    deepStrictEqual([isWanted, existsSync(join(stateDir, 'server.json'))], [false, false])
  })

  test('a deploy starts the control plane, says so, and waits until the release serves', async () => {
    const deploy = await sluice(place, 'deploy', 'staging')
    strictEqual(deploy.code, 0, deploy.stderr)
    match(deploy.stderr, /started the control plane at http:\/\/127\.0\.0\.1:\d+/)
    match(deploy.stdout, /staging serves 1\.0\.0/)
    match(deploy.stdout, /Now +staging serves 1\.0\.0.*at 100 %/)
    strictEqual(await version(), '1.0.0')
    const status = json(await sluice(place, 'status', '--json')) as unknown as {
      environments: { name: string }[]
      schemaVersion: number
    }
    deepStrictEqual([status.schemaVersion, status.environments.map(({ name }) => name)], [1, ['staging', 'blocked']])
  })

  test('a second control plane of the same state is refused', async () => {
    const second = await sluice(place, 'server')
    strictEqual(second.code, 5, second.stderr)
    match(second.stderr, /SLU-1104/)
    match((await sluice(place, 'up', '-d')).stderr, /runs already/)
  })

  test('a stale token is refused, with the file where the right one is', async () => {
    const status = await sluice({ ...place, env: { SLUICE_TOKEN: 'old' } }, 'status')
    strictEqual(status.code, 4)
    match(status.stderr, /SLU-1102/)
    match(status.stderr, /\.sluice\/token/)
  })

  test('an unknown release and an unknown environment are told, with the environment as it is now', async () => {
    const release = await sluice(place, 'deploy', 'staging', '--release', '9.9.9')
    strictEqual(release.code, 2)
    match(release.stderr, /there is no release "9\.9\.9"/)
    match(release.stderr, /Now +staging serves 1\.0\.0/)
    match(release.stderr, /sluice releases ls/)
    const environment = await sluice(place, 'deploy', 'stagging')
    strictEqual(environment.code, 2)
    match(environment.stderr, /stagging.*\(it has: staging, blocked\)/)
  })

  test('a port that something else listens on fails the rollout by its number, and nothing else', async () => {
    const blocked = await sluice(place, 'deploy', 'blocked')
    strictEqual(blocked.code, 3, blocked.stdout + blocked.stderr)
    match(blocked.stdout, new RegExp(`${taken}`))
    strictEqual(await version(), '1.0.0')
    const up = await sluice(place, 'server', '--state-dir', join(project.directory, '.other'), '--port', String(taken))
    strictEqual(up.code, 3, up.stderr)
    match(up.stderr, /SLU-1503/)
  })

  test('two deploys at once: one goes, the other is told which one; Ctrl-C detaches and the rollout goes on', async () => {
    await project.commit('1.1.0')
    strictEqual((await sluice(place, 'run', '-q')).code, 0)
    const both = [type(['deploy', 'staging'], place), type(['deploy', 'staging'], place)] as const
    const first = await Promise.race(both.map(async (one) => [one, await one.ended] as const))
    const [loser, ended] = first
    strictEqual(ended.code, 5, ended.stdout + ended.stderr)
    match(ended.stderr, /SLU-1201/)
    match(ended.stderr, /rollout rol_\w+ is under way/)
    const winner = both.find((one) => one !== loser)
    ok(winner !== undefined)
    await winner.said('judge for at least 1 h')
    winner.child.kill('SIGINT')
    const detached = await winner.ended
    strictEqual(detached.code, 130)
    match(detached.stderr, /Detached: rol_\w+ goes on/)
    const late = await sluice(place, 'rollout', 'watch', '--timeout', '100ms')
    strictEqual(late.code, 6)
    match(late.stderr, /SLU-1105/)
  })

  test('a rollout is paused, does not take the same word twice, resumes, is skipped on, and serves', async () => {
    match((await sluice(place, 'rollout', 'pause', '-m', 'lunch')).stdout, /is paused/)
    const twice = await sluice(place, 'rollout', 'pause')
    strictEqual(twice.code, 5)
    match(twice.stderr, /SLU-1008/)
    match((await sluice(place, 'status')).stdout, /lunch/)
    strictEqual((await sluice(place, 'rollout', 'resume')).code, 0)
    strictEqual((await sluice(place, 'rollout', 'promote')).code, 0)
    const listed = json(await sluice(place, 'rollout', 'ls', '--env', 'staging', '--json')) as unknown as {
      items: { id: string }[]
    }
    const watched = await sluice(place, 'rollout', 'watch', listed.items[0]?.id ?? '', '--json')
    strictEqual(watched.code, 0, watched.stdout)
    const last = JSON.parse(watched.stdout.trim().split('\n').at(-1) ?? '')
    strictEqual(last.rollout.status, 'succeeded')
    strictEqual(await version(), '1.1.0')
  })

  test('a service that exits at once is rolled back with the end of its log, and what served still serves', async () => {
    await project.commit('1.2.0', { exitAtOnce: true })
    strictEqual((await sluice(place, 'run', '-q')).code, 0)
    const deploy = await sluice(place, 'deploy', 'staging')
    strictEqual(deploy.code, 3, deploy.stderr)
    match(deploy.stdout, /Rolled back 1\.2\.0/)
    match(deploy.stdout, /Log /)
    match(deploy.stdout, /Now +staging serves 1\.1\.0/)
    strictEqual(await version(), '1.1.0')
    const id = /sluice why (rol_\w+)/.exec(deploy.stdout)?.[1] ?? ''
    match((await sluice(place, 'why', id)).stdout, /rolled back/)
    match((await sluice(place, 'explain', id)).stdout, /rolled back/)
    const template = { kind: 'AnalysisTemplate', metadata: { name: 'rate' }, spec: { metrics: [{ name: 'rate' }] } }
    await writeFile(join(place.cwd, 'template.yaml'), JSON.stringify(template))
    strictEqual((await sluice(place, 'import', 'argo', 'template.yaml')).code, 0)
    const replayed = await sluice(place, 'judge', 'replay', '--policy', 'rate.policy.ts')
    strictEqual(replayed.code, 0, replayed.stderr)
    match(replayed.stdout, new RegExp(`${id} .*rolled back .*Successful .*broken`))
    match(replayed.stdout, /rate would have stopped 0 of 0 that were turned back on evidence/)
  })

  test('a rollback brings back what served before, past a lock', async () => {
    strictEqual((await sluice(place, 'env', 'lock', 'staging', '-m', 'incident')).code, 0)
    strictEqual((await sluice(place, 'deploy', 'staging', '--release', '1.0.0')).code, 5)
    const rollback = await sluice(place, 'rollback', 'staging', '-m', 'slow')
    strictEqual(rollback.code, 0, rollback.stderr)
    strictEqual(await version(), '1.0.0')
  })

  test('maintenance is put up with a page and taken down, and says what it is', async () => {
    strictEqual((await sluice(place, 'env', 'maintenance', 'on', 'staging')).code, 2)
    await writeFile(join(project.directory, 'page.html'), '<p>back at five</p>\n')
    const page = join(project.directory, 'page.html')
    const words = ['env', 'maintenance', 'on', 'staging', '-m', 'new disks', '--page', page, '--retry-after', '90s']
    const on = await sluice(place, ...words)
    strictEqual(on.code, 0, on.stderr)
    match(on.stdout, /staging shows a page/)
    const shown = await fetch(`http://127.0.0.1:${staging}/`)
    deepStrictEqual(
      [shown.status, shown.headers.get('retry-after'), await shown.text()],
      [503, '90', '<p>back at five</p>\n'],
    )
    match((await sluice(place, 'env', 'show', 'staging')).stdout, /maintenance by .+, a page for everybody: new disks/)
    strictEqual((await sluice(place, 'env', 'maintenance', 'off', 'staging')).code, 0)
    strictEqual((await fetch(`http://127.0.0.1:${staging}/`)).status, 200)
    strictEqual((await sluice(place, 'env', 'maintenance', 'down', 'staging')).code, 2)
  })

  test('a job that fails fails the run with its last lines, and the log is there to read', async () => {
    await writeFile(join(project.directory, 'server.js'), 'this is no program (\n')
    await project.commit('1.3.0')
    const run = await sluice(place, 'run')
    strictEqual(run.code, 3)
    match(run.stdout, /SLU-1301/)
    match(run.stdout, /SyntaxError/)
    const id = /sluice runs logs (run_\w+) build/.exec(run.stdout)?.[1] ?? ''
    match((await sluice(place, 'runs', 'logs', id)).stdout, /SyntaxError/)
    match(
      (await sluice(place, 'runs', 'logs', id, '--failed')).stdout,
      /^✖ build {2}failed .*\nisolation: .*\n✖ .*\n {2}\$ node --check/,
    )
    match((await sluice(place, 'runs', 'logs', id, '--search', '/syntaxerror/i')).stdout, /^\d+: {2}SyntaxError/)
    strictEqual((await sluice(place, 'runs', 'logs', id, '--search', '/(/')).code, 2)
    match((await sluice(place, 'runs', 'ls')).stdout, /failed/)
    strictEqual((await sluice(place, 'runs', 'cancel', id)).code, 5)
  })

  test('the ledger of all this is whole, with the control plane and without it', async () => {
    match((await sluice(place, 'ledger', 'verify')).stdout, /is whole/)
    const exported = await sluice(place, 'ledger', 'export')
    await writeFile(join(project.directory, 'ledger.ndjson'), exported.stdout)
    match((await sluice(place, 'ledger', 'verify', '--file', 'ledger.ndjson')).stdout, /is whole/)
    await writeFile(join(project.directory, 'ledger.ndjson'), exported.stdout.replace('incident', 'accident'))
    const broken = await sluice(place, 'ledger', 'verify', '--file', 'ledger.ndjson')
    strictEqual(broken.code, 3)
    match(broken.stderr, /SLU-1706/)
    strictEqual((await sluice(place, 'down')).code, 0)
    match((await sluice(place, 'status')).stdout, /1\.0\.0/)
    match((await sluice(place, 'ledger', 'verify')).stdout, /is whole/)
    strictEqual(await version(), '1.0.0')
  })
})
