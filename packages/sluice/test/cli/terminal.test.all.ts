/** Text of others in the terminal: whoever writes a commit, a reason or a line of a log does not get to steer it. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../free-port.ts'
import { type Ended, sluice } from './sluice.ts'

const evil = '\u001B[2J\u001B]0;title\u0007\u009B31m\u001B[31mred'
let cwd = ''

before(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), 'sluice-terminal-')))
  const jobs = {
    build: { steps: 'true', artifacts: { app: ['app'] } },
    broken: {
      steps: String.raw`printf '\033]0;title\007\033[2J\302\23331mfailure\n' >&2; exit $(cat code)`,
    },
  }
  const environments = { staging: { listen: await freePort() } }
  const start = { command: 'sleep 1', artifact: 'app' }
  await writeFile(
    join(cwd, 'sluice.config.json'),
    JSON.stringify({ service: 's', pipeline: { jobs }, start, environments }),
  )
  await writeFile(join(cwd, 'app'), '1')
  await writeFile(join(cwd, '.gitignore'), '.sluice/\n')
})
after(async () => {
  await sluice({ cwd }, 'down', '--all')
  await rm(cwd, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
})

const commit = async (code: string): Promise<void> => {
  await writeFile(join(cwd, 'code'), code)
  const git = (...words: readonly string[]) =>
    execa('git', ['-c', `user.name=Ada${evil}`, '-c', 'user.email=ada@example.org', ...words], { cwd })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('commit', '--quiet', '--message', `feat: ${evil}`)
}

/** What a terminal would act upon, but for ends of lines and our own colours. */
const acted = ({ stdout, stderr }: Ended): readonly string[] =>
  `${stdout}${stderr}`.replaceAll(/\p{Cc}\[\d+m/gu, '').match(/(?!\n)\p{Cc}.{0,20}/gu) ?? []

const typed = async (code: number, ...words: readonly string[]): Promise<string> => {
  const plain = await sluice({ cwd }, ...words)
  const coloured = await sluice({ cwd, env: { FORCE_COLOR: '1' } }, ...words)
  for (const ended of [plain, coloured])
    deepStrictEqual([ended.code, acted(ended)], [code, []], words.join(' ') + ended.stderr)
  strictEqual(plain.stdout.includes('\u001B'), false)
  return plain.stdout + plain.stderr
}

test('subjects, authors, reasons and failures reach the terminal as text', async () => {
  await commit('0')
  strictEqual((await sluice({ cwd }, 'run')).code, 0)
  match(await typed(0, 'run', '--job', 'broken'), /"feat: red"/)
  await commit('1')
  match(await typed(3, 'run'), /^ {8}failure$/m)
  const runs = await typed(0, 'runs', 'ls')
  match(runs, /failed .*feat: red/)
  match(await typed(0, 'runs', 'show', /run_\w+/.exec(runs)?.[0] ?? ''), /feat: red/)
  match(await typed(0, 'releases', 'ls'), /feat: red/)
  match(await typed(0, 'releases', 'show', 'latest'), /feat: red, Adared/)
  strictEqual((await sluice({ cwd }, 'env', 'lock', 'staging', '-m', `nobody ${evil}`)).code, 0)
  match(await typed(0, 'status'), /locked by .*: nobody red/)
  match(await typed(5, 'deploy', 'staging'), /nobody red/)
  match(await typed(0, 'runs', 'ls', '--json'), /"subject":"feat: \\u001b\[2J/)
})
