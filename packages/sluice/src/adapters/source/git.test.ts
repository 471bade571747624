import assert from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { SluiceError } from '../../core/errors.ts'
import { parseDiff } from '../../core/evidence/diff.ts'
import { commitId } from '../../core/model.ts'
import { gitSource } from './git.ts'

const signal = new AbortController().signal
let root = ''
let repository = ''
const commitIds: string[] = []

const run = async (...words: string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid', ...words], { cwd: repository }))
    .stdout

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted

describe('the git source', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-git-'))
    repository = join(root, 'repository')
    await execa('git', ['init', '--quiet', '--initial-branch=main', repository])
    for (const [index, subject] of ['feat: one', 'fix: two'].entries()) {
      await writeFile(join(repository, 'file.txt'), `${index}\n`)
      await run('add', '--all')
      await run('commit', '--quiet', '--message', subject)
      commitIds.push(await run('rev-parse', 'HEAD'))
    }
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('resolves a ref to the commit as its author wrote it', async () => {
    const commit = await gitSource(repository).resolve('HEAD', signal)
    assert.equal(commit.id, commitIds[1])
    assert.equal(commit.subject, 'fix: two')
    assert.equal(commit.author, 'Ada <ada@example.invalid>')
    assert.ok(commit.committedAt > 1_600_000_000_000)
  })

  it('takes author and time from nobody but git, whatever a subject holds', async () => {
    await run('switch', '--quiet', '--create', 'forged')
    const subject = 'x\u001fAdmin <admin@corp>\u001f0\u001e\u0001'
    for (const message of [subject, `${subject}\u001f`])
      await run('commit', '--quiet', '--allow-empty', '--message', message)
    const source = gitSource(repository)
    const [first, second] = [await run('rev-parse', 'HEAD^'), await run('rev-parse', 'HEAD')]
    const found = [
      await source.resolve('HEAD', signal),
      ...(await source.commitsBetween(commitId(commitIds[1] ?? ''), commitId(second), 5, signal)),
    ]
    await run('switch', '--quiet', 'main')
    assert.deepEqual(
      found.map(({ id, author, subject: told }) => [id, author, told]),
      [
        [second, 'Ada <ada@example.invalid>', `${subject}\u001f`],
        [second, 'Ada <ada@example.invalid>', `${subject}\u001f`],
        [first, 'Ada <ada@example.invalid>', subject],
      ],
    )
    assert.ok(found.every(({ committedAt }) => committedAt > 1_600_000_000_000))
  })

  it('compares a commit with where it left the default branch and what came before, and one on that branch with its parents', async () => {
    const [first = '', second = ''] = commitIds
    await run('switch', '--quiet', '--create', 'work')
    await writeFile(join(repository, 'a file.txt'), 'new\n')
    await run('add', '--all')
    await run('commit', '--quiet', '--message', 'feat: three')
    const source = gitSource(repository)
    const work = (await source.resolve('HEAD', signal)).id
    await run('switch', '--quiet', 'main')
    const of = async (ref: string, limit: number): Promise<readonly string[]> =>
      source.bases((await source.resolve(ref, signal)).id, limit, signal)
    assert.deepEqual(
      [await of('work', 5), await of('work', 1), await of(second, 5), await of(first, 5)],
      [[second, first], [second], [first], []],
    )
    // Settings of a user's own change nothing about it.
    await run('config', 'diff.noprefix', 'true')
    const changed = parseDiff(await source.diff(commitId(first), work, signal))
    await run('config', '--unset', 'diff.noprefix')
    assert.deepEqual(
      [...changed],
      [
        ['a file.txt', [1]],
        ['file.txt', [1]],
      ],
    )
  })

  it('has nothing to compare with where there is no default branch', async () => {
    await run('branch', '--move', 'main', 'trunk')
    const bases = await gitSource(repository).bases(commitId(commitIds[1] ?? ''), 5, signal)
    await run('branch', '--move', 'trunk', 'main')
    assert.deepEqual(bases, [])
  })

  it('checks out the commit, not the working tree, and leaves the index alone', async () => {
    await writeFile(join(repository, 'file.txt'), 'dirty\n')
    await writeFile(join(repository, 'untracked.txt'), 'x')
    const source = gitSource(repository)
    const target = join(root, 'checkout')
    const { id } = await source.resolve('HEAD~1', signal)
    await source.checkout(id, target, signal)
    assert.equal(await readFile(join(target, 'file.txt'), 'utf8'), '0\n')
    assert.deepEqual((await readdir(target)).toSorted(), ['.git', 'file.txt'])
    assert.match(await run('status', '--porcelain'), /^ M file\.txt/m)
    await writeFile(join(target, 'left-over.txt'), 'x')
    await source.checkout(id, target, signal)
    assert.deepEqual((await readdir(target)).toSorted(), ['.git', 'file.txt'], 'what a killed job left behind is gone')
    await source.remove(target, signal)
    await source.remove(target, signal)
    assert.equal(await run('worktree', 'list').then((text) => text.split('\n').length), 1)
  })

  it('lists the commits of a range, newest first', async () => {
    const source = gitSource(repository)
    const [first, second] = commitIds.map((id) => source.resolve(id, signal))
    assert.ok(first !== undefined && second !== undefined)
    const subjects = (await source.commitsBetween((await first).id, (await second).id, 10, signal)).map(
      ({ subject }) => subject,
    )
    assert.deepEqual(subjects, ['fix: two'])
    assert.equal((await source.commitsBetween(null, (await second).id, 10, signal)).length, 2)
  })

  it('says what is wrong: an unknown ref, no repository, a ref that looks like an option, a missing git', async () => {
    await assert.rejects(gitSource(repository).resolve('nowhere', signal), code('not_found'))
    await assert.rejects(gitSource(root).resolve('HEAD', signal), code('not_found'))
    await assert.rejects(gitSource(repository).resolve('--help', signal), code('not_found'))
  })

  it('says that git is missing, and what to do', async () => {
    const program = `
      const { gitSource } = await import(${JSON.stringify(new URL('./git.ts', import.meta.url).href)})
      const error = await gitSource(${JSON.stringify(repository)}).resolve('HEAD', AbortSignal.timeout(5_000)).catch((error) => error)
      process.stdout.write(JSON.stringify({ code: error.code, hint: error.hint }))`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program], {
      env: { PATH: join(root, 'nowhere') },
    })
    assert.deepEqual(JSON.parse(stdout), { code: 'tool_missing', hint: 'install git and try again' })
  })

  it('works on its own repository also inside a hook of another, and runs no hook', async () => {
    const other = join(root, 'other')
    await execa('git', ['init', '--quiet', other])
    const hook = join(repository, '.git', 'hooks', 'post-checkout')
    await writeFile(hook, `#!/bin/sh\ntouch ${join(root, 'hook-ran')}\n`, { mode: 0o755 })
    const target = join(root, 'in-hook')
    const program = `
      const { gitSource } = await import(${JSON.stringify(new URL('./git.ts', import.meta.url).href)})
      const source = gitSource(${JSON.stringify(repository)})
      const commit = await source.resolve('HEAD', AbortSignal.timeout(5_000))
      await source.checkout(commit.id, ${JSON.stringify(target)}, AbortSignal.timeout(5_000))
      process.stdout.write(commit.id)`
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program], {
      env: { GIT_DIR: join(other, '.git'), GIT_INDEX_FILE: join(other, '.git', 'index') },
    })
    assert.equal(stdout, commitIds[1])
    assert.equal(await readFile(join(target, 'file.txt'), 'utf8'), '1\n')
    assert.ok(!(await readdir(root)).includes('hook-ran'))
    assert.ok(!(await readdir(join(other, '.git'))).includes('index'))
  })

  it('says where a commit stands: its branch, its tag, and what it was looked at since', async () => {
    const source = gitSource(repository)
    const [first = '', second = ''] = commitIds.map(commitId)
    const place = (ref: string, commit: string, seen: readonly string[] = []) =>
      source.place({ ref, commit: commitId(commit), seen: seen.map(commitId) }, signal)
    assert.deepEqual(await place(first, first), { branch: null, tag: null, base: null, changed: null })
    await run('tag', '--annotate', '--message=one', 'v1.0.0', second)
    const onMain = { branch: 'main', tag: 'v1.0.0', base: first, changed: ['file.txt'] }
    assert.deepEqual(await place('HEAD', second), onMain)
    const word = ['-c', 'core.hooksPath=/dev/null']
    const tree = await run('rev-parse', `${second}^{tree}`)
    const topic = await run(...word, 'commit-tree', '-p', second, '-m', 'topic', tree)
    const later = await run(...word, 'commit-tree', '-p', topic, '-m', 'later', tree)
    await run('branch', 'topic', later)
    assert.deepEqual(await place('topic', later), { branch: 'topic', tag: null, base: second, changed: [] })
    await run('update-ref', 'refs/heads/main', later)
    assert.deepEqual((await place('main', later, [topic])).base, topic)
    assert.deepEqual((await place('main', later, [later, first])).base, first)
    await run('update-ref', 'refs/heads/main', second)
    await run('branch', '--delete', '--force', 'topic')
  })

  it('gives what it was told to expect once, and what it was not as if nobody had said a word', async () => {
    const source = gitSource(repository)
    const standing = async (ref: string): Promise<object> => {
      const { id } = await source.resolve(ref, signal)
      return { id, place: await source.place({ ref, commit: id, seen: [] }, signal) }
    }
    const plain = await standing('HEAD')
    source.expect?.('HEAD')
    assert.deepEqual(await standing('HEAD'), plain)
    source.expect?.('HEAD^')
    assert.deepEqual(await standing('HEAD'), plain)
    source.expect?.('HEAD')
    await source.resolve('HEAD', signal)
    await run('commit', '--quiet', '--allow-empty', '--message', 'later')
    const later = await run('rev-parse', 'HEAD')
    assert.equal((await source.resolve('HEAD', signal)).id, later)
    await run('reset', '--hard', '--quiet', 'HEAD^')
    source.expect?.('nowhere')
    await assert.rejects(source.resolve('nowhere', signal), code('not_found'))
  })

  it('commits the working tree beside everything that is the user’s', async () => {
    const source = gitSource(repository)
    const before = await run('status', '--porcelain')
    await writeFile(join(repository, '.gitignore'), 'secret.txt\n')
    await writeFile(join(repository, 'secret.txt'), 'x')
    await writeFile(join(repository, 'new.txt'), 'new\n')
    const state = async (): Promise<readonly string[]> =>
      Promise.all([run('status', '--porcelain'), run('for-each-ref'), run('stash', 'list'), run('ls-files', '--stage')])
    const was = await state()
    const commit = await source.commitTree(signal)
    assert.deepEqual(await state(), was)
    assert.notEqual(before, was[0])
    assert.equal(commit.id, (await source.commitTree(signal)).id)
    assert.equal(await run('show', `${commit.id}:new.txt`), 'new')
    assert.deepEqual(
      (await run('ls-tree', '-r', '--name-only', commit.id)).split('\n').filter((name) => name === 'secret.txt'),
      [],
    )
    await run('reset', '--hard', '--quiet')
    await run('clean', '--force', '-x', '--quiet')
    assert.equal((await source.commitTree(signal)).id, await run('rev-parse', 'HEAD'))
  })
})
