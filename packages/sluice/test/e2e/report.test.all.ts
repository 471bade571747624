/** What a code host shows of runs and rollouts in the end, told by a real control plane: the host fails, an answer never comes, and the control plane dies in between. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type Load, startLoad } from '../../../../bench/cutover/load/load.ts'
import { fileSecretKeeper } from '../../src/adapters/secrets/file.ts'
import { type Client, createClient } from '../../src/http/client/client.ts'
import { identify, isRunning, type ProcessIdentity } from '../../src/lib/process-identity.ts'
import { type GithubHost, githubToken, openGithub } from '../code-hosts/github-host.ts'
import { freePort } from '../free-port.ts'
import { makeStateDir, removeState } from './plane.ts'
import { makeProject, type Project } from './project.ts'

const program = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
const badGateway = { status: 502, body: { message: 'Server Error' } }

const endProcess = async (identity: ProcessIdentity): Promise<void> => {
  process.kill(identity.pid, 'SIGTERM')
  while (isRunning(identity)) await new Promise((resolve) => setTimeout(resolve, 20))
}

describe('a code host that is told what becomes of its commits', () => {
  let host: GithubHost
  let project: Project
  let stateDir: string
  let server: ChildProcess
  let client: Client
  let load: Load | undefined
  let releases: readonly string[] = []

  const until = async <Answer>(
    ask: () => Answer | Promise<Answer>,
    holds: (answer: Answer) => boolean,
  ): Promise<Answer> => {
    const lateAt = performance.now() + 60_000
    for (;;) {
      try {
        const answer = await ask()
        if (holds(answer)) return answer
        assert.ok(performance.now() < lateAt, `still ${JSON.stringify(answer)}`)
      } catch (error) {
        // A control plane that is dead just now is asked again.
        if (error instanceof assert.AssertionError || performance.now() > lateAt) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  const serverFile = (): { readonly pid: number; readonly url: string } =>
    JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8'))
  const run = async (): Promise<{ readonly id: string; readonly status: string; readonly release: string | null }> => {
    const { run: id } = await client.call('runs.start', { body: { ref: 'HEAD' } })
    const over = await until(
      () => client.call('runs.show', { params: { run: id } }),
      ({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status),
    )
    return { id, status: over.status, release: over.release?.id ?? null }
  }
  const deploy = async (release: string): Promise<string> => {
    const params = { environment: 'production' }
    const { rollout } = await client.call('environments.deploy', { params, body: { release } })
    return rollout
  }
  const statusOf =
    (rollout: string): (() => Promise<string>) =>
    async () =>
      (await client.call('rollouts.show', { params: { rollout } })).status
  const states = (): readonly (readonly string[])[] => host.deployments().map(({ states: all }) => all)

  before(async () => {
    host = await openGithub('/api/v3')
    const port = await freePort()
    const environment = {
      listen: port,
      drainTimeout: '500ms',
      judge: { interval: '100ms' },
      strategy: { kind: 'canary', steps: [{ share: '50%', bake: '2s', unitsMin: 20 }], bake: '200ms' },
    } as const
    const github = { repository: 'acme/storefront', token: 'GITHUB_TOKEN', url: host.url }
    project = await makeProject({ production: environment }, { source: { github, report: true } })
    stateDir = await makeStateDir()
    await fileSecretKeeper(stateDir).keep({ name: 'GITHUB_TOKEN', value: githubToken }, new AbortController().signal)
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
    const { url } = await until(serverFile, () => true)
    const token = readFileSync(join(stateDir, 'token'), 'utf8').trim()
    client = createClient({ url, token, actor: 'tester', transport: (request) => fetch(request), timeoutMs: 5_000 })
    await until(
      () => client.call('server.show', {}),
      () => true,
    )
    load = startLoad({
      groups: [{ target: { host: '127.0.0.1', port }, clients: [{ kind: 'keepAlive', count: 10, intervalMs: 20 }] }],
    })
  })
  after(async () => {
    await load?.stop()
    const identity = existsSync(join(stateDir, 'server.json')) ? identify(serverFile().pid) : null
    if (identity !== null) await endProcess(identity)
    await removeState(stateDir, ['production'], project.directory)
    await project.remove()
    await host.close()
  })

  test('runs are statuses of their commits, in their order, though the host fails twice', async () => {
    const good = await run()
    host.fail('post /repos/{owner}/{repo}/statuses', badGateway, badGateway)
    await project.commit('2.0.0', { badEvery: 2 })
    const bad = await run()
    await appendFile(join(project.directory, 'server.js'), '\nthis is no program {\n')
    await project.commit('3.0.0')
    assert.deepEqual([good.status, bad.status, (await run()).status], ['succeeded', 'succeeded', 'failed'])
    releases = [good.release ?? '', bad.release ?? '']
    const told = await until(host.statuses, ({ length }) => length === 6)
    const shown = told.map((one) => one.replace(/ \(.*/s, ''))
    // The channel was failing, so that the run after it may have been told before; of each commit the end is the last word.
    assert.equal(shown.filter((one) => one === 'sluice/tiny: pending').length, 3)
    assert.equal(shown.filter((one) => one === 'sluice/tiny: success').length, 2)
    assert.match(told.find((one) => one.includes('failure')) ?? '', /^sluice\/tiny: failure \(.*build.*\)$/s)
    assert.ok(told.findIndex((one) => one.includes('pending')) < told.findIndex((one) => one.includes('success')))
  })

  test('a canary that is rolled back has failed, once, and the release before it is in service, though the control plane dies before it is answered', async () => {
    const [good = '', bad = ''] = releases
    assert.equal(await until(statusOf(await deploy(good)), (status) => status === 'succeeded'), 'succeeded')
    await until(states, (all) => all[0]?.at(-1) === 'success')
    host.fail('post /repos/{owner}/{repo}/deployments', 'silent')
    const rollout = await deploy(bad)
    await until(states, ({ length }) => length === 2)
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
    host.fail('post /repos/{owner}/{repo}/deployments', badGateway, badGateway)
    assert.equal(
      await until(statusOf(rollout), (status) => status !== 'advancing' && status !== 'reverting'),
      'rolled_back',
    )
    await until(states, (all) => all[1]?.at(-1) === 'failure' && host.deployments().length === 2)
    const { items } = await until(
      () => client.call('notifications.list', { query: { status: 'pending' } }),
      ({ items: waiting }) => waiting.length === 0,
    )
    assert.deepEqual(items, [])
    const [first = [], second = []] = states()
    assert.deepEqual([first.at(-1), second[0], second.at(-1)], ['success', 'in_progress', 'failure'])
    assert.equal(host.deployments().length, 2)
    assert.deepEqual(new Set(host.deployments().map(({ isProduction }) => isProduction)), new Set([true]))
  })

  test('a commit that nobody has approved at the host becomes no release; approved, it does', async () => {
    const config = join(project.directory, 'sluice.config.ts')
    const text = await readFile(config, 'utf8')
    await writeFile(config, text.replace('"pipeline": {', '"pipeline": { "gates": { "reviews": {} },'))
    const program = join(project.directory, 'server.js')
    await writeFile(program, (await readFile(program, 'utf8')).replace(/\nthis is no program.*/s, ''))
    await project.commit('4.0.0')
    const { stdout: head } = await execa('git', ['rev-parse', 'HEAD'], { cwd: project.directory })
    const pull = { author: 'ada', head, mergedAs: null } as const
    host.fail('get /repos/{owner}/{repo}/commits', badGateway)
    const gates = async (): Promise<readonly string[]> => {
      const { id } = await run()
      const { gates: judged } = await client.call('runs.show', { params: { run: id } })
      return judged.map(({ gate, status, sentence }) => `${gate} ${status}: ${sentence}`)
    }
    assert.deepEqual(await gates(), ['reviews broken: cannot tell: GitHub: 502 Server Error'])
    host.pulls.set(1, { ...pull, reviews: [] })
    assert.deepEqual(await gates(), ['reviews fail: 0 approvals of this commit, at least 1 wanted'])
    host.pulls.set(1, {
      ...pull,
      reviews: [{ by: 'bob', state: 'APPROVED', commit: head, at: '2026-11-27T03:00:00Z' }],
    })
    assert.deepEqual(await gates(), ['reviews pass: 1 approval of this commit, at least 1 wanted'])
  })
})
