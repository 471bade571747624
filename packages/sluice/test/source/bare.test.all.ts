/** A push to a bare repository starts a run, takes its release to an environment, and says so to whoever pushes; whoever dies meanwhile. */
import { match, ok, strictEqual } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import type { ArrivalView } from '../../src/http/client/source-views.ts'
import type { RunDetailView } from '../../src/http/client/run-views.ts'
import { sluice } from '../cli/sluice.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'

let root = ''
let bare = ''
let project: Project
let port = 0

const git = async (...words: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await execa(
    'git',
    ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words],
    {
      cwd: project.directory,
    },
  )
  return `${stdout}${stderr}`
}

const json = async (...words: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
  const { code, stdout, stderr } = await sluice({ cwd: project.directory }, ...words, '--json')
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>
}

const arrivals = async (): Promise<readonly ArrivalView[]> =>
  (await json('source', 'ls', '--limit', '100'))['arrivals'] as readonly ArrivalView[]

/** Once something is so; a minute at most. */
const until = async <State>(read: () => Promise<State>, holds: (state: State) => boolean): Promise<State> => {
  let last: unknown = null
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    try {
      const state = await read()
      if (holds(state)) return state
      last = state
    } catch (error) {
      last = error
    }
    await pause(250)
  }
  throw new Error(`it never came to be: ${JSON.stringify(last) ?? String(last)}`)
}

const startedFor = (ref: string, commit: string) => (all: readonly ArrivalView[]) =>
  all.some((one) => one.ref === ref && one.commit === commit && one.status === 'started')

const runOf = async (commit: string, ref = 'refs/heads/main'): Promise<RunDetailView> => {
  const all = await until(arrivals, startedFor(ref, commit))
  const [run] = all.find((one) => one.ref === ref && one.commit === commit && one.status === 'started')?.runs ?? []
  const shown = async (): Promise<RunDetailView> => (await json('runs', 'show', run?.run ?? ''))['run'] as RunDetailView
  return until(shown, ({ status }) => !['running', 'judging', 'cutting', 'stopping'].includes(status))
}

const pid = async (): Promise<number> =>
  (JSON.parse(await readFile(join(project.directory, '.sluice', 'server.json'), 'utf8')) as { pid: number }).pid

