import { deepStrictEqual, rejects } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { readGitlabContext, repositoryFiles } from './checkout.ts'

const signal = new AbortController().signal

const repository = (
  context: TestContext,
): { readonly directory: string; readonly git: (...words: string[]) => string } => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-gitlab-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid']
  const git = (...words: string[]): string =>
    execFileSync('git', [...identity, ...words], { cwd: directory, encoding: 'utf8' }).trim()
  git('init', '--quiet', '--initial-branch=main')
  return { directory, git }
}

test('git tells the commit, its ref, the project behind the remote and what differs', async (context) => {
  const { directory, git } = repository(context)
  mkdirSync(join(directory, 'src'))
  writeFileSync(join(directory, 'src/a b.ts'), '')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'feat: one')
  git('config', 'user.name', 'Ada')
  git('config', 'user.email', 'ada@example.invalid')
  git('remote', 'add', 'origin', 'git@gitlab.example.com:group/sub/shop.git')
  git('checkout', '--quiet', '-b', 'topic')
  writeFileSync(join(directory, 'b.txt'), '')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'feat: two', '--message', 'And more.')
  const request = { directory, now: 1_790_000_000_000, number: 3, shell: 'bash' } as const
  const { changesTo, commit, ...facts } = await readGitlabContext(request, signal)
  deepStrictEqual(facts, {
    ref: { kind: 'branch', name: 'topic', isProtected: false, tagMessage: null },
    defaultBranch: 'main',
    source: 'push',
    mergeRequest: null,
    project: { path: 'group/sub/shop', id: 1, serverUrl: 'https://gitlab.example.com' },
    pipeline: { id: 3, number: 3, createdAt: '2026-09-21T14:13:20Z' },
    user: { name: 'Ada', login: 'ada', email: 'ada@example.invalid' },
    paths: ['b.txt', 'src/a b.ts'],
    changes: ['b.txt'],
    shell: 'bash',
  })
  deepStrictEqual(
    [commit.id, commit.beforeId, commit.message.trimEnd()],
    [git('rev-parse', 'HEAD'), git('rev-parse', 'HEAD^'), 'feat: two\n\nAnd more.'],
  )
  deepStrictEqual([changesTo('main'), changesTo('nowhere')], [['b.txt'], null])
  git('tag', '--annotate', 'v1', '--message', 'First')
  const tagged = await readGitlabContext({ ...request, ref: 'refs/tags/v1' }, signal)
  deepStrictEqual(
    [tagged.ref, tagged.changes],
    [{ kind: 'tag', name: 'v1', isProtected: false, tagMessage: 'First' }, null],
  )
})

test('a folder without a commit is told so', async (context) => {
  const { directory } = repository(context)
  await rejects(readGitlabContext({ directory, now: 0, number: 1, shell: 'sh' }, signal), { code: 'not_found' })
})

test('files are read inside of the checkout only', (context) => {
  const { directory } = repository(context)
  writeFileSync(join(directory, 'a.yml'), 'a')
  symlinkSync('/etc/hostname', join(directory, 'out.yml'))
  const read = repositoryFiles(directory)
  deepStrictEqual(['a.yml', 'missing.yml', '../a.yml', 'out.yml', '.'].map(read), ['a', null, null, null, null])
})
