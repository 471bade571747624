/** What a run knows of the commit that it is of: who is part of it, and when it is the working tree. */
import { deepStrictEqual, match, ok } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { sluice, type } from './sluice.ts'

let cwd = ''
const git = async (...words: readonly string[]): Promise<string> =>
  (await execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], { cwd })).stdout

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-occasion-'))
  const jobs = { test: { steps: 'cat new' }, publish: { steps: 'true', only: { branches: ['main'] } } }
  await writeFile(join(cwd, 'sluice.config.json'), JSON.stringify({ service: 's', pipeline: { jobs } }))
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('commit', '--quiet', '--message=feat: one')
  await git('switch', '--quiet', '--create', 'topic')
})
after(() => rm(cwd, { recursive: true, force: true }))

test('a run of the working tree has its uncommitted files, cuts no release, and says who is not part of it', async () => {
  await writeFile(join(cwd, 'new'), 'not committed')
  const status = await git('status', '--porcelain')
  const { code, stderr } = await sluice({ cwd }, 'run', '--here')
  deepStrictEqual([code, await git('status', '--porcelain')], [0, status])
  match(stderr, /this run cuts no release/)
  match(stderr, /not in this run: publish: it runs for main, and this is topic/)
  ok(!stderr.includes('job publish'))
})

test('a run that is tried again is the same run: the part that was asked for, of the files that were there', async () => {
  await writeFile(join(cwd, 'new'), 'not committed')
  const first = await sluice({ cwd }, 'run', '--here', '--job', 'publish', '--json')
  const again = await sluice({ cwd }, 'runs', 'retry', JSON.parse(first.stdout).run.id, '--json')
  const jobsOf = ({ stdout }: { readonly stdout: string }): unknown =>
    JSON.parse(stdout).run.jobs.map(({ name, status }: { readonly name: string; readonly status: string }) => [
      name,
      status,
    ])
  deepStrictEqual([first.code, again.code], [0, 0], again.stderr)
  deepStrictEqual(jobsOf(again), jobsOf(first))
})

test('a watched tree is run again when a file changes that git would not ignore', async () => {
  await writeFile(join(cwd, '.gitignore'), '.sluice/\nignored\n')
  const { child, ended, said } = type(['run', '--watch', '--affected', 'HEAD'], { cwd })
  await said('waiting for a file to change')
  await writeFile(join(cwd, 'ignored'), '1')
  await writeFile(join(cwd, 'new'), 'changed')
  await said('waiting for a file to change', 2)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  deepStrictEqual([code, stderr.match(/job test succeeded/g)?.length], [0, 2], stderr)
  match(stderr, /^new changed$/m)
  ok(!stderr.includes('job publish'), 'what a change concerns is still only for its branch')
})

test('a release is told before it is made, and made once', async () => {
  const dry = await sluice({ cwd }, 'release', '--channel', 'next', '--dry-run', '--json')
  const { outputs } = JSON.parse(dry.stdout)
  deepStrictEqual([dry.code, outputs.tag, await git('tag')], [0, 'v0.1.0-next.1', ''])
})
