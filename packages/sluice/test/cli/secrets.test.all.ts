/** `sluice secrets` as it is typed: where a value comes from, where it is not to be found afterwards, and that what serves keeps the value it was cut with. */
import { deepStrictEqual, doesNotMatch, match, strictEqual } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { removeState } from '../e2e/plane.ts'
import { makeProject } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))

test('a secret is piped in or read from a file, never an argument; its value is in no file but as age has it, and a release that serves keeps it', async (t) => {
  const project = await makeProject({ production: { listen: await freePort(), secrets: ['WORD'] } })
  const state = join(project.directory, '.sluice')
  t.after(async () => {
    type('', 'down', '--all')
    await removeState(state, ['production'], project.directory)
    await project.remove()
  })
  const type = (input: string | Uint8Array, ...words: readonly string[]) => {
    const env = { PATH: process.env['PATH'], HOME: project.directory, LANG: 'C.UTF-8' }
    const done = spawnSync(process.execPath, [bin, ...words], { cwd: project.directory, env, input, encoding: 'utf8' })
    doesNotMatch(done.stdout + done.stderr, /swordfish/)
    return done
  }
  const told = (...words: readonly string[]): unknown => JSON.parse(type('', ...words, '--json').stdout)

  const mistyped = type('', 'secrets', 'set', 'WORD=swordfish')
  deepStrictEqual([mistyped.status, /SLU-1001/.test(mistyped.stderr)], [2, true])
  strictEqual(type('', 'secrets', 'set', 'WORD', 'swordfish').status, 2)
  strictEqual(type('\n', 'secrets', 'set', 'WORD').status, 2)

  match(type('swordfish\n', 'secrets', 'set', 'WORD', '-m', 'the first').stdout, /WORD is set \(version [0-9a-f]{12}\)/)
  await writeFile(join(project.directory, 'key.pem'), 'line one of swordfish\nline two\n')
  strictEqual(type('', 'secrets', 'set', 'KEY', '--from-file', 'key.pem').status, 0)
  await writeFile(join(project.directory, 'bytes'), Uint8Array.of(0xff, 0xfe, 0x80))
  match(type('', 'secrets', 'set', 'KEY', '--from-file', 'bytes').stderr, /is no UTF-8 text/)
  match(type(Uint8Array.of(0xff, 0xfe, 0x80), 'secrets', 'set', 'KEY').stderr, /stdin is no UTF-8 text/)
  const { secrets } = told('secrets', 'ls') as { secrets: { name: string; version: string; setBy: { kind: string } }[] }
  deepStrictEqual(
    secrets.map(({ name, setBy }) => [name, setBy.kind]),
    [
      ['KEY', 'person'],
      ['WORD', 'person'],
    ],
  )
  match(type('', 'secrets', 'ls').stdout, /KEY +[0-9a-f]{12} +1 +/)

  // A release carries the version, and is not left without its value.
  strictEqual(type('', 'run').status, 0)
  strictEqual(type('', 'deploy', 'production', '--timeout', '60s').status, 0)
  const refused = type('', 'secrets', 'rm', 'WORD')
  deepStrictEqual([refused.status, /needs WORD, and production serves it/.test(refused.stderr)], [5, true])
  strictEqual(type('', 'secrets', 'rm', 'KEY', '-m', 'nobody needs it').status, 0)
  strictEqual(type('', 'secrets', 'rm', 'WORD', '--force').status, 0)
  match(type('', 'secrets', 'ls').stdout, /no secret is kept here/)
  const { rows } = told('ledger', 'ls', '--kind', 'secret', '--after', '0') as {
    rows: { type: string; reason: string }[]
  }
  deepStrictEqual(
    rows.map(({ type: event, reason }) => [event, reason]),
    [
      ['secret_set', 'the first'],
      ['secret_set', null],
      ['secret_removed', 'nobody needs it'],
      ['secret_removed', null],
    ],
  )
  for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    doesNotMatch(await readFile(join(entry.parentPath, entry.name), 'latin1'), /swordfish/, entry.name)
  }
})
