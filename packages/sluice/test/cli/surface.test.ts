/** The public surface of the command line. A change here is a break for somebody: make it on purpose (`node --test --test-update-snapshots <this file>`). */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { execa } from 'execa'
import { candidatesOf, placeOptions } from '../../src/cli/complete.ts'
import { createParser } from '../../src/cli/program.ts'
import { globalOptions, words } from '../../src/cli/words.ts'
import { sluice, sluiceHere } from './sluice.ts'

test('the words of the command line', (t) => {
  const lines = words.flatMap(({ path, args, options }) => [
    `sluice ${path}${args === '' ? '' : ` ${args}`}`,
    ...options.map(({ flags }) => `    ${flags}`),
  ])
  t.assert.snapshot([...lines, ...globalOptions.map(({ flags }) => `global ${flags}`)])
})

test('every command loads, and its examples are of its own words', async () => {
  for (const { path, examples, load } of words) {
    strictEqual(typeof (await load()).command, 'function', path)
    ok(examples.length > 0, path)
    for (const example of examples) ok(example === path || example.startsWith(`${path} `), example)
  }
})

test('help names every command, and costs no work', async () => {
  const { code, stdout } = await sluice({ cwd: tmpdir() }, '--help')
  strictEqual(code, 0)
  for (const first of new Set(words.map(({ path }) => path.split(' ')[0] ?? '')))
    match(stdout, new RegExp(`^  ${first}\\b`, 'm'))
  match((await sluiceHere({ cwd: tmpdir() }, 'env')).stdout, /unfreeze/)
  match((await sluiceHere({ cwd: tmpdir() }, 'deploy', '--help')).stdout, /--no-wait/)
  match((await sluiceHere({ cwd: tmpdir() }, '--version')).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('the help of a command is the same whether the others were made or not', () => {
  const parserOf = (first: string | undefined) =>
    createParser({ version: '1.0.0', output: { write: () => true, columns: 100 }, first }, async () => {})
  const whole = parserOf(undefined)
  const helpOf = (parser: typeof whole, [first, second]: readonly string[]): string | undefined => {
    const command = parser.commands.find((one) => one.name() === first)
    return (second === undefined ? command : command?.commands.find((one) => one.name() === second))?.helpInformation()
  }
  for (const { path } of words) {
    const names = path.split(' ')
    const help = helpOf(parserOf(names[0]), names)
    ok(help !== undefined, path)
    strictEqual(help, helpOf(whole, names), path)
  }
  strictEqual(parserOf('runn').commands.length, whole.commands.length)
})

test('completion offers what may come next', () => {
  deepStrictEqual(candidatesOf(['ro']), ['rollback', 'rollout'])
  deepStrictEqual(candidatesOf(['env', 'un']), ['unfreeze', 'unlock'])
  // The value of an option is no word of the command.
  deepStrictEqual(candidatesOf(['--env', 'production', 'env', '-m', 'why', 'un']), ['unfreeze', 'unlock'])
  deepStrictEqual(candidatesOf(['deploy', '--release', '']), [])
  deepStrictEqual(candidatesOf(['deploy', 'staging', '--re']), ['--release', '--remediates', '--replace'])
  deepStrictEqual(candidatesOf(['nothing', '']), [])
})

test('completion offers environments where a word takes one, of the control plane that is meant', () => {
  const known = ['production', 'staging']
  deepStrictEqual(candidatesOf(['deploy', ''], known), known)
  deepStrictEqual(candidatesOf(['env', 'lock', 'st'], known), ['staging'])
  deepStrictEqual(candidatesOf(['env', 'maintenance', 'on', 'pr'], known), ['production'])
  deepStrictEqual(candidatesOf(['rollout', 'ls', '--env', 'pr'], known), ['production'])
  deepStrictEqual(candidatesOf(['env', 'maintenance', ''], known), [])
  deepStrictEqual(candidatesOf(['deploy', 'staging', ''], known), [])
  deepStrictEqual(candidatesOf(['deploy', '--release', ''], known), [])
  deepStrictEqual(candidatesOf(['rollout', 'pause', ''], known), [])
  deepStrictEqual(placeOptions(['--server', 'http://a', 'env', 'ls', '--state-dir', 'x', '--project']), {
    server: 'http://a',
    project: undefined,
    stateDir: 'x',
  })
})

test('completion waits for no control plane: without one, and with one that is slow, it offers no environments', async () => {
  const [cwd, silent] = [tmpdir(), createServer()]
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const startedAt = performance.now()
  const slow = await sluiceHere({ cwd }, '__complete', '--server', `http://127.0.0.1:${port}`, 'deploy', '')
  ok(performance.now() - startedAt < 5_000)
  silent.close()
  silent.closeAllConnections()
  deepStrictEqual([slow.code, slow.stdout, slow.stderr], [0, '', ''])
  const none = await sluiceHere({ cwd }, '__complete', '--state-dir', '/nowhere', 'deploy', '')
  deepStrictEqual([none.code, none.stdout, none.stderr], [0, '', ''])
})

test('the completion script of bash works in bash', async () => {
  const script = await sluiceHere({ cwd: tmpdir() }, 'completion', 'bash')
  const typed = `${script.stdout}
sluice() { "${process.execPath}" "$BIN" "$@"; }
COMP_WORDS=(sluice env l); COMP_CWORD=2; _sluice; printf '%s ' "\${COMPREPLY[@]}"`
  const bin = new URL('../../bin/sluice.js', import.meta.url).pathname
  const { stdout } = await execa('bash', ['--norc', '-c', typed], { env: { BIN: bin } })
  strictEqual(stdout.trim(), 'lock ls')
})
