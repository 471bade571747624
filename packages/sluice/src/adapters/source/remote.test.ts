import { deepStrictEqual, match, notStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { commitId } from '../../core/model.ts'
import { gitRemote, ownRef, refsOf } from './remote.ts'

const signal = new AbortController().signal
let root = ''
let bare = ''
let work = ''
let project = ''

const run = async (cwd: string, ...words: string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd })).stdout

const commit = async (file: string, branch: string | null = null): Promise<string> => {
  if (branch !== null) await run(work, 'switch', '--quiet', '--force-create', branch)
  await writeFile(join(work, file), `${Math.random()}`)
  await run(work, 'add', '--all')
  await run(work, 'commit', '--quiet', '--message', `feat: ${file}`)
  return run(work, 'rev-parse', 'HEAD')
}

const push = (...words: string[]): Promise<string> => run(work, 'push', '--quiet', '--force', 'origin', ...words)
const place = () => ({ address: bare, login: null })
const fetchRef = (ref: string, base: string | null = null) => gitRemote(project).fetch(place(), { ref, base }, signal)

/** Everything of a project that is its user's. */
const users = async (): Promise<readonly string[]> =>
  Promise.all([
    run(project, 'status', '--porcelain'),
    run(project, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/remotes'),
    run(project, 'ls-files', '--stage'),
    run(project, 'symbolic-ref', 'HEAD'),
    run(project, 'config', '--local', '--list'),
  ])

describe('the remote', () => {
  before(async () => {
    // A path as people have them.
    root = await mkdtemp(join(tmpdir(), 'sluice remote '))
    ;[bare, work, project] = ['served repository.git', 'work', 'project'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ]
    await execa('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare])
    await execa('git', ['init', '--quiet', '--initial-branch=main', work])
    await run(work, 'remote', 'add', 'origin', bare)
    await commit('one.txt')
    await push('main')
    await execa('git', ['clone', '--quiet', bare, project])
    await run(project, 'config', 'fetch.prune', 'true')
    await writeFile(join(project, 'dirty.txt'), 'not committed')
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('gives what a ref stands at, and leaves everything that is the user’s as it is', async () => {
    const was = await users()
    const second = await commit('two.txt')
    await run(work, 'tag', '--annotate', '--message', 'one', 'v1.0.0')
    await push('main', 'v1.0.0')
    deepStrictEqual(await fetchRef('refs/heads/main'), { object: second, commit: commitId(second) })
    const tag = await fetchRef('refs/tags/v1.0.0')
    strictEqual(tag.commit, second)
    notStrictEqual(tag.object, second)
    deepStrictEqual(await users(), was)
    strictEqual(await run(project, 'rev-parse', ownRef('refs/heads/main')), second)
    deepStrictEqual(await fetchRef('refs/heads/nowhere'), { object: null, commit: null })
  })

  it('follows a branch that was pushed back, and one that makes way for another below its name', async () => {
    const first = await run(work, 'rev-parse', 'HEAD~1')
    await push(`${first}:refs/heads/main`)
    strictEqual((await fetchRef('refs/heads/main')).commit, first)
    await push('main')
    await push('main:refs/heads/topic')
    await fetchRef('refs/heads/topic')
    await push(':refs/heads/topic')
    await push('main:refs/heads/topic/one')
    notStrictEqual((await fetchRef('refs/heads/topic/one')).commit, null)
    deepStrictEqual(await fetchRef('refs/heads/topic'), { object: null, commit: null })
    const listed = await gitRemote(project).list(place(), signal)
    deepStrictEqual(Object.keys(listed).toSorted(), ['refs/heads/main', 'refs/heads/topic/one', 'refs/tags/v1.0.0'])
  })

  it('knows what changed: since before, since the branch was left, and nothing of what is not there', async () => {
    const main = await run(work, 'rev-parse', 'main')
    const one = await commit('three.txt', 'feature')
    const two = await commit('four.txt')
    await push('feature')
    await fetchRef('refs/heads/feature', 'main')
    const standing = (of: string, before: string | null, base: string | null = null) =>
      gitRemote(project).standing({ commit: commitId(of), before, base }, signal)
    deepStrictEqual(
      [
        await standing(two, one),
        await standing(two, null),
        await standing(two, null, 'main'),
        await standing(two, 'f'.repeat(40)),
        await standing(one, two),
      ],
      [
        { base: one, changed: ['four.txt'] },
        { base: main, changed: ['four.txt', 'three.txt'] },
        { base: main, changed: ['four.txt', 'three.txt'] },
        { base: main, changed: ['four.txt', 'three.txt'] },
        { base: one, changed: [] },
      ],
    )
  })

  it('lets go of what it is told to, with no fetch in between, and of nothing else; what is wanted again is fetched again', async () => {
    await push('main:refs/pull/7/head')
    const remote = gitRemote(project)
    await remote.fetch(place(), { ref: 'refs/pull/7/head', base: 'main' }, signal)
    const was = await users()
    const order: string[] = []
    const shown: (readonly string[])[] = []
    const going = remote.letGo(async (fetched) => {
      shown.push(Object.keys(fetched))
      strictEqual(fetched['refs/pull/7/head'], await run(work, 'rev-parse', 'main'))
      order.push('chosen')
      return ['refs/pull/7/head', 'refs/heads/not-here']
    }, signal)
    const fetching = remote
      .fetch(place(), { ref: 'refs/heads/main', base: null }, signal)
      .then(() => order.push('fetched'))
    strictEqual(await going, 1)
    await fetching
    deepStrictEqual(order, ['chosen', 'fetched'])
    ok(shown[0]?.includes('refs/heads/main') && shown[0].includes('refs/HEAD'))
    const left = await run(project, 'for-each-ref', '--format=%(refname)', 'refs/sluice/source/')
    ok(left.includes(ownRef('refs/heads/main')) && !left.includes('pull'))
    deepStrictEqual(await users(), was)
    notStrictEqual((await remote.fetch(place(), { ref: 'refs/pull/7/head', base: null }, signal)).commit, null)
  })

  it('says in git’s words why it cannot be asked, and never what would let in', async () => {
    const asked = gitRemote(project).fetch(
      { address: join(root, 'nowhere.git'), login: null },
      { ref: 'refs/heads/main', base: null },
      signal,
    )
    await rejects(asked, (error: unknown) => {
      ok(error instanceof SluiceError && error.code === 'remote_unreachable' && error.retry === 'later')
      match(error.detail, /nowhere\.git cannot be fetched from: fatal: /)
      return true
    })
  })

  it('is read whole or not at all: what falls out of a list that was cut would come back as new', () => {
    const listed = (count: number): string =>
      Array.from({ length: count }, (_, index) => `${'a'.repeat(40)}\trefs/tags/v${index}`).join('\n')
    strictEqual(Object.keys(refsOf(listed(limits.remoteRefsMax), place())).length, limits.remoteRefsMax)
    throws(() => refsOf(listed(limits.remoteRefsMax + 1), place()), {
      code: 'remote_unreachable',
      detail: /has 10001 branches and tags/,
    })
  })

  describe('over HTTP', () => {
    let server: Server
    const seen: (string | undefined)[] = []
    before(async () => {
      server = createServer((request, response) => {
        seen.push(request.headers.authorization)
        if (request.url?.startsWith('/moved') === true)
          return void response.writeHead(302, { location: `http://localhost:${port()}/caught/info/refs` }).end()
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    })
    after(() => server.close())
    const port = (): number => (server.address() as AddressInfo).port
    const login = { user: 'x-access-token', password: 'ghs_secret' }
    const asked = (path: string, user = login): Promise<unknown> =>
      gitRemote(project).list({ address: `http://127.0.0.1:${port()}/${path}`, login: user }, signal)

    it('says in readable words that a token which is empty does not let in', async () => {
      await rejects(asked('shop.git', { ...login, password: '' }), (error: unknown) => {
        ok(error instanceof SluiceError && !error.detail.includes('***'), String(error))
        return true
      })
    })

    it('lets in by what is kept for it, says nothing of it, and takes it nowhere else', async () => {
      for (const path of ['shop.git', 'moved/shop.git']) {
        seen.length = 0
        await rejects(asked(path), (error: unknown) => {
          ok(error instanceof SluiceError && error.code === 'remote_unreachable')
          ok(!JSON.stringify([error.detail, error.evidence]).includes('ghs_secret'))
          return true
        })
        deepStrictEqual(
          new Set(seen),
          new Set([`Basic ${Buffer.from('x-access-token:ghs_secret').toString('base64')}`]),
        )
        strictEqual(seen.length, 1)
      }
    })
  })
})