describe('a push to a bare repository', { timeout: 300_000 }, () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice bare '))
    bare = join(root, "ada's served.git")
    port = await freePort()
    const build = {
      steps: 'node --check server.js',
      artifacts: { app: ['server.js', 'websocket.js', 'package.json', 'behaviour.json'] },
    }
    project = await makeProject(
      { staging: { listen: port, strategy: 'recreate' } },
      {
        source: { remote: bare },
        pipeline: {
          on: { branches: ['main', 'topic/**'], tags: ['v*'] },
          jobs: { build, ship: { needs: ['build'], only: { branches: ['main'] }, deploy: 'staging' } },
        },
      },
    )
    strictEqual((await sluice({ cwd: project.directory }, 'source', 'init', bare)).code, 0)
    await git('remote', 'add', 'sluice', bare)
  })
  after(async () => {
    await sluice({ cwd: project.directory }, 'down', '--all')
    await project.remove()
    await rm(root, { recursive: true, force: true })
  })

  it('is kept while no control plane runs, and taken up by the next', async () => {
    match(await git('push', 'sluice', 'main'), /remote: sluice: no control plane runs here; the push is kept/)
    const folder = join(project.directory, '.sluice', 'source', 'spool')
    strictEqual((await readdir(folder)).length, 1)
    strictEqual((await sluice({ cwd: project.directory }, 'up', '-d')).code, 0)
    const run = await runOf(await git('rev-parse', 'HEAD'))
    strictEqual(run.status, 'succeeded')
    strictEqual(run.trigger.arrival?.from, 'bare')
    strictEqual((await readdir(folder)).length, 0)
    strictEqual((await fetch(`http://127.0.0.1:${port}/`)).status, 200)
  })

  it('says which run it started; the run cuts a release that is served', async () => {
    await project.commit('1.1.0')
    const said = await git('push', 'sluice', 'main')
    match(said, /remote: sluice: run run_\w+ started for refs\/heads\/main {3}http:\/\/127\.0\.0\.1:\d+\/runs\/run_\w+/)
    const run = await runOf(await git('rev-parse', 'HEAD'))
    strictEqual(run.status, 'succeeded')
    match(run.release?.version ?? '', /^1\.1\.0\+/)
    const status = await json('status')
    ok(JSON.stringify(status).includes(run.release?.version ?? 'none'))
  })

  it('tells of each of its refs, of what is deleted, and of what is pushed back', async () => {
    await git('tag', 'v1.1.0')
    await git('branch', 'topic/one')
    await git('branch', 'other')
    const said = await git('push', 'sluice', 'v1.1.0', 'topic/one', 'other')
    match(said, /run run_\w+ started for refs\/tags\/v1\.1\.0/)
    match(said, /run run_\w+ started for refs\/heads\/topic\/one/)
    match(said, /refs\/heads\/other starts nothing: nothing in pipeline\.on starts a push run for branch other/)
    match(
      await git('push', 'sluice', ':topic/one'),
      /refs\/heads\/topic\/one starts nothing: refs\/heads\/topic\/one was deleted/,
    )
    await git('push', 'sluice', '--force', 'HEAD~1:refs/heads/topic/one')
    const back = await runOf(await git('rev-parse', 'HEAD~1'), 'refs/heads/topic/one')
    strictEqual(
      back.jobs.some(({ name }) => name === 'ship'),
      false,
    )
    strictEqual(await git('status', '--porcelain'), '', 'the work tree of the project is as it was')
  })

  it('starts one run though the control plane is killed in the middle of it', async () => {
    for (const delayMs of [0, 300, 900]) {
      await project.commit(`1.2.${delayMs}`)
      const pushed = git('push', 'sluice', 'main')
      await pause(delayMs)
      process.kill(await pid(), 'SIGKILL')
      await pushed
      const commit = await git('rev-parse', 'HEAD')
      await until(pid, (now) => now > 0)
      const run = await runOf(commit)
      strictEqual(run.status, 'succeeded', `killed after ${delayMs} ms: ${JSON.stringify(run.cause)}`)
      const runs = (await json('runs', 'ls', '--limit', '100'))['items'] as readonly { commit: { id: string } }[]
      strictEqual(runs.filter((one) => one.commit.id === commit).length, 1, `killed after ${delayMs} ms`)
    }
  })

  it('leaves somebody’s own hook alone, and a folder that is no bare repository', async () => {
    const own = join(root, 'own.git')
    await execa('git', ['init', '--quiet', '--bare', own])
    await writeFile(join(own, 'hooks', 'post-receive'), '#!/bin/sh\n', { mode: 0o755 })
    const refused = await sluice({ cwd: project.directory }, 'source', 'init', own)
    strictEqual(refused.code, 5)
    match(refused.stderr, /post-receive is somebody's own/)
    strictEqual((await sluice({ cwd: project.directory }, 'source', 'init', project.directory)).code, 2)
  })

  it('is looked at by the doctor', async () => {
    const { findings } = (await json('doctor').catch((error: unknown) => {
      throw error
    })) as { findings: readonly { name: string; status: string; text: string }[] }
    const texts = findings.filter(({ name }) => name === 'source').map(({ text, status }) => `${status} ${text}`)
    ok(
      texts.some((text) => /^ok .*answers: \d+ branches and tags$/.test(text)),
      texts.join('\n'),
    )
    ok(
      texts.some((text) => /^ok .*tells of what is pushed to it$/.test(text)),
      texts.join('\n'),
    )
  })
})
